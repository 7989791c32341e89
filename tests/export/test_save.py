from __future__ import annotations

from datetime import date, datetime
from importlib.metadata import version
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

import riskkit
from riskkit.artifact import read_artifact
from riskkit.exceptions import (
    ArtifactError,
    InvalidParameterError,
    InvalidTypeError,
    OutputError,
)
from riskkit.explain import reason_codes
from riskkit.export import save_artifact
from riskkit.scorecard import ScorecardClassifier
from riskkit.serving import load_scorer


@pytest.fixture(scope="module")
def loans():
    rng = np.random.default_rng(5)
    n = 4_000
    income = np.where(rng.random(n) < 0.1, np.nan, rng.lognormal(8, 0.6, n).round(2))
    bureau = np.where(rng.random(n) < 0.1, -1.0, rng.integers(300, 900, n))
    purpose = rng.choice(np.array(["car", "home", "büro", None], dtype=object), n)
    risk = -2.0 - 0.4 * np.log(np.nan_to_num(income, nan=2000.0) / 3000)
    risk -= 0.004 * (bureau - 600) + 0.8 * (purpose == "car")
    y = (rng.random(n) < 1 / (1 + np.exp(-risk))).astype(int)
    X = pd.DataFrame(
        {"income": income, "bureau": bureau, "purpose": purpose, "noise": rng.random(n)}
    )
    return X, y


@pytest.fixture(scope="module")
def model(loans):
    from riskkit.binning import OptimalBinner

    binner = OptimalBinner(special_codes={"bureau": [-1]})
    return ScorecardClassifier(binner).fit(*loans)


def test_the_scorer_gives_the_bits_of_the_estimator(tmp_path, model, loans):
    X, _ = loans
    save_artifact(model, tmp_path / "card.rk")
    scorer = load_scorer(tmp_path / "card.rk")
    batch = scorer.score_batch(X, n_reasons=4)
    np.testing.assert_array_equal(batch.pd, model.predict_proba(X)[:, 1])
    np.testing.assert_array_equal(batch.points, model.predict_points(X))
    np.testing.assert_array_equal(batch.log_odds, model.decision_function(X))
    for i, record in enumerate(X.iloc[:1000].to_dict("records")):
        result = scorer.score(record)
        assert (result.pd, result.points) == (batch.pd[i], batch.points[i])


def test_the_scorer_gives_the_reasons_of_explain(tmp_path, model, loans):
    X = loans[0].iloc[:500]
    save_artifact(model, tmp_path / "card.rk")
    batch = load_scorer(tmp_path / "card.rk").score_batch(X, n_reasons=2)
    frame = reason_codes(model, X, n=2)
    texts = {c.feature.name: c.reason for c in model.spec_.characteristics}
    expected = np.vectorize(texts.get, otypes=[object])(batch.reasons)
    shown = frame[[c for c in frame.columns if c in {"reason_1", "reason_2"}]]
    assert shown.shape[1] == 2
    np.testing.assert_array_equal(
        shown.astype(object).where(shown.notna(), None).to_numpy(), expected
    )


def test_manifest_records_where_the_model_comes_from(tmp_path, model):
    manifest = save_artifact(
        model,
        tmp_path / "card.rk",
        target="default",
        window=("2003-01-01", pd.Timestamp("2003-12-31 15:00")),
        notes={"owner": "risk"},
        schema={"columns": []},
    )
    artifact = read_artifact(tmp_path / "card.rk")
    assert artifact.manifest == manifest
    assert artifact.model == model.spec_
    assert artifact.baseline == model.baseline_
    assert artifact.schema == {"columns": []}
    assert manifest.riskkit_version == riskkit.__version__
    assert manifest.libraries == {
        name: version(name) for name in ("numpy", "pandas", "scikit-learn")
    }
    assert (manifest.n_rows, manifest.n_events) == (model.n_rows_, model.n_events_)
    assert manifest.window == ("2003-01-01", "2003-12-31")
    assert manifest.classes == ("0", "1")
    assert manifest.left_out == model.left_out_
    assert "noise" in manifest.left_out


def test_the_same_fit_gives_the_same_bytes(tmp_path, model, loans):
    from sklearn.base import clone

    save_artifact(model, tmp_path / "one.rk")
    save_artifact(clone(model).fit(*loans), tmp_path / "two.rk")
    assert (tmp_path / "one.rk").read_bytes() == (tmp_path / "two.rk").read_bytes()


def test_a_schema_object_is_taken_by_its_dict(tmp_path, model):
    schema = SimpleNamespace(to_dict=lambda: {"columns": ["income"]})
    save_artifact(model, tmp_path / "card", schema=schema, left_out={"a": "by law"})
    artifact = read_artifact(tmp_path / "card")
    assert artifact.schema == {"columns": ["income"]}
    assert artifact.manifest.left_out == {"a": "by law"}


def test_what_cannot_be_saved(tmp_path, model):
    path = tmp_path / "card.rk"
    with pytest.raises(NotFittedError, match="ScorecardClassifier must be fitted"):
        save_artifact(ScorecardClassifier(), path)
    for other in (LogisticRegression(), None, {}, "model"):
        with pytest.raises(InvalidTypeError, match="Only fitted scorecards"):
            save_artifact(other, path)
    with pytest.raises(InvalidTypeError, match="the class ScorecardClassifier"):
        save_artifact(ScorecardClassifier, path)
    with pytest.raises(ArtifactError, match="notes"):
        save_artifact(model, path, notes={"rows": np.zeros(3)})
    assert not path.exists()
    save_artifact(model, path)
    with pytest.raises(OutputError, match="holds something already"):
        save_artifact(model, path)
    save_artifact(model, path, overwrite=True)


@pytest.mark.parametrize(
    "window",
    ["2003", ("2003-01-01",), (1, 2), ("2003-13-01", "2003-12-01"), ("a", "b"), 3],
)
def test_a_window_is_two_dates(tmp_path, model, window):
    with pytest.raises(InvalidParameterError, match="window must be"):
        save_artifact(model, tmp_path / "card.rk", window=window)


def test_a_window_ends_after_it_starts(tmp_path, model):
    with pytest.raises(InvalidParameterError, match="2004-01-01 to 2003-01-01"):
        save_artifact(
            model,
            tmp_path / "card.rk",
            window=(date(2004, 1, 1), datetime(2003, 1, 1, 12)),
        )
