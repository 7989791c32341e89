"""Detectors and fraud models by the command: what they are, and their scores."""

import json

import numpy as np
import pandas as pd
import pytest

from riskkit.exceptions import NoEvidenceWarning
from riskkit.export import save_artifact
from riskkit.fraud import (
    AnomalyEnsemble,
    CopulaDetector,
    FraudClassifier,
    HistogramDetector,
    IsolationForestDetector,
    SubsampledKNNDetector,
    TrimmedMahalanobisDetector,
)
from riskkit.serving import load_scorer

MEMBERS = [
    ("forest", IsolationForestDetector(20)),
    ("histogram", HistogramDetector()),
    ("knn", SubsampledKNNDetector(n_samples=2, sample_size=32)),
    ("[red]mahalanobis", TrimmedMahalanobisDetector()),
    ("copula", CopulaDetector(64)),
]


def payments(n=600):
    rng = np.random.default_rng(0)
    y = (rng.random(n) < 0.05).astype(int)
    X = pd.DataFrame(
        {
            "amount": rng.lognormal(3 + y, 1),
            "speed": rng.normal(size=n) + y,
            "code": rng.choice(["007", "11", "[b]"], n),
            "always": 1.0,
        }
    )
    X.loc[::9, "speed"] = np.nan
    return X, y


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("models")
    X, y = payments()
    X.assign(payment=np.arange(len(X))).to_csv(place / "payments.csv", index=False)
    ensemble = AnomalyEnsemble(MEMBERS, contamination=0.05).fit(X)
    save_artifact(ensemble, place / "ensemble.rk", notes={"why": "[tests]"})
    save_artifact(HistogramDetector().fit(X), place / "single.rk")
    fraud = FraudClassifier(HistogramDetector(), n_rounds=10, n_folds=2, n_jobs=1)
    save_artifact(fraud.fit(X, y), place / "fraud.rk", target="fraud")
    with pytest.warns(NoEvidenceWarning, match="same values"):
        constant = CopulaDetector().fit(X[["always"]])
    save_artifact(constant, place / "constant")
    return place


def test_inspect_shows_what_it_is(run, folder):
    shown = run("inspect", folder / "ensemble.rk", env={"COLUMNS": "200"})
    assert shown.exit_code == 0, shown.output
    words = " ".join(shown.stdout.split())
    scorer = load_scorer(folder / "ensemble.rk")
    size = (folder / "ensemble.rk").stat().st_size
    for text in (
        f"model detector {scorer.model_id}",
        f"size {size / 1e6:.2f} MB",
        "trained on 600 rows",
        "anomaly score mean of the members",
        "why [tests]",
        "forest isolation forest 20 trees of depth 8",
        "knn neighbours 2 x 32 references, neighbour 5",
        "[red]mahalanobis mahalanobis 4 columns",
        "copula copula 4 columns, 64 quantiles each",
        "code categorical 3",
        "amount numeric",
    ):
        assert text in words
    assert "007" not in words


def test_inspect_shows_a_fraud_model(run, folder):
    words = " ".join(run("inspect", folder / "fraud.rk").stdout.split())
    for text in ("model fraud", "target fraud", "trees 10", "share of the labels"):
        assert text in words
    words = " ".join(run("inspect", folder / "constant").stdout.split())
    assert "constant nothing varied in training" in words


@pytest.mark.parametrize("name", ["ensemble.rk", "single.rk", "fraud.rk", "constant"])
def test_inspect_as_json(run, folder, name):
    result = run("inspect", folder / name, "--json")
    assert result.exit_code == 0, result.output
    plain = json.loads(result.stdout)
    scorer = load_scorer(folder / name)
    assert plain["manifest"]["model_id"] == scorer.model_id
    assert {f["name"]: f["kind"] for f in plain["model"]["fields"]} == scorer.kinds
    assert ("labels" in plain["model"]) is (name == "fraud.rk")
    assert plain["n_bytes"] > 500
    if name == "ensemble.rk":
        names = [member["name"] for member in plain["model"]["members"]]
        assert names == [name for name, _ in MEMBERS]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("name", ["ensemble", "single", "fraud"])
def test_scores_are_those_of_the_scorer(written, run, folder, tmp_path, name, suffix):
    out = tmp_path / f"scores.{suffix}"
    model = folder / f"{name}.rk"
    result = run(
        *("score", model, folder / "payments.csv", "--out", out),
        *("--reasons", "2", "--keep", "payment"),
    )
    assert result.exit_code == 0, result.output
    scored = written(out)
    X = payments()[0]
    batch = load_scorer(model).score_batch(X, n_reasons=2)
    said = [f"member: {member}" for member, _ in MEMBERS] if name == "ensemble" else []
    first = ["fraud_probability"] if name == "fraud" else []
    names = [*first, "anomaly_score", "is_outlier", *said, "reason_1", "reason_2"]
    assert list(scored) == ["payment", *names]
    columns = batch.to_dict()
    for column in names[:-2]:
        np.testing.assert_array_equal(scored[column], columns[column])
    reasons = scored[["reason_1", "reason_2"]].astype(object)
    found = reasons.where(reasons.notna(), None).to_numpy().tolist()
    assert found == batch.reasons.tolist()
    told = " ".join(result.stderr.split())
    if name == "fraud":
        mean = batch.fraud_probability.mean()
        assert f"Mean probability of a fraud {mean:.2%}." in told
    else:
        n_outliers = int(batch.is_outlier.sum())
        assert f"{n_outliers} outlier{'s' * (n_outliers != 1)}." in told
    assert "1 column was not needed" in told


def test_tables_that_cannot_be_scored(refused, run, folder, tmp_path):
    X = payments(40)[0]
    path, out = tmp_path / "t.csv", tmp_path / "scores.csv"
    X.rename(columns={"amount": "amounts"}).to_csv(path, index=False)
    message = refused("score", folder / "ensemble.rk", path, "--out", out)
    assert "Column 'amount' is missing. Did you mean 'amounts'?" in message
    X.assign(anomaly_score=1.0).to_csv(path, index=False)
    options = ("--out", out, "--keep", "anomaly_score")
    message = refused("score", folder / "ensemble.rk", path, *options)
    assert "must not name 'anomaly_score'" in message
    X.astype({"amount": object}).replace({"amount": {X["amount"][3]: "secret"}}).to_csv(
        path, index=False
    )
    message = refused("score", folder / "fraud.rk", path, "--out", out)
    assert "'amount'" in message
    assert "secret" not in message
    # Whatever is missing is scored: a detector is there for what is odd.
    X.assign(speed=np.nan, code=None).to_csv(path, index=False)
    assert run("score", folder / "ensemble.rk", path, "--out", out).exit_code == 0
    assert np.isfinite(pd.read_csv(out)["anomaly_score"]).all()
