"""Scorecards: weight-of-evidence logistic regression in points."""

from __future__ import annotations

from riskkit.scorecard._classifier import ScorecardClassifier
from riskkit.scorecard._expert import ExpertScorecard

__all__ = ["ExpertScorecard", "ScorecardClassifier"]
