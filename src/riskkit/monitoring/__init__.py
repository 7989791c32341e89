"""Stability and performance of a scored population over time."""

from __future__ import annotations

from riskkit.monitoring._alert_performance import alert_performance
from riskkit.monitoring._alert_result import AlertPerformanceResult
from riskkit.monitoring._baseline import Baseline
from riskkit.monitoring._early_curve import DevelopmentCurve
from riskkit.monitoring._early_performance import early_performance
from riskkit.monitoring._early_result import EarlyPerformanceResult
from riskkit.monitoring._estimate_performance import estimate_performance
from riskkit.monitoring._estimate_result import EstimateResult
from riskkit.monitoring._estimate_weights import ImportanceResult, importance_weights
from riskkit.monitoring._feed_check import check_feeds
from riskkit.monitoring._feed_result import FeedResult
from riskkit.monitoring._performance_monitor import PerformanceMonitor
from riskkit.monitoring._performance_result import PerformanceResult
from riskkit.monitoring._score_check import ScoreCheckResult, check_scores
from riskkit.monitoring._stability import StabilityMonitor
from riskkit.monitoring._stability_result import StabilityResult
from riskkit.monitoring._warning_alerts import Alert
from riskkit.monitoring._warning_default_rules import default_rules
from riskkit.monitoring._warning_defaults import default_thresholds
from riskkit.monitoring._warning_measurement import Measurement
from riskkit.monitoring._warning_monitor import EarlyWarning
from riskkit.monitoring._warning_result import WarningResult
from riskkit.monitoring._warning_rules import Condition, VerdictRule
from riskkit.monitoring._warning_threshold import Threshold

__all__ = [
    "Alert",
    "AlertPerformanceResult",
    "Baseline",
    "Condition",
    "DevelopmentCurve",
    "EarlyPerformanceResult",
    "EarlyWarning",
    "EstimateResult",
    "FeedResult",
    "ImportanceResult",
    "Measurement",
    "PerformanceMonitor",
    "PerformanceResult",
    "ScoreCheckResult",
    "StabilityMonitor",
    "StabilityResult",
    "Threshold",
    "VerdictRule",
    "WarningResult",
    "alert_performance",
    "check_feeds",
    "check_scores",
    "default_rules",
    "default_thresholds",
    "early_performance",
    "estimate_performance",
    "importance_weights",
]
