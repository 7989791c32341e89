"""Isotonic calibration: against a slow loop and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.isotonic import IsotonicRegression

from riskkit._kernels.isotonic import interpolate, isotonic_blocks
from riskkit.calibration import IsotonicCalibrator, StepMapSpec
from riskkit.exceptions import RiskkitWarning

COUNTS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1).map(
    lambda rows: np.array([row for row in rows if sum(row)] or [(1, 1)], dtype=float)
)


def slow_isotonic(event, n):
    """Fit by the max-min formula of isotonic regression."""
    k = len(n)

    def mean(i, j):
        return event[i : j + 1].sum() / n[i : j + 1].sum()

    return np.array(
        [
            max(min(mean(i, j) for j in range(t, k)) for i in range(t + 1))
            for t in range(k)
        ]
    )


@given(COUNTS)
def test_blocks_agree_with_the_max_min_formula(counts):
    event, n = counts[:, 0], counts.sum(axis=1)
    x = np.arange(n.size, dtype=float)
    blocks = isotonic_blocks(x, event, n)
    rate = blocks.rate[np.searchsorted(blocks.last, x)]
    assert_allclose(rate, slow_isotonic(event, n), atol=1e-12)


def test_blocks_by_hand():
    blocks = isotonic_blocks(
        np.array([0.1, 0.2, 0.3]), np.array([1.0, 0.0, 2.0]), np.array([2.0, 2.0, 2.0])
    )
    assert_array_equal(blocks.first, [0.1, 0.3])
    assert_array_equal(blocks.last, [0.2, 0.3])
    assert_array_equal(blocks.rate, [0.25, 1.0])


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (0.05, 0.6)])
def test_line_agrees_with_scikit_learn(bounds):
    rng = np.random.default_rng(0)
    p = rng.random(3_000).round(3)  # with ties
    y = (rng.random(3_000) < p**2).astype(int)
    w = rng.uniform(0.5, 2, 3_000)
    theirs = IsotonicRegression(
        y_min=bounds[0], y_max=bounds[1], out_of_bounds="clip"
    ).fit(p, y, w)
    ours = IsotonicCalibrator(min_pd=bounds[0], max_pd=bounds[1], min_n_event=0)
    grid = np.linspace(0, 1, 5_001)
    assert_allclose(ours.fit(p, y, w).predict(grid), theirs.predict(grid), atol=1e-9)


def test_gaps_as_steps_belong_to_the_riskier_block():
    p, y = [0.1, 0.2, 0.3, 0.4], [0, 1, 0, 1]
    step = IsotonicCalibrator(interpolation="step", min_n_event=0).fit(p, y)
    assert_array_equal(
        step.predict([0.05, 0.1, 0.15, 0.3, 0.35, 0.4, 0.9]),
        [0, 0, 0.5, 0.5, 1, 1, 1],
    )
    assert step.n_blocks_ == 3
    assert step.to_spec() == StepMapSpec((0.1, 0.3), (0.0, 0.5, 1.0), "step")
    line = IsotonicCalibrator(min_n_event=0).fit(p, y)
    assert line.to_spec() == StepMapSpec(
        (0.1, 0.2, 0.3, 0.4), (0.0, 0.5, 0.5, 1.0), "linear"
    )


def test_both_readings_agree_on_the_scores_seen():
    rng = np.random.default_rng(1)
    p = rng.random(500)
    y = rng.random(500) < p
    step, line = (
        IsotonicCalibrator(interpolation=how, min_n_event=0).fit(p, y)
        for how in ("step", "linear")
    )
    assert_allclose(step.predict(p), line.predict(p), atol=1e-15)


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=8, unique=True).map(sorted),
    st.lists(st.floats(0, 1), min_size=8, max_size=8).map(sorted),
    st.lists(st.floats(-1, 2), min_size=1, max_size=20).map(sorted),
)
def test_interpolation_rises_and_stays_within(knots, values, x):
    knots, values, x = np.array(knots), np.array(values[: len(knots)]), np.array(x)
    out = interpolate(x, knots, values)
    assert (np.diff(out) >= 0).all()
    assert out.min() >= values[0]
    assert out.max() <= values[-1]
    if np.diff(knots).min(initial=1) > 1e-6:
        assert_allclose(out, np.interp(x, knots, values), atol=1e-9)


def test_few_events_are_told():
    with pytest.warns(RiskkitWarning, match="at least 1000 events; got 1"):
        IsotonicCalibrator().fit([0.1, 0.2], [0, 1])
