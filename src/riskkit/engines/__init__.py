"""The same fit, score and monitoring on other data engines."""

from __future__ import annotations

from riskkit.engines._boosted import fit_boosted
from riskkit.engines._card import fit_scorecard, score
from riskkit.engines._collect import collect_stats
from riskkit.engines._fit import fit_baseline, fit_binner
from riskkit.engines._monitor import monitor
from riskkit.engines._stats import SufficientStats

__all__ = [
    "SufficientStats",
    "collect_stats",
    "fit_baseline",
    "fit_binner",
    "fit_boosted",
    "fit_scorecard",
    "monitor",
    "score",
]
