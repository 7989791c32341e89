"""P-values from good rows, and the share of false alarms among those that are raised.

Notation: ``n`` scores of good rows; a new row whose score is reached by ``m`` of them
has the p-value ``(m + 1) / (n + 1)`` [1]_. With the ``b`` p-values of a batch sorted
upwards, Benjamini and Hochberg's procedure [2]_ raises an alarm for the first ``k``,
the largest ``k`` with ``p_(k) <= level k / b``; that is, where the adjusted value

    q_(k) = min over j >= k of b p_(j) / j

is at most `level`. As no p-value is below ``1 / (n + 1)``, at least
``b / (level (n + 1))`` rows must be beyond all good ones before there is an alarm.

References
----------
.. [1] S. Bates, E. Candes, L. Lei, Y. Romano, M. Sesia, "Testing for outliers with
   conformal p-values", Annals of Statistics 51, 2023.
.. [2] Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", Journal of the
   Royal Statistical Society B 57, 1995.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["conformal_p_values", "false_discovery_adjusted", "least_alarms"]


def conformal_p_values(good: FloatArray, scores: FloatArray) -> FloatArray:
    """Return the p-value of each score; `good` rises, ties count as reached."""
    reached = good.size - np.searchsorted(good, scores, side="left")
    return np.asarray((reached + 1.0) / (good.size + 1.0))


def false_discovery_adjusted(p_value: FloatArray) -> FloatArray:
    """Return the least level at which each row of the batch would be an alarm."""
    order = np.argsort(p_value, kind="stable")
    rank = np.arange(1.0, p_value.size + 1.0)
    steps = p_value[order] * (p_value.size / rank)
    adjusted = np.empty(p_value.size)
    adjusted[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    return adjusted


def least_alarms(n_rows: int, n_good: int, level: float) -> int:
    """Return how many rows must be beyond all good ones before there is an alarm."""
    # The tolerance undoes the rounding of quotients such as 200 / (0.1 * 2000).
    return max(1, int(np.ceil(n_rows / (level * (n_good + 1.0)) * (1 - 1e-12))))
