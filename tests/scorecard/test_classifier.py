"""ScorecardClassifier: weights, points and bookkeeping."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV

from riskkit.binning import OptimalBinner
from riskkit.datasets import make_loan_book
from riskkit.exceptions import (
    ConvergenceWarning,
    InvalidParameterError,
    NoEvidenceWarning,
)
from riskkit.scaling import PointsScaler
from riskkit.scorecard import ScorecardClassifier


@pytest.fixture(scope="module")
def book():
    return make_loan_book(8_000, default_rate=0.1, random_state=3)


@pytest.fixture(scope="module")
def card(book):
    binner = OptimalBinner(special_codes=book.special_codes)
    return ScorecardClassifier(binner).fit(book.data, book.target)


def test_log_odds_are_the_weighted_sum_of_the_woe(book, card):
    woe = pd.DataFrame(card.binner_.transform(book.data), columns=book.data.columns)
    total = card.intercept_
    for name, coefficient in card.coefficients_.items():
        total = total + coefficient * woe[name]
    assert_allclose(card.decision_function(book.data), total, rtol=1e-12)
    pd_ = card.predict_proba(book.data)
    assert_allclose(pd_[:, 1], 1 / (1 + np.exp(-total)), rtol=1e-12)
    assert_allclose(pd_.sum(axis=1), 1.0)


def test_weights_agree_with_scikit_learn_where_no_constraint_binds(book, card):
    woe = pd.DataFrame(card.binner_.transform(book.data), columns=book.data.columns)
    kept = list(card.coefficients_)
    other = LogisticRegression(C=1.0, tol=1e-10).fit(woe[kept], book.target)
    assert (other.coef_ < 0).all()
    plain = ScorecardClassifier(card.binner, optimism=0, l2=1.0, pooling=0).fit(
        book.data[kept], book.target
    )
    assert_allclose(list(plain.coefficients_.values()), other.coef_[0], atol=1e-5)


def test_optimism_keeps_noise_of_many_levels_out():
    rng = np.random.default_rng(0)
    x = rng.normal(size=3_000)
    noise = rng.integers(0, 200, 3_000).astype(str)
    y = rng.random(3_000) < 1 / (1 + np.exp(1.5 - x))
    X = pd.DataFrame({"x": x, "noise": noise})
    naive = ScorecardClassifier(optimism=0).fit(X, y)
    assert naive.coefficients_["noise"] < -0.5
    assert naive.binner_.binning_tables_["noise"].iv > 0.1
    card = ScorecardClassifier().fit(X, y)
    assert card.coefficients_["noise"] > naive.coefficients_["noise"] / 2
    full = ScorecardClassifier(optimism=1).fit(X, y)
    assert full.coefficients_.get("noise", 0.0) > naive.coefficients_["noise"] / 20
    fresh = np.random.default_rng(1).normal(size=3_000)
    truth = rng.random(3_000) < 1 / (1 + np.exp(1.5 - fresh))
    later = pd.DataFrame({"x": fresh, "noise": rng.permutation(noise)})
    better = roc_auc_score(truth, card.decision_function(later))
    assert better > roc_auc_score(truth, naive.decision_function(later)) + 0.01


def test_optimism_is_the_expected_gain_of_noise():
    # E[sum (e_b - E e_b) woe_b] = -(levels - 1) for a category that says nothing.
    rng = np.random.default_rng(2)
    gains = []
    for _ in range(40):
        level = rng.integers(0, 30, 6_000)
        y = rng.random(6_000) < 0.2
        table = (
            OptimalBinner(min_bin_size=0.0, max_n_bins=30, smoothing=0)
            .fit(pd.DataFrame({"c": level.astype(str)}), y)
            .binning_tables_["c"]
        )
        expected = table.n * y.mean()
        gains.append(np.sum((table.n_event - expected) * table.woe))
    assert np.mean(gains) == pytest.approx(-29, rel=0.1)


def test_points_add_up_to_the_score_on_every_row(book, card):
    table = card.points_table().set_index(["characteristic", "bin"])["points"]
    assert (table % 1 == 0).all()
    total = np.zeros(len(book.data))
    ordinal = OptimalBinner("ordinal", special_codes=book.special_codes)
    bins = ordinal.fit(book.data, book.target).transform(book.data).astype(int)
    for item in card.spec_.characteristics:
        column = list(book.data.columns).index(item.feature.name)
        labels = np.array(item.feature.labels)[bins[:, column]]
        total += table[item.feature.name].loc[labels].to_numpy()
    assert_array_equal(card.predict_points(book.data), total)


def test_points_follow_the_line_within_half_a_point_a_characteristic(book, card):
    exact = PointsScaler(rounding="none").to_points(card.decision_function(book.data))
    error = np.abs(card.predict_points(book.data) - exact)
    assert error.max() <= len(card.spec_.characteristics) / 2
    unrounded = ScorecardClassifier(
        OptimalBinner(special_codes=book.special_codes),
        scaler=PointsScaler(rounding="none"),
    ).fit(book.data, book.target)
    assert_allclose(unrounded.predict_points(book.data), exact, rtol=1e-12)


def test_mean_pd_is_the_event_rate(book, card):
    mean = card.predict_proba(book.data)[:, 1].mean()
    assert mean == pytest.approx(book.target.mean(), rel=1e-6)


def test_it_finds_most_of_the_known_truth(book, card):
    best = roc_auc_score(book.target, book.pd)
    assert roc_auc_score(book.target, card.decision_function(book.data)) > best - 0.02


def test_no_characteristic_turns_its_direction_round():
    rng = np.random.default_rng(0)
    x = rng.normal(size=4_000)
    # Alone, `echo` ranks as x does; beside x it would enter with the opposite sign.
    echo = x + rng.normal(size=4_000)
    y = rng.random(4_000) < 1 / (1 + np.exp(-(2 * x - 0.8 * echo)))
    card = ScorecardClassifier().fit(pd.DataFrame({"x": x, "echo": echo}), y)
    assert list(card.coefficients_) == ["x"]
    assert "direction" in card.left_out_["echo"]
    for item in card.spec_.characteristics:
        order = np.argsort(item.woe)
        assert (np.diff(np.array(item.points)[order]) >= 0).all()


def test_an_array_after_a_frame_is_taken_by_position(book):
    X = book.data[["age", "income", "bureau_score"]]
    card = ScorecardClassifier().fit(X, book.target)
    with pytest.warns(UserWarning, match="feature names"):
        points = card.predict_points(X.to_numpy())
    assert_array_equal(points, card.predict_points(X))


def test_weak_features_are_left_out_with_the_reason(book):
    card = ScorecardClassifier(min_iv=0.1).fit(book.data, book.target)
    iv = card.binner_.summary().set_index("feature")["iv"]
    weak = set(iv.index[iv < 0.1])
    assert weak == {n for n, r in card.left_out_.items() if "is below 0.1" in r}
    assert weak.isdisjoint(card.coefficients_)


def test_no_feature_at_all_warns_and_gives_the_event_rate():
    X = np.zeros((100, 1))
    y = np.repeat([0, 1], [75, 25])
    with (
        pytest.warns(NoEvidenceWarning, match="every account gets"),
        pytest.warns(match="ended in one bin"),
    ):
        card = ScorecardClassifier().fit(X, y)
    assert_allclose(card.predict_proba(X)[:, 1], 0.25)
    # odds 3:1 -> 600 + 20 / ln 2 * ln(3 / 50)
    assert_array_equal(card.predict_points(X), np.full(100, 519.0))
    assert card.points_table().empty


def test_baseline_counts_every_row(book, card):
    for counts in card.baseline_.features.values():
        assert sum(counts.n) == len(book.target)
        assert sum(counts.n_event) == book.target.sum()
    assert sum(card.baseline_.points.n) == len(book.target)
    assert len(card.baseline_.points.n) == len(card.baseline_.points_edges) + 1


def test_a_weight_of_two_is_the_row_twice(book):
    X, y = book.data.head(2_000), book.target[:2_000]
    by_weight = ScorecardClassifier().fit(X, y, np.full(2_000, 2.0))
    by_rows = ScorecardClassifier().fit(pd.concat([X, X]), np.tile(y, 2))
    assert_allclose(
        by_weight.decision_function(X), by_rows.decision_function(X), rtol=1e-9
    )
    assert by_weight.n_rows_ == by_rows.n_rows_ == 4_000
    assert by_weight.baseline_ == by_rows.baseline_


def test_grid_search_reaches_nested_parameters(book):
    search = GridSearchCV(
        ScorecardClassifier(OptimalBinner()),
        {"binner__max_n_bins": [3, 6], "l2": [0.1, 10.0]},
        scoring="roc_auc",
        cv=2,
    ).fit(book.data.head(2_000), book.target[:2_000])
    assert search.best_score_ > 0.6


def test_a_fit_that_does_not_settle_is_reported(book):
    with pytest.warns(ConvergenceWarning, match="max_iter=1 "):
        ScorecardClassifier(max_iter=1).fit(book.data, book.target)


def test_pure_bins_need_smoothing():
    X = np.r_[np.arange(60.0), np.full(40, np.nan)].reshape(-1, 1)
    y = np.r_[np.tile([0, 1, 0], 20), np.ones(40)]
    with pytest.raises(InvalidParameterError, match=r"finite WoE.*'x0'"):
        ScorecardClassifier(OptimalBinner(smoothing=0)).fit(X, y)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"min_iv": -1}, "min_iv"),
        ({"l2": -1}, "l2"),
        ({"max_iter": 0}, "max_iter"),
        ({"binner": "optimal"}, "binner must be a binner of riskkit.*got str"),
        ({"scaler": 20}, "scaler must be a PointsScaler or None; got int"),
        ({"scaler": PointsScaler(pdo=-1)}, "pdo must be above 0"),
    ],
)
def test_bad_parameters_are_refused(book, parameters, message):
    with pytest.raises(InvalidParameterError, match=message):
        ScorecardClassifier(**parameters).fit(book.data, book.target)
