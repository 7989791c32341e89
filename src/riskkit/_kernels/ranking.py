"""Discrimination of a ranking, from the counts at each distinct score.

Notation: the distinct scores are taken from the riskiest down; ``e_k`` and ``n_k`` are
the events and non-events at the ``k``-th of them, ``E`` and ``N`` the totals, and
``S_k = N - (n_1 + ... + n_k)`` the non-events scored safer. With ties counted half::

    auc = sum(e_k * (S_k + n_k / 2)) / (E * N)

The variance is DeLong's [1]_: with the placement of an event ``u_k = (S_k + n_k/2)/N``
and of a non-event ``v_k = (e_1 + ... + e_k - e_k/2)/E``, it is the sum of the unbiased
variances of ``u`` over ``E`` and of ``v`` over ``N``. Counts of grades or of bands give
the same numbers as the rows behind them; weights are sums like any other count.

References
----------
.. [1] E. DeLong, D. DeLong and D. Clarke-Pearson, "Comparing the areas under two or
   more correlated receiver operating characteristic curves", Biometrics 44, 1988.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["auc", "auc_variance", "ks", "ks_interval", "score_counts"]


def score_counts(
    is_event: BoolArray, score: FloatArray, weight: FloatArray | None = None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the distinct scores, riskiest first, with their events and non-events."""
    levels, codes = np.unique(score, return_inverse=True)
    event = np.bincount(
        codes[is_event],
        None if weight is None else weight[is_event],
        minlength=levels.size,
    )
    nonevent = np.bincount(
        codes[~is_event],
        None if weight is None else weight[~is_event],
        minlength=levels.size,
    )
    return levels[::-1], event[::-1].astype(float), nonevent[::-1].astype(float)


def auc(n_event: FloatArray, n_nonevent: FloatArray) -> float:
    """Return the chance that an event ranks above a non-event; NaN with one class."""
    total = n_event.sum() * n_nonevent.sum()
    if total == 0:
        return float("nan")
    safer = n_nonevent.sum() - np.cumsum(n_nonevent)
    return float(np.sum(n_event * (safer + n_nonevent / 2)) / total)


def auc_variance(n_event: FloatArray, n_nonevent: FloatArray) -> float:
    """Return DeLong's variance of the AUC; NaN with fewer than two of a class."""
    total_event, total_nonevent = n_event.sum(), n_nonevent.sum()
    if min(total_event, total_nonevent) <= 1:
        return float("nan")
    safer = total_nonevent - np.cumsum(n_nonevent)
    u = (safer + n_nonevent / 2) / total_nonevent
    v = (np.cumsum(n_event) - n_event / 2) / total_event
    area = auc(n_event, n_nonevent)
    var_u = np.sum(n_event * (u - area) ** 2) / (total_event - 1)
    var_v = np.sum(n_nonevent * (v - area) ** 2) / (total_nonevent - 1)
    return float(var_u / total_event + var_v / total_nonevent)


def ks(n_event: FloatArray, n_nonevent: FloatArray) -> float:
    """Return the largest gap of the two distributions; NaN with one class."""
    total_event, total_nonevent = n_event.sum(), n_nonevent.sum()
    if min(total_event, total_nonevent) == 0:
        return float("nan")
    gap = np.cumsum(n_event) / total_event - np.cumsum(n_nonevent) / total_nonevent
    return float(np.max(np.abs(gap)))


def ks_interval(
    n_event: FloatArray, n_nonevent: FloatArray, level: float
) -> tuple[float, float, float, float]:
    """Return KS, its standard error and an interval; counts stand in order of risk.

    The error is that of two independent shares, taken at the cut-off where they are
    furthest apart as if that cut-off had been fixed before:
    ``sqrt(F(1 - F) / E + G(1 - G) / N)``.
    """
    from scipy.special import ndtri

    total = n_event.sum(), n_nonevent.sum()
    if min(total) == 0:
        return (float("nan"),) * 4
    f, g = np.cumsum(n_event) / total[0], np.cumsum(n_nonevent) / total[1]
    at = int(np.argmax(np.abs(f - g)))
    value = ks(n_event, n_nonevent)
    spread = f[at] * (1 - f[at]) / total[0] + g[at] * (1 - g[at]) / total[1]
    error = float(np.sqrt(max(spread, 0.0)))
    reach = float(ndtri((1.0 + level) / 2.0)) * error
    return value, error, max(value - reach, 0.0), min(value + reach, 1.0)
