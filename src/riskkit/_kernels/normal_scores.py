"""Normal scores of columns from a grid of training quantiles.

Notation: ``v_1 <= ... <= v_m`` are quantiles of a column at even steps of weight. A
value ``x`` with ``a`` of them below and ``b`` at or below it has the normal score

    Phi^-1((a + b + 1) / (2 m + 2))

the middle of the ranks it could have, so ties count half and nothing is infinite.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.typing import FloatArray, IntArray

__all__ = [
    "look_up_scores",
    "normal_scores",
    "quantile_grid",
    "rank_scores",
]


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


def normal_scores(x: FloatArray, grids: Sequence[FloatArray]) -> FloatArray:
    """Return the normal score of each value, column by column; `x` holds no NaN."""
    out = np.empty(x.shape)
    known: dict[int, FloatArray] = {}
    for column, grid, scores in zip(x.T, grids, out.T, strict=True):
        if grid.size not in known:
            known[grid.size] = rank_scores(grid.size)
        scores[:] = known[grid.size][_ranks(column, grid)]
    return out


def rank_scores(n_quantiles: int) -> FloatArray:
    """Return the normal scores of all ranks ``a + b`` that a value can have."""
    # Imported here because rows are scored from the table, without SciPy.
    from scipy.special import ndtri

    ranks = np.arange(2.0 * n_quantiles + 1.0)
    return np.asarray(ndtri((ranks + 1.0) / (2.0 * n_quantiles + 2.0)))


def look_up_scores(
    x: FloatArray, grids: Sequence[FloatArray], scores: FloatArray
) -> FloatArray:
    """Return what :func:`normal_scores` does, given those of the ranks of all grids."""
    if len(x) == 1:
        row = zip(x[0].tolist(), grids, strict=True)
        return scores[[_rank(value, grid) for value, grid in row]][None]
    out = np.empty(x.shape)
    for column, grid, into in zip(x.T, grids, out.T, strict=True):
        into[:] = scores[_ranks(column, grid)]
    return out


def _rank(x: float, grid: FloatArray) -> int:
    """Return the same rank: Python's own search begins sooner than NumPy's."""
    values = grid.data
    below = bisect_left(values, x)
    if below == len(values) or values[below] != x:
        return 2 * below
    return below + bisect_right(values, x, below)


def _ranks(x: FloatArray, grid: FloatArray) -> IntArray:
    upto = grid.searchsorted(x, side="right")
    return np.asarray(grid.searchsorted(x, side="left") + upto)
