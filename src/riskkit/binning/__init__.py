"""Binning of raw features and their weight of evidence."""

from __future__ import annotations

from riskkit.binning._optimal import OptimalBinner
from riskkit.binning._table import BinningTable

__all__ = ["BinningTable", "OptimalBinner"]
