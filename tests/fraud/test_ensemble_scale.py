"""The scale that members share, and the rows that some of them do not learn from."""

from __future__ import annotations

import numpy as np
import pytest

from riskkit._kernels.log_scale import log_scale, on_log_scale
from riskkit.exceptions import InvalidParameterError
from riskkit.fraud import (
    AnomalyEnsemble,
    CopulaDetector,
    SubsampledKNNDetector,
    TrimmedMahalanobisDetector,
)


def test_scale_by_hand():
    scale = log_scale(np.array([0.0, 1.0, 3.0]))
    # The median is 1, so the logs are those of 1, 2 and 4.
    logs = np.log([1.0, 2.0, 4.0])
    expected = (np.log([1.0, 8.0]) - logs.mean()) / logs.std()
    np.testing.assert_allclose(on_log_scale(scale, np.array([-5.0, 7.0])), expected)


@pytest.mark.parametrize(
    "scores", [[2.0], [0.0, 0.0], [0.0, 0.0, 0.0, 9.0], [-3.0, -1.0, -1.0]]
)
def test_scale_of_odd_scores_rises_and_is_finite(scores):
    scale = log_scale(np.array(scores))
    got = on_log_scale(scale, np.linspace(min(scores), 1e9, 1001))
    assert np.isfinite(got).all()
    assert (np.diff(got) > 0).all()


def test_trimmed_members_do_not_learn_the_strangest_rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    X[:20] = 30 + 0.01 * rng.normal(size=(20, 2))  # a crowd of frauds
    members = [
        ("mahalanobis", TrimmedMahalanobisDetector()),
        ("knn", SubsampledKNNDetector()),
        ("copula", CopulaDetector()),
    ]
    probe = [[30.0, 30.0]]
    said = {
        trim: AnomalyEnsemble(members, trim=trim).fit(X).member_scores(probe).iloc[0]
        for trim in (0.0, 0.1)
    }
    assert said[0.1]["knn"] > said[0.0]["knn"]
    fitted = AnomalyEnsemble(members, trim=0.1).fit(X).members_
    order = np.argsort(fitted["mahalanobis"].anomaly_score(X), kind="stable")
    usual = X[order[:360]]
    for name, alone in (("knn", SubsampledKNNDetector()), ("copula", CopulaDetector())):
        np.testing.assert_allclose(
            fitted[name].anomaly_score(X[:50]),
            alone.fit(usual).anomaly_score(X[:50]),
            rtol=1e-9,
        )


def test_trim_has_a_domain():
    with pytest.raises(InvalidParameterError, match="trim must be a number between"):
        AnomalyEnsemble(trim=0.6).fit(np.eye(3))
