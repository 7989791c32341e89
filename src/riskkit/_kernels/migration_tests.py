"""Rating grades that move and that fill up: migration and concentration.

Notation: ``N_ij`` customers moved from grade ``i`` to grade ``j`` of ``K``, ``N_i`` is
their row sum, ``p_ij = N_ij / N_i``; ``R_i`` is the share of grade ``i``. All after
[1]_.

* Matrix weighted bandwidth, upper: ``sum(|i - j| N_ij) / sum(max(|i - K|, |i - 1|)
  N_ij)`` over ``i < j``; lower: over ``i > j``. 0 if nobody moved that way.
* Stability: next to the diagonal frequencies should be larger than further away. With
  ``h`` the neighbour of ``j`` towards the diagonal, ``z_ij = (p_ih - p_ij) /
  sqrt((p_ij (1 - p_ij) + p_ih (1 - p_ih) + 2 p_ij p_ih) / N_i)``.
* Concentration: ``CV = sqrt(K sum((R_i - 1/K)^2))`` and the Herfindahl index ``HI = 1 +
  ln((CV^2 + 1) / K) / ln K``; ``sqrt(K - 1) (CV - CV_0) / sqrt(CV^2 (1/2 + CV^2))``.

References
----------
.. [1] European Central Bank, "Instructions for reporting the validation results of
   internal models", 2019, sections 2.5.5.1 to 2.5.5.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = [
    "bandwidths",
    "concentration_score",
    "herfindahl_index",
    "stability_scores",
    "variation",
]


def bandwidths(counts: FloatArray) -> tuple[float, float]:
    """Return the upper and the lower matrix weighted bandwidth."""
    k = counts.shape[0]
    row, column = np.indices(counts.shape)
    moved = np.abs(row - column) * counts
    farthest = np.maximum(row, k - 1 - row) * counts
    upper, lower = (
        _share(float(moved[side].sum()), float(farthest[side].sum()))
        for side in (column > row, column < row)
    )
    return upper, lower


def stability_scores(counts: FloatArray) -> FloatArray:
    """Return ``z_ij``; NaN on the diagonal and where nothing varies."""
    n = counts.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = counts / n
        row, column = np.indices(counts.shape)
        towards = np.where(column < row, column + 1, np.maximum(column - 1, 0))
        nearer = np.take_along_axis(p, towards, axis=1)
        variance = (p * (1 - p) + nearer * (1 - nearer) + 2 * p * nearer) / n
        z = (nearer - p) / np.sqrt(variance)
    return np.where((row != column) & (variance > 0), z, np.nan)


def variation(share: FloatArray) -> float:
    """Return the coefficient of variation of the shares: 0 if all are equal."""
    k = share.size
    return float(np.sqrt(k * ((share - 1.0 / k) ** 2).sum()))


def herfindahl_index(cv: float, k: int) -> float:
    """Return 0 for equal grades, 1 if one of several holds all; NaN for one alone."""
    if k == 1:
        return float("nan")
    return float(1.0 + np.log((cv**2 + 1.0) / k) / np.log(k))


def concentration_score(cv: float, initial_cv: float, k: int) -> float:
    """Return the statistic; infinitely low where all grades are equally full."""
    if cv == initial_cv:
        return 0.0
    if cv == 0:
        return -float("inf")
    error = np.sqrt(cv**2 * (0.5 + cv**2))
    return float(np.sqrt(k - 1) * (cv - initial_cv) / error)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
