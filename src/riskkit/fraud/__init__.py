"""Fraud and anomaly detection."""

from __future__ import annotations

from riskkit.fraud._copula import CopulaDetector
from riskkit.fraud._ensemble import AnomalyEnsemble
from riskkit.fraud._forest import IsolationForestDetector
from riskkit.fraud._histogram import HistogramDetector
from riskkit.fraud._knn import SubsampledKNNDetector
from riskkit.fraud._mahalanobis import TrimmedMahalanobisDetector

__all__ = [
    "AnomalyEnsemble",
    "CopulaDetector",
    "HistogramDetector",
    "IsolationForestDetector",
    "SubsampledKNNDetector",
    "TrimmedMahalanobisDetector",
]
