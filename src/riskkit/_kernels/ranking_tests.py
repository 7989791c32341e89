"""Comparing discrimination: DeLong's covariances, and the generalised AUC.

An event's placement is the share of non-events it outranks, a non-event's the share of
events that outrank it, ties counted half; the means of both are the AUC. Two scores
on the same rows give two placements a row, and their covariances give that of the two
AUCs [1]_::

    cov(A, B) = cov(placements of events) / E + cov(placements of non-events) / N

with unbiased covariances. Weights are counts.

The generalised AUC of ``a_ij`` facilities of realised segment ``i`` and estimated grade
``j`` is ``(D + 1) / 2`` with Somers' ``D = (P - Q) / w``, where ``P`` and ``Q`` are the
concordant and discordant ordered pairs and ``w`` those of different segments ``i``.
Its standard deviation is ``sqrt(sum(a_ij (w d_ij - (P - Q)(F - r_i))^2)) / w^2`` with
``d_ij`` concordant less discordant facilities of a cell, ``F`` all of them, ``r_i``
those of segment ``i`` [2]_. With two segments it is the AUC.

References
----------
.. [1] E. DeLong, D. DeLong and D. Clarke-Pearson, "Comparing the areas under two or
   more correlated receiver operating characteristic curves", Biometrics 44, 1988.

.. [2] European Central Bank, "Instructions for reporting the validation results of
   internal models", 2019, annex 3.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray

__all__ = [
    "gauc",
    "merge_scores",
    "paired_auc",
    "placements",
    "pooled_ranks",
    "z_ratio",
]


def merge_scores(
    score: FloatArray, n_event: FloatArray, n_nonevent: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return events and non-events at each distinct score, riskiest first."""
    levels, codes = np.unique(score, return_inverse=True)
    event = np.bincount(codes, n_event, minlength=levels.size)
    nonevent = np.bincount(codes, n_nonevent, minlength=levels.size)
    return event[::-1].astype(np.float64), nonevent[::-1].astype(np.float64)


def pooled_ranks(n: FloatArray) -> FloatArray:
    """Return the share of each period's accounts at or below each grade.

    `n` has one row a period and one column a grade, safest first. Equal shares of two
    periods are equal to the bit.
    """
    total = n.sum(axis=1, keepdims=True)
    return np.asarray(np.cumsum(n, axis=1) / np.where(total > 0, total, 1.0))


def placements(
    score: FloatArray, is_event: BoolArray, weight: FloatArray
) -> FloatArray:
    """Return the placement of each row; both classes must be there."""
    levels, codes = np.unique(score, return_inverse=True)
    event = np.bincount(codes, weight * is_event, minlength=levels.size)
    nonevent = np.bincount(codes, weight * ~is_event, minlength=levels.size)
    events, nonevents = np.cumsum(event), np.cumsum(nonevent)
    of_event = (nonevents - nonevent / 2.0) / nonevents[-1]
    of_nonevent = (events[-1] - events + event / 2.0) / events[-1]
    return np.asarray(np.where(is_event, of_event[codes], of_nonevent[codes]))


def paired_auc(
    first: FloatArray, second: FloatArray, is_event: BoolArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the two AUCs of the same rows and their 2 by 2 covariance.

    NaN with no more than one event, or one non-event.
    """
    place = np.stack([placements(s, is_event, weight) for s in (first, second)])
    covariance = np.zeros((2, 2))
    for rows in (is_event, ~is_event):
        w = weight[rows]
        total = w.sum()
        mean = place[:, rows] @ w / total
        off = place[:, rows] - mean[:, None]
        if total > 1:
            covariance += (w * off) @ off.T / (total - 1.0) / total
        else:
            covariance[:] = np.nan
        if rows is is_event:
            area = mean
    return area, covariance


def gauc(counts: FloatArray) -> tuple[float, float]:
    """Return the generalised AUC and its standard deviation; rows are realised."""
    total = counts.sum()
    of_row = counts.sum(axis=1)
    pairs = float(total**2 - (of_row**2).sum())
    if pairs == 0:
        return float("nan"), float("nan")
    below = np.zeros((counts.shape[0] + 1, counts.shape[1] + 1))
    below[1:, 1:] = counts.cumsum(axis=0).cumsum(axis=1)
    # Sums over the four quadrants around each cell, its own row and column left out.
    both_less = below[:-1, :-1]
    less_row = below[:-1, -1:] - below[:-1, 1:]
    less_column = below[-1:, :-1] - below[1:, :-1]
    both_more = total - below[1:, -1:] - below[-1:, 1:] + below[1:, 1:]
    lean = both_less + both_more - less_row - less_column
    difference = float((counts * lean).sum())
    spread = pairs * lean - difference * (total - of_row[:, None])
    error = np.sqrt((counts * spread**2).sum()) / pairs**2
    return (difference / pairs + 1.0) / 2.0, float(error)


def z_ratio(difference: float, error: float, unit: float = 1.0) -> float:
    """Return ``difference / error``; 0 if nothing differs, infinite without error.

    Equal scores, or a ranking without a fault, have no sampling error at all; what
    rounding leaves of a difference, 1e-12 of its `unit`, must not become significant.
    """
    if np.isnan(difference) or np.isnan(error):
        return float("nan")
    if abs(difference) <= 1e-12 * unit:
        return 0.0
    return (
        float(difference / error) if error else float(np.copysign(np.inf, difference))
    )
