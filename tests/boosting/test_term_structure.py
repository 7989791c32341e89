"""The PD by month on book."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

from riskkit.boosting import (
    LGBMPDClassifier,
    PDBlendClassifier,
    PDTermStructure,
    TermStructureResult,
    life_table,
)
from riskkit.boosting._hazard_folds import account_folds
from riskkit.datasets import make_loan_book
from riskkit.exceptions import (
    FewEventsWarning,
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)


class Loans:
    """A loan book as the lender sees it: censored, and half of it seen late."""

    def __init__(self, n, seed, late=0.5):
        self.book = make_loan_book(n, default_rate=0.15, n_months=24, random_state=seed)
        rng = np.random.default_rng(seed)
        seen = np.minimum(self.book.months_on_book, 12)
        event = self.book.default_month <= seen
        end = np.where(event, self.book.default_month, seen).astype(int)
        start = np.where(rng.random(n) < late, rng.integers(1, 7, n), 0)
        # Who left before watching began was never on the list.
        self.kept = end > start
        self.X = self.book.data[self.kept].reset_index(drop=True)
        self.event, self.end = event[self.kept], end[self.kept]
        self.start, self.hazard = start[self.kept], self.book.hazard[self.kept]

    def panel(self):
        """Give a row for each account and month."""
        length = self.end - self.start
        row = np.repeat(np.arange(length.size), length)
        first = np.repeat(np.cumsum(length) - length, length)
        month = np.arange(row.size) - first + self.start[row] + 1
        event = self.event[row] & (month == self.end[row])
        return self.X.iloc[row].reset_index(drop=True), event, month, row


LOANS = Loans(4_500, 1)
FRESH = make_loan_book(3_000, default_rate=0.15, random_state=2)
TRUE_PD = 1 - np.cumprod(1 - FRESH.hazard, axis=1)


def logistic():
    return LogisticRegression(C=np.inf, max_iter=500, tol=1e-10)


def numbers(loans):
    return loans.X[["age", "debt_to_income", "utilisation", "inquiries"]]


def few_rounds():
    return LGBMPDClassifier(n_rounds=30)


def log_odds(p):
    return np.log(p / (1 - p))


def test_truth_is_recovered_from_censored_accounts_seen_late(kind):
    model = PDTermStructure(kind(special_codes=LOANS.book.special_codes, inner_cv=2))
    model.fit(LOANS.X, LOANS.event, end=LOANS.end, start=LOANS.start)
    result = model.predict_term_structure(FRESH.data)
    assert result.hazard.shape == (3_000, 12)
    found = result.cumulative
    # A few hundred events: the relative error of a portfolio's PD is about 5 %.
    np.testing.assert_allclose(
        found.mean(axis=0)[5:], TRUE_PD.mean(axis=0)[5:], rtol=0.1
    )
    assert np.corrcoef(log_odds(found[:, -1]), log_odds(FRESH.pd))[0, 1] > 0.85
    assert roc_auc_score(FRESH.target, found[:, -1]) > 0.7
    # The hazard of the portfolio by month, within four errors of its count.
    expected = LOANS.hazard[:, :12]
    rows = [(LOANS.start < t) & (t <= LOANS.end) for t in range(1, 13)]
    truth = np.array([expected[at, t].sum() for t, at in enumerate(rows)])
    estimated = np.array(model.life_table_.columns["expected"])
    assert (np.abs(estimated - truth) < 4 * np.sqrt(truth)).all()
    # And much nearer to it than one hazard for all months would be.
    flat = np.array([at.sum() for at in rows]) * truth.sum() / sum(map(np.sum, rows))
    assert np.abs(estimated - truth).sum() < 0.5 * np.abs(flat - truth).sum()


def test_late_entry_matters():
    many = Loans(20_000, 7, late=0.95)
    aware, blind = (
        PDTermStructure(logistic())
        .fit(numbers(many), many.event, end=many.end, start=start)
        .predict_proba(FRESH.data)[:, 1]
        .mean()
        for start in (many.start, None)
    )
    truth = TRUE_PD[:, -1].mean()
    assert abs(aware - truth) < 0.01
    assert truth - blind > 0.015


def test_without_features_it_is_the_life_table():
    X = pd.DataFrame({"nothing": np.zeros(LOANS.end.size)})
    model = PDTermStructure(DummyClassifier(strategy="prior"))
    model.fit(X, LOANS.event, end=LOANS.end, start=LOANS.start)
    table = life_table(LOANS.event, LOANS.end, start=LOANS.start).frame()
    hazard = model.predict_term_structure(X.head(1)).hazard[0]
    # The odds of all, and of each month relative to them with one event more.
    n_event, n = table["n_event"], table["n_at_risk"]
    odds_of_all = n_event.sum() / (n - n_event).sum()
    relative = (n_event + 1) / (odds_of_all * (n - n_event) + 1)
    base = n_event.sum() / (relative * (n - n_event)).sum()
    odds = relative * base
    np.testing.assert_allclose(hazard, odds / (1 + odds), rtol=1e-12)
    # One event more moves it by less than chance does.
    error = np.sqrt(table["hazard"] / table["n_at_risk"])
    assert (np.abs(hazard - table["hazard"]) < error).all()


def test_a_panel_is_the_same_as_intervals():
    X, event, month, account = LOANS.panel()
    assert len(X) == (LOANS.end - LOANS.start).sum()
    model = PDTermStructure(few_rounds())
    rows = clone(model).fit(LOANS.X, LOANS.event, end=LOANS.end, start=LOANS.start)
    panel = clone(model).fit(X, event, month=month, account=account)
    assert (
        panel.life_table_.frame()["n_event"].tolist()
        == rows.life_table_.frame()["n_event"].tolist()
    )
    np.testing.assert_array_equal(
        rows.predict_term_structure(FRESH.data).hazard,
        panel.predict_term_structure(FRESH.data).hazard,
    )


def test_features_may_change_with_the_months():
    rng = np.random.default_rng(0)
    account = np.repeat(np.arange(3_000), 6)
    month = np.tile(np.arange(1, 7), 3_000)
    late = rng.random(account.size) < 0.2
    is_event = rng.random(account.size) < np.where(late, 0.3, 0.02)
    earlier = pd.Series(is_event).groupby(account).cumsum() - is_event
    alive = (earlier == 0).to_numpy()
    X = pd.DataFrame({"late": late.astype(float)})[alive]
    model = PDTermStructure(logistic()).fit(
        X, is_event[alive], month=month[alive], account=account[alive]
    )
    hazard = model.predict_term_structure(pd.DataFrame({"late": [0.0, 1.0]})).hazard
    np.testing.assert_allclose(hazard.mean(axis=1), [0.02, 0.3], rtol=0.1)


def test_bands_hold_hazards_equal_and_need_fewer_rows():
    model = PDTermStructure(logistic(), bands=(2, 4, 8))
    model.fit(numbers(LOANS), LOANS.event, end=LOANS.end, start=LOANS.start)
    hazard = model.predict_term_structure(FRESH.data.head(5)).hazard
    for months in (slice(0, 2), slice(2, 4), slice(4, 8), slice(8, 12)):
        assert (np.ptp(hazard[:, months], axis=1) == 0).all()
    assert (hazard[:, 2] != hazard[:, 1]).all()
    each = PDTermStructure(logistic())
    each.fit(numbers(LOANS), LOANS.event, end=LOANS.end, start=LOANS.start)
    assert model.n_account_months_ == each.n_account_months_
    np.testing.assert_allclose(
        model.predict_proba(FRESH.data)[:, 1].mean(),
        each.predict_proba(FRESH.data)[:, 1].mean(),
        rtol=0.03,
    )


def test_a_weight_of_two_is_the_row_twice():
    X, event, end = numbers(LOANS), LOANS.event, LOANS.end
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 3, end.size)
    row = np.repeat(np.arange(end.size), weight)
    model = PDTermStructure(logistic(), bands=(1, 3, 6))
    weighted = clone(model).fit(X, event, end=end, sample_weight=weight)
    repeated = clone(model).fit(X.iloc[row], event[row], end=end[row])
    np.testing.assert_allclose(
        weighted.predict_proba(FRESH.data),
        repeated.predict_proba(FRESH.data),
        rtol=1e-5,
    )
    assert weighted.n_events_ == repeated.n_events_ == event[row].sum()


@pytest.fixture(scope="module")
def small():
    model = PDTermStructure(few_rounds(), horizon=6)
    return model.fit(LOANS.X, LOANS.event, end=LOANS.end, start=LOANS.start)


def test_scores_depend_on_the_row_alone(small):
    whole = small.predict_term_structure(FRESH.data[:200]).hazard
    order = np.random.default_rng(0).permutation(200)
    shuffled = small.predict_term_structure(FRESH.data[:200].iloc[order]).hazard
    np.testing.assert_array_equal(shuffled, whole[order])
    one = small.predict_term_structure(FRESH.data[3:4]).hazard
    np.testing.assert_array_equal(one, whole[3:4])
    columns = FRESH.data[:200][FRESH.data.columns[::-1]].assign(more=1)
    np.testing.assert_array_equal(small.predict_term_structure(columns).hazard, whole)
    native = pl.DataFrame(
        {c: FRESH.data[:200][c].to_list() for c in FRESH.data}, strict=False
    ).with_columns(pl.col("income", "months_on_job").fill_nan(None))
    np.testing.assert_array_equal(small.predict_term_structure(native).hazard, whole)


def test_probability_is_that_within_the_horizon(small):
    result = small.predict_term_structure(FRESH.data[:50])
    pd_ = small.predict_proba(FRESH.data[:50])
    np.testing.assert_allclose(pd_[:, 1], result.cumulative[:, 5], rtol=1e-12)
    np.testing.assert_allclose(pd_[:, 1], result.pd_between(0, 6), rtol=1e-12)
    np.testing.assert_array_equal(small.predict(FRESH.data[:50]), pd_[:, 1] > 0.5)


def test_conditional_pds_of_seasoned_accounts(small):
    result = small.predict_term_structure(FRESH.data[:4])
    age = np.array([0, 3, 6, 12])
    found = result.pd_between(age)
    survival = np.column_stack([np.ones(4), result.survival])
    expected = 1 - survival[:, 12] / survival[np.arange(4), age]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_allclose(result.pd_between(4, 5), result.hazard[:, 4], rtol=1e-12)
    for wrong in ((-1, 3), (4, 3), (0, 13), (0.5, 3), ([1, 2], 3)):
        with pytest.raises(InvalidParameterError, match="after"):
            result.pd_between(*wrong)


def test_result_of_groups_and_as_data():
    hazard = np.array([[0.1, 0.1], [0.5, 0.5], [0.0, 0.0]])
    result = TermStructureResult(hazard)
    groups = result.portfolio(["a", "a", "b"], sample_weight=[1, 1, 5])
    assert groups.names == ("a", "b")
    np.testing.assert_allclose(groups.cumulative[0], [0.3, (0.19 + 0.75) / 2])
    # Of those still there in month 2 the safe account is 0.9 in 1.4.
    assert groups.hazard[0, 1] == pytest.approx((0.9 * 0.1 + 0.5 * 0.5) / 1.4)
    frame = groups.frame()
    assert frame.columns.tolist() == [
        "group", "month", "conditional", "marginal", "cumulative", "survival",
    ]  # fmt: skip
    assert len(frame) == 4
    assert result.frame()["row"].tolist() == [0, 0, 1, 1, 2, 2]
    assert groups.to_dict()["names"] == ["a", "b"]
    assert "Cumulative PD" in groups._repr_html_()
    assert "First 50 of 60" in TermStructureResult(np.zeros((60, 2)))._repr_html_()
    assert result.portfolio().names == ("all",)
    with pytest.raises(InvalidInputError, match="group for each of the 3 rows"):
        result.portfolio(["a", None, "b"])


def test_actual_and_expected_on_other_accounts(small):
    other = Loans(2_000, 5)
    table = small.actual_expected(
        other.X, other.event, end=other.end, start=other.start
    ).frame()
    hazard = small.predict_term_structure(other.X).hazard
    month = np.arange(1, 13)
    at_risk = (other.start[:, None] < month) & (month <= other.end[:, None])
    np.testing.assert_allclose(table["expected"], (hazard * at_risk).sum(axis=0))
    assert table["n_event"].sum() == other.event.sum()
    np.testing.assert_allclose(
        table["actual_to_expected"], table["n_event"] / table["expected"]
    )
    with pytest.raises(InvalidTargetError, match="labelled as in training"):
        small.actual_expected(other.X, other.event + 1, end=other.end)


def test_later_months_can_be_left_out():
    model = PDTermStructure(logistic(), max_month=4)
    model.fit(numbers(LOANS), LOANS.event, end=LOANS.end)
    assert model.max_month_ == 4
    assert model.n_events_ == (LOANS.event & (LOANS.end <= 4)).sum()
    table = life_table(LOANS.event, LOANS.end).frame()
    assert (
        model.life_table_.frame()["n_at_risk"].tolist()
        == table["n_at_risk"].tolist()[:4]
    )


def test_without_times_it_is_an_ordinary_model():
    X, y = FRESH.data[["age", "utilisation"]], FRESH.target
    model = PDTermStructure(logistic()).fit(X, y)
    plain = logistic().fit(X, y)
    np.testing.assert_allclose(
        model.predict_proba(X), plain.predict_proba(X), rtol=1e-4
    )


def test_folds_hold_whole_accounts():
    _, event, _, account = LOANS.panel()
    folds = account_folds(None, account, event, 0)
    assert len(folds) == (5 if account.size < 50_000 else 1)
    for train, judged in folds:
        assert not set(account[train]) & set(account[judged])
        assert train.size + judged.size == account.size
    assert len(account_folds(3, account, event, 0)) == 3
    own = [(np.arange(5), np.arange(5, 9))]
    assert account_folds(own, account, event, 0) is None
    assert account_folds(None, account[:50], event[:50], 0) is None


def test_the_model_keeps_no_rows_and_leaves_its_estimator_alone():
    given = LGBMPDClassifier(max_rounds=20)
    model = PDTermStructure(given)
    model.fit(LOANS.X, LOANS.event, end=LOANS.end)
    assert not hasattr(given, "booster_")
    assert model.estimator_.inner_cv is None
    assert model.estimator_.log_loss_curve_.size > 1


def test_dates_reach_the_model_of_the_hazard():
    dates = LOANS.book.dates[LOANS.kept]
    model = PDTermStructure(LGBMPDClassifier(max_rounds=8))
    aware = clone(model).fit(LOANS.X, LOANS.event, end=LOANS.end, dates=dates)
    plain = clone(model).fit(LOANS.X, LOANS.event, end=LOANS.end)
    assert (
        aware.estimator_.log_loss_curve_.tolist()
        != plain.estimator_.log_loss_curve_.tolist()
    )


def test_cross_validation_passes_the_times_on():
    pd_ = cross_val_predict(
        PDTermStructure(logistic(), max_month=11),
        numbers(LOANS),
        LOANS.event,
        params={"end": LOANS.end, "start": LOANS.start},
        method="predict_proba",
        cv=3,
    )[:, 1]
    assert roc_auc_score(LOANS.event, pd_) > 0.6


def test_metadata_is_routed():
    book = make_loan_book(1_500, default_rate=0.2, random_state=0)
    end = np.where(book.target == 1, book.default_month, 12).astype(int)
    model = PDTermStructure(LGBMPDClassifier(n_rounds=15))
    with config_context(enable_metadata_routing=True):
        model.set_fit_request(end=True, dates=True)
        scores = cross_validate(
            model,
            book.data,
            book.target,
            params={"end": end, "dates": book.dates},
            scoring="roc_auc",
            cv=2,
        )["test_score"]
    assert (scores > 0.6).all()
    search = GridSearchCV(
        PDTermStructure(LGBMPDClassifier(n_rounds=15)),
        {"estimator__num_leaves": [4, 8]},
        scoring="neg_log_loss",
        cv=2,
    ).fit(book.data, book.target, end=end)
    assert search.best_params_["estimator__num_leaves"] in (4, 8)


def test_labels_blends_and_polars():
    book = make_loan_book(500, default_rate=0.2, random_state=0)
    end = pl.Series(np.where(book.target == 1, book.default_month, 12))
    labels = np.where(book.target == 1, "default", "a repayment")
    model = PDTermStructure(PDBlendClassifier("fast"), bands=(3, 6))
    model.fit(pl.from_pandas(book.data), labels, end=end)
    assert model.classes_.tolist() == ["a repayment", "default"]
    assert set(model.predict(book.data)) <= {"a repayment", "default"}
    pd_ = model.predict_proba(book.data)[:, 1]
    assert roc_auc_score(book.target, pd_) > 0.7
    table = model.actual_expected(book.data, labels, end=end).frame()
    assert table["n_event"].sum() == book.target.sum()


def test_months_without_anybody_are_told():
    start = np.maximum(LOANS.start, 2)
    kept = LOANS.end > start
    model = PDTermStructure(logistic())
    with pytest.warns(FewEventsWarning, match="Nobody was at risk in 2 of the months"):
        model.fit(
            numbers(LOANS)[kept], LOANS.event[kept], end=LOANS.end[kept],
            start=start[kept],
        )  # fmt: skip


def test_accounts_just_opened_say_nothing():
    X = numbers(LOANS)
    end = np.where(LOANS.event, LOANS.end, 0)
    end[:2_000] = LOANS.end[:2_000]
    watched = end > 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = PDTermStructure(logistic()).fit(X, LOANS.event, end=end)
    same = PDTermStructure(logistic()).fit(
        X[watched], LOANS.event[watched], end=end[watched]
    )
    np.testing.assert_allclose(model.predict_proba(X), same.predict_proba(X), rtol=1e-6)


@pytest.mark.parametrize(
    ("parameters", "error", "words"),
    [
        ({"horizon": 0}, InvalidParameterError, "horizon must be an integer >= 1"),
        ({"horizon": 13}, InvalidParameterError, "at most 12.*extrapolated"),
        ({"max_month": -1}, InvalidParameterError, "max_month"),
        ({"bands": (3, 2)}, InvalidParameterError, "increasing whole months"),
        ({"bands": 3}, InvalidParameterError, "increasing whole months"),
        ({"bands": (0, 2)}, InvalidParameterError, "increasing whole months"),
        ({"gaps": "close"}, InvalidParameterError, "gaps"),
        ({"estimator": LinearSVC()}, InvalidTypeError, "predict_proba; got LinearSVC"),
        ({"estimator": KNeighborsClassifier()}, InvalidTypeError, "sample_weight"),
    ],
)
def test_bad_parameters_are_refused(parameters, error, words):
    model = PDTermStructure(**parameters)
    with pytest.raises(error, match=words):
        model.fit(numbers(LOANS), LOANS.event, end=LOANS.end)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"end": -LOANS.end}, InvalidInputError, "before the account was opened"),
        ({"end": np.zeros_like(LOANS.end)}, InvalidInputError, "before the account"),
        ({"start": LOANS.end}, InvalidInputError, "start < m"),
        ({"dates": ["2020-01-01"]}, InvalidInputError, "one date for each"),
        ({"account": np.zeros(LOANS.end.size)}, InvalidInputError, "1 of 1 accounts"),
    ],
)
def test_bad_rows_are_refused(change, error, words):
    times = {"end": LOANS.end} | change
    with pytest.raises(error, match=words):
        PDTermStructure(few_rounds()).fit(LOANS.X, LOANS.event, **times)


def test_outcomes_and_columns_that_cannot_be_used():
    with pytest.raises(InvalidTargetError, match="got no event"):
        PDTermStructure(max_month=1).fit(
            LOANS.X, LOANS.event, end=np.maximum(LOANS.end, 2)
        )
    taken = LOANS.X.assign(month_on_book=1)
    with pytest.raises(InvalidInputError, match="must not have a column"):
        PDTermStructure().fit(taken, LOANS.event, end=LOANS.end)
