"""Where people and data disagree."""

import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm, rankdata, spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from riskkit.datasets import make_loan_book
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)
from riskkit.scaling import PointsScaler
from riskkit.scorecard import (
    ExpertScorecard,
    ScorecardClassifier,
    compare_scorecards,
)

CARD = {
    "debt_to_income": {"edges": [0.2, 0.4], "points": [30, 15, 0], "missing": 0},
    "bureau_score": {"edges": [550, 650], "points": [0, 15, 35], "missing": 10},
}


@pytest.fixture(scope="module")
def cards():
    book = make_loan_book(3_000, default_rate=0.1, random_state=0)
    expert = ExpertScorecard(CARD, offset_points=500, scaler=PointsScaler(40)).fit()
    fitted = ScorecardClassifier().fit(book.data[:1500], book.target[:1500])
    return expert, fitted, book.data[1500:], book.target[1500:]


def delong(y, a, b):
    """DeLong's covariance by the placement values of every pair of rows."""
    parts = []
    for z in (a, b):
        wins = (z[y == 1][:, None] > z[y == 0]) + 0.5 * (
            z[y == 1][:, None] == z[y == 0]
        )
        parts.append((wins.mean(axis=1), wins.mean(axis=0)))
    return sum(np.cov(parts[0][k], parts[1][k]) / len(parts[0][k]) for k in range(2))


def test_measures_against_other_implementations(cards):
    expert, fitted, X, y = cards
    result = compare_scorecards(expert, fitted, X, y, names=("expert", "fitted"))
    frame = result.frame().set_index("card")
    z = [card.decision_function(X) for card in (expert, fitted)]
    covariance = delong(y, *z)
    for k, card in enumerate((expert, fitted)):
        row = frame.iloc[k]
        pd_ = card.predict_proba(X)[:, 1]
        assert_allclose(row["auc"], roc_auc_score(y, pd_))
        half = norm.ppf(0.975) * np.sqrt(covariance[k, k])
        assert_allclose(row["auc_high"] - row["auc"], half)
        assert_allclose(row["log_loss"], log_loss(y, pd_))
        assert_allclose(row["mean_pd"], pd_.mean())
        assert_allclose(row["event_rate"], y.mean())
        line = LogisticRegression(C=np.inf, tol=1e-10).fit(z[k][:, None], y)
        assert_allclose(row["calibration_slope"], line.coef_[0, 0], rtol=1e-3)
        assert_allclose(row["calibration_intercept"], line.intercept_[0], atol=2e-3)
        assert_allclose(row["mean_points"], card.predict_points(X).mean())
    gap = frame["auc"].iloc[1] - frame["auc"].iloc[0]
    error = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    assert_allclose(result.auc_difference, gap)
    assert_allclose(result.auc_difference_low, gap - norm.ppf(0.975) * error)
    assert_allclose(result.p_value, 2 * norm.sf(abs(gap) / error))
    assert_allclose(result.rank_correlation, spearmanr(*z).statistic)


def test_bins_show_where_the_cards_differ(cards):
    expert, fitted, X, y = cards
    bins = compare_scorecards(expert, fitted, X, y, names=("a", "b")).bins()
    per = bins.groupby("characteristic")
    assert per["n"].sum().eq(len(X)).all()
    assert per["n_event"].sum().eq(y.sum()).all()
    # Each card's points are distances from its own mean, on the second card's scale.
    for column in ("points_a", "points_b"):
        means = (bins[column] * bins["n"]).groupby(bins["characteristic"]).sum()
        assert_allclose(means, 0, atol=1e-8)
    own = bins[bins["characteristic"] == "debt_to_income"]
    assert_allclose(np.ptp(own["points_a"]), 30 / 2)  # 40 points double the odds there
    absent = bins[~bins["characteristic"].isin(CARD)]
    assert absent["points_a"].eq(0).all()
    assert_allclose(bins["difference"], bins["points_b"] - bins["points_a"])


def test_a_weight_is_so_many_rows(cards):
    expert, fitted, X, y = cards
    weight = np.random.default_rng(0).integers(0, 3, len(y))
    weighted = compare_scorecards(expert, fitted, X, y, sample_weight=weight)
    rows = np.repeat(np.arange(len(y)), weight)
    repeated = compare_scorecards(expert, fitted, X.iloc[rows], y[rows])
    pd.testing.assert_frame_equal(weighted.frame(), repeated.frame())
    pd.testing.assert_frame_equal(weighted.bins(), repeated.bins())
    assert_allclose(weighted.p_value, repeated.p_value)


def test_a_card_against_itself(cards):
    _, fitted, X, y = cards
    result = compare_scorecards(fitted, fitted, X, y)
    assert (result.auc_difference, result.p_value) == (0.0, 1.0)
    assert result.rank_correlation == pytest.approx(1)
    assert_allclose(result.bins()["difference"], 0, atol=1e-12)
    assert json.loads(json.dumps(result.to_dict()))["level"] == 0.95
    assert "AUC of the second card" in result._repr_html_()


def test_ties_are_ranked_by_their_middle(cards):
    expert, fitted, X, y = cards
    z = [card.decision_function(X) for card in (expert, fitted)]
    expected = np.corrcoef(rankdata(z[0]), rankdata(z[1]))[0, 1]
    result = compare_scorecards(expert, fitted, X, y)
    assert result.rank_correlation == pytest.approx(expected)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"names": ("a", "a")}, InvalidParameterError, "two different texts"),
        ({"names": "ab"}, InvalidParameterError, "two different texts"),
        ({"level": 2}, InvalidParameterError, "level"),
        ({"y": np.zeros(1500)}, InvalidTargetError, "1 class"),
        ({"y": [0, 1]}, InvalidTargetError, "must hold 1500 outcomes"),
        ({"second": LogisticRegression()}, InvalidTypeError, "two fitted scorecards"),
        ({"second": ScorecardClassifier()}, Exception, "not fitted"),
    ],
)
def test_bad_input(cards, change, error, message):
    expert, fitted, X, y = cards
    arguments = {"first": expert, "second": fitted, "X": X, "y": y, **change}
    with pytest.raises(error, match=message):
        compare_scorecards(**arguments)


def test_columns_and_weights_that_are_absent(cards):
    expert, fitted, X, y = cards
    renamed = X.rename(columns={"bureau_score": "bureau"})
    with pytest.raises(InvalidInputError, match="Did you mean 'bureau'"):
        compare_scorecards(expert, fitted, renamed, y)
    with pytest.raises(InvalidTargetError, match="must have weight"):
        compare_scorecards(expert, fitted, X, y, sample_weight=1.0 * (y == 1))
