"""All PDs together against the events."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import optimize, stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.metrics import (
    brier_decomposition,
    calibration_level_test,
    calibration_slope_test,
    hosmer_lemeshow_test,
    spiegelhalter_test,
)

# The five grades of the monitoring reference.
N_EVENT = np.array([1, 4, 9, 20, 33])
N = np.array([1000, 1000, 900, 700, 400])
PD = np.array([0.002, 0.005, 0.01, 0.02, 0.07])
GRADES = N_EVENT, N, PD

rows = st.lists(
    st.tuples(st.integers(0, 1), st.floats(0.01, 0.99), st.integers(1, 4)),
    min_size=3,
    max_size=25,
)


def rows_of(n_event, n, pd):
    y = np.concatenate(
        [np.repeat([1, 0], [d, m - d]) for d, m in zip(n_event, n, strict=True)]
    )
    return y, np.repeat(pd, n)


def test_golden_values_of_the_reference():
    hl = hosmer_lemeshow_test(*GRADES)
    assert (f"{hl.statistic:.6f}", f"{hl.p_value:.6f}") == ("4.285975", "0.509019")
    z = spiegelhalter_test(*GRADES)
    assert (f"{z.statistic:.6f}", f"{z.p_value:.6f}") == ("1.173765", "0.240489")
    brier = brier_decomposition(*GRADES)
    assert f"{brier.reliability:.5e}" == "2.89821e-05"
    assert f"{brier.resolution:.5e}" == "5.69670e-04"
    assert f"{brier.uncertainty:.10f}" == "0.0164694375"
    assert f"{brier.score:.8f}" == "0.01592875"


def test_hosmer_lemeshow_is_a_chi_square_of_both_outcomes():
    observed = np.concatenate([N_EVENT, N - N_EVENT])
    expected = np.concatenate([N * PD, N * (1 - PD)])
    chi2 = float(((observed - expected) ** 2 / expected).sum())
    assert hosmer_lemeshow_test(*GRADES).statistic == pytest.approx(chi2)
    inside = hosmer_lemeshow_test(*GRADES, in_sample=True)
    assert inside.details["df"] == 3
    assert inside.p_value == pytest.approx(stats.chi2.sf(chi2, 3))


def test_hosmer_lemeshow_shows_the_size_beside_the_significance():
    few = hosmer_lemeshow_test([12, 30], [1000, 1000], [0.01, 0.03])
    many = hosmer_lemeshow_test([12_000, 30_000], [1e6, 1e6], [0.01, 0.03])
    assert few.lights() == "green"
    assert many.lights() == "red"
    assert few.details["mean_error"] == pytest.approx(many.details["mean_error"])
    assert few.details["mean_error"] == pytest.approx(0.001)


def test_spiegelhalter_has_the_moments_of_its_null():
    """By all outcomes of six accounts, weighted by their chance."""
    pd = np.array([0.1, 0.2, 0.3, 0.45, 0.6, 0.9])
    outcomes = np.array([[(k >> i) & 1 for i in range(6)] for k in range(64)])
    chance = np.where(outcomes, pd, 1 - pd).prod(axis=1)
    z = np.array([spiegelhalter_test(y, 1, pd).statistic for y in outcomes])
    assert chance @ z == pytest.approx(0, abs=1e-12)
    assert chance @ z**2 == pytest.approx(1)
    scores = np.array(
        [spiegelhalter_test(y, 1, pd).details["brier_score"] for y in outcomes]
    )
    expected = spiegelhalter_test(outcomes[0], 1, pd).details["expected_brier_score"]
    assert chance @ scores == pytest.approx(expected)


@given(rows)
def test_grades_and_weights_give_the_rows_behind_them(sample):
    y, pd, weight = (np.array(c) for c in zip(*sample, strict=True))
    repeated = np.repeat(y, weight), 1, np.repeat(pd, weight)
    weighted = y * weight, weight, pd
    one, other = spiegelhalter_test(*repeated), spiegelhalter_test(*weighted)
    assert one.statistic == pytest.approx(other.statistic, abs=1e-9)
    assert one.n == other.n
    parts = [brier_decomposition(*g).to_dict() for g in (repeated, weighted)]
    assert parts[0] == pytest.approx(parts[1], abs=1e-12)


@given(rows, st.lists(st.integers(0, 3), min_size=25, max_size=25))
def test_parts_of_the_brier_score_add_up_whatever_the_bands(sample, bands):
    y, pd, weight = (np.array(c) for c in zip(*sample, strict=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loss = np.average((y - pd) ** 2, weights=weight)
        if len(set(y.tolist())) > 1:
            assert loss == pytest.approx(
                brier_score_loss(y, pd, sample_weight=weight, pos_label=1)
            )
    for banding in (None, bands[: y.size]):
        parts = brier_decomposition(y * weight, weight, pd, bands=banding)
        total = (
            parts.reliability
            - parts.resolution
            + parts.uncertainty
            + parts.spread
            - parts.covariance
        )
        assert total == pytest.approx(parts.score, abs=1e-12)
        assert parts.score == pytest.approx(loss)
        if banding is None:
            assert parts.spread == pytest.approx(0, abs=1e-15)
            assert parts.covariance == pytest.approx(0, abs=1e-15)


def test_brier_by_hand():
    # two accounts at 0.2 with one event, one at 0.6 without
    parts = brier_decomposition([1, 0], [2, 1], [0.2, 0.6])
    assert parts.score == pytest.approx((0.64 + 0.04 + 0.36) / 3)
    assert parts.reliability == pytest.approx((2 * 0.3**2 + 0.6**2) / 3)
    assert parts.resolution == pytest.approx((2 * (1 / 6) ** 2 + (1 / 3) ** 2) / 3)
    assert parts.uncertainty == pytest.approx(2 / 9)
    assert parts.skill == pytest.approx(1 - parts.score / (2 / 9))
    assert parts.frame()["part"].tolist()[0] == "score"
    assert "reliability" in parts._repr_html_()


def cox_by_optimiser(y, pd, *, slope):
    """Maximise the likelihood without any of the library."""
    z = np.log(pd / (1 - pd))

    def loss(theta):
        b = theta[1] if slope else 1.0
        eta = theta[0] + b * z
        return float(np.sum(np.logaddexp(0, eta) - y * eta))

    start = [0.0, 1.0][: 1 + slope]
    found = optimize.minimize(loss, start, method="BFGS", options={"gtol": 1e-9})
    return found.x, -found.fun, found.hess_inv


def test_cox_agrees_with_an_optimiser_and_with_scikit_learn():
    y, pd = rows_of(*GRADES)
    z = np.log(pd / (1 - pd))
    at_null = float(np.sum(y * z - np.logaddexp(0, z)))
    (level,), by_level, _ = cox_by_optimiser(y, pd, slope=False)
    (intercept, slope), by_both, _ = cox_by_optimiser(y, pd, slope=True)

    result = calibration_level_test(*GRADES)
    assert result.statistic == pytest.approx(level, abs=1e-6)
    assert result.details["chi2"] == pytest.approx(2 * (by_level - at_null), abs=1e-6)
    assert result.p_value == pytest.approx(
        stats.chi2.sf(result.details["chi2"], 1), abs=1e-12
    )
    result = calibration_slope_test(*GRADES)
    assert result.statistic == pytest.approx(slope, abs=1e-5)
    assert result.details["intercept"] == pytest.approx(intercept, abs=1e-4)
    chi2 = 2 * (by_both - by_level)
    assert result.p_value == pytest.approx(stats.chi2.sf(chi2, 1), abs=1e-6)
    joint = stats.chi2.sf(2 * (by_both - at_null), 2)
    assert result.details["joint_p_value"] == pytest.approx(joint, abs=1e-6)

    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(z[:, None], y)
    assert result.statistic == pytest.approx(model.coef_[0, 0], abs=1e-4)


def test_cox_errors_are_those_of_the_information():
    _, pd = rows_of(*GRADES)
    z = np.log(pd / (1 - pd))
    level = calibration_level_test(*GRADES)
    p = 1 / (1 + np.exp(-level.statistic - z))
    assert level.details["se"] == pytest.approx(1 / math.sqrt(np.sum(p * (1 - p))))
    slope = calibration_slope_test(*GRADES)
    design = np.column_stack([np.ones(z.size), z])
    p = 1 / (1 + np.exp(-slope.details["intercept"] - slope.statistic * z))
    inverse = np.linalg.inv(design.T @ ((p * (1 - p))[:, None] * design))
    assert slope.details["se"] == pytest.approx(math.sqrt(inverse[1, 1]))
    half = stats.norm.ppf(0.975) * slope.details["se"]
    assert slope.details["high"] - slope.statistic == pytest.approx(half)


def test_cox_finds_what_was_done_to_the_pds():
    rng = np.random.default_rng(0)
    z = rng.normal(-2.5, 1.0, 40_000)
    y = rng.random(z.size) < 1 / (1 + np.exp(-(0.4 + 0.7 * z)))
    pd = 1 / (1 + np.exp(-z))
    result = calibration_slope_test(y, 1, pd)
    assert result.details["low"] < 0.7 < result.details["high"]
    assert result.details["intercept"] == pytest.approx(0.4, abs=0.1)
    assert result.lights() == "red"
    fair = rng.random(z.size) < pd
    assert calibration_slope_test(fair, 1, pd).lights() == "green"
    assert calibration_level_test(fair, 1, pd).lights() == "green"


@given(rows)
def test_cox_weights_are_repetitions(sample):
    y, pd, weight = (np.array(c) for c in zip(*sample, strict=True))
    repeated = np.repeat(y, weight), 1, np.repeat(pd, weight)
    for test in (calibration_level_test, calibration_slope_test):
        one, other = test(*repeated), test(y * weight, weight, pd)
        assert one.status == other.status
        assert one.reason == other.reason
        if one.status == "ok":
            assert one.p_value == pytest.approx(other.p_value, abs=1e-5)


def test_type_one_error_of_the_calibration_tests():
    rng = np.random.default_rng(5)
    runs = 400
    pd = np.array([0.01, 0.03, 0.06, 0.12, 0.25])
    n = np.full(5, 400)
    events = rng.binomial(n, pd, (runs, 5))
    tests = (
        hosmer_lemeshow_test,
        spiegelhalter_test,
        calibration_level_test,
        calibration_slope_test,
    )
    for test in tests:
        share = np.mean([test(d, n, pd).p_value < 0.05 for d in events])
        assert share == pytest.approx(0.05, abs=3.5 * math.sqrt(0.05 * 0.95 / runs))


ALL = [
    hosmer_lemeshow_test,
    spiegelhalter_test,
    calibration_level_test,
    calibration_slope_test,
]


@pytest.mark.parametrize("test", ALL)
def test_without_accounts_nothing_can_be_said(test):
    result = test([0, 0], [0, 0], [0.1, 0.2])
    assert (result.status, result.reason) == ("not_evaluable", "there are no accounts")
    assert math.isnan(result.p_value)


@pytest.mark.parametrize("test", ALL)
def test_empty_groups_change_nothing(test):
    more = np.append(N_EVENT, 0), np.append(N, 0), np.append(PD, np.nan)
    assert test(*more) == test(*GRADES)


@pytest.mark.parametrize("test", ALL[2:])
def test_one_outcome_alone_has_no_level_and_no_slope(test):
    none = test([0, 0], [10, 10], [0.1, 0.2])
    assert (none.status, none.reason) == ("not_evaluable", "there are no events")
    every = test([10, 10], [10, 10], [0.1, 0.2])
    assert (every.status, every.reason) == ("not_evaluable", "there are no non-events")


def test_what_has_no_slope_says_why():
    same = calibration_slope_test([1, 2], [10, 10], [0.1, 0.1])
    assert same.reason == "all PDs are the same"
    parted = calibration_slope_test([0, 10], [10, 10], [0.1, 0.2])
    assert parted.reason == "a PD parts events from non-events"
    assert calibration_slope_test([10, 0], [10, 10], [0.1, 0.2]).reason == parted.reason
    # level is fine in both
    assert calibration_level_test([1, 2], [10, 10], [0.1, 0.1]).status == "ok"


def test_all_or_no_events_are_exact_elsewhere():
    none = hosmer_lemeshow_test([0, 0], [10, 10], [0.1, 0.2])
    assert none.statistic == pytest.approx(10 * 0.1 / 0.9 + 10 * 0.2 / 0.8)
    assert spiegelhalter_test([0, 0], [10, 10], [0.1, 0.2]).status == "ok"
    impossible = hosmer_lemeshow_test([1, 0], [10, 10], [0.0, 0.2])
    assert math.isinf(impossible.statistic)
    assert impossible.p_value == 0
    sure = hosmer_lemeshow_test([0, 10], [10, 10], [0.0, 1.0])
    assert (sure.statistic, sure.p_value) == (0, 1)
    assert spiegelhalter_test([0, 10], [10, 10], [0.0, 1.0]).p_value == 1
    assert spiegelhalter_test([1, 10], [10, 10], [0.0, 1.0]).p_value == 0
    half = spiegelhalter_test([3], [10], [0.5])
    assert half.status == "not_evaluable"
    single = brier_decomposition([0, 0], [10, 10], [0.1, 0.2])
    assert (single.uncertainty, single.skill) == (0, 0)
    assert math.isfinite(single.score)


def test_in_sample_needs_more_than_two_groups():
    result = hosmer_lemeshow_test([1, 2], [10, 10], [0.1, 0.2], in_sample=True)
    assert "more than two groups" in result.reason


def test_unusable_input_is_named():
    with pytest.raises(InvalidInputError, match="n_event must not exceed n"):
        spiegelhalter_test([2], [1], [0.1])
    with pytest.raises(InvalidInputError, match="bands must hold a whole number"):
        brier_decomposition([1, 0], [2, 2], [0.1, 0.2], bands=[0.5, 1])
    with pytest.raises(InvalidInputError, match="accounts in at least one group"):
        brier_decomposition([0], [0], [0.1])
    with pytest.raises(InvalidParameterError, match="in_sample must be True or False"):
        hosmer_lemeshow_test(*GRADES, in_sample=2)


def test_a_single_group_needs_no_list():
    assert_allclose(
        hosmer_lemeshow_test(3, 100, 0.02).statistic, 1 / (100 * 0.02 * 0.98)
    )
    assert calibration_level_test(3, 100, 0.02).status == "ok"
    assert brier_decomposition(3, 100, 0.02).n == 100
