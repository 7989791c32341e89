"""What a statement cannot be written for is refused in words that help."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from riskkit.artifact import (
    Artifact,
    CharacteristicSpec,
    FeatureSpec,
    Manifest,
    ScalingSpec,
    ScorecardSpec,
)
from riskkit.calibration import PriorCorrection
from riskkit.exceptions import ArtifactError, InvalidParameterError, InvalidTypeError
from riskkit.export import save_artifact, to_sql
from riskkit.scorecard import ExpertScorecard, ScorecardClassifier

CARD = ExpertScorecard(
    {
        "age": {"edges": [25, 40], "points": [10, 25, 40], "missing": 10},
        "home": {"groups": [["own"]], "points": [9], "missing": 1, "unseen": 0},
    }
)


@pytest.fixture(scope="module")
def card():
    return CARD.fit()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dialect": "postgresql"}, "Did you mean 'postgres'"),
        ({"dialect": None}, "dialect must be one of"),
        ({"reasons": -1}, "reasons must be an integer >= 0"),
        ({"reasons": 1.5}, "reasons must be an integer"),
        ({"reason_as": "words"}, "reason_as must be one of"),
        ({"table": ""}, "table must be a name such as"),
        ({"table": "a..b"}, "table must be a name such as"),
        ({"table": []}, "table must be a name such as"),
        ({"table": ["a", 3]}, "table must be a name such as"),
        ({"table": 3}, "table must be a name such as"),
        ({"table": "Riskkit_bins"}, "must not begin with 'riskkit_'"),
        ({"keep": "id"}, "keep must be a sequence"),
        ({"keep": [1]}, "keep must be a sequence"),
        ({"keep": [""]}, "must not be empty"),
        ({"keep": ["PD"]}, "keep must not name 'PD'"),
        ({"keep": ["Reason_2"]}, "keep must not name 'Reason_2'"),
        ({"keep": ["id", "ID"]}, "keep must not name 'ID'"),
        ({"columns": {"agee": "x"}}, "'agee' is none of its 2. Did you mean 'age'"),
        ({"columns": {"age": 3}}, "columns\\['age'\\] must be text; got int"),
        ({"columns": ["age"]}, "columns must be a mapping"),
        ({"columns": {"age": "HOME"}}, "'age' and 'home' would read the same one"),
        ({"columns": {"age": "a\0b"}}, "NUL character"),
        ({"columns": {"age": "\ud800"}}, "half of a surrogate pair"),
        ({"columns": {"age": ""}}, "must not be empty"),
        ({"stored_as": {"home": "double"}}, "stored_as\\['home'\\] must be one of"),
        ({"stored_as": {"age": "text"}}, "must be 'number' or 'boolean'"),
        ({"stored_as": {"other": "text"}}, "'other' is none of its 2"),
    ],
)
def test_bad_words(card, options, message):
    with pytest.raises(InvalidParameterError, match=message):
        to_sql(card, **options)


def test_names_that_differ_by_case(card):
    """Some databases keep them apart, others read one column for both."""
    to_sql(card, columns={"age": "HOME"}, dialect="postgres")
    to_sql(card, columns={"age": "HOME"}, dialect="snowflake")
    for dialect in ("bigquery", "mysql", "spark", "sqlite", "tsql"):
        with pytest.raises(InvalidParameterError, match="would read the same one"):
            to_sql(card, columns={"age": "HOME"}, dialect=dialect)
    with pytest.raises(InvalidParameterError, match="would read the same one"):
        to_sql(card, columns={"age": "home"}, dialect="postgres")


def test_reasons_that_are_not_written_may_name_a_column(card):
    assert 'k1 AS "reason_3"' in to_sql(card, keep=["reason_3"])  # it has two


def test_tables_of_several_parts(card):
    assert 'FROM "lending"."applications"\n' in to_sql(
        card, table="lending.applications"
    )
    assert 'FROM "a.b"\n' in to_sql(card, table=["a.b"])
    assert 'FROM "x"."riskkit_bins"\n' in to_sql(card, table=("x", "riskkit_bins"))


def test_models_that_cannot_be_written(card, tmp_path):
    with pytest.raises(NotFittedError):
        to_sql(ScorecardClassifier())
    for model in (LogisticRegression(), object(), ScorecardClassifier, None, 3):
        with pytest.raises(InvalidTypeError):
            to_sql(model)
    with pytest.raises(ArtifactError, match="nothing is at"):
        to_sql(tmp_path / "none.rk")
    other = Artifact(Manifest("booster"), object())
    with pytest.raises(
        InvalidTypeError,
        match="SQL is written for scorecards, boosted",
    ):
        to_sql(other)


def test_steps_go_on_top_of_estimators_only(card, tmp_path):
    path = tmp_path / "card.rk"
    save_artifact(card, path)
    level = PriorCorrection(0.5, 0.05).fit([0.5])
    assert "riskkit_step_1" in to_sql(card, calibration=level)
    with pytest.raises(InvalidParameterError, match="go on top of an estimator"):
        to_sql(path, calibration=level)
    with pytest.raises(InvalidParameterError, match="go on top of an estimator"):
        to_sql(path, grades=object())


def test_the_model_is_named_when_it_has_a_name(card, tmp_path):
    path = tmp_path / "card.rk"
    manifest = save_artifact(card, path)
    assert to_sql(path).startswith(f"-- scorecard {manifest.model_id} by riskkit ")
    assert to_sql(str(path)) == to_sql(path)
    assert to_sql(card).startswith("-- a scorecard by riskkit ")


def test_levels_that_no_database_can_hold():
    feature = FeatureSpec("a", "categorical", levels=(("x\0y",),))
    item = CharacteristicSpec(
        feature, -1.0, (0.0,) * 3, (0.0,) * 3, (0.0, 1.0, 2.0), "why"
    )
    card = ScorecardSpec((item,), 0.0, 0.0, ScalingSpec(20.0, 600.0, 50.0))
    artifact = Artifact(Manifest("scorecard"), card)
    with pytest.raises(
        InvalidParameterError, match="A level, reason or grade"
    ) as error:
        to_sql(artifact)
    assert "x" not in str(error.value).partition("must be text")[0]
    sound = replace(item, feature=replace(feature, levels=(("x y",),)))
    to_sql(replace(artifact, model=replace(card, characteristics=(sound,))))
