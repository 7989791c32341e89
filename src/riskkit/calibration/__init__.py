"""Calibration of probabilities of default."""

from __future__ import annotations

from riskkit.artifact import (
    IntervalMapSpec,
    LogOddsMapSpec,
    SegmentedMapSpec,
    SegmentMap,
    StepMapSpec,
)
from riskkit.calibration._beta import BetaCalibrator
from riskkit.calibration._calibrated_pd import CalibratedPD
from riskkit.calibration._isotonic import IsotonicCalibrator
from riskkit.calibration._platt import LogitPlattCalibrator
from riskkit.calibration._prior import PriorCorrection
from riskkit.calibration._venn_abers import VennAbersCalibrator

__all__ = [
    "BetaCalibrator",
    "CalibratedPD",
    "IntervalMapSpec",
    "IsotonicCalibrator",
    "LogOddsMapSpec",
    "LogitPlattCalibrator",
    "PriorCorrection",
    "SegmentMap",
    "SegmentedMapSpec",
    "StepMapSpec",
    "VennAbersCalibrator",
]
