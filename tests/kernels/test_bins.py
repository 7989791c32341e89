"""Bin assignment, counts, and sums in order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal

from riskkit._kernels.bins import (
    assign_bins,
    assign_numeric,
    count_bins,
    quantile_edges,
    sum_in_order,
)

values = arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e6, 1e6))


def test_bins_are_closed_on_the_right():
    edges = np.array([1.0, 2.5])
    x = np.array([-np.inf, 1.0, np.nextafter(1.0, 2.0), 2.5, 2.6, np.inf])
    assert_array_equal(assign_bins(x, edges), [0, 0, 1, 1, 2, 2])


def test_special_and_missing_come_after_the_regular_bins():
    x = np.array([0.5, -9.0, np.nan, -8.0, -7.0])
    codes = assign_numeric(x, np.array([0.0]), [(-9.0, -8.0), (-7.0,)])
    assert_array_equal(codes, [1, 2, 4, 2, 3])


@given(values, st.integers(2, 6))
def test_agrees_with_comparing_every_edge(x, n_bins):
    edges = quantile_edges(x, n_bins)
    expected = [(v > edges).sum() for v in x]
    assert_array_equal(assign_bins(x, edges), expected)


@given(values)
def test_weight_two_counts_as_the_row_twice(x):
    is_event = x > 0
    codes = assign_bins(x, np.array([-1.0, 1.0]))
    twice = count_bins(np.tile(codes, 2), np.tile(is_event, 2), 3)
    weighted = count_bins(codes, is_event, 3, np.full(x.size, 2.0))
    assert_array_equal(twice, weighted)


@given(values, st.integers(2, 8))
def test_quantile_edges_cut_at_equal_weight(x, n_bins):
    edges = quantile_edges(x, n_bins)
    assert (np.diff(edges) > 0).all()
    assert edges.size < n_bins
    assert_array_equal(
        quantile_edges(np.repeat(x, 3), n_bins),
        quantile_edges(x, n_bins, np.full(x.size, 3.0)),
    )
    for edge in edges:
        assert (x <= edge).any()
        assert (x > edge).any()


def test_quantile_edges_of_ten_values():
    assert_array_equal(quantile_edges(np.arange(1.0, 11.0), 5), [2, 4, 6, 8])


def test_sum_in_order_adds_from_left_to_right():
    terms = [np.array([1e16]), np.array([1.0]), np.array([-1e16])]
    assert sum_in_order(0.5, terms, 1)[0] == ((0.5 + 1e16) + 1.0) - 1e16
    assert_array_equal(sum_in_order(0.25, [], 2), [0.25, 0.25])
