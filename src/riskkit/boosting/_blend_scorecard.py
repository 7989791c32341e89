"""The scorecard in a blend: the one place where boosting meets the scorecard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.binning import OptimalBinner
from riskkit.boosting._blend_members import ScorecardMember
from riskkit.scorecard import ScorecardClassifier

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["new_scorecard", "scorecard_member"]

_MIN_BIN_SIZE = 0.03  # as in a scorecard fitted alone
_TRENDS = {1: "ascending", -1: "descending"}


def new_scorecard(
    special_codes: Any, unseen: str, signs: Mapping[str, int]
) -> ScorecardClassifier:
    """Return a scorecard to be fitted, its bins held to the signs of features."""
    trend = {name: _TRENDS[sign] for name, sign in signs.items() if sign}
    binner = OptimalBinner(
        trend=trend or "auto",
        min_bin_size=_MIN_BIN_SIZE,
        special_codes=special_codes,
        unseen=unseen,
        verbose=False,
    )
    return ScorecardClassifier(binner)


def scorecard_member(card: Any) -> ScorecardMember:
    """Return a fitted scorecard as a member."""
    baseline = getattr(card, "baseline_", None)
    counts = {} if baseline is None else baseline.features
    means = []
    for item in card.spec_.characteristics:
        name = item.feature.name
        n = np.asarray(counts[name].n) if name in counts else np.zeros(1)
        means.append(float(np.average(item.log_odds, weights=n)) if n.any() else 0.0)
    return ScorecardMember(card.spec_, tuple(means))
