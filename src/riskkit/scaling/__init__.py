"""From log-odds to points and grades."""

from __future__ import annotations

from riskkit.artifact import MasterScaleSpec
from riskkit.scaling._grade_table import GradeTable
from riskkit.scaling._master_scale import MasterScale
from riskkit.scaling._points import PointsScaler
from riskkit.scaling._rounding import RoundingResult, rounding_report
from riskkit.scaling._score_to_odds import score_to_odds_check
from riskkit.scaling._score_to_odds_result import ScoreToOddsResult

__all__ = [
    "GradeTable",
    "MasterScale",
    "MasterScaleSpec",
    "PointsScaler",
    "RoundingResult",
    "ScoreToOddsResult",
    "rounding_report",
    "score_to_odds_check",
]
