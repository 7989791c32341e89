"""What a ranking finds among its first rows, from the counts at each distinct score.

Notation: the distinct scores are taken from the riskiest down; ``e_k`` and ``n_k`` are
the events and non-events at the ``k``-th of them, ``E`` and ``N`` the totals, and
``A_k`` and ``F_k`` the rows and the events at or above it. Average precision is

    ap = sum(e_k * F_k / A_k) / E

so tied rows share the precision at the end of their tie, whatever their order [1]_.

An effort of ``m`` rows that ends within a tie finds the events that a random order of
the tie gives on average: ``F`` is a straight line between the ends of ties.

References
----------
.. [1] W. Su, Y. Yuan, M. Zhu, "A relationship between the average precision and the
   area under the ROC curve", ICTIR 2015.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["average_precision", "events_within"]


def average_precision(n_event: FloatArray, n_nonevent: FloatArray) -> float:
    """Return the average precision; NaN without events."""
    total = float(n_event.sum())
    if total == 0:
        return float("nan")
    found = np.cumsum(n_event)
    seen = found + np.cumsum(n_nonevent)
    held = n_event > 0  # where nothing was found nothing is added, nor divided by
    return float(np.sum(n_event[held] * (found[held] / seen[held])) / total)


def events_within(
    n_event: FloatArray, n_nonevent: FloatArray, effort: FloatArray
) -> FloatArray:
    """Return the events expected among the first `effort` rows, each at most all."""
    found = np.append(0.0, np.cumsum(n_event))
    seen = np.append(0.0, np.cumsum(n_event + n_nonevent))
    return np.asarray(np.interp(effort, seen, found))
