"""What a table of bins tells beside counts and WoE: precision and separation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.intervals import (
    jeffreys_interval,
    neighbour_pvalue,
    woe_error,
)
from riskkit._kernels.ranking import auc

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["detail_columns", "gini_of_bins", "iv_strength", "js_terms"]

_LEVEL = 0.95
# Siddiqi (2017), ch. 10; the last word is a warning, not praise.
_STRENGTHS = (
    (0.02, "unpredictive"),
    (0.1, "weak"),
    (0.3, "medium"),
    (0.5, "strong"),
)


def iv_strength(iv: float) -> str:
    """Return the field's word for an information value."""
    for bound, word in _STRENGTHS:
        if iv < bound:
            return word
    return "suspicious"


def js_terms(n_event: FloatArray, n_nonevent: FloatArray) -> FloatArray:
    """Return each bin's term of the Jensen-Shannon divergence, in nats."""
    p, q = n_event / n_event.sum(), n_nonevent / n_nonevent.sum()
    middle = np.where(p + q > 0, (p + q) / 2, 1.0)
    # x log x -> 0 as x -> 0: the inner where keeps the logarithm finite there.
    return np.asarray(
        0.5 * p * np.log(np.where(p > 0, p / middle, 1.0))
        + 0.5 * q * np.log(np.where(q > 0, q / middle, 1.0))
    )


def gini_of_bins(n_event: FloatArray, n_nonevent: FloatArray, woe: FloatArray) -> float:
    """Return the Gini of the ranking by WoE, ties counted half."""
    order = np.argsort(woe, kind="stable")  # riskiest first
    ordered, starts = np.unique(woe[order], return_index=True)
    if not ordered.size:
        return float("nan")
    event = np.add.reduceat(n_event[order], starts)
    nonevent = np.add.reduceat(n_nonevent[order], starts)
    return 2.0 * auc(event, nonevent) - 1.0


def detail_columns(
    n_event: FloatArray,
    n_nonevent: FloatArray,
    smoothing: float,
    n_regular: int,
) -> dict[str, FloatArray]:
    """Return intervals, errors and p-values, one entry for each bin."""
    n = n_event + n_nonevent
    low, high = jeffreys_interval(n_event, n, _LEVEL)
    # The last regular bin has no neighbour, nor have the bins after it.
    p_next = np.full(n.size, np.nan)
    p_next[: n_regular - 1] = neighbour_pvalue(n_event[:n_regular], n[:n_regular])
    return {
        "rate_low": low,
        "rate_high": high,
        "woe_se": woe_error(n_event, n_nonevent, smoothing),
        "js": js_terms(n_event, n_nonevent),
        "p_next": p_next,
    }
