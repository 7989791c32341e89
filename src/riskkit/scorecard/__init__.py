"""Scorecards: weight-of-evidence logistic regression in points."""

from __future__ import annotations

from riskkit.scorecard._classifier import ScorecardClassifier

__all__ = ["ScorecardClassifier"]
