"""The line between log-odds of the event and points, and reasons from points.

Notation: ``odds`` are non-event to event, so ``ln(odds) = -log_odds``. With
``factor = pdo / ln 2`` and ``offset = base_points - factor * ln(base_odds)``::

    points = offset - factor * log_odds

Points that double the odds: ``pdo``. Up is safer. [1]_

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

__all__ = ["largest_losses", "points_line"]


def points_line(
    pdo: float, base_points: float, base_odds: float
) -> tuple[float, float]:
    """Return the factor and the offset of the line from log-odds to points."""
    factor = pdo / math.log(2.0)
    return factor, base_points - factor * math.log(base_odds)


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
