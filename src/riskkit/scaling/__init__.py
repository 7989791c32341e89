"""From log-odds to points and grades."""

from __future__ import annotations

from riskkit.scaling._grade_table import GradeTable, MasterScaleSpec
from riskkit.scaling._master_scale import MasterScale
from riskkit.scaling._points import PointsScaler

__all__ = ["GradeTable", "MasterScale", "MasterScaleSpec", "PointsScaler"]
