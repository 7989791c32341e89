"""Detectors and fraud models on disk: the same bytes, and nothing hostile gets in."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskkit.artifact import (
    PROTOCOL,
    DetectorFieldSpec,
    DetectorMemberSpec,
    DetectorSpec,
    MahalanobisStateSpec,
    Manifest,
    UnitColumnSpec,
    read_artifact,
    read_detector,
    read_model,
    write_artifact,
    write_detector,
)
from riskkit.artifact._migrate import migrate
from riskkit.exceptions import ArtifactError, OutputError
from riskkit.fraud import (
    AnomalyEnsemble,
    CopulaDetector,
    FraudClassifier,
    HistogramDetector,
    IsolationForestDetector,
    SubsampledKNNDetector,
    TrimmedMahalanobisDetector,
)
from riskkit.serving import AnomalyScorer, load_scorer

STORED = Path(__file__).parents[1] / "data" / "fraud_protocol4.rk"


def payments(n=400):
    rng = np.random.default_rng(0)
    y = (rng.random(n) < 0.1).astype(int)
    X = pd.DataFrame(
        {
            "amount": rng.lognormal(3 + y, 1).round(2),
            "country": np.where(rng.random(n) < 0.1 + 0.4 * y, "abroad", "home"),
            "speed": rng.normal(size=n).round(3) + y,
        }
    )
    X.loc[::9, "speed"] = np.nan
    return X, y


def small_ensemble():
    return AnomalyEnsemble(
        [
            ("forest", IsolationForestDetector(4, sample_size=16)),
            ("histogram", HistogramDetector()),
            ("knn", SubsampledKNNDetector(2, n_samples=2, sample_size=8)),
            ("mahalanobis", TrimmedMahalanobisDetector()),
            ("copula", CopulaDetector(16)),
        ]
    )


def small_fraud():
    X, y = payments()
    model = FraudClassifier(small_ensemble(), n_rounds=6, n_folds=2, n_jobs=1)
    return model.fit(X, y)


@pytest.fixture(scope="module")
def spec():
    return small_ensemble().fit(payments()[0]).to_spec()


@pytest.fixture(scope="module")
def fraud():
    return small_fraud().to_spec()


@pytest.fixture(scope="module")
def members(spec, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "model.rk"
    write_detector(path, manifest=Manifest("detector"), model=spec)
    return unpacked(path)


@pytest.fixture(scope="module")
def fraud_members(fraud, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "model.rk"
    write_detector(path, manifest=Manifest("fraud"), model=fraud)
    return unpacked(path)


def unpacked(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path, held):
    """Write members with hashes that fit, so that their content is looked at."""
    manifest = json.loads(held["manifest.json"])
    manifest["members"] = {
        name: hashlib.sha256(raw).hexdigest()
        for name, raw in held.items()
        if name != "manifest.json"
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, raw in held.items():
            if name == "manifest.json":
                raw = json.dumps(manifest).encode()
            archive.writestr(zipfile.ZipInfo(name), raw)
    return path


def changed(held, path, value):
    """Return the members with one value of model.json replaced, deleted if ``...``."""
    model = json.loads(held["model.json"])
    *way, last = path
    node = model
    for key in way:
        node = node[key]
    if value is ...:
        del node[last]
    else:
        node[last] = value
    return held | {"model.json": json.dumps(model).encode()}


def test_it_reads_back_and_the_bytes_are_the_same(spec, fraud, tmp_path):
    for kind, model in (("detector", spec), ("fraud", fraud)):
        one, two = tmp_path / f"{kind}1.rk", tmp_path / f"{kind}2.rk"
        manifest = write_detector(one, manifest=Manifest(kind), model=model)
        assert read_detector(one).model == model
        assert read_model(one).manifest == manifest
        assert manifest.protocol == PROTOCOL
        again = read_detector(one)
        write_detector(two, manifest=again.manifest, model=again.model)
        assert one.read_bytes() == two.read_bytes()
        folder = tmp_path / kind
        write_detector(folder, manifest=Manifest(kind), model=model)
        assert read_detector(folder).model == model
        assert load_scorer(folder).model_id == load_scorer(one).model_id != ""


def test_the_same_fit_gives_the_same_bytes(fraud, tmp_path):
    for name, model in (("a.rk", fraud), ("b.rk", small_fraud().to_spec())):
        write_detector(tmp_path / name, manifest=Manifest("fraud"), model=model)
    assert (tmp_path / "a.rk").read_bytes() == (tmp_path / "b.rk").read_bytes()


def test_equality_sees_every_bit(spec):
    member = spec.members[3]
    state = member.state
    moved = MahalanobisStateSpec(np.nextafter(state.centre, 9.0), state.whiten)
    assert state == MahalanobisStateSpec(state.centre.copy(), state.whiten.copy())
    assert state != moved
    assert state != MahalanobisStateSpec(state.centre[:1], state.whiten)
    assert state != member.scale
    with pytest.raises(TypeError, match="unhashable"):
        hash(state)


def test_schema_notes_and_overwriting(spec, tmp_path):
    path = tmp_path / "model.rk"
    manifest = Manifest("detector", n_rows=400.0, notes={"why": "tests"})
    write_detector(path, manifest=manifest, model=spec, schema={"columns": []})
    found = read_detector(path)
    assert (found.schema, found.manifest.notes) == ({"columns": []}, {"why": "tests"})
    assert found.fields == {
        "amount": "numeric",
        "country": "categorical",
        "speed": "numeric",
    }
    with pytest.raises(OutputError, match="overwrite=True"):
        write_detector(path, manifest=manifest, model=spec)
    write_detector(path, manifest=manifest, model=spec, overwrite=True)
    assert read_detector(path).schema is None


def test_readers_of_other_kinds_say_so(members, tmp_path, card):
    path = packed(tmp_path / "detector.rk", members)
    with pytest.raises(ArtifactError, match="load_scorer"):
        read_artifact(path)
    write_artifact(tmp_path / "card.rk", manifest=Manifest("scorecard"), model=card)
    with pytest.raises(ArtifactError, match="expected one of"):
        read_detector(tmp_path / "card.rk")
    held = unpacked(tmp_path / "card.rk") | {"detector.bin": b""}
    with pytest.raises(ArtifactError, match=r"has no detector\.bin"):
        read_artifact(packed(tmp_path / "more.rk", held))
    for name in ("pd_map.json", "baseline.json", "trees.bin"):
        held = members | {name: b"{}"}
        with pytest.raises(ArtifactError, match="has no"):
            read_detector(packed(tmp_path / "more.rk", held))


def test_detectors_are_no_part_of_the_third_protocol():
    with pytest.raises(ArtifactError, match=r"protocol 3 holds no detector\.bin"):
        migrate({"manifest.json": {}, "model.json": {}, "detector.bin": b""}, 3)


def test_stored_fraud_model_scores_as_it_did():
    stored = json.loads(STORED.with_suffix(".json").read_text("utf-8"))
    scorer = load_scorer(STORED)
    assert isinstance(scorer, AnomalyScorer)
    assert scorer.model_id == stored["model_id"]
    for case in stored["cases"]:
        result = scorer.score(case["record"]).to_dict()
        expected = case["result"]
        assert result.keys() == expected.keys()
        assert result["is_outlier"] == expected["is_outlier"]
        for name in ("fraud_probability", "log_odds", "anomaly_score", "rest"):
            assert result[name] == pytest.approx(expected[name], rel=1e-9, abs=1e-12)
        assert result["members"] == pytest.approx(expected["members"], rel=1e-9)
        names = [reason["field"] for reason in expected["reasons"]]
        assert [reason["field"] for reason in result["reasons"]] == names


HOSTILE = {
    "no members": (("members",), [], "1 to"),
    "same name": (("members", 1, "name"), "forest", "distinct"),
    "long name": (("members", 1, "name"), "x" * 300, "characters"),
    "unknown kind": (("members", 0, "kind"), "pickle", "one of"),
    "kind of another": (("members", 0, "kind"), "copula", "an object of"),
    "kind is a list": (("members", 0, "kind"), [], "one of"),
    "no kind": (("members", 0, "kind"), ..., "one of"),
    "no scale": (("members", 0, "scale"), None, "a scale"),
    "spread 0": (("members", 0, "scale", "spread"), 0.0, "above 0"),
    "spread tiny": (("members", 0, "scale", "spread"), 1e-300, "above 0"),
    "low huge": (("members", 0, "scale", "low"), -1e300, "at most"),
    "units beyond": (("members", 0, "units"), 7, "whole number from"),
    "units negative": (("members", 0, "units"), -1, "whole number from"),
    "units true": (("members", 0, "units"), True, "whole number"),
    "usual 0": (("members", 0, "usual"), 0.0, "path length"),
    "trees 0": (("members", 0, "n_trees"), 0, "whole number from"),
    "trees many": (("members", 0, "n_trees"), 100_000, "fewer"),
    "depth huge": (("members", 0, "depth"), 10**6, "whole number from"),
    "depth deep": (("members", 0, "depth"), 24, "fewer"),
    "points many": (("members", 1, "n_points"), 1 << 24, "others|fewer"),
    "samples huge": (("members", 2, "n_samples"), 1 << 24, "fewer"),
    "k beyond": (("members", 2, "k"), 9, "whole number from"),
    "k 0": (("members", 2, "k"), 0, "whole number from"),
    "quantiles 0": (("members", 4, "n_quantiles"), 0, "whole number from"),
    "quantiles fewer": (("members", 4, "n_quantiles"), 15, "others|further"),
    "combine": (("combine",), "median", "one of"),
    "alone": (("combine",), None, "0 to 1|1 to 1"),
    "threshold text": (("threshold",), "9", "finite number"),
    "threshold huge": (("threshold",), 1e308, "at most"),
    "no fields": (("fields",), [], "at least one|whole number|from"),
    "field twice": (("fields", 2, "name"), "amount", "distinct"),
    "level twice": (("fields", 1, "levels"), ["home", "home"], "distinct"),
    "levels of numbers": (("fields", 0, "levels"), [], "one of"),
    "level too many": (("fields", 1, "levels"), ["a", "b", "c"], "5 to 5"),
    "no rarity": (("units", 0, "columns", 1, "rarity"), None, "a list"),
    "rarity of numbers": (("units", 0, "columns", 0, "rarity"), [1.0], "null"),
    "rarity huge": (("units", 0, "columns", 1, "rarity"), [1e200] * 4, "at most"),
    "column of no field": (("units", 0, "columns", 0, "field"), 3, "whole number"),
    "scale 0": (("units", 0, "columns", 0, "scale"), 0, "above 0"),
    "scale negative": (("units", 0, "columns", 0, "scale"), -1.0, "above 0"),
    "kind of column": (("units", 0, "columns", 0, "kind"), "rarity", "one of"),
    "no units": (("units", 0, "columns"), [], "at least one column|others|fewer"),
    "extra key": (("code",), "import os", "unknown"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_model(members, name, tmp_path):
    path, value, reason = HOSTILE[name]
    file = packed(tmp_path / "model.rk", changed(members, path, value))
    with pytest.raises(ArtifactError, match=reason):
        load_scorer(file)


HOSTILE_FRAUD = {
    "share": (("share",), 1.5, "0 to 1"),
    "line falls": (("line", "a"), -1.0, "at least 0"),
    "line bends": (("line", "b"), 99.0, "a line"),
    "line of pds": (("line", "scale"), "pd", "a line|expected"),
    "columns fewer": (("anomaly_columns",), ["x"], "each member"),
    "columns of fields": (("anomaly_columns", 0), "amount", "distinct"),
    "unseen fewer": (("unseen",), [None], "3 to 3"),
    "unseen of numbers": (("unseen", 0), "x", "null"),
    "unseen missing": (("unseen", 1), None, "text"),
    "no knots": (("learned", "knots"), [], "1 to"),
    "knots fall": (("learned", "knots", 0, "score"), 1e9, "increasing"),
    "slope falls": (("anomaly", "knots", 0, "slope"), -1.0, "rises"),
    "surprise negative": (("anomaly", "knots", 0, "surprise"), -1.0, "rises"),
    "excess 0": (("learned", "excess"), 0.0, "above 0"),
    "log of negative": (("learned", "is_log"), True, "above 0"),
    "log of 1": (("learned", "is_log"), 1, "true or false"),
    "other fields": (("booster", "fields", 0, "name"), "other", "fields|names"),
    "tree weights": (("booster", "members", 0, "weight"), 0.5, "add up to 1"),
    "no detector": (("detector",), {}, "an object of"),
}


@pytest.mark.parametrize("name", HOSTILE_FRAUD)
def test_hostile_fraud_model(fraud_members, name, tmp_path):
    path, value, reason = HOSTILE_FRAUD[name]
    file = packed(tmp_path / "model.rk", changed(fraud_members, path, value))
    with pytest.raises(ArtifactError, match=reason):
        load_scorer(file)


def test_arrays_cut_off_or_longer(members, fraud_members, tmp_path):
    for held in (members, fraud_members):
        raw = held["detector.bin"]
        for end in (0, 1, 7, len(raw) // 2, len(raw) - 8, len(raw) - 1):
            file = packed(tmp_path / "cut.rk", held | {"detector.bin": raw[:end]})
            with pytest.raises(ArtifactError, match=r"detector\.bin"):
                read_detector(file)
        file = packed(tmp_path / "more.rk", held | {"detector.bin": raw + b"\0"})
        with pytest.raises(ArtifactError, match="further bytes"):
            read_detector(file)
        without = {name: part for name, part in held.items() if name != "detector.bin"}
        with pytest.raises(ArtifactError, match=r"detector\.bin"):
            read_detector(packed(tmp_path / "none.rk", without))


def test_damaged_bytes_are_refused_or_harmless(members, tmp_path):
    """One byte changed, hash and all: refused, or every score is still finite."""
    rng = np.random.default_rng(7)
    record = {"amount": 30.0, "country": "home", "speed": None}
    n_refused = 0
    file = tmp_path / "model.rk"
    for _ in range(400):
        raw = bytearray(members["detector.bin"])
        place = int(rng.integers(len(raw)))
        raw[place] ^= 1 << int(rng.integers(8))
        packed(file, members | {"detector.bin": bytes(raw)})
        try:
            scorer = load_scorer(file)
        except ArtifactError:
            n_refused += 1
            continue
        result = scorer.score(record)
        assert np.isfinite([result.anomaly_score, result.rest]).all()
    assert n_refused > 20


def test_a_changed_byte_without_its_hash_is_refused(members, tmp_path):
    raw = bytearray(members["detector.bin"])
    raw[100] ^= 1
    path = tmp_path / "model.rk"
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in members.items():
            own = bytes(raw) if name == "detector.bin" else part
            archive.writestr(zipfile.ZipInfo(name), own)
    with pytest.raises(ArtifactError, match="SHA-256"):
        load_scorer(path)


@pytest.mark.parametrize(
    "state",
    [
        MahalanobisStateSpec(np.array([np.nan]), np.ones((1, 1))),
        MahalanobisStateSpec(np.zeros(1), np.full((1, 1), np.inf)),
        MahalanobisStateSpec(np.zeros(2), np.ones((1, 1))),
    ],
)
def test_what_could_not_be_read_is_not_written(state, tmp_path):
    column = UnitColumnSpec(0, "value", 0.0, 50.0, 10.0, None)
    member = DetectorMemberSpec("detector", 0, None, state)
    fields = (DetectorFieldSpec("amount", None),)
    spec = DetectorSpec(fields, ((column,),), (member,), None, 9.0)
    path = tmp_path / "model.rk"
    with pytest.raises(ArtifactError, match=r"detector\.bin"):
        write_detector(path, manifest=Manifest("detector"), model=spec)
    assert not path.exists()
