"""Displays: each stores the numbers it draws."""

from __future__ import annotations

from riskkit.plotting._ab_test import ABTestDisplay
from riskkit.plotting._ale import ALEDisplay
from riskkit.plotting._alert import AlertDisplay
from riskkit.plotting._axes import (
    COLORS,
    bin_labels,
    edge_labels,
    percent_axis,
    style_axes,
)
from riskkit.plotting._backtest import BacktestDisplay
from riskkit.plotting._cap import CAPDisplay
from riskkit.plotting._cohort import CohortDisplay
from riskkit.plotting._cutoff import CutoffDisplay
from riskkit.plotting._importance import ImportanceDisplay
from riskkit.plotting._ks import KSDisplay
from riskkit.plotting._partial_dependence import PartialDependenceDisplay
from riskkit.plotting._points import PointsDisplay
from riskkit.plotting._points_distribution import PointsDistributionDisplay
from riskkit.plotting._reliability import ReliabilityDisplay
from riskkit.plotting._response import ResponseGainsDisplay
from riskkit.plotting._ring import RingDisplay
from riskkit.plotting._stability import StabilityDisplay
from riskkit.plotting._stability_trend import StabilityTrendDisplay
from riskkit.plotting._term_structure import TermStructureDisplay
from riskkit.plotting._transitions import RollRateDisplay, TransitionDisplay
from riskkit.plotting._vintage import HazardDisplay, VintageDisplay
from riskkit.plotting._woe import WoEDisplay

__all__ = [
    "COLORS",
    "ABTestDisplay",
    "ALEDisplay",
    "AlertDisplay",
    "BacktestDisplay",
    "CAPDisplay",
    "CohortDisplay",
    "CutoffDisplay",
    "HazardDisplay",
    "ImportanceDisplay",
    "KSDisplay",
    "PartialDependenceDisplay",
    "PointsDisplay",
    "PointsDistributionDisplay",
    "ReliabilityDisplay",
    "ResponseGainsDisplay",
    "RingDisplay",
    "RollRateDisplay",
    "StabilityDisplay",
    "StabilityTrendDisplay",
    "TermStructureDisplay",
    "TransitionDisplay",
    "VintageDisplay",
    "WoEDisplay",
    "bin_labels",
    "edge_labels",
    "percent_axis",
    "style_axes",
]
