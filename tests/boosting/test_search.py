"""The search, and what it refuses to call a gain."""

import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

from riskkit.boosting import LGBMPDClassifier, XGBPDClassifier, search
from riskkit.boosting._search_folds import confirming_folds
from riskkit.boosting._search_result import confirmed_gain
from riskkit.boosting._search_space import make_sampler, read_space
from riskkit.boosting._search_trials import n_fits
from riskkit.datasets import make_loan_book
from riskkit.exceptions import (
    FewEventsWarning,
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
    MissingExtraError,
)


class Blurred(ClassifierMixin, BaseEstimator):
    """Knows the log-odds up to noise, and remembers the dates it learned from."""

    seen: list = []  # noqa: RUF012

    def __init__(self, blur=1.0, seed=0):
        self.blur = blur
        self.seed = seed

    def fit(self, X, y, sample_weight=None, dates=None):
        self.classes_ = np.unique(y)
        Blurred.seen.append((None if dates is None else max(dates), sample_weight))
        return self

    def predict_proba(self, X):
        # The same noise for a row whichever rows stand beside it.
        draws = np.random.default_rng(self.seed).normal(size=50_000)
        noise = draws[X["key"].to_numpy(dtype=int) % 50_000]
        z = X["log_odds"].to_numpy() + self.blur * noise
        p = 1 / (1 + np.exp(-z))
        return np.column_stack([1 - p, p])


def table(n=1_200, seed=0):
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-1.0, 1.0, n)
    y = (rng.random(n) < 1 / (1 + np.exp(-log_odds))).astype(int)
    return pd.DataFrame({"log_odds": log_odds, "key": np.arange(n) + 10_000 * seed}), y


X, Y = table()


def test_a_true_gain_is_confirmed():
    result = search(Blurred(), X, Y, space={"blur": [0.1, 0.5, 1.5]}, n_trials=8)
    assert result.is_gain
    assert result.params == {"blur": 0.1}
    assert result.estimator.get_params() == {"blur": 0.1, "seed": 0}
    assert not hasattr(result.estimator, "classes_")
    assert 0 < result.gain_low < result.gain < result.gain_high
    assert result.reason.startswith("The parameters found lower the log-loss by +0.")
    assert result.gain == pytest.approx(result.preset_loss - result.tuned_loss)


def test_luck_is_refused():
    claims = lucky = 0
    for seed in range(25):
        fresh, y = table(600, seed)
        result = search(
            Blurred(0.5), fresh, y, space={"seed": (1, 10_000)}, n_trials=10, cv=2,
            random_state=seed,
        )  # fmt: skip
        lucky += bool(result.params)
        claims += result.is_gain
        if not result.is_gain:
            assert result.estimator.get_params() == {"blur": 0.5, "seed": 0}
    # One of ten seeds nearly always looks better on the rows that chose it.
    assert lucky > 18
    # Expected is 2.5 % of 25; more than three would be chance in 0.3 %.
    assert claims <= 3


def test_interval_is_that_of_a_paired_t_test():
    result = search(Blurred(), X, Y, space={"blur": [0.1]}, n_trials=1)
    ((_, judged),) = confirming_folds(0.25, Y == 1, None, _seed(0))
    rows = X.iloc[judged]
    losses = [
        log_loss_of_rows(Blurred(blur).predict_proba, rows, Y[judged])
        for blur in (1.0, 0.1)
    ]
    interval = stats.ttest_rel(*losses).confidence_interval(0.95)
    assert result.gain_low == pytest.approx(interval.low)
    assert result.gain_high == pytest.approx(interval.high)
    assert result.n_rows == judged.size
    assert result.n_events == Y[judged].sum()
    pd_ = Blurred().predict_proba(rows)
    assert result.preset_loss == pytest.approx(log_loss(Y[judged], pd_))


def log_loss_of_rows(predict, rows, y):
    p = predict(rows)[:, 1]
    return -np.log(np.where(y == 1, p, 1 - p))


def _seed(random_state):
    return int(np.random.RandomState(random_state).randint(2**31 - 1))


def test_weights_are_rows_in_the_interval():
    rng = np.random.default_rng(0)
    gains, weight = rng.normal(0.1, 1, 50), rng.integers(1, 4, 50).astype(float)
    repeated = np.repeat(gains, weight.astype(int))
    found = confirmed_gain([gains], [weight], [100.0], 0.9)
    again = confirmed_gain([repeated], [np.ones(repeated.size)], [100.0], 0.9)
    assert found == pytest.approx(again)


def test_interval_of_folds_is_corrected_by_hand():
    gains = [np.full(10, mean) for mean in (0.1, 0.2, 0.3)]
    found = confirmed_gain(gains, [np.ones(10)] * 3, [20.0] * 3, 0.95)
    # Variance 0.01 of the means, times 1/3 + 10/20.
    reach = stats.t.ppf(0.975, 2) * np.sqrt(0.01 * (1 / 3 + 0.5))
    assert found == pytest.approx((0.2, 0.2 - reach, 0.2 + reach))


def test_outer_folds_confirm_on_every_row():
    result = search(
        Blurred(), X, Y, space={"blur": [0.1, 2.0]}, n_trials=4, confirm=3, cv=2
    )
    assert result.n_rows == Y.size
    assert result.is_gain
    assert result.params == {"blur": 0.1}


def test_nothing_better_keeps_the_preset():
    result = search(Blurred(0.0), X, Y, space={"blur": [1.0, 2.0]}, n_trials=3)
    assert not result.is_gain
    assert result.params == {}
    assert (result.gain, result.gain_low, result.gain_high) == (0, 0, 0)
    assert "No trial beat the preset" in result.reason
    assert result.frame()["trial"].iloc[0] == 0


def test_a_gain_must_be_worth_it():
    result = search(Blurred(), X, Y, space={"blur": [0.1]}, n_trials=1, min_gain=0.5)
    assert not result.is_gain
    assert result.params == {"blur": 0.1}
    assert result.estimator.blur == 1.0


def test_better_on_old_rows_but_worse_on_later_ones():
    # After the middle of the time the noise of seed 1 turns out to be larger.
    late = np.arange(Y.size) >= 900
    moved = X.assign(log_odds=np.where(late, X["log_odds"] * 3, X["log_odds"]))
    result = search(
        Blurred(0.0), moved, Y, space={"blur": [0.05]}, n_trials=1,
        dates=np.arange(Y.size),
    )  # fmt: skip
    assert not result.is_gain


def test_no_model_learns_from_later_dates():
    Blurred.seen.clear()
    months = np.repeat(np.arange(24), Y.size // 24)
    dates = np.array([f"20{22 + m // 12}-{m % 12 + 1:02d}-01" for m in months])
    shuffled = np.random.default_rng(0).permutation(Y.size)
    result = search(
        Blurred(), X.iloc[shuffled], Y[shuffled], space={"blur": [0.1]}, n_trials=2,
        dates=dates[shuffled],
    )  # fmt: skip
    ((train, judged),) = confirming_folds(0.25, Y == 1, months, 0)
    assert months[train].max() < months[judged].min()
    assert result.n_rows == judged.size
    # Ranks of dates: choosing models end before month 18, confirming ones with 17.
    latest = [last for last, _ in Blurred.seen]
    assert max(latest) == months[train].max() == 17
    assert latest[-2:] == [17, 17]
    assert all(last < 17 for last in latest[:-2])


def test_random_trials_race():
    assert n_fits(8, 3, halving=True) == (8 + 1) + (4 + 1) + (2 + 1)
    assert n_fits(8, 3, halving=False) == 27
    Blurred.seen.clear()
    result = search(
        Blurred(), X, Y, space={"blur": (0.01, 3.0, "log")}, n_trials=8, cv=3
    )
    frame = result.frame()
    assert frame["n_folds"].value_counts().to_dict() == {3: 3, 2: 2, 1: 4}
    assert len(Blurred.seen) == n_fits(8, 3, halving=True) + 2
    by_loss = frame[frame["n_folds"] == 3]["log_loss"]
    assert by_loss.is_monotonic_increasing
    assert frame.loc[frame["trial"] == 0, "gain"].item() == 0


def test_seed_decides_and_weights_reach_every_fit():
    Blurred.seen.clear()
    arguments = {"space": {"blur": (0.1, 2.0)}, "n_trials": 3}
    weight = np.where(np.arange(Y.size) % 7 == 0, 0.0, 2.0)
    first = search(Blurred(), X, Y, sample_weight=weight, **arguments)
    assert all((weights == 2.0).all() for _, weights in Blurred.seen)
    assert first.n_rows == pytest.approx(0.25 * weight.sum(), rel=0.01)
    again = search(Blurred(), X, Y, sample_weight=weight, **arguments)
    assert first.to_dict() == again.to_dict()
    other = search(Blurred(), X, Y, random_state=1, **arguments)
    assert other.params != first.params


@pytest.mark.parametrize("kind", [LGBMPDClassifier, XGBPDClassifier])
def test_boosters_have_a_space_of_their_own(kind):
    book = make_loan_book(1_200, default_rate=0.2, random_state=0)
    model = kind(max_rounds=30, special_codes=book.special_codes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = search(
            model, book.data, book.target, n_trials=2, cv=2, dates=book.dates
        )
    frame = result.frame()
    assert {"learning_rate", "colsample", "subsample", "reg_lambda"} <= set(frame)
    assert frame["log_loss"].between(0.2, 0.7).all()
    assert result.estimator.special_codes == book.special_codes


def test_draws_stay_in_the_space():
    space = read_space(
        LGBMPDClassifier(),
        {
            "num_leaves": (2, 4),
            "reg_lambda": (0.1, 10.0, "log"),
            "colsample": (0.5, 1.0),
            "unseen": ["neutral", "riskiest"],
        },
    )
    sampler = make_sampler("random", space, np.random.RandomState(0))
    draws = pd.DataFrame([sampler.ask() for _ in range(2_000)])
    assert set(draws["num_leaves"]) == {2, 3, 4}
    assert draws["num_leaves"].value_counts(normalize=True).between(0.3, 0.37).all()
    assert draws["reg_lambda"].between(0.1, 10).all()
    assert (draws["reg_lambda"] < 1).mean() == pytest.approx(0.5, abs=0.04)
    assert draws["colsample"].mean() == pytest.approx(0.75, abs=0.01)
    assert set(draws["unseen"]) == {"neutral", "riskiest"}


def test_result_in_a_notebook_and_as_data():
    result = search(Blurred(), X, Y, space={"blur": [0.1]}, n_trials=1)
    assert "<table" in result._repr_html_()
    assert repr(result) == f"<SearchResult: {result.reason}>"
    plain = result.to_dict()
    assert "estimator" not in plain
    assert plain["reason"] == result.reason


def test_optuna_proposes_or_is_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtraError, match=r"riskkit\[tune\]"):
        search(Blurred(), X, Y, space={"blur": [0.1]}, sampler="tpe")


def test_optuna_finds_the_better_end():
    pytest.importorskip("optuna")
    result = search(
        Blurred(), X, Y, space={"blur": (0.01, 2.0), "seed": [0]}, n_trials=8, cv=2,
        sampler="tpe",
    )  # fmt: skip
    assert result.is_gain
    assert (result.frame()["n_folds"] == 2).all()


def test_few_confirming_events_are_told():
    with pytest.warns(FewEventsWarning, match="too few to tell a gain from chance"):
        search(Blurred(), X[:120], Y[:120], space={"blur": [0.1]}, n_trials=1, cv=2)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"estimator": LinearSVC()}, InvalidTypeError, "predict_proba"),
        ({"estimator": LogisticRegression()}, InvalidParameterError, "space must be"),
        ({"space": {}}, InvalidParameterError, "space must be a mapping"),
        ({"space": {"blurr": [1]}}, InvalidParameterError, "Did you mean 'blur'"),
        ({"space": {"blur": (2, 1)}}, InvalidParameterError, "low < high"),
        ({"space": {"blur": (0, 1, "log")}}, InvalidParameterError, "above 0"),
        ({"space": {"blur": "abc"}}, InvalidParameterError, "list of values"),
        ({"space": {"blur": []}}, InvalidParameterError, "list of values"),
        ({"n_trials": 0}, InvalidParameterError, "n_trials"),
        ({"confirm": 1}, InvalidParameterError, "confirm must be"),
        ({"confirm": 0.9}, InvalidParameterError, "confirm must be"),
        ({"cv": 1}, InvalidParameterError, "inner_cv"),
        ({"min_gain": -1}, InvalidParameterError, "min_gain"),
        ({"level": 2}, InvalidParameterError, "level"),
        ({"sampler": "grid"}, InvalidParameterError, "sampler must be one of"),
        ({"verbose": "yes"}, InvalidParameterError, "verbose"),
        ({"y": np.zeros(Y.size)}, InvalidTargetError, "1 class"),
        ({"dates": ["31.12.2024"] * Y.size}, InvalidTypeError, "dates must hold"),
        ({"dates": np.zeros(Y.size)}, InvalidInputError, "dates must leave"),
    ],
)
def test_bad_input_is_refused(change, error, words):
    arguments = {
        "estimator": Blurred(), "X": X, "y": Y, "space": {"blur": [0.1]},
    } | change  # fmt: skip
    if "estimator" in change:
        arguments["space"] = None
    with pytest.raises(error, match=words):
        search(**arguments)


def test_weights_need_a_model_that_takes_them():
    with pytest.raises(InvalidTypeError, match="sample_weight in fit"):
        search(
            KNeighborsClassifier(), X, Y, space={"n_neighbors": [3, 9]},
            sample_weight=np.ones(Y.size) * 2,
        )  # fmt: skip
