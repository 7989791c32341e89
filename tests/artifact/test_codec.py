from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskkit.artifact import (
    BaselineSpec,
    CharacteristicSpec,
    CountsSpec,
    FeatureSpec,
    Manifest,
    ScalingSpec,
    ScorecardSpec,
    SpecialGroup,
)
from riskkit.artifact._canonical import canonical_json, parse_json
from riskkit.artifact._codec import (
    decode_baseline,
    decode_manifest,
    decode_scorecard,
    encode_baseline,
    encode_manifest,
    encode_scorecard,
)
from riskkit.exceptions import ArtifactError

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
NUMBER = st.floats(-1e100, 1e100)
TERM = st.floats(-1e10, 1e10)  # four of them stay below what a sum may reach


@st.composite
def features(draw, name):
    special = st.lists(st.integers(0, 3), max_size=2)
    sizes = [1 + n for n in draw(special)]
    if draw(st.booleans()):
        edges = tuple(sorted(draw(st.sets(NUMBER, max_size=5))))
        codes = draw(st.sets(NUMBER, min_size=sum(sizes), max_size=sum(sizes)))
        return FeatureSpec(name, "numeric", edges, special=groups(draw, sizes, codes))
    n = draw(st.integers(0, 4))
    words = draw(
        st.sets(TEXT, min_size=2 * n + sum(sizes), max_size=2 * n + sum(sizes))
    )
    words = sorted(words)
    levels = tuple((words.pop(), words.pop()) for _ in range(n))
    refuse = draw(st.booleans())
    return FeatureSpec(
        name, "categorical", (), levels, groups(draw, sizes, words), refuse
    )


def groups(draw, sizes, codes):
    codes = list(codes)
    return tuple(
        SpecialGroup(draw(TEXT), tuple(codes.pop() for _ in range(n))) for n in sizes
    )


@st.composite
def scorecards(draw):
    names = draw(st.lists(TEXT.filter(bool), unique=True, max_size=4))
    characteristics = []
    for name in names:
        feature = draw(features(name))
        column = st.tuples(*[TERM] * feature.n_bins)
        woe, log_odds, points = draw(column), draw(column), draw(column)
        characteristics.append(
            CharacteristicSpec(feature, draw(TERM), woe, log_odds, points, draw(TEXT))
        )
    positive = st.floats(1e-3, 1e9)
    scaling = ScalingSpec(
        draw(positive),
        draw(TERM),
        draw(positive),
        draw(st.sampled_from(["integer", "none"])),
    )
    return ScorecardSpec(tuple(characteristics), draw(TERM), draw(TERM), scaling)


def through_text(document):
    return parse_json(canonical_json(document), "member")


@settings(deadline=None)
@given(scorecards())
def test_scorecard_round_trip(spec):
    back = decode_scorecard(through_text(encode_scorecard(spec)))
    assert back == spec
    # Equality overlooks the sign of zero; the text does not.
    assert repr(back) == repr(spec)


@settings(deadline=None)
@given(st.data(), scorecards())
def test_baseline_round_trip(data, spec):
    def counts(n):
        total = data.draw(st.tuples(*[st.floats(0, 1e9)] * n))
        share = data.draw(st.tuples(*[st.floats(0, 1)] * n))
        return CountsSpec(
            total, tuple(t * s for t, s in zip(total, share, strict=True))
        )

    edges = tuple(sorted(data.draw(st.sets(NUMBER, max_size=9))))
    baseline = BaselineSpec(
        {c.feature.name: counts(c.feature.n_bins) for c in spec.characteristics},
        edges,
        counts(len(edges) + 1),
    )
    back = decode_baseline(through_text(encode_baseline(baseline)), spec)
    assert back == baseline
    assert list(back.features) == list(baseline.features)


@given(
    st.builds(
        Manifest,
        model=TEXT,
        riskkit_version=TEXT,
        libraries=st.dictionaries(TEXT, TEXT),
        n_rows=st.floats(1e6, 1e9),
        n_events=st.floats(0, 1e6),
        target=st.none() | TEXT,
        classes=st.tuples(TEXT, TEXT),
        window=st.none() | st.tuples(TEXT, TEXT),
        left_out=st.dictionaries(TEXT, TEXT),
        notes=st.dictionaries(
            TEXT, st.none() | st.booleans() | NUMBER | TEXT | st.lists(TEXT)
        ),
        members=st.dictionaries(TEXT, st.just("0f" * 32)),
    )
)
def test_manifest_round_trip(manifest):
    assert decode_manifest(through_text(encode_manifest(manifest))) == manifest


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


DELETE = object()
C = "characteristics"
BROKEN_MODELS = {
    "not an object": (
        lambda d: d.clear(),
        "model.json: expected an object of intercept",
    ),
    "unknown key": (
        at("intercpt", 1.0),
        "unknown 'intercpt'.*Did you mean 'intercept'",
    ),
    "missing key": (at("offset_points", DELETE), "no 'offset_points'"),
    "text for a number": (
        at("intercept", "1"),
        "intercept: expected a finite number; got text",
    ),
    "bool for a number": (at("intercept", True), "intercept: .*got true or false"),
    "null for a number": (
        at(C, 0, "coefficient", None),
        r"\[0\].coefficient.*got null",
    ),
    "infinity": (at("offset_points", float("inf")), "offset_points.*beyond range"),
    "nan points": (at(C, 0, "bins", 2, "points", float("nan")), r"bins\[2\].points"),
    "huge integer": (at("intercept", 2**60), "beyond range"),
    "nan woe": (at(C, 1, "bins", 0, "woe", float("nan")), r"\[1\].bins\[0\].woe"),
    "list for an object": (
        at("scaling", []),
        "scaling: expected an object; got a list",
    ),
    "pdo zero": (at("scaling", "pdo", 0.0), "scaling.pdo.*above 0"),
    "negative odds": (at("scaling", "base_odds", -1.0), "base_odds.*above 0"),
    "rounding": (at("scaling", "rounding", "up"), "rounding.*got 'up'"),
    "characteristics": (at(C, {}), "characteristics: expected a list; got an object"),
    "kind": (at(C, 0, "kind", "ordinal"), r"\[0\].kind"),
    "closed left": (at(C, 0, "closed", "left"), r"\[0\].closed"),
    "closed category": (at(C, 1, "closed", "right"), r"\[1\].closed"),
    "unseen": (at(C, 1, "unseen", "neutral"), r"\[1\].unseen"),
    "name a number": (at(C, 0, "name", 3), r"\[0\].name: expected text; got a number"),
    "name empty": (at(C, 0, "name", ""), r"\[0\].name"),
    "name long": (at(C, 0, "name", "x" * 5000), r"name: .*5000 characters"),
    "name surrogate": (at(C, 0, "name", "\ud800"), "surrogate"),
    "name twice": (at(C, 0, "name", "purpose"), "distinct feature names"),
    "no bins": (at(C, 0, "bins", []), r"bins: expected a list of 2"),
    "no interval": (
        lambda d: d[C][0]["bins"].__delitem__(slice(0, 3)),
        "at least one interval",
    ),
    "bin not object": (at(C, 0, "bins", 0, 5), r"bins\[0\]: expected an object"),
    "bin without points": (
        at(C, 0, "bins", 1, "points", DELETE),
        r"bins\[1\].*no 'points'",
    ),
    "bin extra key": (at(C, 0, "bins", 1, "n", 5), r"bins\[1\].*unknown 'n'"),
    "edges fall": (
        lambda d: [
            at(C, 0, "bins", 1, "upper", 5.0)(d),
            at(C, 0, "bins", 2, "lower", 5.0)(d),
        ],
        "strictly increasing",
    ),
    "edges equal": (
        lambda d: [
            at(C, 0, "bins", 1, "upper", 1000.0)(d),
            at(C, 0, "bins", 2, "lower", 1000.0)(d),
        ],
        "strictly increasing",
    ),
    "gap": (at(C, 0, "bins", 1, "lower", 1001.0), r"bins\[1\].lower"),
    "edge null": (at(C, 0, "bins", 0, "upper", None), r"bins\[0\].upper"),
    "first border": (at(C, 0, "bins", 0, "lower", -5.0), r"bins\[0\].lower"),
    "last border": (at(C, 0, "bins", 2, "upper", 9e9), r"bins\[2\].upper"),
    "border true": (
        lambda d: [
            at(C, 0, "bins", 0, "upper", 1.0)(d),
            at(C, 0, "bins", 1, "lower", True)(d),
        ],
        r"bins\[1\].lower",
    ),
    "missing false": (at(C, 0, "bins", -2, "missing", False), "missing: expected true"),
    "missing and unseen swapped": (
        lambda d: d[C][0]["bins"].insert(-1, d[C][0]["bins"].pop()),
        "no 'missing'",
    ),
    "special after missing": (
        lambda d: d[C][0]["bins"].append(d[C][0]["bins"].pop(3)),
        "unknown",
    ),
    "special before regular": (
        lambda d: d[C][0]["bins"].insert(0, d[C][0]["bins"].pop(3)),
        "at least one interval",
    ),
    "levels in numeric": (
        lambda d: d[C][0]["bins"].__setitem__(0, d[C][1]["bins"][0]),
        "unknown 'levels'",
    ),
    "level twice": (at(C, 1, "bins", 0, "levels", ["car", "car"]), "distinct levels"),
    "level in two bins": (
        at(C, 1, "bins", 0, "levels", ["", "car"]),
        "distinct levels",
    ),
    "level also a code": (at(C, 1, "bins", 2, "codes", ["car"]), "distinct levels"),
    "level a number": (
        at(C, 1, "bins", 0, "levels", [1]),
        r"levels\[0\]: expected text",
    ),
    "no level": (at(C, 1, "bins", 0, "levels", []), "levels: expected a list of 1"),
    "code text": (
        at(C, 0, "bins", 3, "codes", ["-1"]),
        r"codes\[0\]: expected a finite",
    ),
    "code bool": (at(C, 0, "bins", 3, "codes", [True]), r"codes\[0\]"),
    "code twice": (at(C, 0, "bins", 3, "codes", [-2.0]), "distinct levels and codes"),
    "no code": (at(C, 0, "bins", 3, "codes", []), "codes: expected a list of 1"),
    "sum overflows": (
        lambda d: [
            at("intercept", 1.7e308)(d),
            at(C, 0, "bins", 0, "log_odds", 1e308)(d),
        ],
        "a sum of at most",
    ),
}


@pytest.mark.parametrize("name", BROKEN_MODELS)
def test_broken_scorecards_are_refused(card, name):
    change, reason = BROKEN_MODELS[name]
    document = encode_scorecard(card)
    change(document)
    with pytest.raises(ArtifactError, match=reason):
        decode_scorecard(document)


BROKEN_MANIFESTS = {
    "format": (at("format", "other"), "format"),
    "rows text": (at("n_rows", "63"), "n_rows"),
    "rows negative": (at("n_rows", -1.0), "between 0 and n_rows"),
    "more events than rows": (at("n_events", 64.0), "between 0 and n_rows"),
    "classes": (at("classes", ["a"]), "classes: expected a list of 2"),
    "classes numbers": (at("classes", [0, 1]), r"classes\[0\]"),
    "window": (at("window", "2003"), "window"),
    "window long": (at("window", ["a", "b", "c"]), "window"),
    "libraries": (at("libraries", ["numpy"]), "libraries: expected an object"),
    "library version": (at("libraries", "numpy", 2), r"libraries\['numpy'\]"),
    "left out": (at("left_out", "age", None), r"left_out\['age'\]"),
    "notes": (at("notes", []), "notes: expected an object"),
    "hash short": (at("members", {"model.json": "ab"}), "SHA-256"),
    "hash upper case": (at("members", {"model.json": "AB" * 32}), "SHA-256"),
    "target": (at("target", 1), "target: expected text"),
    "unknown key": (at("created", "2024"), "unknown 'created'"),
    "missing key": (at("window", DELETE), "no 'window'"),
}


@pytest.mark.parametrize("name", BROKEN_MANIFESTS)
def test_broken_manifests_are_refused(manifest, name):
    change, reason = BROKEN_MANIFESTS[name]
    document = copy.deepcopy(encode_manifest(manifest))
    change(document)
    with pytest.raises(ArtifactError, match=reason):
        decode_manifest(document)


BROKEN_BASELINES = {
    "other features": (at("features", 0, "name", "other"), "features of model.json"),
    "feature twice": (at("features", 0, "name", "purpose"), "distinct"),
    "feature absent": (at("features", 0, DELETE), "features of model.json"),
    "length": (at("features", 1, "n_event", [0.0]), "as many entries as n"),
    "bins": (
        lambda d: [at("features", 1, k, [1.0])(d) for k in ("n", "n_event")],
        "5 entries, one a bin",
    ),
    "more events": (at("points", "n_event", [99.0, 0.0, 0.0]), "points.n_event"),
    "negative": (at("points", "n_event", [-1.0, 0.0, 0.0]), "points.n_event"),
    "edges": (at("points_edges", [2.0, 1.0]), "points_edges: .*increasing"),
    "bands": (at("points_edges", [1.0]), "2 entries"),
}


@pytest.mark.parametrize("name", BROKEN_BASELINES)
def test_broken_baselines_are_refused(card, baseline, name):
    change, reason = BROKEN_BASELINES[name]
    document = encode_baseline(baseline)
    change(document)
    with pytest.raises(ArtifactError, match=reason):
        decode_baseline(document, card)


def test_a_spec_with_too_few_entries_is_not_written(card):
    short = replace(card.characteristics[0], points=(1.0,))
    with pytest.raises(ArtifactError, match="'income' must have one points for each"):
        encode_scorecard(replace(card, characteristics=(short,)))
