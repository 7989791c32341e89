"""Venn-Abers intervals: against two isotonic fits a score, and by simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.isotonic import IsotonicRegression

from riskkit._kernels.venn_abers import merge_interval, venn_abers_rates
from riskkit.calibration import VennAbersCalibrator


def slow_interval(x, y, score):
    """Fit twice, with the score added as a non-event and as an event."""
    return [
        IsotonicRegression(out_of_bounds="clip")
        .fit([*x, score], [*y, outcome])
        .predict([score])[0]
        for outcome in (0, 1)
    ]


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(1, 8), st.integers(0, 1)), min_size=2, max_size=25)
)
def test_intervals_agree_with_two_isotonic_fits(rows):
    x, y = (np.array(column) for column in zip(*rows, strict=True))
    if len(set(y)) < 2:
        return
    x = x / 16  # exact, so that equal scores are equal
    fitted = VennAbersCalibrator().fit(x, y)
    # On the scores, between them, and beyond.
    grid = np.arange(20) / 32
    expected = [slow_interval(x, y, score) for score in grid]
    assert_allclose(fitted.predict_interval(grid), expected, atol=1e-12)


def test_rates_by_hand():
    # Scores 1 and 2 with one non-event and one event.
    low, high = venn_abers_rates(np.array([0.0, 1.0]), np.array([1.0, 0.0]))
    assert_array_equal(low, [0.0, 0.5])
    assert_array_equal(high, [0.5, 1.0])
    assert_allclose(merge_interval(np.array([0.2]), np.array([0.4])), 0.4 / 1.2)


@given(
    st.lists(
        st.tuples(st.floats(0, 3), st.floats(0, 3)).filter(lambda c: sum(c) > 0.01),
        min_size=1,
        max_size=20,
    )
)
def test_rates_of_weights_rise_and_enclose_the_isotonic_fit(rows):
    event, nonevent = np.array(rows).T
    low, high = venn_abers_rates(event, nonevent)
    assert (np.diff(low) >= 0).all()
    assert (np.diff(high) >= 0).all()
    n = event + nonevent
    x = np.arange(n.size)
    middle = IsotonicRegression().fit(x, event / n, n).predict(x)
    assert (low <= middle + 1e-9).all()
    assert (high >= middle - 1e-9).all()


def test_point_lies_inside_and_never_falls():
    rng = np.random.default_rng(0)
    p = rng.random(500)
    y = rng.random(500) < p**2
    fitted = VennAbersCalibrator().fit(p, y)
    grid = np.linspace(0, 1, 1_001)
    low, high = fitted.predict_interval(grid).T
    point = fitted.predict(grid)
    assert (low <= point).all()
    assert (point <= high).all()
    for column in (low, high, point):
        assert (np.diff(column) >= 0).all()
    assert low[0] == 0
    assert high[-1] == 1
    spec = fitted.to_spec()
    assert len(spec.low) == len(spec.low_knots) + 1
    assert len(spec.high) == len(spec.high_knots) + 1


def test_the_end_that_comes_true_is_calibrated():
    """Check the promise itself: given p of the outcome that came, its rate is p."""
    rng = np.random.default_rng(0)
    ends, outcomes, width = [], [], []
    for _ in range(2_000):
        x = rng.random(41).round(2)
        y = rng.random(41) < 0.05 + 0.5 * x
        if len(set(y[:-1])) < 2:
            continue
        interval = VennAbersCalibrator().fit(x[:-1], y[:-1]).predict_interval(x[-1:])[0]
        ends.append(interval[int(y[-1])])
        width.append(interval)
        outcomes.append(y[-1])
    ends, outcomes = np.array(ends), np.array(outcomes)
    error = np.sqrt(0.25 / len(ends))
    assert ends.mean() == pytest.approx(outcomes.mean(), abs=3 * error)
    for part in np.array_split(np.argsort(ends, kind="stable"), 5):
        allowed = 3.5 * np.sqrt(0.25 / part.size)
        rate = outcomes[part].mean()
        assert ends[part].mean() == pytest.approx(rate, abs=allowed)
    low, high = np.mean(width, axis=0)
    assert low < outcomes.mean() < high


def test_intervals_narrow_with_accounts():
    rng = np.random.default_rng(0)
    width = []
    for n in (200, 2_000, 20_000):
        p = rng.beta(1, 9, n)
        fitted = VennAbersCalibrator().fit(p, rng.random(n) < p)
        low, high = fitted.predict_interval(np.linspace(0.02, 0.3, 50)).T
        width.append((high - low).mean())
    assert width[0] > 2 * width[1] > 4 * width[2]
