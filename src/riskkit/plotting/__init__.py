"""Displays: each stores the numbers it draws."""

from __future__ import annotations

from riskkit.plotting._axes import (
    COLORS,
    bin_labels,
    edge_labels,
    percent_axis,
    style_axes,
)
from riskkit.plotting._cap import CAPDisplay
from riskkit.plotting._cutoff import CutoffDisplay
from riskkit.plotting._ks import KSDisplay
from riskkit.plotting._points import PointsDisplay
from riskkit.plotting._points_distribution import PointsDistributionDisplay
from riskkit.plotting._stability import StabilityDisplay
from riskkit.plotting._woe import WoEDisplay

__all__ = [
    "COLORS",
    "CAPDisplay",
    "CutoffDisplay",
    "KSDisplay",
    "PointsDisplay",
    "PointsDistributionDisplay",
    "StabilityDisplay",
    "WoEDisplay",
    "bin_labels",
    "edge_labels",
    "percent_axis",
    "style_axes",
]
