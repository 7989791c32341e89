"""Isotonic regression of the event rate on a score.

Distinct scores ``x_1 < ... < x_k`` hold ``e_i`` events and ``n_i`` accounts. The
isotonic fit is the rising sequence of rates of greatest likelihood, which is also that
of least weighted squares: pooling adjacent violators leaves blocks of neighbouring
scores, each with the event rate of its own counts [1]_.

Between the last score of one block and the first of the next the fit says nothing. Read
as a *step*, the gap belongs to the riskier block: block ``j`` is ``(last_{j-1},
last_j]`` like any bin. Read as a *line*, it is interpolated; inside the blocks both are
the same, and outside the scores seen both are constant.

References
----------
.. [1] R. E. Barlow, D. J. Bartholomew, J. M. Bremner, H. D. Brunk, "Statistical
   inference under order restrictions", Wiley, 1972, section 1.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["IsotonicBlocks", "interpolate", "isotonic_blocks"]


@dataclass(frozen=True)
class IsotonicBlocks:
    """First and last score of each block, and its rate; all rising."""

    first: FloatArray
    last: FloatArray
    rate: FloatArray


def isotonic_blocks(
    x: FloatArray, n_event: FloatArray, n: FloatArray
) -> IsotonicBlocks:
    """Return the isotonic fit to counts at rising scores; every ``n`` is above 0."""
    from scipy.optimize import isotonic_regression

    bounds = isotonic_regression(n_event / n, weights=n).blocks
    starts, ends = bounds[:-1], bounds[1:] - 1
    # From the counts, so that a weight of 2 gives the bits of the row twice.
    rate = np.add.reduceat(n_event, starts) / np.add.reduceat(n, starts)
    return IsotonicBlocks(x[starts], x[ends], np.maximum.accumulate(rate))


def interpolate(x: FloatArray, knots: FloatArray, values: FloatArray) -> FloatArray:
    """Return the line through rising knots, constant beyond them, never falling.

    Unlike :func:`numpy.interp` it leaves ``[values[j], values[j + 1]]`` by no rounding.
    """
    if knots.size == 1:
        return np.full(x.size, values[0])
    x = np.clip(x, knots[0], knots[-1])
    right = np.maximum(np.searchsorted(knots, x, side="left"), 1)
    x0, x1, y0, y1 = knots[right - 1], knots[right], values[right - 1], values[right]
    share = (x - x0) / (x1 - x0)
    return np.asarray(np.minimum(y0 + (y1 - y0) * share, y1))
