"""The line between log-odds of the event and points, and what bins are worth on it.

Notation: ``odds`` are non-event to event, so ``ln(odds) = -log_odds``. With
``factor = pdo / ln 2`` and ``offset = base_points - factor * ln(base_odds)``::

    points = offset - factor * log_odds

Points that double the odds: ``pdo``. Up is safer. [1]_

Through two given pairs of log-odds and points the same line has ``factor =
(points_2 - points_1) / (log_odds_1 - log_odds_2)``, and ``pdo = factor ln 2``.

In a scorecard ``log_odds = a + sum_j eta_j`` with an intercept ``a`` and ``eta = 0`` at
WoE 0, so an account at WoE 0 throughout has ``level = offset - factor * a`` points.
They are shared out as ``level = common + sum_j share_j``, and bin ``b`` of
characteristic ``j`` gets ``share_j - factor * eta_jb``: equal shares and nothing in
common [1]_, or all in common, or what makes the worst bin of each characteristic 0.

A reason is a distance ``reference - points`` in points; what the reference of a
characteristic with bins ``b`` can be (``best``, ``neutral`` and ``mean``)::

    best    = max_b points_b
    neutral = points_b where woe_b = 0
    mean    = sum_b n_b points_b / sum_b n_b

References
----------
.. [1] N. Siddiqi, "Intelligent Credit Scoring", 2nd ed., Wiley, 2017, ch. 10.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray, IntArray

__all__ = [
    "largest_losses",
    "mean_value",
    "neutral_points",
    "points_line",
    "share_level",
    "stretched_line",
]

# Means are kept to 32 binary digits after the point, a quarter of a billionth: sums
# and differences with whole points are then exact whatever their order.
_GRID = 2.0**32


def points_line(
    pdo: float, base_points: float, base_odds: float
) -> tuple[float, float]:
    """Return the factor and the offset of the line from log-odds to points."""
    factor = pdo / math.log(2.0)
    return factor, base_points - factor * math.log(base_odds)


def stretched_line(
    log_odds: tuple[float, float], points: tuple[float, float], base_odds: float
) -> tuple[float, float]:
    """Return the `pdo` and the base points of the line through two pairs."""
    (safe, risky), (least, most) = log_odds, points
    factor = (most - least) / (risky - safe)
    return factor * math.log(2.0), least + factor * (risky + math.log(base_odds))


def share_level(
    level: float, lowest: FloatArray, *, spread: bool, nonnegative: bool
) -> tuple[float, FloatArray]:
    """Return what everyone gets of `level`, and the share of each characteristic.

    `lowest` is what the worst bin of each characteristic adds to its share. With
    `nonnegative` no bin may end below 0; equal shares are then raised where they must
    be, and what is more than `level` is taken off everyone.
    """
    needed = -lowest if nonnegative else np.full(lowest.size, -np.inf)
    if not spread or lowest.size == 0:
        shares = needed if nonnegative else np.zeros(lowest.size)
        return level - float(shares.sum()), shares
    if nonnegative and needed.sum() >= level:
        return level - float(needed.sum()), needed
    # Those that need most get it, as long as it is more than an equal part of the rest.
    left = level
    for place, need in enumerate(np.sort(needed)[::-1]):
        equal = left / (needed.size - place)
        if need <= equal:
            break
        left -= need
    return 0.0, np.maximum(needed, equal)


def largest_losses(losses: FloatArray, n: int) -> IntArray:
    """Return the columns of the `n` largest losses of each row, -1 where none is left.

    A loss of 0 or less is none. Ties go to the column that stands first.
    """
    n_rows, n_columns = losses.shape
    keep = min(n, n_columns)
    order = np.argsort(-losses, axis=1, kind="stable")[:, :keep]
    found = np.take_along_axis(losses, order, axis=1) > 0
    columns = np.full((n_rows, n), -1, dtype=np.intp)
    columns[:, :keep] = np.where(found, order, -1)
    return columns


def mean_value(values: FloatArray, n: FloatArray) -> float:
    """Return the mean of the bins' values over `n` accounts, to 2 ** -32.

    NaN without accounts.
    """
    total = float(n.sum())
    if total == 0:
        return math.nan
    return float(np.rint(float(values @ n) / total * _GRID) / _GRID)


def neutral_points(
    points: FloatArray, log_odds: FloatArray, woe: FloatArray, pdo: float, whole: bool
) -> float:
    """Return the points that a characteristic gives at WoE 0.

    A bin of WoE 0 says it. Without one it is where the line
    ``points + (pdo / ln 2) * log_odds`` lies, which is level but for the rounding of
    each bin; the middle of its range errs by at most half a point, and is rounded
    itself if points are `whole`.
    """
    at_zero = np.flatnonzero(woe == 0)
    if at_zero.size:
        return float(points[at_zero[0]])
    level = points + pdo / math.log(2.0) * log_odds
    middle = float(level.min() + level.max()) / 2.0
    # Adding 0.0 turns -0.0 into 0.0.
    return float(np.rint(middle)) + 0.0 if whole else middle
