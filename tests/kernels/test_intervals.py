"""Intervals, standard errors and p-values from counts."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from sklearn.metrics import roc_auc_score

from riskkit._kernels.evidence import weight_of_evidence
from riskkit._kernels.intervals import (
    jeffreys_interval,
    jeffreys_pvalue,
    neighbour_pvalue,
    woe_error,
)
from riskkit.binning._detail import gini_of_bins, iv_strength, js_terms
from riskkit.binning._shape import shape_of

EVENT = np.array([0.0, 5.0, 20.0, 50.0])
NONEVENT = np.array([40.0, 95.0, 80.0, 0.0])


def test_jeffreys_agrees_with_the_beta_distribution():
    n = EVENT + NONEVENT
    low, high = jeffreys_interval(EVENT, n, 0.9)
    posterior = stats.beta(EVENT + 0.5, NONEVENT + 0.5)
    assert_allclose(low[1:3], posterior.ppf(0.05)[1:3])
    assert_allclose(high[1:3], posterior.ppf(0.95)[1:3])
    assert low[0] == 0.0
    assert high[3] == 1.0
    below = posterior.cdf(0.1)
    assert_allclose(
        jeffreys_pvalue(EVENT, n, np.full(4, 0.1)), 2 * np.minimum(below, 1 - below)
    )


def test_no_account_has_no_interval():
    zero = np.zeros(1)
    assert np.isnan(jeffreys_interval(zero, zero, 0.95)).all()
    assert np.isnan(jeffreys_pvalue(zero, zero, zero + 0.1)).all()


def test_jeffreys_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    events = rng.binomial(200, 0.1, 4_000).astype(float)
    low, high = jeffreys_interval(events, np.full(4_000, 200.0), 0.95)
    covered = np.mean((low <= 0.1) & (high >= 0.1))
    assert covered == pytest.approx(0.95, abs=0.015)


def test_neighbour_pvalue_agrees_with_the_chi_square_test():
    n = EVENT + NONEVENT
    expected = [
        stats.chi2_contingency(
            [[EVENT[i], NONEVENT[i]], [EVENT[i + 1], NONEVENT[i + 1]]], correction=False
        ).pvalue
        for i in range(3)
    ]
    assert_allclose(neighbour_pvalue(EVENT, n), expected, rtol=1e-9)


def test_bins_without_events_do_not_differ():
    assert neighbour_pvalue(np.zeros(2), np.array([10.0, 20.0]))[0] == 1.0


def test_woe_error_agrees_with_simulation():
    rng = np.random.default_rng(1)
    p, q = np.array([0.1, 0.3, 0.6]), np.array([0.3, 0.4, 0.3])
    woes = np.array(
        [
            weight_of_evidence(rng.multinomial(500, p), rng.multinomial(4_000, q), 0.0)
            for _ in range(3_000)
        ]
    )
    assert_allclose(woe_error(500 * p, 4_000 * q, 0.0), woes.std(axis=0), rtol=0.06)


def test_woe_error_by_hand():
    # 1/10 - 1/40 + 1/90 - 1/160
    error = woe_error(np.array([10.0, 30.0]), np.array([90.0, 70.0]), 0.0)
    assert error[0] ** 2 == pytest.approx(1 / 10 - 1 / 40 + 1 / 90 - 1 / 160)
    assert np.isinf(woe_error(EVENT, NONEVENT, 0.0)[[0, 3]]).all()
    assert np.isfinite(woe_error(EVENT, NONEVENT, 0.5)).all()


def test_gini_of_bins_agrees_with_rows():
    woe = np.array([1.0, 0.5, -0.5, 0.5])  # two bins tie
    y = np.repeat(np.tile([1, 0], 4), np.c_[EVENT, NONEVENT].ravel().astype(int))
    score = np.repeat(-np.repeat(woe, 2), np.c_[EVENT, NONEVENT].ravel().astype(int))
    assert gini_of_bins(EVENT, NONEVENT, woe) == pytest.approx(
        2 * roc_auc_score(y, score) - 1
    )


def test_js_by_hand_and_bounded():
    # p = (1/4, 3/4), q = (3/4, 1/4), middle 1/2: log 2 - entropy(1/4)
    terms = js_terms(np.array([10.0, 30.0]), np.array([30.0, 10.0]))
    entropy = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    assert terms.sum() == pytest.approx(np.log(2) - entropy)
    apart = js_terms(np.array([10.0, 0.0]), np.array([0.0, 10.0]))
    assert apart.sum() == pytest.approx(np.log(2))


@pytest.mark.parametrize(
    ("iv", "word"),
    [
        (0.0, "unpredictive"),
        (0.02, "weak"),
        (0.1, "medium"),
        (0.3, "strong"),
        (0.5, "suspicious"),
    ],
)
def test_words_for_information_values(iv, word):
    assert iv_strength(iv) == word


@pytest.mark.parametrize(
    ("rates", "shape"),
    [
        ([0.1, 0.1, 0.2], "ascending"),
        ([0.3, 0.2, np.nan, 0.1], "descending"),
        ([0.1, 0.3, 0.3, 0.2], "peak"),
        ([0.3, 0.1, 0.2], "valley"),
        ([0.1, 0.3, 0.2, 0.4], "none"),
        ([0.2], "none"),
        ([0.2, 0.2], "none"),
    ],
)
def test_shapes(rates, shape):
    assert shape_of(np.array(rates)) == shape
