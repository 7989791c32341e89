"""Expected maximum profit."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from riskkit.exceptions import InvalidParameterError, InvalidTargetError
from riskkit.metrics import expected_maximum_profit


@st.composite
def samples(draw):
    n = draw(st.integers(2, 25))
    y = np.array(draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)))
    y[:2] = 0, 1
    score = np.array(draw(st.lists(st.integers(0, 6), min_size=n, max_size=n)), float)
    weight = np.array(draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    weight[:2] = 1, 2
    return y, score, weight


def best_profit(y, score, loss, roi):
    """The best of all cutoffs, one after the other."""
    cutoffs = [np.inf, *np.unique(score)]
    refused = [score >= c for c in cutoffs]
    profits = [(loss * np.sum(y[r]) - roi * np.sum(1 - y[r])) / y.size for r in refused]
    k = int(np.argmax(profits))
    return profits[k], refused[k].mean()


def test_golden_value_of_the_reference():
    rng = np.random.default_rng(0)
    z = rng.normal(size=200_000) * 1.1 - 3
    pd = 1 / (1 + np.exp(-z))
    y = (rng.random(z.size) < pd).astype(int)
    result = expected_maximum_profit(y, pd)
    assert f"{result.profit:.10f}" == "0.0016111349"
    assert f"{result.rejection_share:.7f}" == "0.0142469"


@settings(max_examples=40)
@given(samples())
def test_agrees_with_all_cutoffs_under_all_losses(sample):
    y, score, _ = sample
    p0, p1, roi = 0.5, 0.2, 0.3
    # between its kinks the best profit is a line in the loss
    kinks = np.unique(
        [0.0, 1.0]
        + [
            float(np.clip(roi * b / a, 0, 1))
            for a in range(1, y.size + 1)
            for b in range(y.size)
        ]
    )
    between = sum(
        (high - low) * best_profit(y, score, (low + high) / 2, roi)[0]
        for low, high in pairwise(kinks)
    )
    expected = (1 - p0 - p1) * between + p1 * best_profit(y, score, 1.0, roi)[0]
    result = expected_maximum_profit(y, score, p0=p0, p1=p1, roi=roi)
    assert result.profit == pytest.approx(expected, abs=1e-12)


def test_agrees_with_quadrature_with_the_share_refused():
    rng = np.random.default_rng(1)
    score = rng.normal(size=40).round(1)
    y = (rng.random(40) < 1 / (1 + np.exp(-score))).astype(int)
    result = expected_maximum_profit(y, score, p0=0.4, p1=0.25, roi=0.2)
    for part, value in ((0, result.profit), (1, result.rejection_share)):
        integral = quad(
            lambda loss, part=part: best_profit(y, score, loss, 0.2)[part],
            0, 1, limit=60,
        )[0]  # fmt: skip
        total = 0.35 * integral + 0.25 * best_profit(y, score, 1.0, 0.2)[part]
        assert value == pytest.approx(total, abs=1e-3)


@given(samples())
def test_a_weight_is_a_repetition_and_order_is_all_that_counts(sample):
    y, score, weight = sample
    weighted = expected_maximum_profit(y, score, sample_weight=weight)
    repeated = expected_maximum_profit(np.repeat(y, weight), np.repeat(score, weight))
    assert weighted.profit == pytest.approx(repeated.profit, abs=1e-12)
    assert weighted.rejection_share == pytest.approx(repeated.rejection_share)
    moved = expected_maximum_profit(y, np.exp(score), sample_weight=weight)
    assert moved == weighted


def test_a_perfect_score_refuses_all_events_and_a_useless_one_little():
    y = np.repeat([0, 1], [80, 20])
    result = expected_maximum_profit(y, y, p0=0.0, p1=1.0)
    assert result.profit == pytest.approx(0.2)
    assert result.rejection_share == pytest.approx(0.2)
    # losses on average, E[L] = p1 + (1 - p0 - p1) / 2
    mean = expected_maximum_profit(y, y, p0=0.2, p1=0.3)
    assert mean.profit == pytest.approx(0.2 * (0.3 + 0.5 / 2))
    useless = expected_maximum_profit(y, np.zeros(100), roi=0.5)
    assert (useless.profit, useless.rejection_share) == (0, 0)
    free = expected_maximum_profit(y, np.zeros(100), p0=0.0, p1=1.0, roi=0.0)
    assert free.profit == pytest.approx(0.2)
    assert expected_maximum_profit(y, y, p0=1.0, p1=0.0).profit == 0
    assert expected_maximum_profit(y, -y, roi=0.0, p0=0, p1=1).profit == 0.2


def test_unusable_input_is_named():
    with pytest.raises(InvalidParameterError, match="at most 1 together"):
        expected_maximum_profit([0, 1], [0, 1], p0=0.7, p1=0.4)
    with pytest.raises(InvalidParameterError, match="roi must be a number >= 0"):
        expected_maximum_profit([0, 1], [0, 1], roi=-0.1)
    with pytest.raises(InvalidTargetError, match="got 1 class"):
        expected_maximum_profit([0, 0], [0, 1])


def test_the_result_is_a_table_of_one_row():
    result = expected_maximum_profit([0, 1], [0, 1])
    assert result.frame().shape == (1, 2)
    assert "rejection_share" in result._repr_html_()
