"""Reject inference: the formulas, the weights, and books whose truth is known."""

import json
import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from riskkit.datasets import make_loan_book
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    RiskkitWarning,
)
from riskkit.export import save_artifact
from riskkit.scorecard import RejectInference, ScorecardClassifier
from riskkit.scorecard._reject_rows import (
    accept_bands,
    cut_rows,
    extrapolate,
    fuzzy_rows,
    parcel_rows,
    raise_odds,
)
from riskkit.serving import load_scorer

rates = st.floats(0.001, 0.999)


@pytest.fixture(scope="module")
def book():
    return make_loan_book(3_000, default_rate=0.12, reject_rate=0.4, random_state=5)


@pytest.fixture(scope="module")
def plain():
    """Return two columns, outcomes known to us, and who was accepted."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(1_500, 2))
    y = (rng.random(1_500) < 1 / (1 + np.exp(1.5 - X @ [1.0, 0.5]))).astype(int)
    accepted = X[:, 0] + 0.7 * rng.normal(size=1_500) < 0.4
    return X, y, accepted


# formulas -----------------------------------------------------------------------------


def test_raised_odds_by_hand():
    # 0.2 is odds of 1 to 4; three times as many are 3 to 4, or 3/7.
    assert_allclose(raise_odds(np.array([0.2]), 3.0), [3 / 7])


@given(st.lists(rates, min_size=1, max_size=20), st.floats(0.1, 10))
def test_raised_odds_shift_the_log_odds(pd, multiplier):
    p = np.array(pd)
    q = raise_odds(p, multiplier)
    shift = np.log(q / (1 - q)) - np.log(p / (1 - p))
    assert_allclose(shift, math.log(multiplier), atol=1e-9)


@given(st.lists(st.tuples(rates, st.floats(0.1, 5)), min_size=1, max_size=20))
def test_fuzzy_rows_keep_weight_and_expectation(rows):
    q, w = np.array(rows).T
    added = fuzzy_rows(q, w)
    assert_allclose(np.bincount(added.place, added.weight), w)
    assert_allclose(added.weight[added.is_event].sum(), q @ w)


def test_cut_rows_by_hand():
    pd, w = np.array([0.1, 0.5, 0.3, 0.5]), np.ones(4)
    # 1.4 events are expected; the two ties at 0.5 cannot be told apart.
    assert cut_rows(pd, pd, w, None).is_event.tolist() == [False, True, False, True]
    assert cut_rows(pd, pd, w, 0.3).is_event.tolist() == [False, True, True, True]
    assert not cut_rows(np.array([0.1]), np.array([0.1]), w[:1], None).is_event.any()


def test_parcel_rows_by_hand():
    pd = np.array([0.1] * 8 + [0.4] * 4)
    is_event = np.array([1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0], dtype=bool)
    reject_pd = np.array([0.1] * 12 + [0.4] * 16)
    added = parcel_rows(
        (pd, is_event, np.ones(12)),
        (reject_pd, np.ones(28)),
        n_bands=2,
        multiplier=2.0,
        rng=np.random.RandomState(0),
    )
    # Rates (1 + 0.1) / 9 and (2 + 0.4) / 5, odds doubled: 0.2178 and 0.6486;
    # of 12 and 16 rejects 2.61 and 10.4, to the nearest whole.
    assert added.is_event[:12].sum() == 3
    assert added.is_event[12:].sum() == 10
    assert_array_equal(added.weight, 1.0)


def test_accept_bands_by_hand():
    chance = np.array([0.1, 0.2, 0.3, 0.8, 0.9, 0.9])
    accepted = np.array([1, 0, 0, 1, 1, 0], dtype=bool)
    bands, taken, refused = accept_bands(chance, accepted, np.ones(6), 2)
    assert bands.tolist() == [0, 0, 0, 1, 1, 1]
    assert (taken.tolist(), refused.tolist()) == ([1, 2], [2, 1])


def test_extrapolation_is_a_logistic_line():
    rng = np.random.default_rng(2)
    pd = rng.uniform(0.02, 0.5, size=800)
    y = rng.random(800) < pd**1.3
    z = np.log(pd / (1 - pd))[:, None]
    line = LogisticRegression(C=np.inf, tol=1e-10).fit(z, y)
    new = np.array([0.6, 0.9])
    expected = line.predict_proba(np.log(new / (1 - new))[:, None])[:, 1]
    assert_allclose(extrapolate(pd, y, np.ones(800), new), expected, rtol=1e-4)


# the fit ------------------------------------------------------------------------------


@pytest.mark.parametrize("multiplier", [1.0, 2.5])
def test_fuzzy_equals_doubling_the_rows_by_hand(plain, multiplier):
    X, y, accepted = plain
    estimator = LogisticRegression(C=0.1)
    inference = RejectInference(estimator, bad_rate_multiplier=multiplier)
    inference.fit(X, y, accepted)
    first = clone(estimator).fit(X[accepted], y[accepted])
    rejects = X[~accepted]
    p = first.predict_proba(rejects)[:, 1]
    q = multiplier * p / (1 - p + multiplier * p)
    by_hand = clone(estimator).fit(
        np.vstack([X[accepted], rejects, rejects]),
        np.r_[y[accepted], np.ones(len(q)), np.zeros(len(q))],
        np.r_[np.ones(accepted.sum()), q, 1 - q],
    )
    assert_allclose(inference.model_.coef_, by_hand.coef_, rtol=1e-6)
    assert_allclose(inference.assumed_event_rate_, q.mean())
    assert_allclose(inference.accepts_only_.coef_, first.coef_)


def test_fuzzy_leaves_an_unpenalised_logistic_regression_alone(plain):
    X, y, accepted = plain
    inference = RejectInference(LogisticRegression(C=np.inf, tol=1e-10))
    inference.fit(X, y, accepted)
    assert_allclose(inference.model_.coef_, inference.accepts_only_.coef_, rtol=1e-4)


def test_outcomes_of_rejects_are_not_looked_at(plain):
    X, y, accepted = plain
    hidden = np.where(accepted, y, np.nan)
    one = RejectInference().fit(X, y, accepted)
    for other in (
        RejectInference().fit(X, hidden),
        RejectInference().fit(X, 1 - y + 2 * y * accepted - accepted, accepted),
        RejectInference().fit(X, hidden.astype(object), accepted.astype(int)),
    ):
        assert_array_equal(one.predict_proba(X), other.predict_proba(X))
        assert other.classes_.tolist() == [0, 1]


@pytest.mark.parametrize("words", [False, True])
def test_labels_may_be_words_or_nullable(plain, words):
    X, y, accepted = plain
    hidden = pd.array(np.where(accepted, y, 0), dtype="Int64")
    hidden[~accepted] = pd.NA
    if words:
        hidden = np.where(accepted, np.where(y == 1, "yes", "no"), None)
    inference = RejectInference(LogisticRegression()).fit(X, hidden)
    assert inference.classes_.tolist() == (["no", "yes"] if words else [0, 1])
    numbers = RejectInference(LogisticRegression()).fit(X, y, accepted)
    assert_array_equal(inference.predict_proba(X), numbers.predict_proba(X))


@pytest.mark.parametrize("method", ["fuzzy", "hard_cutoff", "extrapolation"])
def test_weight_of_two_equals_the_row_twice(plain, method):
    X, y, accepted = (part[:600] for part in plain)
    twice = np.arange(600) % 3 == 0
    rows = np.repeat(np.arange(600), np.where(twice, 2, 1))
    estimator = LogisticRegression(C=0.5, tol=1e-10)
    inference = RejectInference(estimator, method=method, n_folds=2)
    weighted = inference.fit(X, y, accepted, np.where(twice, 2.0, 1.0)).model_.coef_
    repeated = inference.fit(X[rows], y[rows], accepted[rows]).model_.coef_
    # The folds of extrapolation cut elsewhere when there are more rows.
    tolerance = 0.05 if method == "extrapolation" else 1e-4
    assert_allclose(weighted, repeated, rtol=tolerance)


def test_rows_of_weight_zero_are_dropped(plain):
    X, y, accepted = plain
    kept = np.arange(len(y)) % 4 != 0
    some = RejectInference().fit(X[kept], y[kept], accepted[kept])
    zero = RejectInference().fit(X, y, accepted, kept.astype(float))
    assert_allclose(some.predict_proba(X), zero.predict_proba(X), rtol=1e-8)
    assert some.n_rejects_ == zero.n_rejects_


def test_reweighting_equals_weights_by_hand(plain):
    X, y, accepted = plain
    inference = RejectInference(
        LogisticRegression(), method="reweighting", n_bands=4, min_overlap=0.01
    ).fit(X, y, accepted)
    chance = LogisticRegression().fit(X, accepted).predict_proba(X)[:, 1]
    # The edge of a band is the smallest value with at least its share at or below.
    edges = np.quantile(chance, [0.25, 0.5, 0.75], method="inverted_cdf")
    band = np.searchsorted(edges, chance)
    share = np.array([accepted[band == b].mean() for b in range(4)])
    by_hand = LogisticRegression().fit(
        X[accepted], y[accepted], 1 / share[band[accepted]]
    )
    assert_allclose(inference.model_.coef_, by_hand.coef_, rtol=1e-4)
    assert math.isnan(inference.assumed_event_rate_)


def test_reweighting_is_refused_without_overlap(plain):
    X, y, _ = plain
    with pytest.raises(InvalidInputError, match="resemble the rejects"):
        RejectInference(method="reweighting").fit(X, y, X[:, 0] < 0.3)


def test_bureau_outcomes_enter_as_outcomes(plain):
    X, y, accepted = plain
    everything = RejectInference(LogisticRegression(), method="bureau")
    everything.fit(X, y, accepted, bureau_outcome=y)
    oracle = LogisticRegression().fit(X, y)
    assert_allclose(everything.model_.coef_, oracle.coef_, rtol=1e-8)
    accepts = LogisticRegression().fit(X[accepted], y[accepted])
    assert_allclose(everything.accepts_only_.coef_, accepts.coef_)

    some = np.where(np.arange(len(y)) % 2 == 0, y, np.nan)
    half = RejectInference(LogisticRegression(), method="bureau", n_folds=2)
    half.fit(X, y, accepted, bureau_outcome=some)
    known = accepted | ~np.isnan(some)
    first = LogisticRegression().fit(X[known], y[known])
    p = first.predict_proba(X[~known])[:, 1]
    assert_allclose(half.assumed_event_rate_, p.mean())
    result = half.sensitivity(X, y, accepted, bureau_outcome=some, multipliers=[2])
    assert len(result.frame()) == 2


def test_parcelling_depends_on_the_seed_alone(plain):
    X, y, accepted = plain
    fits = [
        RejectInference(method="parcelling", random_state=seed).fit(X, y, accepted)
        for seed in (0, 0, 1)
    ]
    first, same, other = (fit.predict_proba(X) for fit in fits)
    assert_array_equal(first, same)
    assert (first != other).any()


@pytest.mark.parametrize("method", ["fuzzy", "parcelling", "hard_cutoff"])
def test_a_larger_multiplier_makes_rejects_riskier(book, method):
    means = [
        RejectInference(method=method, bad_rate_multiplier=m, random_state=0)
        .fit(book.data, book.target, book.accepted)
        .comparison_.loc["with rejects", "mean_pd_rejects"]
        for m in (1, 3)
    ]
    assert means[0] < means[1]


def test_frames_of_any_kind_and_saving(book, tmp_path):
    y = np.where(book.accepted, book.target, np.nan)
    inference = RejectInference(bad_rate_multiplier=2).fit(book.data, y)
    polars = RejectInference(bad_rate_multiplier=2).fit(pl.from_pandas(book.data), y)
    expected = inference.predict_proba(book.data)
    assert_array_equal(polars.predict_proba(book.data), expected)
    assert_array_equal(inference.model_.predict_proba(book.data), expected)
    assert inference.predict(book.data).shape == (3_000,)
    assert inference.decision_function(book.data).shape == (3_000,)

    notes = {"reject_inference": inference.to_dict()}
    save_artifact(inference.model_, tmp_path / "card.rk", notes=notes)
    scorer = load_scorer(tmp_path / "card.rk")
    points = scorer.score_batch(book.data.head(20)).points
    assert_array_equal(points, inference.predict_points(book.data.head(20)))
    assert json.loads(json.dumps(notes))["reject_inference"]["method"] == "fuzzy"


def test_any_classifier_with_weights_can_be_given(plain):
    X, y, accepted = plain
    tree = DecisionTreeClassifier(max_depth=3)
    inference = RejectInference(tree, n_folds=2).fit(X, y, accepted)
    assert inference.predict_proba(X).shape == (1_500, 2)
    assert not hasattr(inference, "predict_points")
    frame = inference.sensitivity(X, y, accepted, multipliers=[2]).frame()
    assert frame["max_coefficient_change"].isna().all()


# the truth ----------------------------------------------------------------------------


def test_known_truth():
    """Fuzzy augmentation never hurts ranking here, and only data repairs the level."""
    gains, biases = [], []
    for seed in range(3):
        book = make_loan_book(
            6_000, default_rate=0.08, reject_rate=0.4, random_state=seed
        )
        rejects = ~book.accepted
        fuzzy = RejectInference().fit(book.data, book.target, book.accepted)
        scores = [
            model.predict_proba(book.data)[:, 1]
            for model in (fuzzy.accepts_only_, fuzzy.model_)
        ]
        # The true PD tells without the noise of outcomes.
        order = [np.corrcoef(np.log(s / (1 - s)), book.log_odds)[0, 1] for s in scores]
        gains.append(order[1] - order[0])
        biases.append(scores[1][rejects].mean() - book.pd[rejects].mean())
    assert min(gains) > -0.002
    assert np.mean(biases) < 0  # rejects are worse than accepts let the model think


def test_sensitivity(book):
    y = np.where(book.accepted, book.target, np.nan)
    inference = RejectInference(n_folds=2)
    result = inference.sensitivity(book.data, y, multipliers=(1, 4))
    frame = result.frame()
    assert not hasattr(inference, "model_")
    assert frame["multiplier"].isna().tolist() == [True, False, False]
    assert frame["mean_pd_rejects"].is_monotonic_increasing
    assert frame["max_coefficient_change"][0] == 0
    # By default the accepts-only model approves as many as were accepted.
    assert_allclose(frame["approved"][0], book.accepted.mean(), atol=0.01)
    assert frame["approved"].is_monotonic_decreasing

    card = ScorecardClassifier().fit(book.data[book.accepted], y[book.accepted])
    p = card.predict_proba(book.data)[:, 1]
    expected = np.where(book.accepted, book.target, p).mean()
    assert_allclose(frame["event_rate"][0], expected)
    fitted = RejectInference(bad_rate_multiplier=4).fit(book.data, y)
    rejects = book.data[~book.accepted]
    mean = fitted.predict_proba(rejects)[:, 1].mean()
    assert_allclose(frame["mean_pd_rejects"][2], mean)
    in_sample = roc_auc_score(y[book.accepted], p[book.accepted])
    assert 0.5 < frame["auc_accepts"][0] < in_sample + 0.02

    coefficients = result.coefficient_frame()
    assert coefficients.columns.tolist() == ["accepts only", "x1", "x4"]
    gap = (coefficients["x4"] - coefficients["accepts only"]).abs().max()
    assert_allclose(frame["max_coefficient_change"][2], gap)
    assert "never observed" in result.statement
    plain = json.loads(json.dumps(result.to_dict()))
    assert plain["rows"][0]["multiplier"] is None
    with pytest.raises(AttributeError):
        result.method = "other"


# bad input ----------------------------------------------------------------------------


def test_rejects_without_features(plain):
    X, y, accepted = plain
    blank = X.copy()
    blank[~accepted] = np.nan
    n = int((~accepted).sum())
    with pytest.raises(InvalidInputError, match=f"{n} of {n} rejects have none"):
        RejectInference().fit(blank, y, accepted)
    with pytest.raises(InvalidInputError, match="Rejects without features"):
        RejectInference().fit(X[accepted], y, accepted)
    text = pd.DataFrame({"a": np.where(accepted, "x", None), "b": blank[:, 0]})
    text.loc[accepted & (X[:, 1] > 0), "a"] = "y"
    with pytest.raises(InvalidInputError, match="Every reject needs features"):
        RejectInference().fit(text, y, accepted)


def test_without_rejects_the_accepts_speak(plain):
    X, y, _ = plain
    with pytest.warns(RiskkitWarning, match="No row is a reject"):
        inference = RejectInference().fit(X, y)
    card = ScorecardClassifier().fit(X, y)
    assert_array_equal(inference.predict_proba(X), card.predict_proba(X))
    with pytest.raises(InvalidInputError, match="needs rejects"):
        RejectInference().sensitivity(X, y)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"method": "fuzy"}, "Did you mean 'fuzzy'"),
        ({"bad_rate_multiplier": 0}, "above 0"),
        ({"bad_rate_multiplier": -1}, ">= 0"),
        ({"n_bands": 0}, "n_bands"),
        ({"n_folds": 1}, "n_folds"),
        ({"min_overlap": 2}, "min_overlap"),
        ({"method": "hard_cutoff", "cutoff": 1.5}, "cutoff"),
        ({"cutoff": 0.5}, "belongs to"),
        ({"method": "reweighting", "bad_rate_multiplier": 2}, "changes nothing"),
        ({"estimator": "logit"}, "predict_proba"),
        ({"estimator": KNeighborsClassifier()}, "sample_weight"),
        ({"method": "bureau"}, "go together"),
    ],
)
def test_bad_parameters(plain, parameters, message):
    with pytest.raises(InvalidParameterError, match=message):
        RejectInference(**parameters).fit(*plain)


def test_bad_rows(plain):
    X, y, accepted = plain
    with pytest.raises(InvalidInputError, match="True or False for each"):
        RejectInference().fit(X, y, accepted[:-1])
    with pytest.raises(InvalidInputError, match="something else or nothing"):
        RejectInference().fit(X, y, np.where(accepted, 1, 3))
    with pytest.raises(InvalidInputError, match="True somewhere"):
        RejectInference().fit(X, y, np.zeros(len(y), bool))
    with pytest.raises(InvalidInputError, match="requires y"):
        RejectInference().fit(X, None, accepted)
    lost = np.where(np.arange(len(y)) < 700, np.nan, y)
    with pytest.raises(InvalidTargetError, match="known in every row"):
        RejectInference().fit(X, lost, accepted)
    bureau = RejectInference(method="bureau")
    with pytest.raises(InvalidTargetError, match="another label"):
        bureau.fit(X, y, accepted, bureau_outcome=y + 5)
    with pytest.raises(InvalidInputError, match="bureau_outcome"):
        bureau.fit(X, y, accepted, bureau_outcome=y[:5])
    few = np.where(accepted & (np.cumsum(y * accepted) > 2), 0, y)
    with pytest.raises(InvalidTargetError, match="n_folds=3 needs"):
        RejectInference(LogisticRegression(), method="extrapolation").fit(
            X, few, accepted
        )


@pytest.mark.parametrize(
    ("method", "multipliers", "message"),
    [
        ("fuzzy", (), "above 0"),
        ("fuzzy", (0, 1), "above 0"),
        ("reweighting", (1, 2), "changes nothing"),
    ],
)
def test_bad_sweeps(plain, method, multipliers, message):
    with pytest.raises(InvalidParameterError, match=message):
        RejectInference(method=method).sensitivity(*plain, multipliers=multipliers)
