"""PD maps as plain data: applied by hand, written, read, and refused."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from riskkit.artifact import (
    Artifact,
    IntervalMapSpec,
    LogOddsMapSpec,
    MasterScaleSpec,
    PDMapSpec,
    ScalingSpec,
    ScorecardSpec,
    SegmentedMapSpec,
    SegmentMap,
    StepMapSpec,
    apply_pd_map,
    read_artifact,
    write_artifact,
)
from riskkit.artifact._canonical import canonical_json, parse_json
from riskkit.artifact._pd_map_codec import decode_pd_map, encode_pd_map
from riskkit.exceptions import ArtifactError, InvalidInputError, InvalidTypeError

EMPTY_CARD = ScorecardSpec((), -3.0, 600.0, ScalingSpec(20.0, 600.0, 50.0))
HALF_ODDS = LogOddsMapSpec(1.0, 1.0, math.log(0.5))

# Applying -----------------------------------------------------------------------------


def test_steps_follow_each_other():
    # 0.5 has odds 1, halved twice: 1/4, a PD of 1/5.
    pds, interval = apply_pd_map([HALF_ODDS, HALF_ODDS], np.array([0.5, 0.2]))
    assert_allclose(pds, [1 / 5, 1 / 17], rtol=1e-14)
    assert interval is None
    x = np.array([0.3, 0.4])
    assert apply_pd_map([], x)[0] is x


def test_tables_are_read_as_they_say():
    steps = StepMapSpec((0.1, 0.2), (0.01, 0.15, 0.5), "step")
    line = StepMapSpec((0.1, 0.3), (0.2, 0.6), "linear")
    x = np.array([0.0, 0.1, 0.15, 0.2, 0.25, 1.0])
    assert_array_equal(apply_pd_map([steps], x)[0], [0.01, 0.01, 0.15, 0.15, 0.5, 0.5])
    assert_allclose(apply_pd_map([line], x)[0], [0.2, 0.2, 0.3, 0.4, 0.5, 0.6])


def test_ends_go_through_the_steps_after_them():
    interval = IntervalMapSpec((0.2,), (0.0, 0.25), (0.4,), (0.5, 1.0))
    x = np.array([0.1, 0.2, 0.4, 0.5])
    low, high = np.array([0.0, 0.25, 0.25, 0.25]), np.array([0.5, 0.5, 0.5, 1.0])
    pds, ends = apply_pd_map([interval], x)
    assert_array_equal(ends, np.column_stack([low, high]))
    assert_allclose(pds, high / (1 - low + high))
    halved, moved = apply_pd_map([interval, HALF_ODDS], x)
    assert_allclose(halved, pds / (2 - pds))
    assert_allclose(moved, ends / (2 - ends), atol=1e-15)
    # Another interval takes the place of the first.
    again = apply_pd_map([interval, interval], x)[1]
    assert_array_equal(again, apply_pd_map([interval], pds)[1])


LEVELS = ["branch", "online", None, "kiosk", "rare"]


@pytest.mark.parametrize(
    "column",
    [
        LEVELS,
        np.array(LEVELS, dtype=object),
        pd.Series(LEVELS, dtype="category"),
        pl.Series(LEVELS),
    ],
    ids=lambda column: type(column).__module__,
)
def test_segments_lean_on_the_pooled_map(column):
    double = LogOddsMapSpec(1.0, 1.0, math.log(2))
    segments = (
        SegmentMap("branch", 100.0, 10.0, 0.25, HALF_ODDS),
        SegmentMap("online", 100.0, 10.0, 1.0, HALF_ODDS),
        SegmentMap("rare", 3.0, 0.0, 0.0, None),
    )
    step = SegmentedMapSpec("channel", segments, double)
    pds, _ = apply_pd_map([step], np.full(5, 0.5), {"channel": column})
    pooled, own = 2 / 3, 1 / 3
    expected = [0.25 * own + 0.75 * pooled, own, pooled, pooled, pooled]
    assert_allclose(pds, expected, rtol=1e-14)


def test_a_column_that_is_absent_or_odd():
    step = SegmentedMapSpec("channel", (), HALF_ODDS)
    with pytest.raises(InvalidInputError, match="need the column 'channel'"):
        apply_pd_map([step], np.array([0.5]))
    with pytest.raises(InvalidTypeError, match="Column 'channel'"):
        apply_pd_map([step], np.array([0.5]), {"channel": [{}]})


def test_properties(pd_map):
    assert pd_map.scale == "log_odds"
    assert pd_map.columns == ("channel",)
    assert pd_map.has_interval
    assert PDMapSpec().scale == "pd"
    assert PDMapSpec((HALF_ODDS,)).columns == ()
    assert not PDMapSpec((HALF_ODDS,)).has_interval


# Writing and reading ------------------------------------------------------------------


def test_round_trip_through_a_file(tmp_path, manifest, card, pd_map):
    path = tmp_path / "card.rk"
    written = write_artifact(path, manifest=manifest, model=card, pd_map=pd_map)
    artifact = read_artifact(path)
    assert artifact.pd_map == pd_map
    assert artifact.manifest == written
    assert set(written.members) == {"golden.json", "model.json", "pd_map.json"}
    assert artifact.fields == {
        "income": "numeric",
        "purpose": "categorical",
        "channel": "categorical",
    }
    assert Artifact(manifest, card).fields == {
        "income": "numeric",
        "purpose": "categorical",
    }


def test_a_segment_column_that_is_a_feature_keeps_its_kind(manifest, card):
    step = SegmentedMapSpec("income", (), HALF_ODDS)
    artifact = Artifact(manifest, card, pd_map=PDMapSpec((step,)))
    assert artifact.fields == {"income": "numeric", "purpose": "categorical"}


def test_another_calibration_is_another_model(tmp_path, manifest, pd_map):
    def saved(name, **parts):
        path = tmp_path / f"{name}.rk"
        return write_artifact(path, manifest=manifest, model=EMPTY_CARD, **parts)

    plain, rated = saved("plain"), saved("rated", pd_map=pd_map)
    other = saved("other", pd_map=replace(pd_map, grades=None))
    assert plain.model_id == plain.members["model.json"][:12]
    assert plain.members["model.json"] == rated.members["model.json"]
    assert len({m.model_id for m in (plain, rated, other)}) == 3
    assert all(len(m.model_id) == 12 for m in (rated, other))
    assert saved("again", pd_map=pd_map).model_id == rated.model_id


def test_a_file_shows_one_step_point_and_grade_a_line(pd_map):
    text = canonical_json(encode_pd_map(pd_map)).decode()
    for line in (
        '{"upper": -3.0, "pd": 0.02},',
        '{"at": 0.25, "pd": 0.125},',
        '{"lower": null, "pd": 0.0},',
        '{"kind": "log_odds", "scale": "pd", "a": 1.0, "b": 1.0, "c": -0.5}',
        '{"grade": "C-", "lower": 0.1, "upper": 1.0, "pd": 0.3}',
    ):
        assert line in [row.strip() for row in text.splitlines()]
    assert decode_pd_map(parse_json(text.encode(), "pd_map.json")) == pd_map


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (
            PDMapSpec((StepMapSpec((0.1,), (0.1,), "step"),)),
            "one knot for each of its 1 PDs.*it has 2",
        ),
        (
            PDMapSpec((StepMapSpec((0.1,), (0.1, 0.2), "linear"),)),
            "one knot for each of its 2 PDs",
        ),
        (
            PDMapSpec((IntervalMapSpec((0.1,), (0.0,), (), (1.0,)),)),
            "one knot for each of its 1 PDs",
        ),
        (
            PDMapSpec(grades=MasterScaleSpec((0.0, 1.0), (0.1, 0.2), ("A",))),
            "of 1 grades.*2 PDs and 2 edges",
        ),
        (PDMapSpec((LogOddsMapSpec(1.0, 1.0, math.nan),)), "c: expected a finite"),
        (PDMapSpec(), "a step, or else grades"),
    ],
)
def test_what_is_not_sound_is_not_written(tmp_path, manifest, spec, reason):
    path = tmp_path / "card.rk"
    with pytest.raises(ArtifactError, match=reason):
        write_artifact(path, manifest=manifest, model=EMPTY_CARD, pd_map=spec)
    assert not path.exists()


# What hostile or damaged files hold ---------------------------------------------------

STEPS, LINE, INTERVAL, SEGMENTS, LEVEL = range(5)
DELETE = object()


def at(*path):
    """Return a function that sets (or, with DELETE, drops) what stands at a path."""
    *parents, key, value = path

    def change(document):
        for parent in parents:
            document = document[parent]
        if value is DELETE:
            del document[key]
        else:
            document[key] = value

    return change


def both(*changes):
    return lambda document: [change(document) for change in changes]


S = "steps"
BROKEN = {
    "not an object": (lambda d: d.clear(), "pd_map.json: expected an object of steps"),
    "unknown key": (at("offset", 1.0), "unknown 'offset'"),
    "no steps": (at(S, DELETE), "no 'steps'"),
    "steps an object": (at(S, {}), "steps: expected a list; got an object"),
    "nothing at all": (both(at(S, []), at("grades", None)), "a step, or else grades"),
    "too many steps": (lambda d: d[S].extend([d[S][-1]] * 20), "a list of 0 to 16"),
    "step a number": (at(S, LEVEL, 1.0), r"steps\[4\]: expected an object"),
    "unknown kind": (at(S, LEVEL, "kind", "spline"), r"kind: .*got 'spline'"),
    "no kind": (at(S, LEVEL, "kind", DELETE), r"steps\[4\].kind: .*got null"),
    "kind a list": (at(S, LEVEL, "kind", []), r"kind: .*got a list"),
    "scale": (at(S, LEVEL, "scale", "odds"), r"scale: .*got 'odds'"),
    "log-odds after a PD": (at(S, LEVEL, "scale", "log_odds"), r"steps\[4\]: .*before"),
    "slope below 0": (at(S, LEVEL, "a", -1.0), r"\.a: expected a number of at least 0"),
    "other slope below 0": (at(S, LEVEL, "b", -1e-9), r"\.b: expected a number of at"),
    "slope NaN": (at(S, LEVEL, "a", math.nan), r"\.a: expected a finite number"),
    "shift infinite": (at(S, LEVEL, "c", math.inf), r"\.c: .*beyond range"),
    "shift text": (at(S, LEVEL, "c", "0"), r"\.c: expected a finite number; got text"),
    "further number": (at(S, LEVEL, "d", 0.0), "unknown 'd'"),
    "no bins": (at(S, STEPS, "bins", []), "bins: expected a list of 1"),
    "borders fall": (
        both(at(S, STEPS, "bins", 0, "upper", 1.0)),
        r"steps\[0\].bins: expected strictly increasing",
    ),
    "borders equal": (at(S, STEPS, "bins", 0, "upper", 0.5), "strictly increasing"),
    "border null": (at(S, STEPS, "bins", 1, "upper", None), r"bins\[1\].upper: .*null"),
    "border true": (at(S, STEPS, "bins", 1, "upper", True), r"bins\[1\].upper"),
    "border NaN": (at(S, STEPS, "bins", 1, "upper", math.nan), r"bins\[1\].upper"),
    "border beyond all": (at(S, STEPS, "bins", 1, "upper", 1e200), "beyond it"),
    "last border": (at(S, STEPS, "bins", -1, "upper", 9.0), r"bins\[2\].upper: .*null"),
    "PDs fall": (at(S, STEPS, "bins", 0, "pd", 0.03), r"bins\[1\].pd: .*not below"),
    "PD above 1": (at(S, STEPS, "bins", 2, "pd", 1.01), r"bins\[2\].pd: .*0 and 1"),
    "PD below 0": (at(S, STEPS, "bins", 0, "pd", -0.01), r"bins\[0\].pd: .*0 and 1"),
    "PD NaN": (at(S, STEPS, "bins", 1, "pd", math.nan), r"bins\[1\].pd: .*finite"),
    "PD null": (at(S, STEPS, "bins", 1, "pd", None), r"bins\[1\].pd"),
    "bin too long": (at(S, STEPS, "bins", 1, "n", 4), r"bins\[1\]: .*unknown 'n'"),
    "points fall": (at(S, LINE, "points", 0, "at", 0.5), "strictly increasing"),
    "point beyond 1": (at(S, LINE, "points", 2, "at", 1.5), "the scale of the map"),
    "point null": (at(S, LINE, "points", 2, "at", None), r"points\[2\].at"),
    "line falls": (
        at(S, LINE, "points", 1, "pd", 0.95),
        r"points\[2\].pd: .*not below",
    ),
    "no points": (at(S, LINE, "points", []), "points: expected a list of 1"),
    "low falls": (at(S, INTERVAL, "low", 1, "pd", 0.2), r"low\[2\].pd: .*not below"),
    "high falls": (at(S, INTERVAL, "high", 0, "pd", 0.3), r"high\[1\].pd: .*not below"),
    "low above high": (at(S, INTERVAL, "low", 2, "pd", 0.3), "no upper end lies below"),
    "low starts above 0": (at(S, INTERVAL, "low", 0, "pd", 0.01), "0 as the first"),
    "high ends below 1": (at(S, INTERVAL, "high", 2, "pd", 0.9), "1 as the last"),
    "low bordered": (
        at(S, INTERVAL, "low", 0, "lower", 0.01),
        r"low\[0\].lower: .*null",
    ),
    "high bordered": (at(S, INTERVAL, "high", 2, "upper", 0.9), r"high\[2\].upper"),
    "low knots equal": (at(S, INTERVAL, "low", 2, "lower", 0.05), "low: .*increasing"),
    "ends of one length": (at(S, INTERVAL, "high", DELETE), "no 'high'"),
    "column empty": (at(S, SEGMENTS, "column", ""), "column: .*1 to 4000"),
    "column a number": (at(S, SEGMENTS, "column", 3), "column: expected text"),
    "level twice": (at(S, SEGMENTS, "segments", 1, "level", "branch"), "levels"),
    "level a number": (at(S, SEGMENTS, "segments", 0, "level", 1), r"\[0\].level"),
    "segment weight": (
        at(S, SEGMENTS, "segments", 0, "own_weight", 1.5),
        r"segments\[0\].own_weight: .*0 and 1",
    ),
    "weight without a map": (
        at(S, SEGMENTS, "segments", 1, "own_weight", 0.5),
        r"segments\[1\].own_weight: expected 0 without",
    ),
    "map without weight": (
        at(S, SEGMENTS, "segments", 0, "own_weight", 0.0),
        r"segments\[0\].own_weight: expected 0 without",
    ),
    "more events": (at(S, SEGMENTS, "segments", 0, "n_event", 99.0), "0 and n"),
    "negative n": (at(S, SEGMENTS, "segments", 0, "n", -1.0), "0 and n"),
    "own of another scale": (
        at(S, SEGMENTS, "segments", 0, "own", "scale", "log_odds"),
        r"segments\[0\].own: .*the kind and scale of the pooled",
    ),
    "own of another kind": (
        lambda d: at(S, SEGMENTS, "segments", 0, "own", d[S][LINE])(d),
        "the kind and scale of the pooled",
    ),
    "segments in segments": (
        lambda d: at(S, SEGMENTS, "pooled", d[S][SEGMENTS] | {})(d),
        r"pooled.kind: .*got 'segments'",
    ),
    "no grades": (at("grades", []), "grades: expected a list of 1"),
    "grades a number": (at("grades", 4), "grades: expected a list; got a number"),
    "unsorted grades": (
        both(at("grades", 0, "upper", 0.2), at("grades", 1, "lower", 0.2)),
        "grades: expected strictly increasing",
    ),
    "gap between grades": (at("grades", 1, "lower", 0.03), r"grades\[1\].lower"),
    "grades from above 0": (at("grades", 0, "lower", 0.001), "cover all PDs"),
    "grades to below 1": (at("grades", 2, "upper", 0.99), "cover all PDs"),
    "grades beyond 1": (at("grades", 2, "upper", 1.5), "cover all PDs"),
    "grade PD outside": (at("grades", 1, "pd", 0.5), r"grades\[1\].pd: .*within"),
    "grade PD NaN": (at("grades", 1, "pd", math.nan), r"grades\[1\].pd: .*finite"),
    "grade border NaN": (at("grades", 1, "upper", math.nan), r"grades\[1\].upper"),
    "grade twice": (at("grades", 1, "grade", "A"), "distinct grades"),
    "grade empty": (at("grades", 1, "grade", ""), r"grades\[1\].grade"),
    "grade surrogate": (at("grades", 1, "grade", "\ud800"), "surrogate"),
    "grade a number": (
        at("grades", 1, "grade", 2),
        r"grades\[1\].grade: expected text",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_pd_maps_are_refused(pd_map, name):
    change, reason = BROKEN[name]
    document = json.loads(canonical_json(encode_pd_map(pd_map)))
    decode_pd_map(document)
    change(document)
    with pytest.raises(ArtifactError, match=reason):
        decode_pd_map(document)


def test_a_list_is_no_pd_map():
    for document in ([], None, "pd", 3):
        with pytest.raises(ArtifactError, match=r"pd_map\.json: expected an object"):
            decode_pd_map(document)
