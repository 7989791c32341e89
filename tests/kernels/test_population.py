"""Counting over fixed bins, and comparing all features at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from riskkit._kernels.bins import assign_numeric, quantile_edges
from riskkit._kernels.divergence import psi_terms
from riskkit._kernels.population import (
    count_numeric,
    distinct_edges,
    mix_rate_terms,
    psi_terms_by_feature,
    shares_by_feature,
    sorted_edges,
)

values = st.lists(
    st.sampled_from([-np.inf, -9.0, -1.5, -0.0, 0.0, 0.5, 1.0, 2.0, np.inf, np.nan]),
    max_size=40,
)
cuts = st.lists(
    st.sampled_from([-2.0, -1.5, 0.0, 0.5, 0.7, 2.0]), max_size=5, unique=True
)
specials = st.sampled_from([[], [[0.5]], [[-9.0, 2.0], [0.0]]])


@given(values, cuts, specials)
def test_counts_are_those_of_the_assigned_bins(x, edges, special):
    x, edges = np.array(x, float), np.sort(np.array(edges, float))
    counts = count_numeric(x, edges, special)
    bins = assign_numeric(x, edges, special)
    assert_array_equal(counts, np.bincount(bins, minlength=counts.size))
    assert counts.size == edges.size + 1 + len(special) + 2
    assert counts.sum() == x.size
    weight = np.arange(x.size) % 3
    weighted = count_numeric(x, edges, special, weight.astype(float))
    repeated = count_numeric(np.repeat(x, weight), edges, special)
    assert_array_equal(weighted, repeated)


@pytest.mark.parametrize("n_edges", [9, 60])
def test_blocks_and_many_edges_change_nothing(n_edges):
    rng = np.random.default_rng(0)
    x = rng.normal(size=100_000)
    x[::7] = np.nan
    edges = np.quantile(x[~np.isnan(x)], np.linspace(0, 1, n_edges + 2)[1:-1])
    counts = count_numeric(x, edges, [])
    assert_array_equal(
        counts, np.bincount(assign_numeric(x, edges, []), minlength=counts.size)
    )


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=40), st.integers(1, 8))
def test_edges_of_sorted_values(numbers, n_bins):
    x = np.sort(np.array(numbers, float))
    distinct = np.unique(x)
    edges = sorted_edges(x, n_bins)
    if distinct.size <= n_bins:
        assert_array_equal(edges, distinct[:-1])
        assert_array_equal(distinct_edges(x, n_bins), distinct[:-1])
    else:
        assert_array_equal(edges, quantile_edges(x, n_bins))
        assert distinct_edges(x, n_bins) is None
    assert sorted_edges(x[:0], n_bins).size == 0


tables = st.lists(
    st.lists(st.tuples(*[st.integers(0, 30)] * 4), min_size=1, max_size=4),
    min_size=1,
    max_size=4,
)


@given(tables, st.sampled_from([0.0, 0.5]))
def test_all_features_at_once_are_each_alone(features, smoothing):
    widths = [len(bins) for bins in features]
    starts = np.cumsum([0, *widths[:-1]])
    cells = np.array([cell for bins in features for cell in bins], float).T
    expected, actual = cells[0], cells[1]
    event, known = np.minimum(cells[2], expected), expected
    now_event, now_known = np.minimum(cells[3], actual), actual
    terms, n_filled = psi_terms_by_feature(expected, actual[None], starts, smoothing)
    share = shares_by_feature(actual, starts)
    mix, rate = mix_rate_terms(event, known, now_event, now_known, starts)
    for start, width, filled in zip(starts, widths, n_filled[0], strict=True):
        part = slice(start, start + width)
        x, a = expected[part], actual[part]
        assert filled == np.count_nonzero((x > 0) | (a > 0))
        if not x.any() or not a.any():
            assert np.isnan(terms[0, part]).all()
            assert np.isnan(mix[part]).all()
            continue
        assert_allclose(terms[0, part], psi_terms(x, a, smoothing))
        assert_allclose(share[part], a / a.sum())
        change = now_event[part].sum() / a.sum() - event[part].sum() / x.sum()
        assert mix[part].sum() + rate[part].sum() == pytest.approx(change, abs=1e-12)
