import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from riskkit._kernels.divergence import mean_shift, psi_terms
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)
from riskkit.metrics import csi, iv, points_effect, psi

relaxed = settings(deadline=None)  # machines of many users stall at times

counts = (
    st.integers(1, 8)
    .flatmap(
        lambda n: st.tuples(
            *[st.lists(st.integers(0, 500), min_size=n, max_size=n)] * 2,
        )
    )
    .filter(lambda pair: any(pair[0]) and any(pair[1]))
)


def slow_psi(expected, actual, smoothing):
    bins = [(x, a) for x, a in zip(expected, actual, strict=True) if x or a]
    n, m = sum(expected) + smoothing * len(bins), sum(actual) + smoothing * len(bins)
    total = 0.0
    for x, a in bins:
        p, q = (x + smoothing) / n, (a + smoothing) / m
        total += (q - p) * math.log(q / p)
    return total


def test_golden_value_of_the_reference():
    value = psi(
        [253, 302, 204, 134, 72, 26, 8], [177, 262, 285, 158, 88, 25, 6], smoothing=0
    )
    assert value == pytest.approx(0.067693, abs=5e-7)


def test_by_hand():
    # shares 1/2, 1/2 against 1/4, 3/4: (-1/4) ln(1/2) + (1/4) ln(3/2) = ln(3) / 4
    assert psi([2, 2], [1, 3], smoothing=0) == pytest.approx(math.log(3) / 4)


@relaxed
@given(counts, st.sampled_from([0.1, 0.5, 1.0]))
def test_agrees_with_a_loop_and_is_symmetric(pair, smoothing):
    expected, actual = pair
    value = psi(expected, actual, smoothing=smoothing)
    assert value == pytest.approx(slow_psi(expected, actual, smoothing), abs=1e-12)
    assert value == pytest.approx(psi(actual, expected, smoothing=smoothing), abs=1e-12)
    assert value >= 0
    assert csi(expected, actual, smoothing=smoothing) == value


@relaxed
@given(counts)
def test_equal_shares_give_nothing(pair):
    expected, _ = pair
    assert psi(expected, expected) == 0
    full = [x + 1 for x in expected]
    assert psi(full, [3 * x for x in full], smoothing=0) == pytest.approx(0, abs=1e-12)


@relaxed
@given(counts)
def test_a_bin_empty_in_both_changes_nothing(pair):
    expected, actual = pair
    assert psi([*expected, 0], [*actual, 0]) == pytest.approx(
        psi(expected, actual), abs=1e-12
    )


def test_psi_is_the_iv_of_two_samples():
    expected, actual = [10, 30, 60], [25, 25, 50]
    assert psi(expected, actual, smoothing=0) == pytest.approx(
        iv(expected, actual, smoothing=0)
    )


def test_without_smoothing_an_empty_bin_is_infinite():
    assert math.isinf(psi([5, 5], [10, 0], smoothing=0))
    assert math.isfinite(psi([5, 5], [10, 0]))


def test_terms_add_up():
    expected, actual = np.array([5.0, 5, 0]), np.array([2.0, 7, 0])
    terms = psi_terms(expected, actual, 0.5)
    assert terms[2] == 0
    assert terms.sum() == pytest.approx(psi(expected, actual))


def test_points_effect_is_the_difference_of_two_means():
    expected, actual, points = [100, 300, 600], [150, 350, 500], [20, 30, 40]
    change = np.average(points, weights=actual) - np.average(points, weights=expected)
    assert points_effect(expected, actual, points) == pytest.approx(change)
    assert_allclose(
        mean_shift(*(np.array(v, float) for v in (expected, actual, points))),
        [1.0, 1.5, -4.0],
    )


@pytest.mark.parametrize("metric", [psi, csi])
@pytest.mark.parametrize(
    ("expected", "actual", "error", "words"),
    [
        ([1, 2], [1, 2, 3], InvalidInputError, "expected_counts: 2, actual_counts: 3"),
        ([1, -2], [1, 2], InvalidInputError, "expected_counts must be finite and not"),
        ([1, 2], [1, np.inf], InvalidInputError, "actual_counts must be finite"),
        ([1, 2], [0, 0], InvalidInputError, "actual_counts must hold something"),
        ([], [], InvalidInputError, "0 bins"),
        ([1, np.nan], [1, 2], InvalidInputError, "1 of 2 entries are NaN"),
        ([[1, 2]], [1, 2], InvalidInputError, "one-dimensional"),
        (["a", "b"], [1, 2], InvalidTypeError, "must hold numbers"),
    ],
)
def test_unusable_counts_are_named(metric, expected, actual, error, words):
    with pytest.raises(error, match=words):
        metric(expected, actual)


def test_unusable_points_and_smoothing_are_named():
    with pytest.raises(InvalidInputError, match="each of the 2 bins; got 3"):
        points_effect([1, 2], [1, 2], [1, 2, 3])
    with pytest.raises(InvalidInputError, match="1 are finite"):
        points_effect([1, 2], [1, 2], [1, np.inf])
    with pytest.raises(InvalidParameterError, match="smoothing must be a number >= 0"):
        psi([1, 2], [1, 2], smoothing=-1)
