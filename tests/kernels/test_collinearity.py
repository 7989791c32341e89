"""Correlation, inflation and clusters of binned features."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import rankdata, spearmanr

from riskkit._kernels.collinearity import (
    code_correlation,
    correlation_clusters,
    inflation_beside,
    mid_ranks,
    variance_inflation,
)


def random_columns(rng, n_rows, n_features, n_bins=5):
    """Return correlated codes and a value for each code."""
    driver = rng.normal(size=n_rows)
    codes, values = [], []
    for _ in range(n_features):
        x = driver * rng.uniform(0, 2) + rng.normal(size=n_rows)
        edges = np.quantile(x, np.linspace(0, 1, n_bins + 1)[1:-1])
        codes.append(np.searchsorted(edges, x).astype(np.uint8))
        values.append(rng.normal(size=n_bins))
    return codes, values


def matrix(codes, values):
    return np.column_stack([v[c] for v, c in zip(values, codes, strict=True)])


def inflation_by_least_squares(X, j):
    """Return 1 / (1 - R2) of the regression of column j on all others."""
    others = np.column_stack([np.ones(len(X)), np.delete(X, j, axis=1)])
    fitted = others @ np.linalg.lstsq(others, X[:, j], rcond=None)[0]
    return np.sum((X[:, j] - X[:, j].mean()) ** 2) / np.sum((X[:, j] - fitted) ** 2)


def test_hand_computed_correlation_and_inflation():
    # x = 1 1 -1 -1 and z = 1 0 0 -1: both of mean 0, sum of products 2,
    # sums of squares 4 and 2, so r = 2 / sqrt(8).
    codes = [np.array([0, 0, 1, 1], np.uint8), np.array([0, 1, 1, 2], np.uint8)]
    values = [np.array([1.0, -1.0]), np.array([1.0, 0.0, -1.0])]
    r = code_correlation(codes, values)
    assert r[0, 1] == pytest.approx(2 / np.sqrt(8), abs=1e-12)
    # 1 / (1 - r^2) = 1 / (1 - 1/2)
    assert_allclose(variance_inflation(r), [2.0, 2.0], rtol=1e-10)


@given(st.integers(0, 10_000), st.integers(2, 6))
def test_correlation_agrees_with_numpy(seed, n_features):
    rng = np.random.default_rng(seed)
    codes, values = random_columns(rng, 200, n_features)
    expected = np.corrcoef(matrix(codes, values), rowvar=False)
    assert_allclose(code_correlation(codes, values), expected, atol=1e-9)


def test_correlation_in_blocks_equals_that_of_all_rows(monkeypatch):
    codes, values = random_columns(np.random.default_rng(0), 501, 4)
    whole = code_correlation(codes, values)
    monkeypatch.setattr("riskkit._kernels.collinearity._BLOCK_NUMBERS", 40)
    assert_allclose(code_correlation(codes, values), whole, atol=2e-12)


def test_a_weight_of_two_is_the_row_twice():
    rng = np.random.default_rng(1)
    codes, values = random_columns(rng, 300, 5)
    weight = rng.integers(0, 4, 300)
    repeated = [np.repeat(c, weight) for c in codes]
    assert_allclose(
        code_correlation(codes, values, weight.astype(float)),
        code_correlation(repeated, values),
        atol=2e-12,
    )


@given(st.integers(0, 10_000))
def test_rank_correlation_agrees_with_scipy(seed):
    rng = np.random.default_rng(seed)
    codes, values = random_columns(rng, 150, 3)
    values[0][1] = values[0][2]  # two bins of one WoE share a rank
    ranks = [
        mid_ranks(v, np.bincount(c, minlength=v.size))
        for c, v in zip(codes, values, strict=True)
    ]
    X = matrix(codes, values)
    assert_allclose(ranks[0][codes[0]] + 0.5, rankdata(X[:, 0]))
    assert_allclose(code_correlation(codes, ranks), spearmanr(X).statistic, atol=1e-9)


def test_a_constant_feature_correlates_with_none():
    codes = [np.zeros(6, np.uint8), np.array([0, 1] * 3, np.uint8)]
    # The second code of the first feature is used by no row, whatever its value.
    r = code_correlation(codes, [np.array([0.3, np.inf]), np.array([1.0, 2.0])])
    assert_array_equal(r, np.eye(2))
    assert_array_equal(variance_inflation(r), [1.0, 1.0])


@given(st.integers(0, 10_000), st.integers(2, 6))
def test_inflation_agrees_with_least_squares_and_the_inverse(seed, n_features):
    rng = np.random.default_rng(seed)
    codes, values = random_columns(rng, 300, n_features)
    X = matrix(codes, values)
    expected = [inflation_by_least_squares(X, j) for j in range(n_features)]
    correlation = code_correlation(codes, values)
    assert_allclose(variance_inflation(correlation), expected, rtol=1e-6)
    inverse = np.diag(np.linalg.inv(np.corrcoef(X, rowvar=False)))
    assert_allclose(variance_inflation(correlation), inverse, rtol=1e-6)


def test_inflation_beside_the_kept_ones():
    codes, values = random_columns(np.random.default_rng(3), 400, 5)
    X, r = matrix(codes, values), code_correlation(codes, values)
    kept = np.array([0, 2, 3])
    found = inflation_beside(r, kept)
    assert_allclose(found[kept], variance_inflation(r[np.ix_(kept, kept)]))
    for j in (1, 4):
        beside = X[:, [j, *kept]]
        assert found[j] == pytest.approx(inflation_by_least_squares(beside, 0))


def test_features_that_determine_each_other_are_infinite_and_others_are_not():
    rng = np.random.default_rng(4)
    a, b, c = rng.normal(size=(3, 500))
    X = np.column_stack([a, b, a + b, c])
    vif = variance_inflation(np.corrcoef(X, rowvar=False))
    assert_array_equal(np.isinf(vif), [True, True, True, False])
    assert vif[3] == pytest.approx(inflation_by_least_squares(X[:, [0, 1, 3]], 2))
    beside = inflation_beside(np.corrcoef(X, rowvar=False), np.array([0, 1]))
    assert np.isinf(beside[2])
    assert np.isfinite(beside[[0, 1, 3]]).all()


def clusters_by_brute_force(correlation, limit, linkage):
    """Join the two nearest clusters until none is near enough."""
    measure = {"complete": min, "single": max, "average": lambda v: np.mean(list(v))}
    groups = [{j} for j in range(len(correlation))]
    size = np.abs(correlation)

    def nearness(pair):
        return measure[linkage](size[i, j] for i in pair[0] for j in pair[1])

    while len(groups) > 1:
        best = max(itertools.combinations(groups, 2), key=nearness)
        if nearness(best) <= limit:
            break
        groups = [g for g in groups if g not in best] + [best[0] | best[1]]
    return sorted(map(sorted, groups))


@given(
    st.integers(0, 10_000),
    st.integers(1, 8),
    st.floats(0, 1),
    st.sampled_from(["complete", "average", "single"]),
)
def test_clusters_agree_with_brute_force(seed, n_features, limit, linkage):
    codes, values = random_columns(np.random.default_rng(seed), 120, n_features)
    r = code_correlation(codes, values)
    found = correlation_clusters(r, limit, linkage)
    groups = [np.flatnonzero(found == c).tolist() for c in range(found.max() + 1)]
    assert sorted(groups) == clusters_by_brute_force(r, limit, linkage)
    # Numbered as they come.
    assert [group[0] for group in groups] == sorted(group[0] for group in groups)


def test_a_correlation_at_the_limit_is_not_above_it():
    r = np.array([[1.0, 0.8], [0.8, 1.0]])
    assert_array_equal(correlation_clusters(r, 0.8, "complete"), [0, 1])
    assert_array_equal(correlation_clusters(r, 0.799999, "complete"), [0, 0])
    identical = np.ones((2, 2))
    assert_array_equal(correlation_clusters(identical, 1.0, "complete"), [0, 1])


def test_no_features():
    assert code_correlation([], []).shape == (0, 0)
    assert correlation_clusters(np.zeros((0, 0)), 0.5, "complete").size == 0
