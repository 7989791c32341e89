"""Probability-of-default models by gradient boosting."""

from __future__ import annotations

from riskkit.boosting._adopt import GrowthPlan, adopt_booster, growth_plan
from riskkit.boosting._audit import AuditRow, MonotoneAudit, StateRow
from riskkit.boosting._blend import PDBlendClassifier
from riskkit.boosting._contributions import ContributionResult
from riskkit.boosting._hazard_life_table import LifeTableResult, life_table
from riskkit.boosting._lgbm_classifier import LGBMPDClassifier
from riskkit.boosting._search import search
from riskkit.boosting._search_result import SearchResult
from riskkit.boosting._term_structure import PDTermStructure
from riskkit.boosting._term_structure_result import TermStructureResult
from riskkit.boosting._xgb_classifier import XGBPDClassifier

__all__ = [
    "AuditRow",
    "ContributionResult",
    "GrowthPlan",
    "LGBMPDClassifier",
    "LifeTableResult",
    "MonotoneAudit",
    "PDBlendClassifier",
    "PDTermStructure",
    "SearchResult",
    "StateRow",
    "TermStructureResult",
    "XGBPDClassifier",
    "adopt_booster",
    "growth_plan",
    "life_table",
    "search",
]
