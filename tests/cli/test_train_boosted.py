"""Boosted models and blends by the command: trained, looked into, scored."""

import json

import pandas as pd
import pytest

from riskkit.artifact import read_artifact
from riskkit.export import to_sql
from riskkit.serving import load_scorer


@pytest.fixture(scope="module")
def trained_as(trained, tmp_path_factory):
    """Give the folder of a model of a kind, trained once."""
    from typer.testing import CliRunner

    from riskkit.cli._app import app

    done = {}

    def get(kind):
        if kind not in done:
            out = tmp_path_factory.mktemp(kind) / "model"
            words = ["train", trained.table, "--target", "bad", "--special-codes", "-9"]
            words += ["--model", kind, "--date", "opened", "--out", out, "--json"]
            result = CliRunner().invoke(app, [str(word) for word in words])
            assert result.exit_code == 0, result.output
            done[kind] = out, result
        return done[kind]

    return get


@pytest.mark.parametrize("kind", ["lightgbm", "xgboost", "blend"])
def test_a_boosted_model_is_trained_and_scores(
    trained_as, trained, run, tmp_path, kind
):
    out, result = trained_as(kind)
    summary = json.loads(result.stdout)
    assert summary["model"] == kind
    assert {path.name for path in out.iterdir()} == {
        "model.rk",
        "scored.parquet",
        "summary.json",
    }
    assert summary["test"]["auc"] > 0.7
    assert summary["psi"] < 0.2
    assert {"income", "delays"} <= set(summary["characteristics"])
    again = tmp_path / "scores.parquet"
    done = run(
        "score", out / "model.rk", trained.table, "--out", again, "--keep", "bad"
    )
    assert done.exit_code == 0, done.output
    scores = pd.read_parquet(again)
    table = pd.read_parquet(trained.table)
    batch = load_scorer(out / "model.rk").score_batch(table, n_reasons=1)
    assert (scores["pd"].to_numpy() == batch.pd).all()
    assert set(scores["reason_1"].dropna()) <= set(summary["characteristics"])
    stored = pd.read_parquet(out / "scored.parquet")
    assert (stored["pd"].to_numpy() == batch.pd[stored["row"].to_numpy()]).all()


def test_inspect_shows_members_and_fields(trained_as, run):
    out, _ = trained_as("blend")
    shown = run("inspect", out / "model.rk").stdout
    for word in ("lightgbm", "forest", "scorecard", "income", "reference"):
        assert word in shown
    plain = json.loads(run("inspect", out / "model.rk", "--json").stdout)
    weights = [member["weight"] for member in plain["model"]["members"]]
    assert sum(weights) == pytest.approx(1)
    model = read_artifact(out / "model.rk").model
    assert weights == [member.weight for member in model.members]
    assert [field["name"] for field in plain["model"]["fields"]] == list(model.names)


def test_sql_of_trees_has_no_reasons(trained_as, run):
    out, _ = trained_as("lightgbm")
    result = run("export", out / "model.rk")
    assert result.exit_code == 0
    assert result.stdout == to_sql(out / "model.rk")
    result = run("export", out / "model.rk", "--reasons", "4")
    assert result.exit_code == 2
    assert "Shapley values, which SQL cannot give" in " ".join(result.stderr.split())
