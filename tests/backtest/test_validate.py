import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import beta, binom
from sklearn.metrics import brier_score_loss, roc_auc_score

from riskkit.backtest import ValidationLimits, validate_pd
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
)
from riskkit.metrics import (
    auc_vs_initial_test,
    concentration_test,
    hosmer_lemeshow_test,
    normal_test,
    vasicek_binomial_test,
)
from riskkit.scaling import MasterScale

# Five grades of the ECB's instructions, as in the tests of the metrics.
N = np.array([1000, 1000, 900, 700, 400])
EVENTS = np.array([1, 4, 9, 20, 33])
NAMES = np.array(["AA", "A", "BB", "B", "C"])
PDS = np.array([0.001, 0.003, 0.009, 0.03, 0.09])


def graded():
    grade = np.repeat(NAMES, N)
    y = np.concatenate([np.r_[np.ones(d), np.zeros(n - d)]
                        for d, n in zip(EVENTS, N, strict=True)])  # fmt: skip
    return y, np.repeat(PDS, N), grade


def table(result, name):
    return result.frame(name).set_index(result.frame(name).columns[0])


def test_by_hand():
    y, pd, grade = graded()
    result = validate_pd(y, pd, grade=grade, initial_auc=0.85, rho=0.12)
    grades = table(result, "grades")
    assert grades.index.tolist() == NAMES.tolist()
    assert grades["n_event"].tolist() == EVENTS.tolist()
    assert_allclose(grades["event_rate"], EVENTS / N)
    assert_allclose(grades["pd"], PDS)
    assert_allclose(
        grades["p_value_too_low"], beta.cdf(PDS, EVENTS + 0.5, N - EVENTS + 0.5)
    )
    tests = table(result, "tests")
    # The ECB's instructions give this p-value to the AUC since development.
    assert_allclose(tests.loc["AUC since development", "p_value"], 0.110459, atol=1e-6)
    mean = pd.mean()
    assert_allclose(
        tests.loc["Binomial, PD too low", "p_value"],
        binom.sf(EVENTS.sum() - 1, N.sum(), mean),
    )
    expected = {
        "Hosmer-Lemeshow": hosmer_lemeshow_test(EVENTS, N, PDS),
        "One-factor binomial, rho 0.12": vasicek_binomial_test(
            EVENTS.sum(), N.sum(), mean, rho=0.12),
        "AUC since development": auc_vs_initial_test(EVENTS, N, 0.85),
    }  # fmt: skip
    for name, other in expected.items():
        assert_allclose(tests.loc[name, "p_value"], other.p_value)
        assert_allclose(tests.loc[name, "statistic"], other.statistic)
    assert_allclose(result.measures["auc"], roc_auc_score(y, pd))
    assert_allclose(result.measures["gini_of_grades"], 2 * roc_auc_score(y, pd) - 1)
    assert_allclose(result.measures["brier"], brier_score_loss(y, pd))
    assert_allclose(
        result.measures["brier"],
        result.measures["reliability"]
        - result.measures["resolution"]
        + result.measures["uncertainty"],
    )


def sample(n, seed, factor=1.0, power=1.0):
    rng = np.random.default_rng(seed)
    z = rng.normal(-3.0, 1.0, n)
    pd = 1 / (1 + np.exp(-z))
    truth = 1 / (1 + np.exp(-(power * (z + 3) - 3)))
    return (rng.random(n) < np.minimum(factor * truth, 1)).astype(float), pd


@pytest.mark.parametrize(
    ("change", "initial_auc", "verdict", "check"),
    [
        ({}, None, "no action", None),
        ({"factor": 1.6}, None, "recalibrate", "level"),
        ({"factor": 0.6}, None, "recalibrate", "level"),
        ({"power": 0.5}, None, "recalibrate", "spread"),
        ({}, 0.95, "redevelop", "ranking"),
        ({"power": -0.5}, 0.75, "redevelop", "order"),
    ],
)
def test_verdicts(change, initial_auc, verdict, check):
    y, pd = sample(20_000, 1, **change)
    result = validate_pd(y, pd, initial_auc=initial_auc)
    assert result.verdict == verdict
    checks = table(result, "checks")
    if check is None:
        assert set(checks["light"]) <= {"green", "not_evaluable"}
        assert checks.loc["ranking", "light"] == "not_evaluable"
    else:
        assert checks.loc[check, "light"] == "red"
        assert f"{check} (red)" in result.reason


def test_a_true_pd_seldom_fails():
    words = [validate_pd(*sample(4_000, seed)).verdict for seed in range(60)]
    assert words.count("no action") >= 52
    assert "redevelop" not in words


def test_few_events_are_not_evaluable():
    y, pd = sample(200, 3)
    result = validate_pd(y, pd, limits=ValidationLimits(min_events=50))
    assert result.verdict == "not evaluable"
    assert table(result, "checks").loc["level", "finding"].startswith("fewer than 50")
    none = validate_pd(np.zeros(50), np.full(50, 0.01))
    assert none.verdict == "not evaluable"
    tests = table(none, "tests")
    assert tests.loc["Calibration level", "reason"] == "there are no events"
    assert np.isnan(none.measures["gini"])


def test_the_waterfall_adds_up_and_counts_the_first_reason():
    y, pd = sample(2_000, 5)
    y[:50] = np.nan
    pd[40:80] = np.nan
    fraud, test = np.arange(2_000) < 30, np.arange(2_000) < 60
    result = validate_pd(y, pd, exclusions={"fraud": fraud, "test": test})
    steps = result.frame("waterfall")
    assert steps["step"].tolist() == [
        "all rows", "fraud", "test", "no PD", "outcome not known"]  # fmt: skip
    assert steps["n_excluded"].tolist() == [0, 30, 30, 20, 0]
    assert (steps["n"].iloc[0] - steps["n_excluded"].cumsum() == steps["n"]).all()
    assert steps["n"].iloc[-1] == result.measures["n"] == 1_920
    assert result.measures["n_event"] == np.nansum(y[80:])
    clean = validate_pd(y[80:], pd[80:])
    assert clean.measures == result.measures


def test_years_and_development():
    y, pd, grade = graded()
    rng = np.random.default_rng(0)
    dates = np.datetime64("2018-06-01") + rng.integers(0, 1_200, y.size)
    result = validate_pd(
        y,
        pd,
        grade=grade,
        dates=dates,
        initial_n=dict(zip(NAMES, N[::-1], strict=True)),
    )
    years = result.frame("years")
    assert years["period"].tolist() == ["2018", "2019", "2020", "2021"]
    of_year = dates.astype("M8[Y]").astype(int) + 1970
    for _, row in years.iterrows():
        held = of_year == int(row["period"])
        assert row["n"] == held.sum()
        assert_allclose(row["event_rate"], y[held].mean())
        assert_allclose(row["gini"], 2 * roc_auc_score(y[held], pd[held]) - 1)
    tests = table(result, "tests")
    assert_allclose(
        tests.loc["Normal test", "p_value"],
        normal_test(years["event_rate"], years["pd"]).p_value,
    )
    expected = concentration_test(N, initial_n=N[::-1])
    assert_allclose(tests.loc["Concentration in grades", "p_value"], expected.p_value)
    assert tests.loc["Traffic lights", "status"] == "ok"


def test_grades_of_a_master_scale_and_their_own_pds():
    y, pd = sample(8_000, 9)
    scale = MasterScale(method="geometric", n_grades=6).fit(pd, y)
    grade = scale.assign(pd)
    order = list(scale.spec_.labels)
    given = dict(zip(order, scale.spec_.pds, strict=True))
    result = validate_pd(y, pd, grade=grade, order=order, grade_pd=given)
    grades = table(result, "grades")
    assert grades.index.tolist() == order
    assert_allclose(grades["pd"], list(given.values()))
    by_mean = validate_pd(y, pd, grade=grade)
    held = [name for name in order if grades.loc[name, "n"] > 0]
    assert by_mean.frame()["grade"].tolist() == held


@settings(max_examples=20)
@given(seed=st.integers(0, 300))
def test_weights_repeat_rows_and_order_does_not_matter(seed):
    y, pd = sample(300, seed)
    rng = np.random.default_rng(seed)
    times = rng.integers(0, 3, 300)
    rows = rng.permutation(np.repeat(np.arange(300), times))
    weighted = validate_pd(y, pd, sample_weight=times, n_bands=4)
    repeated = validate_pd(y[rows], pd[rows], n_bands=4)
    assert weighted.verdict == repeated.verdict
    for name, value in weighted.measures.items():
        assert_allclose(value, repeated.measures[name], rtol=1e-6, atol=1e-9)
    for name in ("grades", "tests"):
        one, other = weighted.frame(name), repeated.frame(name)
        numbers = one.select_dtypes("number").columns
        assert_allclose(one[numbers], other[numbers], rtol=1e-5, atol=1e-7)


def test_results_are_plain():
    y, pd = sample(500, 2)
    plain = validate_pd(y, pd).to_dict()
    assert plain["limits"]["gini_drop"] == [0.05, 0.10]
    assert plain["tables"]["grades"][0]["grade"] == "band 1"
    assert "outcome not known" in validate_pd(y, pd)._repr_html_()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"y": [0, 1, 2, 0]}, InvalidTargetError, "1 of 4 outcomes"),
        ({"y": [0, 1]}, InvalidTargetError, "y must hold one outcome"),
        ({"pd": [0.1, 0.2, 1.3, 0.4]}, InvalidInputError, "1 of 4 PDs"),
        ({"pd": []}, InvalidInputError, "pd must hold one PD"),
        ({"y": [None] * 4}, InvalidInputError, "4 were left out"),
        ({"grade": ["A", "B"]}, InvalidInputError, "grade must hold one grade"),
        ({"grade": ["A", None, "B", "B"]}, InvalidInputError, "1 of 4 have none"),
        ({"grade": list("AABB"), "order": ["A"]}, InvalidParameterError,
         "order must name every grade"),
        ({"grade": list("AABB"), "grade_pd": {"A": 0.1}}, InvalidParameterError,
         "grade_pd must hold every one.*'B'"),
        ({"grade": list("AABB"), "initial_n": {"A": 1, "B": -1}},
         InvalidParameterError, "initial_n"),
        ({"order": ["A"]}, InvalidInputError, "without grade"),
        ({"exclusions": [True] * 4}, InvalidParameterError, "must map a reason"),
        ({"exclusions": {"old": [1, 0, 0, 0]}}, InvalidInputError, "'old' must be"),
        ({"dates": ["2020-01-01"] * 4}, InvalidInputError, "dates must hold dates"),
        ({"initial_auc": 1.5}, InvalidParameterError, "initial_auc must be"),
        ({"rho": 1.0}, InvalidParameterError, "rho must be"),
        ({"n_bands": 1}, InvalidParameterError, "n_bands must be"),
        ({"limits": {}}, InvalidParameterError, "limits must be ValidationLimits"),
        ({"sample_weight": [1, 1, 1, np.nan]}, InvalidInputError, "sample_weight"),
        ({"level": 2}, InvalidParameterError, "level must be"),
    ],
)  # fmt: skip
def test_bad_input(change, error, words):
    args = {"y": [0, 1, 1, 0], "pd": [0.1, 0.2, 0.3, 0.4]} | change
    with pytest.raises(error, match=words):
        validate_pd(**args)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"slope": (0.3, 0.1)}, "slope must let amber begin before red"),
        ({"p_value": (0.01, 0.05)}, "p_value must let amber"),
        ({"actual_expected_red": (0.95, 1.2)}, "actual_expected must let amber"),
        ({"gini_drop": 0.1}, "gini_drop must be a pair"),
        ({"min_events": 1}, "min_events must be"),
    ],
)
def test_bad_limits(change, words):
    with pytest.raises(InvalidParameterError, match=words):
        ValidationLimits(**change)
