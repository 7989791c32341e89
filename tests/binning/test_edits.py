"""Edits of bins: applied, recorded, replayed, saved."""

import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from riskkit.artifact import FeatureSpec, SpecialGroup
from riskkit.binning import (
    MergeBins,
    MoveLevel,
    OptimalBinner,
    PinWoE,
    SetEdges,
    SetGroups,
    SplitBin,
    edit_from_dict,
)
from riskkit.datasets import make_loan_book
from riskkit.exceptions import InvalidParameterError
from riskkit.export import save_artifact
from riskkit.scorecard import ScorecardClassifier
from riskkit.serving import load_scorer

AGE = FeatureSpec(
    "age",
    "numeric",
    edges=(25.0, 35.0, 45.0),
    special=(SpecialGroup("unknown", (-1.0,)),),
)
JOB = FeatureSpec("job", "categorical", levels=(("a", "b"), ("c",), ("d",)))


@pytest.fixture(scope="module")
def book():
    return make_loan_book(4_000, default_rate=0.1, random_state=2)


@pytest.mark.parametrize(
    ("edit", "edges"),
    [
        (MergeBins(feature="age", bins=[0, 1]), (35.0, 45.0)),
        (MergeBins(feature="age", bins=[1, 2, 3]), (25.0,)),
        (SplitBin(feature="age", at=30), (25.0, 30.0, 35.0, 45.0)),
        (SetEdges(feature="age", edges=[18, 60]), (18.0, 60.0)),
    ],
)
def test_numeric_edits(edit, edges):
    assert edit.apply(AGE).edges == edges
    assert edit.apply(AGE).special == AGE.special


@pytest.mark.parametrize(
    ("edit", "levels"),
    [
        (MergeBins(feature="job", bins=[0, 2]), (("a", "b", "d"), ("c",))),
        (MoveLevel(feature="job", level="b", to=1), (("a",), ("b", "c"), ("d",))),
        (MoveLevel(feature="job", level="c", to=0), (("a", "b", "c"), ("d",))),
        (
            MoveLevel(feature="job", level="new", to=2),
            (("a", "b"), ("c",), ("d", "new")),
        ),
        (SetGroups(feature="job", groups=[["d"], ["b", "a"]]), (("d",), ("a", "b"))),
    ],
)
def test_categorical_edits(edit, levels):
    assert edit.apply(JOB).levels == levels


@pytest.mark.parametrize(
    ("edit", "feature", "message"),
    [
        (MergeBins(feature="age", bins=[0, 2]), AGE, "Only neighbouring"),
        (MergeBins(feature="age", bins=[3, 4]), AGE, "bins 0 to 3; got 4"),
        (MergeBins(feature="age", bins=[1]), AGE, "at least two"),
        (SplitBin(feature="age", at=25), AGE, "an edge of 'age' already"),
        (SplitBin(feature="age", at=np.inf), AGE, "finite and increasing"),
        (SplitBin(feature="job", at=1), JOB, "is for a numeric feature"),
        (SetEdges(feature="age", edges=[3, 2]), AGE, "finite and increasing"),
        (SetGroups(feature="age", groups=[["a"]]), AGE, "is for a categorical"),
        (SetGroups(feature="job", groups=[["a"], ["a"]]), JOB, "stands twice"),
        (MoveLevel(feature="job", level="a", to=9), JOB, "bins 0 to 2; got 9"),
        (MoveLevel(feature="job", level=None, to=0), JOB, "is no level"),
    ],
)
def test_impossible_edits_are_refused(edit, feature, message):
    with pytest.raises(InvalidParameterError, match=message):
        edit.apply(feature)


def test_bins_are_named_for_pinning():
    assert PinWoE(feature="age", bin="missing", woe=0).position(AGE) == 5
    assert PinWoE(feature="age", bin="unknown", woe=0).position(AGE) == 4
    assert PinWoE(feature="age", bin=2, woe=0).position(AGE) == 2
    with pytest.raises(InvalidParameterError, match="Did you mean 'missing'"):
        PinWoE(feature="age", bin="mising", woe=0).position(AGE)
    with pytest.raises(InvalidParameterError, match="finite"):
        PinWoE(feature="age", bin=0, woe=np.nan)


@pytest.mark.parametrize(
    "edit",
    [
        MergeBins(feature="age", bins=(0, 1), note="thin"),
        SplitBin(feature="age", at=30.0),
        SetEdges(feature="age", edges=[1.0, 2.0]),
        SetGroups(feature="job", groups=[["a"], ["b", "c"]]),
        MoveLevel(feature="job", level="a", to=1),
        PinWoE(feature="age", bin="missing", woe=-0.5),
    ],
    ids=lambda edit: edit.action,
)
def test_edits_survive_json(edit):
    again = edit_from_dict(json.loads(json.dumps(edit.to_dict())))
    assert again == edit
    assert hash(again) == hash(edit)
    assert edit.action.replace("_", " ") in edit.describe()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"action": "merg", "feature": "age"}, "Did you mean 'merge'"),
        ({"action": "merge", "feature": "age", "bin": 1}, "wrong keys"),
        ({"feature": "age"}, "got None"),
    ],
)
def test_unreadable_edits_are_refused(data, message):
    with pytest.raises(InvalidParameterError, match=message):
        edit_from_dict(data)


def test_edits_are_replayed_and_counted(book):
    found = OptimalBinner().fit(book.data, book.target)
    edits = [
        MergeBins(feature="age", bins=[0, 1], note="thin"),
        {"action": "pin_woe", "feature": "age", "note": "", "bin": 0, "woe": -0.25},
    ]
    edited = OptimalBinner(edits=edits).fit(book.data, book.target)
    before, after = found.binning_tables_["age"], edited.binning_tables_["age"]
    assert after.feature.edges == before.feature.edges[1:]
    assert after.n[0] == before.n[:2].sum()
    assert after.n_event[0] == before.n_event[:2].sum()
    assert after.woe[0] == -0.25
    assert after.status == "edited"
    assert "thin" in after._repr_html_()
    column = list(book.data.columns).index("age")
    in_first = book.data["age"] <= after.feature.edges[0]
    assert_array_equal(edited.transform(book.data)[in_first, column], -0.25)
    for name in set(book.data.columns) - {"age"}:
        unchanged = found.binning_tables_[name].feature
        assert edited.binning_tables_[name].feature == unchanged


def test_with_edits_appends_to_a_copy():
    binner = OptimalBinner(edits=[SplitBin(feature="age", at=30.0)])
    more = binner.with_edits(SplitBin(feature="age", at=40.0))
    assert [edit.at for edit in more.edits] == [30.0, 40.0]
    assert len(binner.edits) == 1


def test_a_pin_holds_for_all_bins_that_share_their_evidence(book):
    missing = OptimalBinner(missing="riskiest").fit(book.data, book.target)
    table = missing.binning_tables_["age"]
    joined = table.joins[table.feature.missing_bin]
    assert joined != table.feature.missing_bin
    edit = PinWoE(feature="age", bin="missing", woe=-2.0)
    pinned = missing.with_edits(edit).fit(book.data, book.target)
    woe = pinned.binning_tables_["age"].woe
    assert woe[joined] == woe[table.feature.missing_bin] == -2.0


def test_edits_travel_with_the_model(book, tmp_path):
    edit = PinWoE(feature="age", bin="missing", woe=-1.5, note="policy")
    card = ScorecardClassifier(OptimalBinner(edits=[edit]), min_iv=0.0)
    card.fit(book.data, book.target)
    assert "age" in card.coefficients_
    save_artifact(card, tmp_path / "card.rk")
    scorer = load_scorer(tmp_path / "card.rk")
    assert scorer.manifest.notes["edits"] == [edit.to_dict()]
    row = book.data.head(1).assign(age=np.nan)
    assert scorer.score(row.to_dict("records")[0]).pd == card.predict_proba(row)[0, 1]


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ([SplitBin(feature="agee", at=1.0)], "Did you mean 'age'"),
        (["merge"], "must hold edits"),
        (SplitBin(feature="age", at=1.0), "must be a sequence"),
    ],
)
def test_unusable_lists_of_edits_are_refused(book, edits, message):
    with pytest.raises(InvalidParameterError, match=message):
        OptimalBinner(edits=edits).fit(book.data, book.target)
