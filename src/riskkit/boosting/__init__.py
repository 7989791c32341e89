"""Probability-of-default models by gradient boosting."""

from __future__ import annotations

from riskkit.boosting._audit import AuditRow, MonotoneAudit, StateRow
from riskkit.boosting._blend import PDBlendClassifier
from riskkit.boosting._contributions import ContributionResult
from riskkit.boosting._lgbm_classifier import LGBMPDClassifier
from riskkit.boosting._xgb_classifier import XGBPDClassifier

__all__ = [
    "AuditRow",
    "ContributionResult",
    "LGBMPDClassifier",
    "MonotoneAudit",
    "PDBlendClassifier",
    "StateRow",
    "XGBPDClassifier",
]
