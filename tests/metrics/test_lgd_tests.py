"""Estimates of LGD and CCF."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from riskkit._kernels.ranking_tests import gauc
from riskkit.exceptions import InvalidInputError
from riskkit.metrics import gauc_vs_initial_test, lgd_t_test

REALISED = [0.4, 0.5, 0.3, 0.7, 0.45]
ESTIMATED = [0.35, 0.4, 0.35, 0.6, 0.4]

tables = st.integers(2, 4).flatmap(
    lambda k: st.lists(
        st.lists(st.integers(0, 6), min_size=3, max_size=3), min_size=k, max_size=k
    ).filter(lambda t: sum(any(row) for row in t) > 1)
)


def facilities(counts):
    cells = [
        (i, j)
        for i, row in enumerate(counts)
        for j, n in enumerate(row)
        for _ in range(n)
    ]
    return np.array(cells).T


def test_golden_values_of_the_reference():
    result = lgd_t_test(REALISED, ESTIMATED)
    assert (f"{result.statistic:.6f}", f"{result.p_value:.6f}") == (
        "1.825742",
        "0.070964",
    )


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
def test_it_is_the_paired_t_test(alternative):
    known = stats.ttest_rel(REALISED, ESTIMATED, alternative=alternative)
    result = lgd_t_test(REALISED, ESTIMATED, alternative=alternative)
    assert result.statistic == pytest.approx(known.statistic)
    assert result.p_value == pytest.approx(known.pvalue)
    assert result.details["df"] == known.df


def test_a_weight_is_a_repetition():
    weight = [1, 3, 0, 2, 1]
    one = lgd_t_test(np.repeat(REALISED, weight), np.repeat(ESTIMATED, weight))
    other = lgd_t_test(REALISED, ESTIMATED, sample_weight=weight)
    assert one.p_value == pytest.approx(other.p_value)
    assert (one.n, one.details["df"]) == (other.n, other.details["df"])


def test_t_at_its_edges():
    assert lgd_t_test([0.3], [0.2]).reason == "there are fewer than two facilities"
    assert lgd_t_test([], []).status == "not_evaluable"
    assert lgd_t_test([0.3, 0.4], [0.3, 0.4]).p_value == 0.5
    assert lgd_t_test([0.3, 0.3], [0.1 + 0.2] * 2).p_value == 0.5  # rounding
    higher = lgd_t_test([0.5, 0.75], [0.25, 0.5])
    assert (higher.statistic, higher.p_value) == (math.inf, 0)
    with pytest.raises(InvalidInputError, match="realised: 2, estimated: 1"):
        lgd_t_test([0.1, 0.2], [0.1])
    with pytest.raises(InvalidInputError, match="realised must be finite; 1 of 2"):
        lgd_t_test([0.1, np.inf], [0.1, 0.2])
    with pytest.raises(InvalidInputError, match="sample_weight must be finite and >="):
        lgd_t_test([0.1, 0.2], [0.1, 0.2], sample_weight=[1, -1])


@given(tables)
def test_gauc_is_somers_d(counts):
    realised, estimated = facilities(counts)
    with warnings.catch_warnings():  # of its p-value, where nothing varies
        warnings.simplefilter("ignore", RuntimeWarning)
        known = stats.somersd(realised, estimated).statistic
    area, error = gauc(np.array(counts, float))
    if len(set(estimated.tolist())) == 1:  # where scipy's D is NaN
        known = 0.0
    assert area == pytest.approx((known + 1) / 2)
    assert error >= 0


@given(tables)
def test_gauc_agrees_with_pairs(counts):
    realised, estimated = facilities(counts)
    n = realised.size
    sign = np.sign(realised[:, None] - realised) * np.sign(
        estimated[:, None] - estimated
    )
    pairs = n**2 - sum(np.sum(realised == i) ** 2 for i in set(realised.tolist()))
    lean = sign.sum(axis=1)  # concordant less discordant of each facility
    rest = n - np.array([np.sum(realised == r) for r in realised])
    error = math.sqrt(np.sum((pairs * lean - sign.sum() * rest) ** 2)) / pairs**2
    area, known = gauc(np.array(counts, float))
    assert area == pytest.approx((sign.sum() / pairs + 1) / 2)
    assert known == pytest.approx(error, abs=1e-12)


def test_with_two_segments_it_is_the_auc_with_delongs_error_but_for_n():
    counts = np.array([[30, 20, 10], [5, 10, 15]])
    realised, estimated = facilities(counts)
    area, error = gauc(counts.astype(float))
    assert area == pytest.approx(roc_auc_score(realised, estimated))
    event, rest = estimated[realised == 1], estimated[realised == 0]
    u = (event[:, None] > rest) + 0.5 * (event[:, None] == rest)
    variance = u.mean(1).var() / event.size + u.mean(0).var() / rest.size
    assert error**2 == pytest.approx(variance)


def test_the_test_follows_the_drop():
    counts = [[20, 10, 3], [8, 15, 7], [2, 9, 16]]
    result = gauc_vs_initial_test(counts, 0.8)
    z = result.details["drop"] / result.details["se"]
    assert result.p_value == pytest.approx(stats.norm.sf(z))
    assert gauc_vs_initial_test(counts, 0.6).p_value > 0.99
    one = gauc_vs_initial_test([[1, 2, 3]], 0.8)
    assert one.reason == "realised values are all in one segment"
    perfect = gauc_vs_initial_test([[5, 0], [0, 5]], 1.0)
    assert (perfect.details["gauc"], perfect.p_value) == (1, 0.5)
    with pytest.raises(InvalidInputError, match="a table of counts; got shape"):
        gauc_vs_initial_test([1, 2], 0.8)
