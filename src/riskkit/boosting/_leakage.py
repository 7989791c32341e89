"""Columns that give the outcome away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.bins import count_bins
from riskkit._kernels.ranking import auc

if TYPE_CHECKING:
    from riskkit.artifact import FeatureSpec
    from riskkit.boosting._features import BinnedRows
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["SUSPICIOUS_AUC", "giveaways"]

SUSPICIOUS_AUC = 0.99  # no honest characteristic of an applicant comes near
_N_GROUPS = 20  # few enough that chance alone cannot sort events from non-events


def giveaways(
    rows: BinnedRows, is_event: BoolArray, weight: FloatArray | None
) -> dict[str, float]:
    """Return the AUC of every feature that alone has more than the suspicious one.

    A feature is cut into some 20 groups of equal size, missing and special values
    apart, and its groups are ranked by their event rates: whichever way it gives the
    outcome away, also by being missing, it is found.
    """
    found = {}
    for feature, bins in zip(rows.features, rows.bins, strict=True):
        event, nonevent = count_bins(bins, is_event, feature.n_bins, weight)
        event, nonevent = _grouped(feature, event, nonevent)
        n = event + nonevent
        rate = np.divide(event, n, out=np.zeros_like(n), where=n > 0)
        order = np.argsort(-rate, kind="stable")
        area = auc(event[order], nonevent[order])
        if area > SUSPICIOUS_AUC:
            found[feature.name] = area
    return found


def _grouped(
    feature: FeatureSpec, event: FloatArray, nonevent: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Join fine bins of numbers that stand side by side into groups of equal size."""
    n_regular = feature.n_regular
    if feature.kind != "numeric" or n_regular <= _N_GROUPS:
        return event, nonevent
    n = (event + nonevent)[:n_regular]
    before = np.cumsum(n) - n
    group = np.minimum(before * _N_GROUPS // max(n.sum(), 1.0), _N_GROUPS - 1)
    rest = _N_GROUPS + np.arange(feature.n_bins - n_regular)
    places = np.concatenate([group, rest]).astype(np.intp)
    size = int(places[-1]) + 1
    joined = [np.bincount(places, c, minlength=size) for c in (event, nonevent)]
    return joined[0].astype(np.float64), joined[1].astype(np.float64)
