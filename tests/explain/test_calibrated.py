"""Reasons of a calibrated scorecard: those of the card, the same wherever it scores."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB

from riskkit.calibration import CalibratedPD, IsotonicCalibrator, PriorCorrection
from riskkit.datasets import make_loan_book
from riskkit.exceptions import InvalidTypeError
from riskkit.explain import contributions, reason_codes
from riskkit.export import save_artifact, to_sql
from riskkit.scaling import MasterScale
from riskkit.scorecard import ExpertScorecard, ScorecardClassifier
from riskkit.serving import load_scorer

REFERENCES = ("best", "neutral", "mean")


@pytest.fixture(scope="module")
def book():
    return make_loan_book(3_000, default_rate=0.1, missing_rate=0.05, random_state=3)


@pytest.fixture(scope="module")
def model(book):
    """Calibrated by cross-fitting and brought to another level."""
    prior = PriorCorrection(target_rate=0.04)
    model = CalibratedPD(ScorecardClassifier(), prior=prior, segments="channel", cv=3)
    return model.fit(book.data, book.target)


@pytest.mark.parametrize("against", REFERENCES)
def test_deltas_add_up_to_the_score_gap_exactly(book, model, against):
    """The points of an account less those at the reference are the sum of its parts."""
    parts = contributions(model, book.data, against=against)
    start, deltas = parts["offset"], parts.drop(columns="offset")
    points = model.estimator_.predict_points(book.data)
    assert (start == start.iloc[0]).all()
    np.testing.assert_array_equal(deltas.sum(axis=1), points - start)
    if against == "best":
        best = sum(c.best_points for c in model.estimator_.spec_.characteristics)
        assert start.iloc[0] == model.estimator_.spec_.offset_points + best
    # In another order too: sums of whole points, and of means on their grid, are exact.
    np.testing.assert_array_equal(deltas.iloc[:, ::-1].sum(axis=1), points - start)


@pytest.mark.parametrize("against", REFERENCES)
def test_reasons_are_the_losses_among_the_deltas(book, model, against):
    n = len(model.estimator_.spec_.characteristics)
    deltas = contributions(model, book.data, against=against).iloc[:, 1:]
    reasons = reason_codes(model, book.data, n=n, against=against)
    lost = reasons.filter(regex="^points_lost").fillna(0.0)
    np.testing.assert_array_equal(lost.sum(axis=1), -deltas.clip(upper=0).sum(axis=1))
    largest = np.sort(deltas.clip(upper=0).to_numpy(), axis=1)
    np.testing.assert_array_equal(lost.to_numpy(), -largest)


@pytest.mark.parametrize("unit", ["points", "log_odds"])
def test_contributions_are_those_of_the_card(book, model, unit):
    ours = contributions(model, book.data, unit=unit)
    card = model.estimator_
    pd.testing.assert_frame_equal(ours, contributions(card, book.data, unit=unit))
    for against in REFERENCES:
        pd.testing.assert_frame_equal(
            reason_codes(model, book.data, against=against),
            reason_codes(card, book.data, against=against),
        )


def test_estimator_scorer_and_sql_name_the_same_reasons(book, model, tmp_path):
    X, path = book.data, tmp_path / "card.rk"
    pds = model.predict_proba(X)[:, 1]
    scale = MasterScale(method="geometric", n_grades=5).fit(pds)
    save_artifact(model, path, grades=scale)
    reasons = reason_codes(model, X, n=5)
    scorer = load_scorer(path)
    sql = to_sql(path, keep=["id"], reasons=5, reason_as="text")
    with duckdb.connect() as connection:
        frame = pl.from_pandas(X).with_columns(id=pl.int_range(len(X)))
        connection.register("applications", frame.to_arrow())
        found = connection.sql(f"SELECT * FROM ({sql}) ORDER BY id").pl()
    assert found["grade"].to_list() == scale.assign(pds).tolist()
    batch = scorer.score_batch(X, n_reasons=5)
    texts = {
        item.feature.name: item.reason
        for item in model.estimator_.spec_.characteristics
    }
    for k in range(1, 6):
        text = reasons[f"reason_{k}"].astype(object)
        expected = text.where(text.notna(), None).tolist()
        assert found[f"reason_{k}"].to_list() == expected
        assert [texts.get(name) for name in batch.reasons[:, k - 1]] == expected
        lost = reasons[f"points_lost_{k}"]
        np.testing.assert_array_equal(found[f"points_lost_{k}"].to_pandas(), lost)
        np.testing.assert_array_equal(batch.points_lost[:, k - 1], lost.fillna(0.0))
    for row, record in enumerate(X.head(100).to_dict("records")):
        single = scorer.score(record, n_reasons=5).reasons
        assert [r.text for r in single] == [
            reasons[f"reason_{k}"].iloc[row] for k in range(1, len(single) + 1)
        ]


def test_models_within_models(book):
    card = ExpertScorecard(
        {"age": {"edges": [30, 50], "points": [5, 20, 35], "missing": 5}}
    ).fit()
    names = pd.DataFrame({"age": [25.0, 45.0, 60.0, None] * 50})
    y = np.array([1, 0, 0, 1] * 50)
    y[::7] = 1 - y[::7]
    inner = CalibratedPD(FrozenEstimator(card), cv=3).fit(names, y)
    outer = CalibratedPD(
        FrozenEstimator(inner), IsotonicCalibrator(min_n_event=0), cv=3
    )
    outer.fit(names, y)
    expected = reason_codes(card, names)
    for model in (FrozenEstimator(card), inner, FrozenEstimator(inner), outer):
        pd.testing.assert_frame_equal(reason_codes(model, names), expected)
        assert list(contributions(model, names)) == ["offset", "age"]


def test_what_holds_no_card_is_named(book):
    numbers = book.data.select_dtypes("number").fillna(0.0)
    model = CalibratedPD(GaussianNB(), cv=2)
    for function in (reason_codes, contributions):
        with pytest.raises(NotFittedError):
            function(CalibratedPD(ScorecardClassifier()), book.data)
        with pytest.raises(NotFittedError):
            function(FrozenEstimator(ScorecardClassifier()), book.data)
    model.fit(numbers, book.target)
    for function in (reason_codes, contributions):
        with pytest.raises(InvalidTypeError, match="got GaussianNB"):
            function(model, numbers)
