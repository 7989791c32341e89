"""Boosted models and blends saved with what stands on top of them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from riskkit.artifact import read_artifact
from riskkit.boosting import LGBMPDClassifier, PDBlendClassifier, XGBPDClassifier
from riskkit.calibration import CalibratedPD, LogitPlattCalibrator, PriorCorrection
from riskkit.exceptions import InvalidTypeError, OutputError
from riskkit.export import save_artifact
from riskkit.scaling import MasterScale
from riskkit.scorecard import ScorecardClassifier
from riskkit.serving import load_scorer

rng = np.random.default_rng(0)
X = pd.DataFrame({"age": rng.uniform(18, 70, 500), "delays": rng.poisson(1.0, 500)})
y = (rng.random(500) < 1 / (1 + np.exp(2 - X["delays"]))).to_numpy().astype(int)


@pytest.fixture(scope="module")
def model():
    return LGBMPDClassifier(n_rounds=20, monotone={"delays": 1}).fit(X, y)


def test_the_manifest_and_the_audit_travel(model, tmp_path):
    path = tmp_path / "model.rk"
    manifest = save_artifact(
        model, path, target="bad", window=("2020-01-01", "2020-12-31")
    )
    artifact = read_artifact(path)
    assert artifact.manifest == manifest
    assert (manifest.model, manifest.target) == ("blend", "bad")
    assert (manifest.n_rows, manifest.n_events) == (500, y.sum())
    assert {"lightgbm", "xgboost", "numpy"} <= set(manifest.libraries)
    audit = artifact.model.audits["lightgbm"]
    assert audit == model.monotone_audit_.to_dict()
    row = audit["rows"][0]
    assert (row["feature"], row["n_violations"], row["proven"]) == ("delays", 0, True)


def test_equal_fits_give_equal_bytes(tmp_path):
    paths = [tmp_path / "one.rk", tmp_path / "two.rk"]
    for path in paths:
        blend = PDBlendClassifier(members=[("a", "lightgbm"), ("b", "forest")])
        save_artifact(blend.fit(X, y), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    folder = tmp_path / "folder"
    save_artifact(LGBMPDClassifier(n_rounds=3).fit(X, y), folder)
    assert {member.name for member in folder.iterdir()} == {
        "golden.json",
        "manifest.json",
        "model.json",
        "trees.bin",
    }
    assert 0 < load_scorer(folder).score({"age": 30, "delays": 2}).pd < 1
    with pytest.raises(OutputError, match="holds something already"):
        save_artifact(blend, paths[0])


def test_level_and_grades_on_top(model, tmp_path):
    path = tmp_path / "model.rk"
    level = PriorCorrection(sample_rate=y.mean(), target_rate=0.05).fit([0.5])
    scale = MasterScale([0, 0.02, 0.1, 1], labels="ABC").fit([0.01, 0.05, 0.3])
    save_artifact(model, path, calibration=level, grades=scale)
    scorer = load_scorer(path)
    raw = model.predict_proba(X)[:, 1]
    batch = scorer.score_batch(X)
    assert np.array_equal(batch.pd, level.predict(raw))
    assert batch.grade.tolist() == scale.assign(batch.pd).tolist()
    assert np.array_equal(batch.points, model.predict_points(X))
    one = scorer.score(X.iloc[0].to_dict())
    assert (one.pd, one.grade, one.pd_raw) == (batch.pd[0], batch.grade[0], raw[0])
    assert one.reasons == load_scorer(path).score(X.iloc[0].to_dict()).reasons


@pytest.mark.parametrize("scale", ["pd", "log_odds"])
def test_a_calibrated_pd_of_a_boosted_model(tmp_path, scale):
    booster = XGBPDClassifier(n_rounds=10)
    model = CalibratedPD(booster, LogitPlattCalibrator(scale=scale), cv=3).fit(X, y)
    path = tmp_path / "model.rk"
    save_artifact(model, path)
    batch = load_scorer(path).score_batch(X)
    assert np.array_equal(batch.pd, model.predict_proba(X)[:, 1])


def test_own_members_that_are_plain_data(tmp_path):
    members = [
        ("card", ScorecardClassifier()),
        ("shallow", LGBMPDClassifier(num_leaves=4, n_rounds=20)),
    ]
    model = PDBlendClassifier(members=members).fit(X, y)
    save_artifact(model, tmp_path / "model.rk")
    scorer = load_scorer(tmp_path / "model.rk")
    assert np.array_equal(scorer.score_batch(X).pd, model.predict_proba(X)[:, 1])


def test_own_members_that_are_not(tmp_path):
    members = [("line", LogisticRegression()), ("trees", "lightgbm")]
    model = PDBlendClassifier(members=members).fit(X, y)
    with pytest.raises(InvalidTypeError, match="'line' is of type LogisticRegression"):
        save_artifact(model, tmp_path / "model.rk")
    assert not (tmp_path / "model.rk").exists()


@pytest.mark.parametrize("kind", [LGBMPDClassifier, XGBPDClassifier, PDBlendClassifier])
def test_what_is_not_fitted(kind, tmp_path):
    with pytest.raises(NotFittedError, match="must be fitted before it is saved"):
        save_artifact(kind(), tmp_path / "model.rk")
    with pytest.raises(NotFittedError):
        kind().to_spec()
