from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskkit._kernels.partition import PartitionRules
from riskkit._kernels.partition_edges import nice_number
from riskkit._kernels.partition_prebins import PrebinOptions
from riskkit._kernels.search import search_columns

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def n_digits(number):
    return len(repr(abs(float(number))).split("e")[0].replace(".", "").strip("0"))


@pytest.mark.parametrize(
    ("near", "low", "high", "expected"),
    [
        (23.5, 23.0, 24.0, 23.0),
        (23.5, 22.0, 24.0, 23.0),
        (1487.3, 1490.0 - 20, 1510.0, 1500.0),
        (0.0612, 0.059, 0.065, 0.06),
        (10.4, 9.9, 10.6, 10.0),
        (99.0, 90.5, 101.0, 100.0),
        (-23.5, -31.0, -19.0, -20.0),
        (0.3, -0.1, 0.9, 0.0),
        (5e-324, 5e-324, 1e-323, 5e-324),
        (1.7e308, 1.6e308, 1.75e308, 1.7e308),
    ],
)
def test_by_hand(near, low, high, expected):
    assert nice_number(near, low, high) == expected


@given(st.lists(FINITE, min_size=3, max_size=3, unique=True))
def test_lies_inside_and_no_shorter_number_does(numbers):
    low, near, high = sorted(numbers)
    found = nice_number(near, low, high)
    assert low <= found < high
    if found:
        exponent = math.floor(math.log10(abs(near)))
        for digits in range(1, n_digits(found)):
            rounded = float(f"{near:.{digits - 1}e}")
            assert not low <= rounded < high, (digits, exponent)


@pytest.mark.parametrize("trend", ["auto", "ascending", "concave"])
def test_rounded_edges_keep_rules_and_counts(trend):
    rng = np.random.default_rng(0)
    columns = [np.exp(rng.normal(4, 1, 3000)), rng.normal(size=3000), rng.random(3000)]
    is_event = rng.random(3000) < 0.1 + 0.2 * (columns[1] > 0.3)
    columns[0][is_event] *= 1.3
    rules = PartitionRules(
        float(is_event.sum()),
        float((~is_event).sum()),
        max_n_bins=6,
        min_bin_size=200.0,
        min_event_rate_diff=0.01,
    )
    exact = search_columns(columns, is_event, None, rules, [trend] * 3)
    nice = search_columns(columns, is_event, None, rules, [trend] * 3, nice=True)
    for x, before, after in zip(columns, exact, nice, strict=True):
        bins = np.searchsorted(after.edges, x, side="left")
        np.testing.assert_array_equal(np.bincount(bins, is_event), after.n_event)
        size = after.n_event + after.n_nonevent
        assert size.min() >= 200
        rate = after.n_event / size
        assert (np.abs(np.diff(rate)) >= 0.01).all()
        assert after.value + after.edge_loss == pytest.approx(before.value)
        assert sum(map(n_digits, after.edges)) <= 4 * len(after.edges)


@pytest.mark.parametrize("method", ["cart", "quantile", "none"])
def test_a_limit_on_prebins_is_a_limit_on_bins(method):
    rng = np.random.default_rng(1)
    x = rng.normal(size=5000)
    is_event = rng.random(5000) < 1 / (1 + np.exp(1 - x))
    rules = PartitionRules(float(is_event.sum()), float((~is_event).sum()))
    (found,) = search_columns(
        [x], is_event, None, rules, ["none"], prebins=PrebinOptions(method, 4)
    )
    assert len(found.edges) == 3


def test_only_given_edges_are_used_even_when_polished():
    rng = np.random.default_rng(2)
    x = rng.normal(size=200_000)
    is_event = rng.random(x.size) < 1 / (1 + np.exp(1 - x))
    rules = PartitionRules(float(is_event.sum()), float((~is_event).sum()))
    given_edges = np.array([-0.777, 0.111, 0.5, 1.25])
    (found,) = search_columns(
        [x], is_event, None, rules, ["auto"], only_edges=[given_edges]
    )
    assert found.edges.tolist() == given_edges.tolist()
    assert found.n_event[0] == is_event[x <= -0.777].sum()
