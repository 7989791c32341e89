"""Normal scores of columns from a grid of training quantiles.

Notation: ``v_1 <= ... <= v_m`` are quantiles of a column at even steps of weight. A
value ``x`` with ``a`` of them below and ``b`` at or below it has the normal score

    Phi^-1((a + b + 1) / (2 m + 2))

the middle of the ranks it could have, so ties count half and nothing is infinite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["normal_scores", "quantile_grid"]


def quantile_grid(
    x: FloatArray, weight: FloatArray | None, n_quantiles: int
) -> FloatArray:
    """Return at most `n_quantiles` training values at even steps of weight.

    With fewer rows (or less weight) than that, one entry for each row.
    """
    order = np.argsort(x, kind="stable")
    below = np.cumsum(np.ones(x.size) if weight is None else weight[order])
    m = max(1, min(n_quantiles, int(below[-1])))
    # The first and the last point fall on the smallest and the largest row.
    last = max(below[-1] - 1.0, 0.0)
    points = 0.5 + np.linspace(0.0, last, m) if m > 1 else np.array([below[-1] / 2])
    places = np.minimum(np.searchsorted(below, points, side="right"), x.size - 1)
    return np.asarray(x[order[places]])


def normal_scores(x: FloatArray, grid: FloatArray) -> FloatArray:
    """Return the normal score of each value; `x` holds no NaN."""
    below = np.searchsorted(grid, x, side="left")
    upto = np.searchsorted(grid, x, side="right")
    return np.asarray(ndtri((below + upto + 1.0) / (2.0 * grid.size + 2.0)))
