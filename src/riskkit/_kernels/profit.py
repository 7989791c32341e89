"""Profit of a cutoff when the loss of a defaulter is uncertain.

A defaulter loses the share ``L`` of the amount lent: 0 with probability ``p0``, all of
it with ``p1``, and anything between with equal density. Refusing a non-event costs the
return ``roi``. Per account and unit lent, refusing the riskiest down to a cutoff gains
``L pi0 F0 - roi pi1 F1``, with ``F0`` and ``F1`` the shares of events and non-events
refused, ``pi0`` and ``pi1`` those of the sample. The expected maximum profit is the
mean over ``L`` of the best such gain [1]_.

For each ``L`` the best cutoff lies on the convex hull of the ROC curve, whose pieces
are the blocks of an isotonic regression of the event rate on the score. A piece of
``e`` events and ``n`` non-events is refused once ``L > roi n / e``.

References
----------
.. [1] T. Verbraken, C. Bravo, R. Weber, B. Baesens, "Development and application of
   consumer credit scoring models using profit-based classification measures", European
   Journal of Operational Research 238(2), 2014.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.isotonic import isotonic_blocks

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["expected_maximum_profit"]


def expected_maximum_profit(
    n_event: FloatArray, n_nonevent: FloatArray, p0: float, p1: float, roi: float
) -> tuple[float, float]:
    """Return the profit per account and unit lent, and the share refused for it.

    Counts are given at each distinct score, riskiest first; both classes are there.
    """
    n = n_event + n_nonevent
    rank = np.arange(n.size, dtype=np.float64)
    blocks = isotonic_blocks(rank, n_event[::-1], n[::-1])
    ends = blocks.last.astype(np.intp)[::-1]  # ranks from the safest; riskiest first
    below = np.append(np.cumsum(n_event[::-1])[ends[1:]], 0.0)
    below_nonevent = np.append(np.cumsum(n_nonevent[::-1])[ends[1:]], 0.0)
    total = n.sum()
    refused_event = np.concatenate([[0.0], n_event.sum() - below]) / total
    refused_nonevent = np.concatenate([[0.0], n_nonevent.sum() - below_nonevent])
    refused_nonevent = refused_nonevent / total
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = roi * np.diff(refused_nonevent) / np.diff(refused_event)
    # A piece without events is never refused, even if that costs nothing.
    turn[np.diff(refused_event) == 0] = np.inf
    turn = np.concatenate([[0.0], turn])
    n_used = int(np.searchsorted(turn, 1.0, side="left"))
    edges = np.append(turn[:n_used], 1.0)
    event, nonevent = refused_event[:n_used], refused_nonevent[:n_used]

    between = 1.0 - p0 - p1
    step, square = np.diff(edges), np.diff(edges**2)
    profit = between * (event @ square / 2.0 - roi * nonevent @ step)
    profit += p1 * (event[-1] - roi * nonevent[-1])
    refused = between * (event + nonevent) @ step + p1 * (event[-1] + nonevent[-1])
    return float(profit), float(refused)
