"""Scoring from an artifact, without the training stack."""

from __future__ import annotations

from riskkit.serving._anomaly_result import (
    AnomalyBatchResult,
    AnomalyReason,
    AnomalyResult,
)
from riskkit.serving._anomaly_scorer import AnomalyScorer
from riskkit.serving._result import BatchResult, Reason, ScoreResult
from riskkit.serving._scorer import Scorer, load_scorer

__all__ = [
    "AnomalyBatchResult",
    "AnomalyReason",
    "AnomalyResult",
    "AnomalyScorer",
    "BatchResult",
    "Reason",
    "ScoreResult",
    "Scorer",
    "load_scorer",
]
