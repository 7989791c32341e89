"""Groups under a cut-off: counts by hand, formulas against other implementations."""

import json
import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from riskkit.datasets import make_loan_book
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)
from riskkit.explain import fairness_report
from riskkit.explain._disparity import (
    katz_interval,
    newcombe_interval,
    normal_quantile,
    share,
    standardised_difference,
    wilson_interval,
)
from riskkit.scorecard import ScorecardClassifier

Z = normal_quantile(0.95)


class Given:
    """A model whose PDs and points are the columns of the table."""

    classes_ = np.array([0, 1])

    def predict_proba(self, X):
        pd_ = np.asarray(X["pd"], dtype=float)
        return np.column_stack([1 - pd_, pd_])

    def predict_points(self, X):
        return np.asarray(X["points"], dtype=float)


@pytest.fixture(scope="module")
def sample():
    # a: 4 accounts, 3 approved at 600; b: 6 accounts, 2 approved.
    return pd.DataFrame(
        {
            "points": [620, 610, 600, 590, 640, 600, 580, 570, 560, 550],
            "pd": [0.02, 0.03, 0.04, 0.05, 0.01, 0.04, 0.06, 0.07, 0.08, 0.09],
            "y": [0, 0, 1, 0, 0, 0, 0, 1, 0, 1],
            "group": list("aaaabbbbbb"),
        }
    )


def test_every_number_by_hand(sample):
    result = fairness_report(
        Given(), sample, sample["y"], sample["group"], cutoff_points=600, reference="a"
    )
    a, b = (result.frame().set_index("group").loc[name] for name in "ab")
    assert (a["n"], a["n_event"], a["n_approved"]) == (4, 1, 3)
    assert (b["n"], b["n_event"], b["n_approved"]) == (6, 2, 2)
    assert a["approval_rate"] == 0.75
    assert b["adverse_impact_ratio"] == pytest.approx((2 / 6) / 0.75)
    half = 1.959963984540054 * math.sqrt(1 / 2 - 1 / 6 + 1 / 3 - 1 / 4)
    assert b["ratio_low"] == pytest.approx(4 / 9 * math.exp(-half))
    assert b["ratio_high"] == pytest.approx(4 / 9 * math.exp(half))
    means = sample.groupby("group")["points"].agg(["mean", "var"])
    spread = math.sqrt(means["var"].mean())
    gap = means["mean"]["b"] - means["mean"]["a"]
    assert b["smd"] == pytest.approx(gap / spread)
    # Events of b have PDs 0.07, 0.09; non-events 0.01, 0.04, 0.06, 0.08: 7 of 8.
    assert b["auc"] == pytest.approx(7 / 8)
    # Non-events approved: 2 of 3 in a, 2 of 4 in b.
    assert b["opportunity_difference"] == pytest.approx(2 / 4 - 2 / 3)
    assert b["event_rate"] == pytest.approx(1 / 3)
    assert b["mean_pd"] == pytest.approx(0.35 / 6)
    assert a["adverse_impact_ratio"] == 1.0
    assert a["opportunity_difference"] == 0.0
    assert a["smd"] == 0.0
    assert math.isnan(a["ratio_low"])
    assert math.isnan(a["opportunity_high"])
    assert a["note"] == "reference"
    assert b["note"] == ""


def test_both_cutoffs_approve_at_the_cutoff_itself(sample):
    by_points = fairness_report(
        Given(), sample, sample["y"], sample["group"], cutoff_points=600
    )
    by_pd = fairness_report(
        Given(), sample, sample["y"], sample["group"], cutoff_pd=0.04
    )
    pd.testing.assert_frame_equal(by_points.frame(), by_pd.frame())
    assert by_points.reference == "b"  # the largest


def test_a_fitted_card_against_a_plain_calculation():
    book = make_loan_book(2_000, default_rate=0.1, random_state=4)
    card = ScorecardClassifier().fit(book.data, book.target)
    rng = np.random.default_rng(0)
    group = rng.choice(["x", "y", "z"], 2_000, p=[0.5, 0.3, 0.2])
    result = fairness_report(card, book.data, book.target, group, cutoff_points=560)
    points, pd_ = card.predict_points(book.data), card.predict_proba(book.data)[:, 1]
    frame = result.frame().set_index("group")
    assert result.reference == "x"
    for name in "xyz":
        rows, base = group == name, group == "x"
        ok = points >= 560
        fair = rows & (book.target == 0)
        assert frame.loc[name, "approval_rate"] == pytest.approx(ok[rows].mean())
        assert frame.loc[name, "adverse_impact_ratio"] == pytest.approx(
            ok[rows].mean() / ok[base].mean()
        )
        assert frame.loc[name, "auc"] == pytest.approx(
            roc_auc_score(book.target[rows], pd_[rows])
        )
        assert frame.loc[name, "nonevent_approval_rate"] == pytest.approx(
            ok[fair].mean()
        )
        assert frame.loc[name, "event_rate"] == pytest.approx(book.target[rows].mean())
        assert frame.loc[name, "mean_pd"] == pytest.approx(pd_[rows].mean())
    # The group enters nowhere: the model was fitted and scored without it.
    assert not any("reads a column" in note for note in result.notes)


def test_a_column_that_the_model_reads_is_said():
    book = make_loan_book(1_000, default_rate=0.1, random_state=4)
    card = ScorecardClassifier().fit(book.data, book.target)
    named = pd.Series(np.arange(1_000) % 2, name=card.spec_.features[0])
    result = fairness_report(card, book.data, book.target, named, cutoff_points=560)
    assert "reads a column" in result.notes[-1]


def test_missing_is_a_group_and_kinds_of_columns_agree(sample):
    group = ["a", "a", None, "b", "a", "b", float("nan"), "b", "a", "b"]
    wanted = fairness_report(Given(), sample, sample["y"], group, cutoff_points=600)
    assert [o.group for o in wanted.groups] == ["a", "b", "missing"]
    assert [o.n for o in wanted.groups] == [4, 4, 2]
    plain = [g if isinstance(g, str) else None for g in group]
    for column in (
        pd.Series(group),
        pd.Series(plain, dtype="category"),
        pl.Series(plain),
        np.array(plain, dtype=object),
    ):
        got = fairness_report(Given(), sample, sample["y"], column, cutoff_points=600)
        pd.testing.assert_frame_equal(got.frame(), wanted.frame())


def test_numbers_and_truth_values_are_groups(sample):
    for group in (np.arange(10) % 2, (np.arange(10) % 2) * 1.0):
        result = fairness_report(
            Given(), sample, sample["y"], group, cutoff_points=600, reference=1
        )
        assert [o.group for o in result.groups] == ["0", "1"]
        assert result.reference == "1"
    group = np.arange(10) % 2 == 0
    result = fairness_report(
        Given(), sample, sample["y"], group, cutoff_points=600, reference=True
    )
    assert result.reference == "True"


def test_missing_is_no_reference_unless_alone(sample):
    group = [None] * 6 + ["a"] * 4
    result = fairness_report(Given(), sample, sample["y"], group, cutoff_points=600)
    assert result.reference == "a"
    result = fairness_report(
        Given(), sample, sample["y"], [None] * 10, cutoff_points=600
    )
    assert result.reference == "missing"


def test_a_tiny_group_is_listed_and_not_evaluated(sample):
    group = ["a"] * 9 + ["b"]
    result = fairness_report(Given(), sample, sample["y"], group, cutoff_points=600)
    tiny = result.groups[1]
    assert (tiny.n, tiny.n_event) == (1, 1)
    assert math.isnan(tiny.approval_rate)
    assert "fewer than two accounts" in tiny.note
    with pytest.raises(InvalidInputError, match="at least two accounts"):
        fairness_report(
            Given(), sample, sample["y"], group, cutoff_points=600, reference="b"
        )


def test_nobody_approved_and_one_outcome_are_said(sample):
    none = fairness_report(
        Given(), sample, sample["y"], sample["group"], cutoff_points=630, reference="b"
    )
    a = none.groups[0]
    assert a.adverse_impact_ratio == 0.0
    assert math.isnan(a.ratio_low)
    assert a.note == "nobody is approved"
    nobody = fairness_report(
        Given(), sample, sample["y"], sample["group"], cutoff_points=999
    )
    assert math.isnan(nobody.groups[0].adverse_impact_ratio)
    assert "nobody of the reference" in nobody.groups[0].note
    one = fairness_report(
        Given(), sample, [0] * 4 + [0, 1] * 3, sample["group"], cutoff_points=600
    )
    assert math.isnan(one.groups[0].auc)
    assert "one outcome only" in one.groups[0].note


def test_a_model_without_points_is_compared_on_log_odds():
    X = pd.DataFrame({"x": np.linspace(-2, 2, 200)})
    y = (np.arange(200) % 3 == 0) | (X["x"] > 1.5)
    model = LogisticRegression().fit(X, y)
    group = np.where(np.arange(200) < 120, "a", "b")
    result = fairness_report(model, X, y, group, cutoff_pd=0.4)
    log_odds = model.decision_function(X)
    a, b = log_odds[:120], log_odds[120:]
    wanted = -(b.mean() - a.mean()) / math.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
    assert result.groups[1].smd == pytest.approx(wanted)
    with pytest.raises(InvalidTypeError, match="Give cutoff_pd instead"):
        fairness_report(model, X, y, group, cutoff_points=600)


def test_what_cannot_predict_is_refused(sample):
    class Three(Given):
        classes_ = (0, 1, 2)

    def refused(error, model, match):
        with pytest.raises(error, match=match):
            fairness_report(model, sample, sample["y"], sample["group"], cutoff_pd=0.1)

    refused(InvalidTypeError, object(), "predict_proba; object has none")
    refused(InvalidTypeError, Three(), "Three has no such two")
    refused(NotFittedError, ScorecardClassifier(), "not fitted")


def test_results_are_plain_and_neutral(sample):
    result = fairness_report(
        Given(), sample, sample["y"], sample["group"], cutoff_points=600
    )
    assert json.loads(json.dumps(result.to_dict()))["reference"] == "b"
    html = result._repr_html_()
    assert "rule of thumb" in html
    assert "complian" not in html.lower()
    assert "legal" not in html.lower()


def test_bad_requests_are_named(sample):
    def refused(error, match, **changes):
        options = {"y": sample["y"], "group": sample["group"], "cutoff_points": 600}
        with pytest.raises(error, match=match):
            fairness_report(Given(), sample, **{**options, **changes})

    refused(InvalidParameterError, "got none", cutoff_points=None)
    refused(InvalidParameterError, "got both", cutoff_pd=0.1)
    refused(InvalidParameterError, "cutoff_pd", cutoff_points=None, cutoff_pd=2)
    refused(InvalidParameterError, "level must", level=1.0)
    refused(InvalidParameterError, "one of the 2 groups", reference="c")
    refused(InvalidInputError, "one value for each of the 10", group=["a"] * 9)
    refused(InvalidInputError, "got shape", group=np.zeros((10, 1)))
    refused(InvalidTargetError, "another label", y=[2] * 10)
    refused(InvalidTargetError, "hold 10 outcomes", y=[1] * 9)


def test_a_number_is_no_group_and_its_values_are_not_shown():
    n = 60
    X = pd.DataFrame({"points": np.arange(n), "pd": np.full(n, 0.1)})
    with pytest.raises(InvalidInputError, match="got 60") as caught:
        fairness_report(
            Given(), X, np.arange(n) % 2, np.arange(n) + 1234.5, cutoff_points=5
        )
    assert "1234.5" not in str(caught.value)


# Formulas -----------------------------------------------------------------------


def test_wilson_against_scipy_and_by_hand():
    for x, n in [(0, 5), (5, 5), (3, 10), (81, 263)]:
        wanted = stats.binomtest(x, n).proportion_ci(0.95, method="wilson")
        assert wilson_interval(x, n, Z) == pytest.approx(tuple(wanted), abs=1e-12)
    # Newcombe 1998 (single proportion), table I: 81 of 263 gives 0.2553 to 0.3662.
    assert wilson_interval(81, 263, Z) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert all(map(math.isnan, wilson_interval(0, 0, Z)))


def test_newcombe_as_published():
    # Newcombe 1998, table II, method 10: 56/70 - 48/80 gives 0.0524 to 0.3339.
    assert newcombe_interval(56, 70, 48, 80, Z) == pytest.approx(
        (0.0524, 0.3339), abs=5e-5
    )
    assert newcombe_interval(10, 10, 0, 10, Z) == pytest.approx((0.6075, 1), abs=5e-5)
    assert all(map(math.isnan, newcombe_interval(0, 0, 1, 2, Z)))


COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS, COUNTS)
def test_intervals_hold_the_estimate_and_mirror(first, second):
    low, high = newcombe_interval(*first, *second, Z)
    gap = first[0] / first[1] - second[0] / second[1]
    assert -1 - 1e-12 <= low <= gap + 1e-12
    assert gap - 1e-12 <= high <= 1 + 1e-12
    other = newcombe_interval(*second, *first, Z)
    assert other == pytest.approx((-high, -low), abs=1e-12)
    if first[0] and second[0]:
        low, high = katz_interval(*first, *second, Z)
        ratio = share(*first) / share(*second)
        assert low <= ratio * (1 + 1e-12)
        assert ratio <= high * (1 + 1e-12)
        other = katz_interval(*second, *first, Z)
        assert other == pytest.approx((1 / high, 1 / low))


@given(COUNTS.filter(lambda c: c[0]), COUNTS.filter(lambda c: c[0]))
def test_katz_against_scipy(first, second):
    wanted = stats.contingency.relative_risk(*first, *second).confidence_interval(0.95)
    assert katz_interval(*first, *second, Z) == pytest.approx(tuple(wanted), rel=1e-9)


def test_katz_needs_counts():
    assert all(map(math.isnan, katz_interval(0, 5, 3, 5, Z)))
    assert all(map(math.isnan, katz_interval(3, 5, 0, 5, Z)))


def test_katz_covers_the_ratio_by_simulation():
    rng = np.random.default_rng(0)
    hits = 0
    for x, x_0 in zip(
        rng.binomial(300, 0.4, 2_000), rng.binomial(400, 0.5, 2_000), strict=True
    ):
        low, high = katz_interval(int(x), 300, int(x_0), 400, Z)
        hits += low <= 0.8 <= high
    assert 0.94 <= hits / 2_000 <= 0.965


def test_standardised_difference_by_hand():
    assert standardised_difference(10.0, 4.0, 7.0, 14.0) == 1.0
    assert standardised_difference(5.0, 0.0, 5.0, 0.0) == 0.0
    assert standardised_difference(4.0, 0.0, 5.0, 0.0) == -math.inf
