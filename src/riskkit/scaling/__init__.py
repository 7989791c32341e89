"""From log-odds to points and grades."""

from __future__ import annotations

from riskkit.scaling._points import PointsScaler

__all__ = ["PointsScaler"]
