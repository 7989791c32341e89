"""Promises that every detector keeps."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from riskkit.exceptions import InvalidParameterError, NoEvidenceWarning
from riskkit.fraud._copula import CopulaDetector
from riskkit.fraud._ensemble import AnomalyEnsemble
from riskkit.fraud._forest import IsolationForestDetector
from riskkit.fraud._histogram import HistogramDetector
from riskkit.fraud._knn import SubsampledKNNDetector
from riskkit.fraud._mahalanobis import TrimmedMahalanobisDetector

DETECTORS = [
    HistogramDetector(),
    SubsampledKNNDetector(),
    TrimmedMahalanobisDetector(),
    CopulaDetector(),
    IsolationForestDetector(30),
    AnomalyEnsemble(
        [
            ("forest", IsolationForestDetector(20)),
            ("histogram", HistogramDetector()),
            ("knn", SubsampledKNNDetector(n_samples=3)),
            ("mahalanobis", TrimmedMahalanobisDetector()),
            ("copula", CopulaDetector()),
        ]
    ),
]
every_detector = pytest.mark.parametrize(
    "detector", DETECTORS, ids=lambda d: type(d).__name__
)


def raw_table(n=600, seed=0):
    rng = np.random.default_rng(seed)
    amount = rng.lognormal(4, 1, n)
    return pd.DataFrame(
        {
            "amount": np.where(rng.random(n) < 0.1, np.nan, amount),
            "fee": amount * 0.02 + rng.normal(0, 0.01, n),
            "count": rng.integers(0, 6, n),
            "channel": pd.Series(rng.choice(["web", "branch"], n)).mask(
                rng.random(n) < 0.05
            ),
            "constant": 1.0,
            "empty": np.nan,
        },
        index=np.arange(n) + 100,
    )


def new_rows():
    X = raw_table(40, seed=1)
    X.iloc[0, 0] = np.inf
    X.iloc[1, 1] = -np.inf
    X.iloc[2, 1] = 1e308
    X.loc[X.index[3], "channel"] = "fax"
    X.iloc[4, 4] = 7.0
    X.iloc[5, 5] = 3.0
    return X


@every_detector
def test_scores_are_finite_and_belong_to_the_row_alone(detector):
    fitted = clone(detector).fit(raw_table())
    X = pd.concat([raw_table(1000, seed=2), new_rows()])
    together = fitted.anomaly_score(X)
    assert np.isfinite(together).all()
    assert np.unique(together).size > 100
    turned = np.random.default_rng(3).permutation(len(X))
    np.testing.assert_array_equal(
        fitted.anomaly_score(X.iloc[turned]), together[turned]
    )
    alone = [fitted.anomaly_score(X.iloc[[i]])[0] for i in range(970, len(X))]
    np.testing.assert_array_equal(alone, together[970:])
    parts = np.split(np.arange(len(X)), [7, 300, 813])
    split = np.concatenate([fitted.anomaly_score(X.iloc[part]) for part in parts])
    np.testing.assert_array_equal(split, together)
    columns = X[["empty", "channel", "fee", "amount", "constant", "count"]]
    np.testing.assert_array_equal(fitted.anomaly_score(columns.assign(x=1)), together)


@every_detector
def test_reasons_add_up(detector):
    fitted = clone(detector).fit(raw_table())
    X = new_rows()
    reasons = fitted.explain(X)
    assert list(reasons) == ["offset", *X.columns]
    assert reasons.index.equals(X.index)
    np.testing.assert_allclose(reasons.sum(axis=1), fitted.anomaly_score(X), rtol=1e-9)


@every_detector
def test_the_broken_fee_is_the_reason(detector):
    fitted = clone(detector).fit(raw_table())
    X = pd.DataFrame(
        {
            "amount": [60.0],
            "fee": [40.0],
            "count": [2],
            "channel": ["web"],
            "constant": [1.0],
            "empty": [np.nan],
        }
    )
    assert fitted.explain(X).drop(columns="offset").idxmax(axis=1).tolist() == ["fee"]
    usual = X.assign(fee=1.2)
    assert fitted.anomaly_score(X)[0] > fitted.anomaly_score(usual)[0]


@every_detector
def test_the_order_of_training_rows_and_weights_against_repetition(detector):
    X = raw_table(120)
    weight = np.random.default_rng(4).integers(0, 4, len(X))
    repeated = X.loc[X.index.repeat(weight)]
    turned = repeated.iloc[np.random.default_rng(5).permutation(len(repeated))]
    by_weight = clone(detector).fit(X, sample_weight=weight).anomaly_score(new_rows())
    by_row = clone(detector).fit(turned).anomaly_score(new_rows())
    np.testing.assert_allclose(by_weight, by_row, rtol=1e-7)


@every_detector
def test_signs_and_contamination(detector):
    X = raw_table()
    fitted = clone(detector).fit(X)
    score = fitted.anomaly_score(X)
    np.testing.assert_array_equal(fitted.score_samples(X), -score)
    assert (fitted.predict(X) == -1).sum() >= 1
    np.testing.assert_array_equal(fitted.predict(X) == -1, score == score.max())
    tenth = clone(detector).set_params(contamination=0.1).fit(X)
    np.testing.assert_array_equal(tenth.anomaly_score(X), score)
    assert 0 < (tenth.predict(X) == -1).sum() <= 60
    with pytest.raises(InvalidParameterError, match="between 0 and"):
        clone(detector).set_params(contamination=0.9).fit(X)


@every_detector
@pytest.mark.parametrize(
    "X",
    [
        np.ones((50, 3)),
        np.array([[1.0, 2.0]]),
        np.array([[1.0, 2.0], [3.0, 2.0]]),
        np.random.default_rng(0).normal(size=(8, 30)),
        np.full((20, 2), np.nan),
        np.array([[np.inf, 1.0], [-np.inf, 2.0], [0.0, 3.0], [1.0, np.nan]]),
        np.array([[1e308, 1e-308], [-1e308, 0.0], [1e300, -0.0], [5.0, 1e-320]]),
    ],
    ids=["constant", "one row", "two rows", "wide", "missing", "infinite", "huge"],
)
def test_bad_tables_never_give_bad_scores(detector, X):
    same = len(pd.DataFrame(X).drop_duplicates()) == 1
    with pytest.warns(NoEvidenceWarning, match="differ") if same else nullcontext():
        fitted = clone(detector).fit(X)
    probes = np.vstack([X, X / 2 + 1, np.full((1, X.shape[1]), np.inf)])
    assert np.isfinite(fitted.anomaly_score(probes)).all()
    assert np.isfinite(fitted.explain(probes).to_numpy()).all()
    if same:
        assert (fitted.predict(X) == 1).all()


@every_detector
def test_asked_before_fit(detector):
    with pytest.raises(NotFittedError):
        clone(detector).anomaly_score(raw_table())
