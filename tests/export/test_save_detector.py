"""``save_artifact`` of detectors and fraud models."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from riskkit.artifact import read_detector
from riskkit.exceptions import InvalidParameterError, InvalidTypeError
from riskkit.export import save_artifact
from riskkit.fraud import (
    AnomalyEnsemble,
    FraudClassifier,
    HistogramDetector,
    TrimmedMahalanobisDetector,
)
from riskkit.scaling import MasterScale
from riskkit.serving import load_scorer


def table(n=300):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"amount": rng.lognormal(size=n), "speed": rng.normal(size=n)})
    is_fraud = rng.random(n) < X["amount"] / (4 + X["amount"])
    return X, np.where(is_fraud, "yes", "no")


def test_the_record_of_a_detector(tmp_path):
    X, _ = table()
    weight = np.arange(300) % 3
    detector = HistogramDetector().fit(X, sample_weight=weight)
    manifest = save_artifact(
        detector,
        tmp_path / "detector.rk",
        window=("2024-01-01", "2024-03-31"),
        left_out={"name": "an identifier"},
        notes={"by": "tests"},
        schema={"columns": ["amount", "speed"]},
    )
    assert manifest.model == "detector"
    assert (manifest.n_rows, manifest.n_events) == (weight.sum(), 0.0)
    assert manifest.window == ("2024-01-01", "2024-03-31")
    assert manifest.left_out == {"name": "an identifier"}
    assert set(manifest.libraries) >= {"numpy", "scipy"}
    found = read_detector(tmp_path / "detector.rk")
    assert found.manifest == manifest
    assert found.schema == {"columns": ["amount", "speed"]}
    assert load_scorer(tmp_path / "detector.rk").manifest.notes == {"by": "tests"}


def test_the_record_of_a_fraud_model(tmp_path):
    X, y = table()
    model = FraudClassifier(HistogramDetector(), n_rounds=5, n_jobs=1).fit(X, y)
    manifest = save_artifact(model, tmp_path / "fraud", target="chargeback")
    assert (manifest.model, manifest.classes) == ("fraud", ("no", "yes"))
    assert (manifest.n_rows, manifest.n_events) == (300.0, (y == "yes").sum())
    assert manifest.target == "chargeback"
    assert {"xgboost", "lightgbm"} <= set(manifest.libraries)
    result = load_scorer(tmp_path / "fraud").score({"amount": 1.0, "speed": None})
    assert 0 < result.fraud_probability < 1


def test_what_cannot_be_saved(tmp_path):
    X, _ = table()
    path = tmp_path / "model.rk"
    for model in (HistogramDetector(), AnomalyEnsemble(), FraudClassifier()):
        with pytest.raises(NotFittedError):
            save_artifact(model, path)
    detector = HistogramDetector().fit(X)
    scale = MasterScale([0, 0.1, 1], labels="AB").fit([0.05, 0.3])
    with pytest.raises(InvalidParameterError, match="grades belongs on top of a PD"):
        save_artifact(detector, path, grades=scale)
    with pytest.raises(InvalidTypeError, match="the class HistogramDetector"):
        save_artifact(HistogramDetector, path)
    assert not path.exists()


def test_an_ensemble_has_no_ensemble_inside():
    inner = AnomalyEnsemble([("own", TrimmedMahalanobisDetector())])
    with pytest.raises(InvalidParameterError, match="members to the outer"):
        AnomalyEnsemble([("inner", inner)]).fit(table()[0])


def test_arrays_are_served_by_the_names_they_were_given(tmp_path):
    X, _ = table()
    detector = TrimmedMahalanobisDetector().fit(X.to_numpy())
    save_artifact(detector, tmp_path / "model.rk")
    scorer = load_scorer(tmp_path / "model.rk")
    assert scorer.features == ("x0", "x1")
    found = scorer.score({"x0": 2.0, "x1": -1.0}).anomaly_score
    assert found == detector.anomaly_score([[2.0, -1.0]])[0]
