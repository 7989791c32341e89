"""Measures of evidence, discrimination, calibration and stability, and their tests."""

from __future__ import annotations

from riskkit.metrics._alert_curve import AlertCurveResult, alert_curve
from riskkit.metrics._alerts import (
    average_precision,
    card_precision_at_k,
    precision_at_k,
    recall_at_k,
    saved_amount,
)
from riskkit.metrics._auc_tests import auc_delong_test, auc_vs_initial_test
from riskkit.metrics._bounds import (
    jeffreys_interval,
    pluto_tasche_pd,
    vasicek_critical_rate,
)
from riskkit.metrics._brier import BrierResult, brier_decomposition
from riskkit.metrics._calibration_tests import (
    hosmer_lemeshow_test,
    spiegelhalter_test,
)
from riskkit.metrics._cox import calibration_level_test, calibration_slope_test
from riskkit.metrics._evidence import iv, woe
from riskkit.metrics._lgd_tests import gauc_vs_initial_test, lgd_t_test
from riskkit.metrics._lift import LiftResult, lift_table
from riskkit.metrics._migration import (
    MWBResult,
    concentration_test,
    migration_test,
    mwb,
)
from riskkit.metrics._multiplicity import holm_adjust
from riskkit.metrics._profit import ProfitResult, expected_maximum_profit
from riskkit.metrics._ranking import cap_curve, gini_score, ks_curve, ks_score
from riskkit.metrics._rate_tests import (
    binomial_test,
    jeffreys_test,
    vasicek_binomial_test,
)
from riskkit.metrics._result import TestResult
from riskkit.metrics._shift_tests import MixRateResult, mix_rate_effects, psi_test
from riskkit.metrics._stability import csi, points_effect, psi
from riskkit.metrics._trend import cusum_test, mann_kendall_test
from riskkit.metrics._years import normal_test, traffic_light_test

__all__ = [
    "AlertCurveResult",
    "BrierResult",
    "LiftResult",
    "MWBResult",
    "MixRateResult",
    "ProfitResult",
    "TestResult",
    "alert_curve",
    "auc_delong_test",
    "auc_vs_initial_test",
    "average_precision",
    "binomial_test",
    "brier_decomposition",
    "calibration_level_test",
    "calibration_slope_test",
    "cap_curve",
    "card_precision_at_k",
    "concentration_test",
    "csi",
    "cusum_test",
    "expected_maximum_profit",
    "gauc_vs_initial_test",
    "gini_score",
    "holm_adjust",
    "hosmer_lemeshow_test",
    "iv",
    "jeffreys_interval",
    "jeffreys_test",
    "ks_curve",
    "ks_score",
    "lgd_t_test",
    "lift_table",
    "mann_kendall_test",
    "migration_test",
    "mix_rate_effects",
    "mwb",
    "normal_test",
    "pluto_tasche_pd",
    "points_effect",
    "precision_at_k",
    "psi",
    "psi_test",
    "recall_at_k",
    "saved_amount",
    "spiegelhalter_test",
    "traffic_light_test",
    "vasicek_binomial_test",
    "vasicek_critical_rate",
    "woe",
]
