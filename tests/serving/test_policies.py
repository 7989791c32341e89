"""Fields that are absent, odd or new: refused or flagged, as their policy says."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest

from riskkit.artifact import Artifact, Manifest, write_artifact
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)
from riskkit.serving import FieldPolicy, Scorer, learn_policies, load_scorer


@pytest.fixture
def record(scorer):
    return dict.fromkeys(scorer.features) | {"income": 40.0, "purpose": "car"}


RANGE = FieldPolicy(low=-50.0, high=60.0)


@pytest.mark.parametrize(
    ("value", "flagged"),
    [
        (-50.0, False), (60, False), (Decimal("59.9"), False), (None, False),
        (math.nan, False), (True, False), (np.float64(60.0), False),
        (math.nextafter(60.0, 99), True), (math.nextafter(-50.0, -99), True),
        (math.inf, True), (-math.inf, True), (61, True),
        (999, False), (-1, False),  # special codes stand for reasons
    ],
)  # fmt: skip
def test_a_number_out_of_range(scorer, record, value, flagged):
    """A flag changes nothing but the warnings; refusing raises; ignoring is silent."""
    record["income"] = value
    plain = scorer.score(record)
    result = scorer.with_policies({"income": RANGE}).score(record)
    assert replace(result, warnings=()) == plain
    assert result.warnings == (("'income' is out of range",) if flagged else ())
    assert ("warnings" in result.to_dict()) == flagged
    strict = scorer.with_policies({"income": replace(RANGE, out_of_range="refuse")})
    if flagged:
        with pytest.raises(
            InvalidInputError, match="'income' is out of range"
        ) as error:
            strict.score(record)
        assert "61" not in str(error.value)
    else:
        assert strict.score(record) == plain
    silent = scorer.with_policies({"income": replace(RANGE, out_of_range="ignore")})
    assert silent.score(record) == plain


@pytest.mark.parametrize(
    ("value", "flagged"),
    [
        ("car", False),
        ("boat", True),
        (None, False),
        ("", True),
        (3.0, False),
        (3, False),
    ],
)
def test_an_unseen_level(scorer, record, value, flagged):
    policy = FieldPolicy(levels=("car", "3"))
    record["purpose"] = value
    result = scorer.with_policies({"purpose": policy}).score(record)
    assert bool(result.warnings) == flagged
    assert "boat" not in str(result.warnings)
    if flagged:
        strict = scorer.with_policies({"purpose": replace(policy, unseen="refuse")})
        with pytest.raises(InvalidInputError, match="training never saw"):
            strict.score(record)
    loose = scorer.with_policies({"purpose": replace(policy, unseen="ignore")})
    assert loose.score(record).warnings == ()


@pytest.mark.parametrize("name", ["income", "purpose"])
def test_an_absent_field(scorer, record, name):
    del record[name]
    flags = scorer.with_policies({name: FieldPolicy(absent="flag")})
    result = flags.score(record)
    assert result.warnings == (f"{name!r} is absent",)
    assert replace(result, warnings=()) == scorer.score(record | {name: None})
    assert name not in record
    with pytest.raises(InvalidInputError, match="1 are absent"):
        scorer.with_policies({name: FieldPolicy()}).score(record)


@pytest.mark.parametrize(
    ("name", "value"),
    [("income", "secret"), ("income", 10**400), ("income", []), ("purpose", b"secret")],
)
def test_a_wrong_type(scorer, record, name, value):
    flags = scorer.with_policies({name: FieldPolicy(wrong_type="flag")})
    result = flags.score(record | {name: value})
    assert result.warnings == (f"{name!r} is of a wrong type",)
    assert replace(result, warnings=()) == scorer.score(record | {name: None})
    with pytest.raises((InvalidTypeError, InvalidInputError)) as error:
        scorer.with_policies({name: FieldPolicy()}).score(record | {name: value})
    assert "secret" not in str(error.value)


def test_several_at_once_and_what_is_no_record(scorer, record):
    policies = {"income": RANGE, "purpose": FieldPolicy(absent="flag", levels=())}
    guarded = scorer.with_policies(policies)
    del record["purpose"]
    assert guarded.score(record | {"income": 70.0}, n_reasons=1).warnings == (
        "'income' is out of range",
        "'purpose' is absent",
    )
    assert guarded.model_id == scorer.model_id
    with pytest.raises(InvalidTypeError, match="must be a mapping"):
        guarded.score([])


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, dict])
def test_policies_are_learned_from_the_training_table(make):
    X = make({
        "age": [20.0, 61.5, math.nan, math.inf], "n": [3, 1, 2, 1],
        "region": ["b", "a", None, "a"], "empty": [math.nan] * 4,
    })  # fmt: skip
    kinds = {"age": "numeric", "n": "numeric", "region": "categorical",
             "empty": "numeric"}  # fmt: skip
    found = learn_policies(X, kinds=kinds, unseen="refuse")
    assert (found["age"].low, found["age"].high) == (20.0, 61.5)
    assert (found["n"].low, found["n"].high) == (1.0, 3.0)
    assert found["region"].levels == ("a", "b")
    assert (found["empty"].low, found["empty"].high) == (None, None)
    assert {policy.unseen for policy in found.values()} == {"refuse"}
    with pytest.raises(InvalidInputError, match="'absent'"):
        learn_policies(X, kinds={"absent": "numeric"})


def test_policies_travel_in_the_notes(card, record, tmp_path):
    policy = FieldPolicy(low=0.0, high=10.0, out_of_range="refuse")
    notes = {"policies": {"income": policy.to_dict()}}
    path = tmp_path / "card.rk"
    write_artifact(path, manifest=Manifest("scorecard", notes=notes), model=card)
    guarded = load_scorer(path).with_policies()
    with pytest.raises(InvalidInputError, match="which its policy refuses"):
        guarded.score(record)
    assert guarded.score(record | {"income": 5.0}).warnings == ()
    bare = Scorer(Artifact(Manifest("scorecard"), card)).with_policies()
    assert bare.score(record).warnings == ()
    wrong = Scorer(Artifact(Manifest("scorecard", notes={"policies": []}), card))
    with pytest.raises(InvalidParameterError, match="note 'policies'"):
        wrong.with_policies()


def test_plain_data_read_back():
    policy = FieldPolicy(1.0, 2.0, ("a",), "flag", "flag", "ignore", "refuse")
    assert FieldPolicy.from_dict(policy.to_dict()) == policy
    assert FieldPolicy.from_dict({}) == FieldPolicy()


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        ({"absent": "ignore"}, "absent must be one of"),
        ({"unseen": "warn"}, "unseen must be one of"),
        ({"low": math.inf}, "low must be"),
        ({"low": 2.0, "high": 1.0}, "low must not be above high"),
        ({"levels": [1]}, "levels must be a tuple of texts"),
        ({"lows": 1.0}, "Did you mean 'low'"),
        ([], "must be a mapping; got list"),
    ],
)
def test_policies_that_are_none(plain, message):
    with pytest.raises(InvalidParameterError, match=message):
        FieldPolicy.from_dict(plain)


def test_policies_of_nothing(scorer):
    with pytest.raises(InvalidParameterError, match="Did you mean 'income'"):
        scorer.with_policies({"incom": RANGE})
    with pytest.raises(InvalidTypeError, match="must be a FieldPolicy; got dict"):
        scorer.with_policies({"income": {}})
