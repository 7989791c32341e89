"""A model file with a strategy: what the command shows and writes."""

import json

import pandas as pd
import pytest

from riskkit.artifact import read_artifact, write_artifact
from riskkit.decision import Strategy
from riskkit.serving import load_scorer

STRATEGY = {
    "name": "[bold]house",
    "rules": [
        {
            "name": "[red]watched",
            "when": [
                {"any": [
                    {"field": "watched", "op": "==", "value": "yes"},
                    {"field": "watched", "op": "missing"},
                ]},
            ],
            "decision": "decline",
            "missing": "fire",
        },
    ],
    "bands": [{"from": 500, "decision": "approve"}, {"to": 500, "decision": "refer"}],
    "limits": {"bands": [{"limit": 750, "price": 0.125}]},
}  # fmt: skip


@pytest.fixture
def decided(trained, tmp_path):
    plain = read_artifact(trained.model)
    path = tmp_path / "decided.rk"
    write_artifact(
        path,
        manifest=plain.manifest,
        model=plain.model,
        baseline=plain.baseline,
        strategy=Strategy.from_dict(STRATEGY).spec,
    )
    return path


def test_inspect_shows_what_decides(run, decided):
    result = run("inspect", decided)
    assert result.exit_code == 0, result.output
    text = " ".join(result.stdout.split())
    for part in (
        "[bold]house",
        read_artifact(decided).manifest.strategy_id,
        "[red]watched",
        "(watched == yes or watched missing); a missing value fires",
        "points in [500, inf)",
        "No limit can be granted",
        "limits by points",
        "750",
        "0.125",
    ):
        assert part in text


def test_inspect_as_json(run, decided):
    result = run("inspect", decided, "--json")
    assert result.exit_code == 0, result.output
    shown = json.loads(result.stdout)["strategy"]
    assert shown == Strategy.from_dict(STRATEGY).to_dict()


def test_score_writes_the_decision(run, decided, trained, tmp_path):
    table = pd.read_parquet(trained.table).head(200)
    table["watched"] = ["yes", "no", None, "no", "no"] * 40
    place, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    table.to_parquet(place)
    result = run("score", decided, place, "--out", out)
    assert result.exit_code == 0, result.output
    scored = pd.read_parquet(out)
    batch = load_scorer(decided).score_batch(table)
    assert scored["decision"].tolist() == batch.decision.tolist()
    assert scored["decided_by"].tolist() == batch.decided_by.tolist()
    assert scored["limit"].fillna(0).tolist() == [
        750.0 if word == "approve" else 0.0 for word in batch.decision
    ]
