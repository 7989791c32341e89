"""Bin assignment, counts, and sums in order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal

from riskkit._kernels.bins import (
    BLOCK,
    assign_bins,
    assign_numeric,
    count_bins,
    encode_numeric,
    quantile_edges,
    sum_in_order,
    take_values,
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


def test_many_edges_are_searched_with_the_same_result():
    edges = np.arange(100.0)
    x = np.concatenate([edges, edges + 0.5, [-1.0, np.inf]])
    expected = [(v > edges).sum() for v in x]
    assert_array_equal(assign_bins(x, edges), expected)
    with_missing = np.append(x, [np.nan, 99.5])
    codes = assign_numeric(with_missing, edges, [(99.5,)])
    assert_array_equal(codes[:100], expected[:100])
    assert_array_equal(codes[-2:], [102, 101])


def test_more_bins_than_a_byte_can_number():
    special = [(float(-k),) for k in range(1, 255)]
    x = np.array([0.5, 2.0, np.nan, -1.0, -254.0])
    codes = assign_numeric(x, np.array([1.0]), special)
    assert_array_equal(codes, [0, 1, 256, 2, 255])


def test_missing_values_without_a_bin_fall_outside_or_into_the_first():
    for edges in (np.array([1.0, 2.0]), np.arange(60.0)):
        (code,) = assign_bins(np.array([np.nan]), edges)
        assert code in {0, len(edges)}


def test_encoding_is_the_entry_of_each_bin_across_blocks():
    x = np.resize([np.nan, -9.0, 0.5, 1.0, 1.5], 2 * BLOCK + 3)
    table = np.array([10.0, 20.0, 30.0, 40.0])  # two bins, a special one, missing
    out = np.full(x.size, np.nan)
    encode_numeric(x, np.array([1.0]), [(-9.0,)], table, out)
    assert_array_equal(out, np.resize([40.0, 30.0, 10.0, 10.0, 20.0], x.size))


def test_values_are_taken_by_code_into_what_is_given():
    table, codes = np.array([1.5, 2.5]), np.array([1, 0, 1], dtype=np.uint8)
    out = np.empty(3)
    assert take_values(table, codes, out) is out
    assert_array_equal(out, [2.5, 1.5, 2.5])
    assert_array_equal(take_values(table, codes), out)


def test_counts_by_hand():
    codes = np.array([0, 2, 2, 0])
    is_event = np.array([True, True, False, False])
    n_event, n_nonevent = count_bins(codes, is_event, 4)
    assert_array_equal(n_event, [1, 0, 1, 0])
    assert_array_equal(n_nonevent, [1, 0, 1, 0])
    weight = np.array([0.5, 2.0, 3.0, 4.0])
    n_event, n_nonevent = count_bins(codes, is_event, 4, weight)
    assert_array_equal(n_event, [0.5, 0, 2, 0])
    assert_array_equal(n_nonevent, [4, 0, 3, 0])


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


@pytest.mark.parametrize("heavy", range(0, 100, 7))
def test_quantile_edges_add_weights_of_ties_in_the_order_of_rows(heavy):
    """Beside 1e16 a weight of 1 counts or not by when it is added."""
    x, weight = np.tile([1.0, 0.0], 100), np.zeros(200)
    ties = np.flatnonzero(x == 0)
    weight[ties], weight[ties[heavy]], weight[0] = 1.0, 1e16, 1e16 + 50
    of_ties = 0.0
    for each in weight[ties].tolist():
        of_ties += each
    total = of_ties + float(weight[0])
    expected = [0.0] if 2 * of_ties >= total else []
    assert_array_equal(quantile_edges(x, 2, weight), expected)


def test_sum_in_order_adds_from_left_to_right():
    terms = [np.array([1e16]), np.array([1.0]), np.array([-1e16])]
    assert sum_in_order(0.5, terms, 1)[0] == ((0.5 + 1e16) + 1.0) - 1e16
    assert_array_equal(sum_in_order(0.25, [], 2), [0.25, 0.25])
    assert_array_equal(
        sum_in_order(1.0, [np.array([2.0, 20.0]), np.array([4.0, 40.0])], 2), [7, 61]
    )
