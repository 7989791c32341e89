"""Reasons behind a score, what would change it, and how it treats groups."""

from __future__ import annotations

from riskkit.explain._changes import CounterfactualResult
from riskkit.explain._contributions import contributions
from riskkit.explain._counterfactuals import counterfactuals
from riskkit.explain._fairness import fairness_report
from riskkit.explain._fairness_result import FairnessResult
from riskkit.explain._importance import importance
from riskkit.explain._importance_result import ImportanceResult
from riskkit.explain._reasons import reason_codes

__all__ = [
    "CounterfactualResult",
    "FairnessResult",
    "ImportanceResult",
    "contributions",
    "counterfactuals",
    "fairness_report",
    "importance",
    "reason_codes",
]
