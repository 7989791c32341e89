"""Sampling rates, central tendency and quasi-moments."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, logit
from scipy.stats import beta
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from riskkit._kernels.calibration import implied_auc
from riskkit.calibration import LogOddsMapSpec, PriorCorrection
from riskkit.datasets import make_loan_book
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    RiskkitWarning,
)

RATES = st.floats(0.001, 0.999)


def test_odds_by_hand():
    # Odds of the event 1:1 in the sample and 1:24 in the population.
    correction = PriorCorrection(0.5, 0.04).fit([0.5])
    assert correction.shift_ == pytest.approx(-math.log(24))
    assert_allclose(correction.predict([0.5, 0.2]), [0.04, 1 / 97])
    spec = correction.to_spec()
    assert spec == LogOddsMapSpec(1.0, 1.0, correction.shift_)


@given(RATES, RATES, st.floats(0.0001, 0.9999))
def test_agrees_with_bayes_rule(sample_rate, target_rate, p):
    """King and Zeng's appendix B: reweigh both outcomes by their sampling."""
    event = p * target_rate / sample_rate
    nonevent = (1 - p) * (1 - target_rate) / (1 - sample_rate)
    corrected = PriorCorrection(sample_rate, target_rate).fit([p]).predict([p])
    assert_allclose(corrected, event / (event + nonevent), rtol=1e-9)


@given(st.floats(0.01, 1.0), st.floats(0.001, 0.999))
def test_agrees_with_undersampling(kept, p):
    """Dal Pozzolo et al., equation 4: a share of the non-events was kept."""
    target_rate = 0.03
    sample_rate = target_rate / (target_rate + kept * (1 - target_rate))
    corrected = PriorCorrection(sample_rate, target_rate).fit([p]).predict([p])
    assert_allclose(corrected, kept * p / (kept * p - p + 1), rtol=1e-9)


def test_rate_of_the_sample_is_read_off_its_outcomes():
    y, w = [0, 0, 0, 1], [1.0, 1.0, 1.0, 3.0]
    fitted = PriorCorrection(target_rate=0.1).fit([0.5] * 4, y, w)
    assert fitted.shift_ == pytest.approx(math.log(1 / 9))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_recovers_the_known_rate_of_a_sampled_book(seed):
    book = make_loan_book(
        40_000, default_rate=0.04, missing_rate=0.0, random_state=seed
    )
    X = book.data.select_dtypes("number")
    rng = np.random.default_rng(seed)
    early = np.arange(40_000) < 30_000
    event = np.flatnonzero(early & (book.target == 1))
    other = rng.choice(
        np.flatnonzero(early & (book.target == 0)), event.size, replace=False
    )
    rows = np.concatenate([event, other])
    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit(X.iloc[rows], book.target[rows])
    sampled = model.predict_proba(X[~early])[:, 1]
    corrected = PriorCorrection(0.5, 0.04).fit(sampled).predict(sampled)
    n_event, n = book.target[~early].sum(), int((~early).sum())
    low, high = beta.ppf([0.025, 0.975], n_event + 0.5, n - n_event + 0.5)
    assert sampled.mean() > 5 * high
    assert low < corrected.mean() < high
    assert low < book.pd[~early].mean() < high
    assert_array_equal(np.argsort(corrected), np.argsort(sampled))


@given(
    st.lists(st.floats(0.0001, 0.9999), min_size=1, max_size=30),
    RATES,
)
def test_central_tendency_hits_the_mean_and_keeps_the_order(pds, target):
    step = PriorCorrection(target_rate=target, method="central_tendency").fit(pds)
    corrected = step.predict(pds)
    assert corrected.mean() == pytest.approx(target, rel=1e-9)
    assert (np.diff(corrected[np.argsort(pds)]) >= 0).all()
    # Log-odds of a PD next to 0 or 1 hold few digits of it.
    known = np.array([pds, corrected])
    slack = 1e-6 + (1e-15 / np.minimum(known, 1 - known)).sum(axis=0)
    assert (np.abs(logit(corrected) - logit(pds) - step.shift_) <= slack).all()


def test_weights_are_repetitions():
    p, w = np.array([0.01, 0.05, 0.2]), np.array([3, 0, 2])
    for method in ("central_tendency", "quasi_moments"):
        step = PriorCorrection(target_rate=0.08, method=method)
        weighted = step.fit(p, sample_weight=w).to_spec()
        repeated = step.fit(np.repeat(p, w)).to_spec()
        assert_allclose([weighted.a, weighted.c], [repeated.a, repeated.c], rtol=1e-9)


def test_implied_auc_by_hand_and_by_its_definition():
    # Two accounts: the event is at the riskier one with odds 0.4 * 0.8 : 0.1.
    pds = np.array([0.2, 0.4])
    event, nonevent = pds, 1 - pds
    pairs = np.array([[0.5, 0.0], [1.0, 0.5]])  # event's account against the other's
    expected = event @ pairs @ nonevent / (event.sum() * nonevent.sum())
    assert implied_auc(pds, None) == pytest.approx(expected)
    rng = np.random.default_rng(0)
    p = rng.beta(1, 5, 300).round(2)
    outcomes = np.repeat([1, 0], 300)
    both = roc_auc_score(
        outcomes, np.tile(p, 2), sample_weight=np.concatenate([p, 1 - p])
    )
    assert implied_auc(p, None) == pytest.approx(both)


def test_quasi_moments_hit_mean_and_discrimination():
    rng = np.random.default_rng(0)
    p = expit(rng.normal(-3, 1, 2_000))
    kept = PriorCorrection(target_rate=0.02, method="quasi_moments").fit(p)
    pds = kept.predict(p)
    assert pds.mean() == pytest.approx(0.02)
    assert implied_auc(pds, None) == pytest.approx(implied_auc(p, None))
    assert kept.slope_ != 1
    sharper = PriorCorrection(
        target_rate=0.02, method="quasi_moments", target_auc=0.85
    ).fit(p)
    pds = sharper.predict(p)
    assert pds.mean() == pytest.approx(0.02)
    assert implied_auc(pds, None) == pytest.approx(0.85)
    assert sharper.slope_ > kept.slope_


def test_a_discrimination_out_of_reach_is_told():
    step = PriorCorrection(target_rate=0.5, method="quasi_moments", target_auc=0.99)
    with pytest.raises(InvalidParameterError, match=r"implied AUC of 0\.99"):
        step.fit([0.3, 0.3, 0.3])


def test_scale_of_log_odds():
    z = np.array([-4.0, -2.0, 0.5])
    for method in ("central_tendency", "quasi_moments"):
        by_z = PriorCorrection(target_rate=0.2, method=method, scale="log_odds").fit(z)
        by_pd = PriorCorrection(target_rate=0.2, method=method).fit(expit(z))
        assert_allclose(by_z.predict(z), by_pd.predict(expit(z)), rtol=1e-7)


def test_pds_of_zero_are_told():
    step = PriorCorrection(target_rate=0.1, method="central_tendency")
    with pytest.warns(RiskkitWarning, match="1 of 2 PDs are 0 or 1"):
        step.fit([0.0, 0.5])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "target_rate must be the event rate"),
        ({"target_rate": 0.0}, "strictly between 0 and 1"),
        ({"target_rate": 1.2}, "between 0 and 1"),
        ({"target_rate": 0.1, "sample_rate": 1.0}, "strictly between 0 and 1"),
        ({"target_rate": 0.1, "target_auc": 0.5}, "strictly between 0.5 and 1"),
        ({"target_rate": 0.1, "target_auc": 0.7}, "method='quasi_moments'"),
        (
            {"target_rate": 0.1, "sample_rate": 0.5, "method": "central_tendency"},
            "method='sampling'",
        ),
        ({"target_rate": 0.1, "method": "shift"}, "method must be one of"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    with pytest.raises(InvalidParameterError, match=message):
        PriorCorrection(**parameters).fit([0.1, 0.2], [0, 1])


def test_outcomes_are_needed_for_an_unknown_rate():
    with pytest.raises(InvalidInputError, match="requires y to be passed"):
        PriorCorrection(target_rate=0.1).fit([0.1, 0.2])
    with pytest.raises(InvalidTargetError, match="1 class"):
        PriorCorrection(target_rate=0.1).fit([0.1, 0.2], [0, 0])
