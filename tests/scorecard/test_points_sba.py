"""Whole points on the US SBA loans: sums on every row, and how close they are."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy.stats import spearmanr

from riskkit.artifact import assign_column
from riskkit.datasets import load_sba_loans
from riskkit.export import save_artifact
from riskkit.scaling import PointsScaler, score_to_odds_check
from riskkit.scorecard import ScorecardClassifier
from riskkit.serving import load_scorer

_COLUMNS = [
    "State",
    "NoEmp",
    "NewExist",
    "RetainedJob",
    "UrbanRural",
    "RevLineCr",
    "LowDoc",
    "GrAppv",
    "SBA_Appv",
]


def check_sums_on_every_row(card, X):
    """Add up the printed table by hand and compare with the score of every row."""
    table = card.points_table()
    assert (table["points"] % 1 == 0).all()
    total = np.full(len(X), card.spec_.offset_points)
    for item in card.spec_.characteristics:
        name = item.feature.name
        own = table[table["characteristic"] == name]
        printed = dict(zip(own["bin"], own["points"], strict=True))
        worth = [printed.get(label, np.nan) for label in item.feature.labels]
        total += np.array(worth)[assign_column(item.feature, X[name])]
    assert_array_equal(card.predict_points(X), total)


def check_ranking_and_statement(card, X, *, better):
    """Hold the rounding report against SciPy and against the rows.

    `better` is the share of the error of rounding bin by bin that is left at most.
    """
    points, exact = card.predict_points(X), -card.decision_function(X)
    rho = spearmanr(points, exact).statistic
    assert rho >= 0.999
    report = card.rounding_report_
    assert report.n == len(X)
    assert report.spearman == pytest.approx(rho, abs=1e-9)
    error = points - PointsScaler(rounding="none").to_points(-exact)
    assert report.max_error == pytest.approx(np.abs(error).max())
    assert report.rms_error == pytest.approx(np.sqrt(np.mean(error**2)))
    assert report.rms_error < better * report.nearest.rms_error
    assert report.max_error < report.nearest.max_error
    assert report.turned_share < 0.003


@pytest.fixture(scope="module")
def loans():
    return load_sba_loans()


@pytest.fixture(scope="module")
def card(loans):
    return ScorecardClassifier().fit(loans.data, loans.target)


def test_points_of_the_embedded_loans(card, loans):
    check_sums_on_every_row(card, loans.data)
    check_ranking_and_statement(card, loans.data, better=0.6)
    report = card.rounding_report_
    assert report.turned_share < report.nearest.turned_share


def test_the_scorer_adds_up_the_same(card, loans, tmp_path):
    save_artifact(card, tmp_path / "card.rk")
    scorer = load_scorer(tmp_path / "card.rk")
    batch = scorer.score_batch(loans.data)
    assert_array_equal(batch.points, card.predict_points(loans.data))
    some = loans.data.head(300)
    singles = [scorer.score(record).points for record in some.to_dict("records")]
    assert_array_equal(singles, card.predict_points(some))


def test_the_embedded_loans_lie_on_the_scale_they_were_learned_on(card, loans):
    points = card.predict_points(loans.data)
    found = score_to_odds_check(loans.target, points, card.scaler_)
    # Shrinkage and the optimism charge flatten the log-odds a little, so that outcomes
    # rise a little faster with the points than the scale says.
    assert found.slope == pytest.approx(found.expected_slope, rel=0.05)
    assert abs(found.base_points - found.expected_base_points) < 5


def test_points_of_all_loans(shared_data):
    loans = pd.read_parquet(shared_data("sba_national"), columns=["default", *_COLUMNS])
    loans = loans[loans["default"].notna()].reset_index(drop=True)
    y = loans.pop("default").to_numpy(dtype=int)
    numbers = loans.select_dtypes("number").columns
    X = loans.astype(dict.fromkeys(numbers, float))
    card = ScorecardClassifier().fit(X, y)
    assert len(X) == 897_167
    check_sums_on_every_row(card, X)
    # Seven characteristics leave little to choose together.
    check_ranking_and_statement(card, X, better=0.95)
