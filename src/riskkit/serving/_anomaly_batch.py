"""The coded rows of a table through a detector or a fraud model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.logistic import sigmoid
from riskkit._kernels.points import largest_losses
from riskkit.serving._anomaly_result import AnomalyBatchResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.serving._fraud import AnomalyPlan, FraudPlan
    from riskkit.typing import FloatArray

__all__ = ["score_anomalies"]

_BLOCK = 8192  # rows worked on at a time: intermediate tables stay small


def score_anomalies(
    plan: AnomalyPlan | FraudPlan,
    codes: FloatArray,
    features: Sequence[str],
    n_reasons: int,
    model_id: str,
) -> AnomalyBatchResult:
    """Return the scores of rows, and the first reasons of each."""
    n_shown = min(n_reasons, len(features))
    names = np.array([*features, None], dtype=object)
    n_rows, detector = len(codes), plan.detector
    anomaly, log_odds = np.empty(n_rows), np.empty(n_rows)
    said = np.empty((n_rows, len(detector.names)))
    reasons = np.full((n_rows, n_shown), None, dtype=object)
    added = np.zeros((n_rows, n_shown))
    gives_odds = False
    for start in range(0, n_rows, _BLOCK):
        block = slice(start, start + _BLOCK)
        rows = plan.score(codes[block], explain=n_shown > 0, is_record=False)
        anomaly[block] = rows.anomaly
        said[block] = rows.said[:, : said.shape[1]]
        if rows.log_odds is not None:
            gives_odds, log_odds[block] = True, rows.log_odds
        if rows.parts is not None:
            places = largest_losses(rows.parts, n_shown)
            reasons[block] = names[places]  # -1 is the None at the end
            found = np.take_along_axis(rows.parts, np.maximum(places, 0), axis=1)
            added[block] = np.where(places < 0, 0.0, found)
    rest = (log_odds if gives_odds else anomaly) - added.sum(axis=1)
    return AnomalyBatchResult(
        anomaly,
        anomaly > detector.threshold,
        dict(zip(detector.names, said.T, strict=True)),
        reasons,
        added,
        rest,
        model_id,
        sigmoid(log_odds) if gives_odds else None,
        log_odds if gives_odds else None,
    )
