"""Scoring from an artifact, without the training stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit._core.later import names_loaded_later
from riskkit.serving._result import BatchResult, Reason, ScoreResult
from riskkit.serving._scorer import Scorer, load_scorer

if TYPE_CHECKING:
    from riskkit.serving._anomaly_result import (
        AnomalyBatchResult,
        AnomalyReason,
        AnomalyResult,
    )
    from riskkit.serving._anomaly_scorer import AnomalyScorer
    from riskkit.serving._log import DecisionLog
    from riskkit.serving._log_lines import LogEntry, read_log
    from riskkit.serving._policies import FieldPolicy, GuardedScorer, learn_policies
    from riskkit.serving._replay import ReplayDifference, ReplayResult, replay_log
    from riskkit.serving._shadow import ShadowEntry, ShadowScorer

__all__ = [
    "AnomalyBatchResult",
    "AnomalyReason",
    "AnomalyResult",
    "AnomalyScorer",
    "BatchResult",
    "DecisionLog",
    "FieldPolicy",
    "GuardedScorer",
    "LogEntry",
    "Reason",
    "ReplayDifference",
    "ReplayResult",
    "ScoreResult",
    "Scorer",
    "ShadowEntry",
    "ShadowScorer",
    "learn_policies",
    "load_scorer",
    "read_log",
    "replay_log",
]

# Loaded when asked for: a service that scores cards starts without them.
if not TYPE_CHECKING:
    __getattr__, __dir__ = names_loaded_later(
        __name__,
        {
            "AnomalyBatchResult": "_anomaly_result",
            "AnomalyReason": "_anomaly_result",
            "AnomalyResult": "_anomaly_result",
            "AnomalyScorer": "_anomaly_scorer",
            "DecisionLog": "_log",
            "FieldPolicy": "_policies",
            "GuardedScorer": "_policies",
            "LogEntry": "_log_lines",
            "ReplayDifference": "_replay",
            "ReplayResult": "_replay",
            "ShadowEntry": "_shadow",
            "ShadowScorer": "_shadow",
            "learn_policies": "_policies",
            "read_log": "_log_lines",
            "replay_log": "_replay",
        },
    )
