"""Points given by people: declared, scored, explained, saved."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
    NoEvidenceWarning,
)
from riskkit.explain import reason_codes
from riskkit.export import save_artifact
from riskkit.scaling import PointsScaler
from riskkit.scorecard import ExpertScorecard
from riskkit.serving import load_scorer

AGE = {"edges": [25, 40], "points": [10, 25, 40], "missing": 10}
HOME = {
    "groups": [["rents"], ["owns", "mortgage"]],
    "points": [5, 20],
    "missing": 5,
    "unseen": 0,
}
VISITS = {"edges": [0, 3], "values": [0, 1, 2], "weight": 15, "missing": 0}
BUREAU = {
    "edges": [600],
    "points": [10, 60],
    "missing": 30,
    "special": {"no file": {"codes": [-1], "points": 25}},
    "reason": "Bureau score is low",
}
CARD = {"age": AGE, "home": HOME, "visits": VISITS, "bureau": BUREAU}


@pytest.fixture
def people():
    return pd.DataFrame(
        {
            "note": ["x"] * 6,
            "age": [25, 26, 41, np.nan, 20, 60],
            "home": ["rents", "owns", "tent", None, "mortgage", "owns"],
            "visits": [0, 1, 4, np.nan, 3, 9],
            "bureau": [600, 601, -1, np.nan, 700, 700],
        }
    )


POINTS = [10 + 5 + 0 + 10, 25 + 20 + 15 + 60, 40 + 0 + 30 + 25]
POINTS += [10 + 5 + 0 + 30, 10 + 20 + 15 + 60, 40 + 20 + 30 + 60]


def test_points_are_those_given(people):
    card = ExpertScorecard(CARD, offset_points=400).fit(people)
    assert_array_equal(card.predict_points(people), np.array(POINTS) + 400)
    assert card.left_out_ == {"note": "no points were given to it"}
    assert card.spec_.scaling.rounding == "integer"


def test_pd_lies_on_the_line_of_the_scale(people):
    # 600 points are odds of 50, and 20 points double them.
    card = ExpertScorecard(CARD, offset_points=400).fit()
    odds = 50 * 2 ** ((np.array(POINTS) + 400 - 600) / 20)
    assert_allclose(card.predict_proba(people)[:, 1], 1 / (1 + odds), rtol=1e-10)


@given(
    st.lists(st.integers(-200, 200), min_size=3, max_size=3),
    st.integers(-100, 700),
    st.floats(-50, 50),
)
def test_pd_and_points_agree_for_any_points(points, offset, weight):
    events = {"edges": [1], "values": [0, 3], "weight": weight, "missing": 1.5}
    card = ExpertScorecard(
        {"a": {"edges": [0, 1], "points": points, "missing": 0}, "b": events},
        scaler=PointsScaler(30, 500, 20, rounding="none"),
        offset_points=offset,
    ).fit()
    X = pd.DataFrame({"a": [-1, 0.5, 2, None], "b": [0, 2, None, 5]})
    expected = (500 - card.predict_points(X)) * math.log(2) / 30 - math.log(20)
    assert_allclose(card.decision_function(X), expected, atol=1e-9)
    shuffled = [2, 0, 3, 1]
    assert_array_equal(
        card.decision_function(X.iloc[shuffled]), card.decision_function(X)[shuffled]
    )


def test_reasons_are_points_from_the_best_bin(people):
    card = ExpertScorecard(CARD).fit(people)
    reasons = reason_codes(card, people, n=2)
    # The first account loses 50 on the bureau score and 30 on age and on visits;
    # of the two, age stands first.
    assert reasons.loc[0].tolist() == ["Bureau score is low", 50.0, "age", 30.0]
    assert pd.isna(reasons.loc[5, "reason_1"])


@pytest.mark.parametrize("with_rows", [True, False])
def test_saved_card_scores_alike(people, tmp_path, with_rows):
    card = ExpertScorecard(CARD, offset_points=400).fit(people if with_rows else None)
    save_artifact(card, tmp_path / "card.rk", notes={"origin": "expert"})
    scorer = load_scorer(tmp_path / "card.rk")
    records = people.drop(columns="note").astype(object)
    records = records.where(records.notna(), None).to_dict("records")
    results = [scorer.score(record) for record in records]
    assert [r.points for r in results] == card.predict_points(people).tolist()
    assert [r.pd for r in results] == card.predict_proba(people)[:, 1].tolist()
    assert results[0].reasons[0].text == "Bureau score is low"


def test_fit_counts_rows_and_outcomes_and_moves_no_point(people):
    bare, counted = ExpertScorecard(CARD).fit(), ExpertScorecard(CARD).fit(people)
    outcomes = ExpertScorecard(CARD).fit(
        people, ["no", "no", "yes", "yes", "no", "no"], [2, 1, 1, 1, 1, 0]
    )
    assert bare.spec_ == counted.spec_ == outcomes.spec_
    assert (bare.n_rows_, counted.n_rows_, outcomes.n_rows_) == (0, 6, 6)
    assert (counted.n_events_, outcomes.n_events_) == (0, 2)
    assert outcomes.classes_.tolist() == ["no", "yes"]
    assert counted.baseline_.features["age"].n == (2, 1, 2, 1, 0)
    assert outcomes.baseline_.features["age"].n_event == (0, 0, 1, 1, 0)
    age = outcomes.points_table().query("characteristic == 'age'")
    assert age["event_rate"].tolist() == [0, 0, 1, 1]
    assert counted.points_table()["event_rate"].isna().all()
    assert counted.points_table()["n"].sum() == 4 * 6


def test_intent_from_counted_events():
    # Weights of people: a visit 5 points up to 4 of them, an offer opened 15 up to 2,
    # an application begun and left 30, an unsubscription takes 40.
    intent = ExpertScorecard(
        {
            "visits": {"count_to": 4, "weight": 5, "missing": 0},
            "offers_opened": {"count_to": 2, "weight": 15, "missing": 0},
            "begun": {"count_to": 1, "weight": 30, "missing": 0},
            "unsubscribed": {"count_to": 1, "weight": -40, "missing": 0},
        }
    ).fit()
    events = pd.DataFrame(
        {
            "customer": ["a"] * 6 + ["b"] * 3 + ["c"],
            "event": ["visits"] * 6
            + ["visits", "offers_opened", "begun"]
            + ["unsubscribed"],
        }
    )
    counts = pd.crosstab(events["customer"], events["event"])
    counts.loc["d"] = np.nan
    assert intent.predict_points(counts).tolist() == [20, 50, -40, 0]
    # Between and below whole events, the events there were.
    feature = intent.spec_.characteristics[0].feature
    assert feature.edges == (0, 1, 2, 3)
    fractions = pd.DataFrame({"visits": [0.5, 1, 1.01, 99, -3]})
    for name in ("offers_opened", "begun", "unsubscribed"):
        fractions[name] = 0
    assert intent.predict_points(fractions).tolist() == [5, 5, 10, 20, 0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count_to": 0}, "'count_to' of 'visits' must be an integer >= 1"),
        ({"count_to": 2.5}, "integer >= 1"),
        ({"count_to": 3, "edges": [1]}, "'edges' beside it"),
        ({"count_to": 3, "points": [1]}, "'points' beside it"),
        ({"count_to": 3, "weight": "5"}, "finite"),
    ],
)
def test_bad_counted_events(change, message):
    visits = {"weight": 5, "missing": 0, **change}
    with pytest.raises(InvalidParameterError, match=message):
        ExpertScorecard({"visits": visits}).fit()
    with pytest.raises(InvalidParameterError, match="no 'weight'"):
        ExpertScorecard({"visits": {"count_to": 3, "missing": 0}}).fit()


def test_whole_points_are_kept_or_refused():
    half = {"age": {**AGE, "points": [10, 25.5, 40]}}
    card = ExpertScorecard(half).fit()
    assert card.spec_.scaling.rounding == "none"
    assert card.predict_points(pd.DataFrame({"age": [30]})).tolist() == [25.5]
    with pytest.raises(InvalidParameterError, match="whole"):
        ExpertScorecard(half, scaler=PointsScaler()).fit()


def test_unseen_levels_can_be_refused(people):
    strict = {"home": {**HOME, "unseen": "error"}}
    with pytest.raises(InvalidInputError, match="another"):
        ExpertScorecard(strict).fit(people)


def test_columns_are_matched_by_name(people):
    card = ExpertScorecard(CARD).fit(people)
    reordered = people[people.columns[::-1]]
    assert_array_equal(card.predict_points(reordered), POINTS)
    with pytest.raises(InvalidInputError, match="Did you mean 'bureaus'"):
        card.fit(people.rename(columns={"bureau": "bureaus"}))
    with pytest.raises(InvalidTypeError, match="numbers"):
        card.fit(people.assign(age="old"))


def test_columns_of_the_card_that_are_not_there(people):
    several = people.rename(columns={"age": "Age", "visits": "visit"})
    for call in (ExpertScorecard(CARD).fit, ExpertScorecard(CARD).fit().predict_points):
        with pytest.raises(InvalidInputError, match="2 of them are missing: 'age'"):
            call(several)
        with pytest.raises(InvalidInputError, match="Did you mean 'Age'"):
            call(several)


def test_clone_and_empty_card(people):
    card = ExpertScorecard(CARD, offset_points=400)
    assert clone(card).get_params()["offset_points"] == 400
    with pytest.warns(NoEvidenceWarning, match="no characteristics"):
        empty = ExpertScorecard(offset_points=600).fit(people)
    assert_allclose(empty.predict_proba(people)[:, 1], 1 / 51)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"edges": [40, 25]}, "overlap"),
        ({"edges": [25, 25]}, "overlap"),
        ({"edges": [25, math.inf]}, "finite"),
        ({"edges": "25"}, "sequences"),
        ({"points": [10, 25]}, "must hold 3 numbers"),
        ({"points": [10, 25, math.nan]}, "finite"),
        ({"points": [10, 25, "40"]}, "finite"),
        ({"missing": None}, "finite"),
        ({"unseen": 3}, "no unseen levels"),
        ({"groups": [["a"]]}, "both"),
        ({"weight": 2}, "another mixture"),
        ({"pionts": [1]}, "Did you mean 'points'"),
        ({"special": [-1]}, "must map a label"),
        ({"special": {"a": {"codes": [], "points": 1}}}, "must hold codes"),
        (
            {"special": {k: {"codes": [-1], "points": 1} for k in "ab"}},
            "overlap",
        ),
        ({"reason": 3}, "must be text"),
    ],
)
def test_bad_numeric_declaration(change, message):
    with pytest.raises(InvalidParameterError, match=message):
        ExpertScorecard({"age": {**AGE, **change}}).fit()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups": [["a", "b"], ["b"]]}, "overlap"),
        ({"groups": [["a"], []]}, "hold levels"),
        ({"groups": [["a"], [None]]}, "hold levels"),
        ({"groups": []}, "there is none"),
        ({"unseen": "refuse"}, "finite"),
        ({"special": {"x": {"codes": ["owns"], "points": 1}}}, "overlap"),
    ],
)
def test_bad_categorical_declaration(change, message):
    with pytest.raises(InvalidParameterError, match=message):
        ExpertScorecard({"home": {**HOME, **change}}).fit()


@pytest.mark.parametrize("key", ["missing", "unseen"])
def test_what_is_not_known_must_be_said(key):
    home = {k: v for k, v in HOME.items() if k != key}
    with pytest.raises(InvalidParameterError, match=f"no '{key}'"):
        ExpertScorecard({"home": home}).fit()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"characteristics": [AGE]}, "must be a mapping"),
        ({"characteristics": {0: AGE}}, "column names"),
        ({"characteristics": {"age": [1]}}, "must be a mapping such as"),
        ({"scaler": "pdo"}, "PointsScaler"),
        ({"scaler": PointsScaler(points_range=(0, 100))}, "cannot be stretched"),
        ({"offset_points": math.inf}, "finite"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(InvalidParameterError, match=message):
        ExpertScorecard(**{"characteristics": CARD, **parameters}).fit()


def test_outcomes_need_rows():
    with pytest.raises(InvalidParameterError, match="Give X too"):
        ExpertScorecard(CARD).fit(None, [0, 1])


def test_an_array_is_taken_by_position_with_a_warning():
    card = ExpertScorecard({"age": AGE}).fit()
    with pytest.warns(UserWarning, match="feature names"):
        points = card.predict_points(np.array([[30.0]]))
    assert points[0] == card.predict_points(pd.DataFrame({"age": [30.0]}))[0]
