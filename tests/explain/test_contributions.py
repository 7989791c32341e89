"""Contributions: every part of a score."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from riskkit._kernels.points import mean_value, neutral_points
from riskkit.datasets import make_loan_book
from riskkit.exceptions import InvalidParameterError, InvalidTypeError
from riskkit.explain import contributions
from riskkit.scaling import PointsScaler
from riskkit.scorecard import ScorecardClassifier

REAL = st.floats(-1e4, 1e4)


@pytest.fixture(scope="module")
def book():
    return make_loan_book(2_000, default_rate=0.1, random_state=3)


@pytest.fixture(scope="module", params=["integer", "none"])
def card(request, book):
    scaler = PointsScaler(rounding=request.param)
    return ScorecardClassifier(scaler=scaler).fit(book.data, book.target)


def left_to_right(frame):
    total = frame.iloc[:, 0].to_numpy().copy()
    for column in frame.columns[1:]:
        total += frame[column].to_numpy()
    return total


def test_columns_add_up_to_the_score_to_the_last_bit(book, card):
    points = contributions(card, book.data)
    assert_array_equal(left_to_right(points), card.predict_points(book.data))
    log_odds = contributions(card, book.data, unit="log_odds")
    assert_array_equal(left_to_right(log_odds), card.decision_function(book.data))
    assert list(points.columns) == ["offset", *card.spec_.features]


@pytest.mark.parametrize("against", ["best", "neutral", "mean"])
@pytest.mark.parametrize("unit", ["points", "log_odds"])
def test_distances_add_up_from_their_own_start(book, card, unit, against):
    parts = contributions(card, book.data, unit=unit, against=against)
    score = card.predict_points if unit == "points" else card.decision_function
    np.testing.assert_allclose(
        left_to_right(parts), score(book.data), rtol=1e-12, atol=1e-12
    )
    deltas = parts.iloc[:, 1:]
    if against == "best":
        assert ((deltas <= 0) if unit == "points" else (deltas >= 0)).all(axis=None)
    if (unit, against) == ("log_odds", "neutral"):
        assert parts["offset"].iloc[0] == card.intercept_


def test_hand_worked_card():
    X = pd.DataFrame({"offset": ["a", "b"] * 100})
    y = [0, 1] * 80 + [0, 0] * 20
    card = ScorecardClassifier().fit(X, y)
    parts = contributions(card, X.head(2))
    assert list(parts.columns) == ["(offset)", "offset"]
    points = {
        level: value
        for group, value in zip(
            card.spec_.characteristics[0].feature.levels,
            card.spec_.characteristics[0].points,
            strict=False,
        )
        for level in group
    }
    assert parts["offset"].tolist() == [points["a"], points["b"]]


def test_frames_of_other_kinds_and_the_index(book, card):
    indexed = book.data.head(5).set_axis(list("abcde"))
    assert contributions(card, indexed).index.tolist() == list("abcde")
    ours = contributions(card, pl.from_pandas(book.data.head(5)))
    pd.testing.assert_frame_equal(ours, contributions(card, book.data.head(5)))


def test_bad_words_are_refused(book, card):
    with pytest.raises(InvalidParameterError, match="unit must be one of"):
        contributions(card, book.data, unit="odds")
    with pytest.raises(InvalidParameterError, match="against must be one of"):
        contributions(card, book.data, against="worst")
    with pytest.raises(InvalidTypeError, match="contributions needs a fitted"):
        contributions("card", book.data)


def test_mean_value_by_hand():
    assert mean_value(np.array([10.0, 20.0, 40.0]), np.array([1.0, 2.0, 1.0])) == 22.5
    assert np.isnan(mean_value(np.array([1.0]), np.array([0.0])))


@given(st.lists(st.tuples(REAL, st.integers(1, 1000)), min_size=1, max_size=8))
def test_mean_value_is_the_weighted_mean_on_a_grid(pairs):
    values, n = (np.array(part, dtype=float) for part in zip(*pairs, strict=True))
    mean = mean_value(values, n)
    assert mean == pytest.approx(np.average(values, weights=n), rel=1e-12, abs=2**-32)
    assert (mean * 2**32).is_integer()


def test_neutral_points_by_hand():
    factor = 20.0 / np.log(2.0)
    log_odds = np.array([1.0, 0.0, -0.5])
    woe = -log_odds
    points = 30.0 - factor * log_odds
    assert neutral_points(points, log_odds, woe, 20.0, False) == pytest.approx(30.0)
    assert neutral_points(np.rint(points), log_odds, woe, 20.0, True) == 30.0


@given(
    st.floats(-200, 200),
    st.lists(st.floats(-3, 3).filter(lambda w: w != 0), min_size=1, max_size=8),
)
def test_neutral_points_lie_on_the_line(share, terms):
    log_odds = np.array(terms)
    points = share - 20.0 / np.log(2.0) * log_odds
    exact = neutral_points(points, log_odds, -log_odds, 20.0, False)
    assert exact == pytest.approx(share, abs=1e-9)
    whole = neutral_points(np.rint(points), log_odds, -log_odds, 20.0, True)
    assert whole.is_integer()
    assert abs(whole - share) <= 1.0 + 1e-9
