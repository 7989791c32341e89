"""Fraud and anomaly detection."""

from __future__ import annotations

from riskkit.fraud._alert_cost import cost_threshold
from riskkit.fraud._benford import BenfordResult, benford_screen
from riskkit.fraud._budget import AlertBudget, AlertQueueResult
from riskkit.fraud._classifier import FraudClassifier
from riskkit.fraud._conformal import AlarmResult, ConformalAlarm
from riskkit.fraud._copula import CopulaDetector
from riskkit.fraud._ensemble import AnomalyEnsemble
from riskkit.fraud._forest import IsolationForestDetector
from riskkit.fraud._histogram import HistogramDetector
from riskkit.fraud._knn import SubsampledKNNDetector
from riskkit.fraud._lift import AnomalyLiftResult, anomaly_lift
from riskkit.fraud._mahalanobis import TrimmedMahalanobisDetector
from riskkit.fraud._mined_rule import MinedRule
from riskkit.fraud._referral import ReferralScreen
from riskkit.fraud._referral_result import ReferralResult
from riskkit.fraud._ring import RingDetector
from riskkit.fraud._ring_table import RingTable
from riskkit.fraud._rule_miner import RuleMiner
from riskkit.fraud._velocity import VelocityFeatures
from riskkit.fraud._velocity_stream import VelocityStream

__all__ = [
    "AlarmResult",
    "AlertBudget",
    "AlertQueueResult",
    "AnomalyEnsemble",
    "AnomalyLiftResult",
    "BenfordResult",
    "ConformalAlarm",
    "CopulaDetector",
    "FraudClassifier",
    "HistogramDetector",
    "IsolationForestDetector",
    "MinedRule",
    "ReferralResult",
    "ReferralScreen",
    "RingDetector",
    "RingTable",
    "RuleMiner",
    "SubsampledKNNDetector",
    "TrimmedMahalanobisDetector",
    "VelocityFeatures",
    "VelocityStream",
    "anomaly_lift",
    "benford_screen",
    "cost_threshold",
]
