"""The same fit, score and monitoring on other data engines."""

from __future__ import annotations

from riskkit.engines._boosted import fit_boosted
from riskkit.engines._card import fit_scorecard, score
from riskkit.engines._collect import collect_stats
from riskkit.engines._fit import fit_baseline, fit_binner
from riskkit.engines._frequent import FrequentLevels
from riskkit.engines._monitor import monitor
from riskkit.engines._select import fit_selector
from riskkit.engines._stats import SufficientStats
from riskkit.engines._vintages import collect_transitions, collect_vintages

__all__ = [
    "FrequentLevels",
    "SufficientStats",
    "collect_stats",
    "collect_transitions",
    "collect_vintages",
    "fit_baseline",
    "fit_binner",
    "fit_boosted",
    "fit_scorecard",
    "fit_selector",
    "monitor",
    "score",
]
