"""Artifacts of every protocol ever released load and score as they did then."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from riskkit.artifact import PROTOCOL, open_artifact, read_artifact
from riskkit.artifact._migrate import STEPS, check_protocol, migrate
from riskkit.exceptions import ArtifactError
from riskkit.serving import load_scorer

STORED = Path(__file__).parents[1] / "data"


# From protocol 4 on there is one of each kind of model: see below.
@pytest.mark.parametrize("protocol", range(1, 4))
def test_stored_artifact_scores_as_it_did(protocol):
    path = STORED / f"artifact_protocol{protocol}.rk"
    scorer = load_scorer(path)
    stored = json.loads(path.with_suffix(".json").read_text("utf-8"))
    assert stored["model_id"] == scorer.model_id
    for case in stored["cases"]:
        result = scorer.score(case["record"])
        reasons = [[r.feature, r.text] for r in result.reasons]
        lost = [r.points_lost for r in result.reasons]
        if protocol < 3:  # scorecards add what is stored; blends take logarithms too
            assert result.log_odds == case["log_odds"]
        assert result.log_odds == pytest.approx(case["log_odds"], rel=1e-12)
        assert result.points == case["points"]
        # The logarithm and the exponential are the C library's.
        assert result.pd == pytest.approx(
            case["pd"], rel=1e-15 if protocol == 1 else 1e-12
        )
        assert reasons == [reason[:2] for reason in case["reasons"]]
        expected = [reason[2] for reason in case["reasons"]]
        assert lost == (expected if protocol < 3 else pytest.approx(expected, rel=1e-9))
        assert (result.grade, result.grade_pd) == (
            case.get("grade"),
            case.get("grade_pd"),
        )
        if "interval" in case:
            assert result.interval == pytest.approx(case["interval"], rel=1e-12)
    assert (read_artifact(path).baseline is None) == (protocol == 3)  # a blend
    assert read_artifact(path).manifest.target == "default"


def test_a_pd_map_is_no_part_of_the_first_protocol():
    path = STORED / "artifact_protocol1.rk"
    assert read_artifact(path).pd_map is None
    first, second = (
        {name: archive.read(name) for name in archive.namelist()}
        for archive in map(ZipFile, sorted(STORED.glob("*[12].rk")))
    )
    documents = {name: json.loads(raw) for name, raw in first.items()}
    documents["pd_map.json"] = json.loads(second["pd_map.json"])
    with pytest.raises(ArtifactError, match=r"protocol 1 holds no pd_map\.json"):
        migrate(documents, 1)


def test_trees_are_no_part_of_the_second_protocol():
    with pytest.raises(ArtifactError, match=r"protocol 2 holds no trees\.bin"):
        migrate({"manifest.json": {}, "model.json": {}, "trees.bin": b""}, 2)


def test_every_older_protocol_has_a_step():
    assert set(STEPS) == set(range(1, PROTOCOL))


def test_steps_run_in_order(monkeypatch):
    def step(name):
        def run(documents):
            return documents | {"model.json": [*documents["model.json"], name]}

        return run

    monkeypatch.setattr("riskkit.artifact._migrate.PROTOCOL", 3)
    monkeypatch.setattr(
        "riskkit.artifact._migrate.STEPS", {1: step("one"), 2: step("two")}
    )
    documents = {"manifest.json": {"protocol": 1}, "model.json": []}
    moved = migrate(documents, 1)
    assert moved == {"manifest.json": {"protocol": 3}, "model.json": ["one", "two"]}
    assert migrate(moved, 3) is moved


def test_a_newer_protocol_says_which_version_reads_it():
    newer = {"format": "riskkit artifact", "protocol": 9, "riskkit_version": "3.1.0"}
    with pytest.raises(ArtifactError, match=r"protocol 9; .*riskkit >= 3\.1\.0 to"):
        check_protocol(newer)
    with pytest.raises(ArtifactError, match="riskkit of a later version"):
        check_protocol(newer | {"riskkit_version": "<script>"})


SAVED = sorted(
    path.stem
    for kind in ("scorecard", "blend", "strategy", "detector", "fraud")
    for path in STORED.glob(f"{kind}_protocol*.rk")
)


def test_every_kind_is_stored_of_each_protocol_since_the_fourth():
    kinds = ("blend", "detector", "fraud", "scorecard", "strategy")
    expected = [f"{k}_protocol{p}" for k in kinds for p in range(4, PROTOCOL + 1)]
    assert expected == SAVED


# What strategy_protocol4 decides is tested with the strategies.
@pytest.mark.parametrize("name", [n for n in SAVED if n != "strategy_protocol4"])
def test_stored_artifact_of_a_kind_answers_as_it_did(name):
    stored = json.loads((STORED / f"{name}.json").read_text("utf-8"))
    scorer = load_scorer(STORED / f"{name}.rk")
    assert scorer.model_id == stored["model_id"]
    for case in stored["cases"]:
        answer = scorer.score(case["record"]).to_dict()
        expected = case["result"]
        assert answer.keys() == expected.keys()
        for key, value in expected.items():
            if isinstance(value, float) or key == "members":
                value = pytest.approx(value, rel=1e-9, abs=1e-12)
            elif key == "reasons":
                continue
            assert answer[key] == value, key


@pytest.mark.parametrize("name", SAVED)
def test_golden_rows_came_with_the_fifth_protocol(name):
    opened = open_artifact(STORED / f"{name}.rk")
    assert bool(opened.golden) == name.endswith("5")
    assert opened.artifact.manifest.protocol == PROTOCOL
    assert opened.signature is None


@pytest.mark.parametrize("member", ["golden.json", "signature.json"])
def test_golden_rows_and_signatures_are_no_part_of_the_fourth(member):
    with pytest.raises(ArtifactError, match=f"protocol 4 holds no {member}"):
        migrate({"manifest.json": {}, "model.json": {}, member: {}}, 4)
