"""Scorecards: weight-of-evidence logistic regression in points."""

from __future__ import annotations

from riskkit.scorecard._blend import ScorecardBlend
from riskkit.scorecard._classifier import ScorecardClassifier
from riskkit.scorecard._comparison import compare_scorecards
from riskkit.scorecard._comparison_result import ScorecardComparisonResult
from riskkit.scorecard._expert import ExpertScorecard
from riskkit.scorecard._reject import RejectInference
from riskkit.scorecard._reject_sensitivity import RejectSensitivityResult

__all__ = [
    "ExpertScorecard",
    "RejectInference",
    "RejectSensitivityResult",
    "ScorecardBlend",
    "ScorecardClassifier",
    "ScorecardComparisonResult",
    "compare_scorecards",
]
