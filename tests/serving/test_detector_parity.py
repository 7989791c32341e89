"""Detectors and fraud models served: the estimator's bits, from the file alone."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from riskkit.exceptions import InvalidInputError, InvalidTypeError, NoEvidenceWarning
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
from riskkit.serving import AnomalyScorer, load_scorer

ENSEMBLE = [
    ("forest", IsolationForestDetector(40)),
    ("histogram", HistogramDetector()),
    ("knn", SubsampledKNNDetector(n_samples=3, sample_size=64)),
    ("mahalanobis", TrimmedMahalanobisDetector()),
    ("copula", CopulaDetector(64)),
]
DETECTORS = {
    **dict(ENSEMBLE),
    "one neighbour": SubsampledKNNDetector(1, n_samples=1, sample_size=1),
    "mean": AnomalyEnsemble(ENSEMBLE),
    "top two": AnomalyEnsemble(ENSEMBLE, combine="top_two", trim=0.0),
    "max": AnomalyEnsemble(ENSEMBLE[1:3], combine="max", contamination=0.05),
}


def payments(n=1500, seed=0):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.04).astype(int)
    X = pd.DataFrame(
        {
            "amount": rng.lognormal(3 + 1.2 * y, 1),
            "hour": rng.integers(0, 24, n).astype(float),
            "country": np.where(rng.random(n) < 0.05 + 0.4 * y, "abroad", "home"),
            "code": rng.integers(1, 4, n).astype(str),
            "speed": rng.normal(size=n) + 1.5 * y,
            "always": 1.0,
            "never": np.nan,
        }
    )
    X.loc[rng.random(n) < 0.05, "hour"] = np.nan
    X.loc[rng.random(n) < 0.02, "country"] = None
    return X, y


def odd_rows():
    """Rows that meet every way in which a value can be odd."""
    X = payments(60, seed=1)[0]
    X = X.astype({"country": object, "code": object})
    for place, (name, value) in enumerate(
        [
            ("amount", np.inf), ("amount", -np.inf), ("amount", np.nan),
            ("amount", 1.7e308), ("amount", -1.7e308), ("amount", 5e-324),
            ("hour", 23.000000000000004), ("hour", 0.0), ("country", "mars"),
            ("country", None), ("code", ""), ("always", 2.0), ("never", 3.0),
            ("always", np.nan), ("amount", 0.0), ("amount", -0.0),
        ]
    ):  # fmt: skip
        X.loc[place, name] = value
    return X


def records(X):
    return X.to_dict("records")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Every detector fitted, and loaded from its file."""
    X, _ = payments()
    found = {}
    for name, detector in DETECTORS.items():
        path = tmp_path_factory.mktemp("detector") / "model.rk"
        save_artifact(detector.fit(X), path)
        found[name] = detector, load_scorer(path)
    return found


@pytest.fixture(scope="module", params=["xgboost", "lightgbm", "blind", "single"])
def fraud(request, tmp_path_factory):
    X, y = payments()
    X.columns = ["anomaly: knn", *X.columns[1:]]  # what the trees call a score
    given = {
        "xgboost": {"detector": AnomalyEnsemble(ENSEMBLE)},
        "lightgbm": {"detector": AnomalyEnsemble(ENSEMBLE), "booster": "lightgbm"},
        "blind": {"detector": HistogramDetector(), "anomaly_columns": False},
        "single": {"detector": HistogramDetector(), "blend": 0.6},
    }[request.param]
    model = FraudClassifier(**given, n_rounds=25, n_jobs=1).fit(X, y)
    path = tmp_path_factory.mktemp("fraud") / "model.rk"
    save_artifact(model, path, target="fraud")
    rows = odd_rows()
    rows.columns = X.columns
    return model, load_scorer(path), rows


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_scores_to_the_bit(served, name):
    detector, scorer = served[name]
    rows = odd_rows()
    batch = scorer.score_batch(rows)
    np.testing.assert_array_equal(batch.anomaly_score, detector.anomaly_score(rows))
    np.testing.assert_array_equal(batch.is_outlier, detector.predict(rows) == -1)
    alone = [scorer.score(record, n_reasons=0) for record in records(rows)]
    assert [r.anomaly_score for r in alone] == batch.anomaly_score.tolist()
    assert [r.is_outlier for r in alone] == batch.is_outlier.tolist()
    if isinstance(detector, AnomalyEnsemble):
        said = detector.member_scores(rows)
        assert list(batch.members) == list(said)
        for member in said:
            np.testing.assert_array_equal(batch.members[member], said[member])
            assert [r.members[member] for r in alone] == said[member].tolist()
    else:
        assert batch.members == {} == alone[0].members


@pytest.mark.parametrize("name", DETECTORS)
def test_reasons_are_the_largest_parts_of_the_score(served, name):
    detector, scorer = served[name]
    rows = odd_rows()
    parts = detector.explain(rows).iloc[:, 1:]
    batch = scorer.score_batch(rows, n_reasons=3)
    total = batch.rest + batch.contributions.sum(axis=1)
    np.testing.assert_allclose(total, batch.anomaly_score, rtol=1e-9, atol=1e-9)
    largest = -np.sort(-parts.clip(lower=0).to_numpy(), axis=1)[:, :3]
    np.testing.assert_allclose(batch.contributions, largest, rtol=1e-9, atol=1e-12)
    for place, record in enumerate(records(rows)):
        result = scorer.score(record, n_reasons=3)
        named = [reason.field for reason in result.reasons]
        assert named == [field for field in batch.reasons[place] if field is not None]
        for reason in result.reasons:
            assert reason.contribution > 0
            expected = parts.iloc[place][reason.field]
            assert reason.contribution == pytest.approx(expected, rel=1e-9)
        explained = result.rest + sum(r.contribution for r in result.reasons)
        assert explained == pytest.approx(result.anomaly_score, rel=1e-9, abs=1e-9)


def test_a_fraud_model_scores_to_the_bit(fraud):
    model, scorer, rows = fraud
    batch = scorer.score_batch(rows)
    np.testing.assert_array_equal(batch.log_odds, model.decision_function(rows))
    expected = model.predict_proba(rows)[:, 1]
    np.testing.assert_array_equal(batch.fraud_probability, expected)
    anomaly = model.detector_.anomaly_score(rows)
    np.testing.assert_array_equal(batch.anomaly_score, anomaly)
    alone = [scorer.score(record, n_reasons=0) for record in records(rows)]
    assert [r.fraud_probability for r in alone] == expected.tolist()
    assert [r.log_odds for r in alone] == batch.log_odds.tolist()
    assert [r.anomaly_score for r in alone] == anomaly.tolist()
    assert np.unique(expected).size > 20
    assert scorer.manifest.target == "fraud"


def test_reasons_of_a_fraud_model_explain_its_log_odds(fraud):
    model, scorer, rows = fraud
    n = len(scorer.features)
    parts = model.explain(rows).iloc[:, 1:]
    assert parts.to_numpy().any()
    batch = scorer.score_batch(rows, n_reasons=n)
    largest = -np.sort(-parts.clip(lower=0).to_numpy(), axis=1)
    np.testing.assert_allclose(batch.contributions, largest, rtol=1e-6, atol=1e-6)
    total = batch.rest + batch.contributions.sum(axis=1)
    np.testing.assert_allclose(total, batch.log_odds, rtol=1e-9, atol=1e-9)
    for place, record in enumerate(records(rows)[:20]):
        log_odds = batch.log_odds[place]
        result = scorer.score(record, n_reasons=n)
        for reason in result.reasons:
            expected = parts.iloc[place][reason.field]
            assert reason.contribution == pytest.approx(expected, rel=1e-6, abs=1e-6)
        explained = result.rest + sum(r.contribution for r in result.reasons)
        assert explained == pytest.approx(log_odds, rel=1e-9, abs=1e-9)


def test_a_batch_may_be_permuted_split_and_repeated(served, fraud):
    rng = np.random.default_rng(3)
    for scorer, rows in ((served["mean"][1], odd_rows()), fraud[1:]):
        whole = scorer.score_batch(rows, n_reasons=2).to_dict()
        order = rng.permutation(len(rows)).repeat(2)
        shuffled = scorer.score_batch(rows.iloc[order], n_reasons=2).to_dict()
        assert list(whole) == list(shuffled)
        for name, column in whole.items():
            np.testing.assert_array_equal(shuffled[name], column[order])
        part = scorer.score_batch(rows.iloc[7:19]).to_dict()
        for name in ("anomaly_score", "is_outlier"):
            np.testing.assert_array_equal(part[name], whole[name][7:19])


def test_many_rows_cross_blocks(served):
    detector, scorer = served["histogram"]
    X, _ = payments(20_000, seed=5)
    batch = scorer.score_batch(X, n_reasons=1)
    np.testing.assert_array_equal(batch.anomaly_score, detector.anomaly_score(X))
    assert len(batch) == 20_000


def test_tables_of_any_kind_and_records_of_any_type(served):
    pl = pytest.importorskip("polars")
    _, scorer = served["mean"]
    rows = payments(40, seed=2)[0]
    rows["never"] = rows["never"].astype(float)
    expected = scorer.score_batch(rows).anomaly_score
    frame = pl.from_pandas(rows)
    for table in (frame, frame.to_arrow(), {n: rows[n].tolist() for n in rows}):
        found = scorer.score_batch(table)
        np.testing.assert_array_equal(found.anomaly_score, expected)
    record = records(rows)[0]
    same = {**record, "always": True, "hour": np.float32(record["hour"]), "more": 1}
    same["code"] = int(record["code"])
    assert scorer.score(same).anomaly_score == expected[0]
    empty = scorer.score_batch(rows.iloc[:0])
    assert len(empty) == 0


def test_what_a_record_must_be(served):
    _, scorer = served["mean"]
    record = records(payments(1)[0])[0]
    with pytest.raises(InvalidInputError, match="1 are absent: 'amount'"):
        scorer.score({k: v for k, v in record.items() if k != "amount"})
    with pytest.raises(InvalidTypeError, match="must be a mapping"):
        scorer.score([1, 2])
    with pytest.raises(InvalidTypeError, match="'amount' must be a number") as caught:
        scorer.score({**record, "amount": "secret"})
    assert "secret" not in str(caught.value)
    with pytest.raises(InvalidInputError, match="beyond"):
        scorer.score({**record, "amount": 10**400})
    with pytest.raises(InvalidTypeError, match="'code' must be text"):
        scorer.score({**record, "code": [1]})
    with pytest.raises(ValueError, match="n_reasons"):
        scorer.score(record, n_reasons=-1)
    with pytest.raises(InvalidInputError, match="'amount'"):
        scorer.score_batch(payments(3)[0].drop(columns="amount"))
    with pytest.raises(InvalidTypeError, match="must be a pandas"):
        scorer.score_batch([record])


def test_a_scorer_never_changes(served):
    detector, scorer = served["copula"]
    assert isinstance(scorer, AnomalyScorer)
    with pytest.raises(AttributeError, match="cannot be changed"):
        scorer.model_id = "x"
    with pytest.raises(AttributeError, match="cannot be changed"):
        del scorer.features
    other = pickle.loads(pickle.dumps(scorer))
    record = records(payments(1)[0])[0]
    assert other.score(record) == scorer.score(record)
    assert repr(scorer).startswith("AnomalyScorer(detector, 7 features, id '")
    assert scorer.kinds["country"] == "categorical"
    assert scorer.features == tuple(detector.feature_names_in_)
    plain = scorer.score(record).to_dict()
    assert plain["anomaly_score"] == detector.anomaly_score(payments(1)[0])[0]
    assert plain["model_id"] == scorer.model_id != ""


def test_nothing_varied_so_nothing_is_far(tmp_path):
    X = pd.DataFrame({"a": [1.0] * 5, "b": [np.nan] * 5})
    for unfitted in DETECTORS.values():
        detector, path = clone(unfitted), tmp_path / "model.rk"
        with pytest.warns(NoEvidenceWarning, match="same values"):
            detector.fit(X)
        save_artifact(detector, path, overwrite=True)
        new = pd.DataFrame({"a": [1.0, 2.0, np.inf], "b": [np.nan, 1.0, 0.0]})
        batch = load_scorer(path).score_batch(new, n_reasons=2)
        np.testing.assert_array_equal(batch.anomaly_score, detector.anomaly_score(new))
        assert np.isfinite(batch.anomaly_score).all()


def test_a_service_loads_numpy_alone(served, fraud, tmp_path):
    heavy = "pandas sklearn scipy optbinning xgboost lightgbm narwhals matplotlib"
    for place, model in enumerate((served["mean"][0], fraud[0])):
        path = tmp_path / f"{place}.rk"
        save_artifact(model, path)
        code = (
            "import sys\n"
            "from riskkit.serving import load_scorer\n"
            "assert 'numpy' not in sys.modules\n"
            f"scorer = load_scorer({str(path)!r})\n"
            "record = dict.fromkeys(scorer.features)\n"
            "result = scorer.score(record)\n"
            "batch = scorer.score_batch({k: [None] for k in record}, n_reasons=2)\n"
            "assert batch.anomaly_score[0] == result.anomaly_score\n"
            f"print(sorted(set({heavy!r}.split()) & set(sys.modules)))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == "[]"
