"""Measures of evidence, discrimination, calibration and stability."""

from __future__ import annotations

from riskkit.metrics._evidence import iv, woe
from riskkit.metrics._lift import LiftResult, lift_table
from riskkit.metrics._ranking import cap_curve, gini_score, ks_curve, ks_score
from riskkit.metrics._stability import csi, points_effect, psi

__all__ = [
    "LiftResult",
    "cap_curve",
    "csi",
    "gini_score",
    "iv",
    "ks_curve",
    "ks_score",
    "lift_table",
    "points_effect",
    "psi",
    "woe",
]
