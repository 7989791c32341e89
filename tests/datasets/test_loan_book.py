"""riskkit.datasets.make_loan_book against the truth it states."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from scipy.stats import binom, kstest

from riskkit.datasets import make_loan_book
from riskkit.exceptions import InvalidParameterError

DRIFTING = ["income", "debt_to_income", "utilisation", "bureau_score"]
EFFECTS = {
    "temporary": 0.35,
    "self-employed": 0.25,
    "pensioner": -0.2,
    "home improvement": -0.25,
    "debt consolidation": 0.2,
    "other": 0.3,
    "online": 0.15,
    "broker": 0.4,
}


def log_odds_by_loop(book, odds_shift=0.0):
    """Reference implementation: the formula of the data card, one loan at a time."""
    month = book.months_on_book.max() - book.months_on_book
    out = []
    for row, m in zip(book.data.itertuples(), month, strict=True):
        eta = book.intercept
        eta -= 0.5 * np.log(row.income / 32_000)
        eta += 0.0008 * (row.age - 48) ** 2
        eta -= 0.2 * np.log(1 + row.months_on_job / 12)
        eta += 2.0 * (row.debt_to_income - 0.3)
        eta += 1.2 * (row.utilisation - 0.4)
        eta += 0.2 * min(row.inquiries, 6)
        no_hit = row.bureau_score == -1
        eta += 0.5 if no_hit else -0.009 * (row.bureau_score - 660)
        eta += 0.15 * np.log(row.loan_amount / 10_000)
        for level in (row.employment, row.purpose, row.channel):
            eta += EFFECTS.get(level, 0.0)
        if row.purpose == "debt consolidation" and row.debt_to_income > 0.4:
            eta += 0.6
        out.append(eta + odds_shift * m / month.max())
    return out


def test_log_odds_are_the_stated_function_of_the_features():
    book = make_loan_book(
        2_000, missing_rate=0.0, drift=0.7, odds_shift=-0.4, random_state=3
    )
    assert_allclose(book.log_odds, log_odds_by_loop(book, -0.4), atol=1e-9)
    assert_allclose(book.pd, expit(book.log_odds))


@pytest.mark.parametrize("rate", [0.005, 0.05, 0.4])
@pytest.mark.parametrize("seed", [0, 1])
def test_mean_pd_is_the_default_rate(rate, seed):
    book = make_loan_book(3_000, default_rate=rate, random_state=seed)
    assert_allclose(book.pd.mean(), rate, rtol=1e-6)


def test_outcomes_follow_the_pd():
    book = make_loan_book(40_000, random_state=11)
    spread = np.sqrt((book.pd * (1 - book.pd)).sum())
    assert abs(book.target.sum() - book.pd.sum()) < 4 * spread
    tenth = pd.qcut(book.pd, 10, labels=False)
    for k in range(10):
        inside = tenth == k
        low, high = binom.interval(0.9999, inside.sum(), book.pd[inside].mean())
        assert low <= book.target[inside].sum() <= high


def test_hazards_multiply_to_the_survival():
    book = make_loan_book(1_000, random_state=0)
    assert book.hazard.shape == (1_000, 12)
    assert_allclose(np.prod(1 - book.hazard, axis=1), 1 - book.pd, rtol=1e-12)


def test_default_months_follow_the_hazards():
    book = make_loan_book(60_000, default_rate=0.2, random_state=5)
    assert_array_equal(np.isfinite(book.default_month), book.target == 1)
    assert set(book.default_month[book.target == 1]) == set(range(1, 13))
    for k in range(12):
        at_risk = ~(book.default_month <= k)
        expected = book.hazard[at_risk, k]
        spread = np.sqrt((expected * (1 - expected)).sum())
        events = (book.default_month[at_risk] == k + 1).sum()
        assert abs(events - expected.sum()) < 4 * spread


def test_same_seed_same_book():
    one, two = (make_loan_book(500, reject_rate=0.2, random_state=4) for _ in "ab")
    pd.testing.assert_frame_equal(one.frame, two.frame)
    other = make_loan_book(500, reject_rate=0.2, random_state=5)
    assert not one.frame.equals(other.frame)


def test_drift_moves_its_columns_and_not_the_odds_given_them():
    still = make_loan_book(20_000, missing_rate=0.0, random_state=1)
    moved = make_loan_book(20_000, missing_rate=0.0, drift=1.0, random_state=1)
    untouched = [name for name in still.feature_names if name not in DRIFTING]
    pd.testing.assert_frame_equal(still.data[untouched], moved.data[untouched])
    assert_array_equal(still.dates, moved.dates)
    assert still.intercept == moved.intercept

    last = still.months_on_book == 0
    first = still.months_on_book == 35
    pd.testing.assert_frame_equal(still.data[first], moved.data[first])
    shift = np.log(moved.data["income"][last] / still.data["income"][last])
    assert_allclose(shift.mean(), -0.5, atol=0.01)
    for name, sign in [("debt_to_income", 1), ("utilisation", 1), ("bureau_score", -1)]:
        known = last & (still.data["bureau_score"] != -1)
        assert (sign * (moved.data[name] - still.data[name])[known] >= 0).all()
    assert moved.pd[last].mean() > 1.5 * still.pd[last].mean()


def test_odds_shift_moves_the_odds_and_not_the_features():
    still = make_loan_book(5_000, random_state=1)
    moved = make_loan_book(5_000, odds_shift=0.8, random_state=1)
    pd.testing.assert_frame_equal(still.data, moved.data)
    elapsed = 1 - still.months_on_book / 35
    assert_allclose(moved.log_odds - still.log_odds, 0.8 * elapsed, atol=1e-9)


@pytest.mark.parametrize("rate", [0.0, 0.25, 0.6, 1.0])
def test_reject_rate_is_met_and_changes_nothing_else(rate):
    free = make_loan_book(2_000, random_state=2)
    book = make_loan_book(2_000, reject_rate=rate, random_state=2)
    assert (~book.accepted).sum() == round(rate * 2_000)
    pd.testing.assert_frame_equal(free.data, book.data)
    assert_array_equal(free.target, book.target)


def test_the_policy_declines_the_lowest_scores():
    book = make_loan_book(2_000, reject_rate=0.3, random_state=2)
    declined = book.policy_score[~book.accepted]
    assert declined.max() <= book.policy_score[book.accepted].min()
    assert book.pd[~book.accepted].mean() > book.pd[book.accepted].mean()


@pytest.mark.parametrize("rate", [0.0, 0.1, 1.0])
def test_missing_rate_is_met_where_it_says(rate):
    book = make_loan_book(20_000, missing_rate=rate, random_state=8)
    missing = book.data.isna()
    for name in ("income", "months_on_job"):
        low, high = binom.interval(0.9999, 20_000, rate)
        assert low <= missing[name].sum() <= high
    assert not missing.drop(columns=["income", "months_on_job"]).any(axis=None)


def test_missing_does_not_change_the_truth():
    full = make_loan_book(2_000, missing_rate=0.0, random_state=8)
    gaps = make_loan_book(2_000, missing_rate=0.3, random_state=8)
    assert_array_equal(full.log_odds, gaps.log_odds)
    assert_array_equal(full.target, gaps.target)


def test_special_code_is_there_and_declared():
    book = make_loan_book(5_000, random_state=0)
    assert book.special_codes == {"bureau_score": [-1]}
    score = book.data["bureau_score"]
    assert 0.03 < (score == -1).mean() < 0.12
    assert score[score != -1].between(300, 850).all()


def test_dates_and_maturity_agree():
    book = make_loan_book(5_000, n_months=20, reject_rate=0.2, random_state=0)
    assert (np.diff(book.dates) >= np.timedelta64(0)).all()
    assert book.dates[0] >= np.datetime64("2020-01-01")
    assert book.as_of == np.datetime64("2021-09-01")
    assert book.dates[-1] < book.as_of
    months = book.dates.astype("datetime64[M]")
    whole = (book.as_of.astype("datetime64[M]") - months).astype(int) - 1
    assert_array_equal(book.months_on_book, whole)
    assert_array_equal(book.mature, whole >= 12)
    assert_array_equal(book.observed, book.accepted & book.mature)


def test_days_are_spread_over_the_month():
    book = make_loan_book(20_000, n_months=1, random_state=0)
    days = (book.dates - np.datetime64("2020-01-01")).astype(int)
    assert set(days) == set(range(31))
    jitter = np.random.default_rng(0).random(len(days))
    assert kstest((days + jitter) / 31, "uniform").pvalue > 1e-4


def test_one_month_and_one_loan():
    book = make_loan_book(1, n_months=1, drift=1.0, odds_shift=1.0, random_state=0)
    assert_allclose(book.pd, 0.05)


def test_types_are_plain():
    data = make_loan_book(100, random_state=0).data
    for name in ("employment", "purpose", "channel"):
        assert pd.api.types.is_string_dtype(data[name])
    assert data.select_dtypes("number").shape[1] == 8


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_samples": 0}, r"n_samples must be an integer >= 1; got 0\."),
        ({"n_samples": 10.0}, "n_samples must be an integer"),
        ({"n_months": 0}, "n_months must be an integer >= 1"),
        ({"default_rate": 0.0}, "default_rate must be a number between"),
        ({"default_rate": 1.0}, "default_rate must be a number between"),
        ({"default_rate": "5%"}, "default_rate must be a number between"),
        ({"reject_rate": -0.1}, "reject_rate must be a number between 0 and 1"),
        ({"missing_rate": 1.1}, "missing_rate must be a number between 0 and 1"),
        ({"drift": np.nan}, "drift must be a finite number"),
        ({"odds_shift": np.inf}, "odds_shift must be a finite number"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    with pytest.raises(InvalidParameterError, match=message):
        make_loan_book(**parameters)
