"""Fine bins: every value its own while there is room, then equal shares."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal

from riskkit._kernels.bins import assign_bins
from riskkit._kernels.fine_bins import fine_edges

values = arrays(
    np.float64,
    st.integers(1, 200),
    elements=st.one_of(
        st.floats(-1e300, 1e300), st.integers(-5, 5).map(float), st.just(np.nan)
    ),
)


def test_few_values_have_a_bin_each():
    x = np.array([3.0, 1.0, 3.0, 2.0, np.nan, np.inf, -np.inf])
    assert_array_equal(fine_edges(x, 10, None), [1.5, 2.5])


def test_a_heavy_value_stands_alone_and_the_others_share():
    # Half of the rows hold 0, so 2 of 6 bins go to it and its neighbours.
    x = np.concatenate([np.zeros(100), np.arange(1.0, 101.0)])
    edges = fine_edges(x, 6, None)
    assert_array_equal(edges, [0.5, 25.5, 50.5, 75.5])


def test_no_value_no_edge():
    assert fine_edges(np.array([np.nan, np.inf]), 5, None).size == 0
    assert fine_edges(np.array([]), 5, None).size == 0


@given(values, st.integers(2, 40))
def test_edges_increase_and_their_number_is_bounded(x, n_bins):
    edges = fine_edges(x, n_bins, None)
    assert np.all(np.diff(edges) > 0)
    assert np.all(np.isfinite(edges))
    assert edges.size <= n_bins
    n_values = np.unique(x[~np.isnan(x)]).size
    if n_values <= n_bins:
        assert edges.size == max(n_values - 1, 0)


@given(
    arrays(np.float64, 60, elements=st.integers(0, 40).map(float)),
    arrays(np.float64, 60, elements=st.integers(1, 4).map(float)),
    st.integers(2, 20),
)
def test_a_weight_of_two_is_the_row_twice(x, weight, n_bins):
    repeated = x.repeat(weight.astype(int))
    assert_array_equal(
        fine_edges(x, n_bins, weight), fine_edges(repeated, n_bins, None)
    )


@pytest.mark.parametrize("n_bins", [8, 50, 254])
def test_bins_of_continuous_values_have_equal_sizes(n_bins):
    x = np.random.default_rng(0).normal(size=20_000)
    sizes = np.bincount(assign_bins(x, fine_edges(x, n_bins, None)).astype(np.intp))
    assert sizes.size == n_bins
    assert np.ptp(sizes) <= 1
