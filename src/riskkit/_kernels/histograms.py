"""How rare a value is in the histogram of its column, in nats.

Notation: the cells of a column have the weights ``m_c`` and the heaviest one ``M``. A
value in cell ``c`` costs

    log((M + 1/2) / (m_c + 1/2))

nats, 0 in the heaviest cell, and as much as an empty cell where it falls into none.

Cells are the distinct values themselves where there are few. Otherwise the finite range
is cut into equal widths ``2 IQR / n^(1/3)`` [1]_, at least 10 and at most 200 of them
(50 where ``IQR = 0``);
that a cell is narrow where the middle half of the rows is close together is what makes
a lonely value far away rare.

References
----------
.. [1] D. Freedman, P. Diaconis, "On the histogram as a density estimator", Zeitschrift
   für Wahrscheinlichkeitstheorie 57, 1981; as a detector: M. Goldstein, A. Dengel,
   "Histogram-based outlier score (HBOS)", KI 2012.
"""

from __future__ import annotations

from bisect import bisect_right
from math import isinf, isnan
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.typing import FloatArray

__all__ = [
    "CellCosts",
    "binned_costs",
    "cell_costs",
    "costs_of",
    "costs_of_rows",
    "equal_width_cells",
    "find_cells",
    "value_costs",
]

_FEWEST_CELLS, _MOST_CELLS = 10, 200
_CELLS_WITHOUT_SPREAD = 50  # where half of the rows share one value, so that IQR = 0


def cell_costs(mass: FloatArray) -> FloatArray:
    """Return the cost of each cell, and last that of an empty one."""
    mass = np.append(mass, 0.0)
    return np.asarray(np.log(mass.max() + 0.5) - np.log(mass + 0.5))


def equal_width_cells(
    values: FloatArray, mass: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return edges and weights of cells of distinct finite `values`, sorted."""
    below = np.cumsum(mass)
    quarter, three = values[np.searchsorted(below, below[-1] * np.array([0.25, 0.75]))]
    # Halves, because the range of finite doubles can be beyond the largest of them.
    half_width = (three / 2 - quarter / 2) * 2 / np.cbrt(below[-1])
    n_cells = float(_CELLS_WITHOUT_SPREAD)
    if half_width > 0:
        n_cells = (values[-1] / 2 - values[0] / 2) / half_width
    n_cells = int(np.clip(n_cells, _FEWEST_CELLS, _MOST_CELLS))
    steps = np.arange(n_cells + 1) / n_cells
    edges = values[0] * (1.0 - steps) + values[-1] * steps
    edges[-1] = values[-1]
    edges = np.unique(edges)
    cells = find_cells(values, edges)
    in_cells = np.bincount(cells, mass, minlength=edges.size)[: edges.size - 1]
    return edges, in_cells.astype(np.float64)


def find_cells(x: FloatArray, edges: FloatArray) -> np.ndarray:
    """Return the cell ``[a, b)`` of each value, the last closed; else their number."""
    n_cells = edges.size - 1
    cells = np.searchsorted(edges, x, side="right") - 1
    cells = np.where(x == edges[-1], n_cells - 1, cells)
    return np.where((cells < 0) | (x > edges[-1]) | np.isnan(x), n_cells, cells)


class CellCosts(NamedTuple):
    """A column as a step function: `cost[k]` where `k` points are at or below."""

    points: FloatArray
    cost: FloatArray
    missing: float
    infinite: float


def binned_costs(edges: FloatArray, cost: FloatArray, state: FloatArray) -> CellCosts:
    """Return the steps of cells ``[a, b)``, the last closed.

    `cost` ends with that of an empty cell; `state` is what known, missing and infinite
    values cost before.
    """
    points = edges.copy()
    points[-1] = np.nextafter(points[-1], np.inf)  # the last cell holds its end
    steps = np.concatenate([cost[-1:], cost])
    return CellCosts(points, state[0] + steps, float(state[1]), float(state[2]))


def value_costs(values: FloatArray, cost: FloatArray, state: FloatArray) -> CellCosts:
    """Return the steps of cells that are single values, increasing."""
    points = np.column_stack([values, np.nextafter(values, np.inf)]).ravel()
    steps = np.full(points.size + 1, cost[-1])
    steps[1::2] = cost[:-1]
    return CellCosts(points, state[0] + steps, float(state[1]), float(state[2]))


def costs_of(column: CellCosts, x: FloatArray) -> FloatArray:
    """Return the cost of each value."""
    cost = column.cost[np.searchsorted(column.points, x, side="right")]
    cost = np.where(np.isinf(x), column.infinite, cost)
    return np.where(np.isnan(x), column.missing, cost)


def costs_of_rows(columns: Sequence[CellCosts], codes: FloatArray) -> FloatArray:
    """Return the cost of each value of rows."""
    if len(codes) == 1:
        row = zip(columns, codes[0].tolist(), strict=True)
        return np.array([[_cost_of(column, x) for column, x in row]])
    pairs = zip(columns, codes.T, strict=True)
    return np.column_stack([costs_of(column, x) for column, x in pairs])


def _cost_of(column: CellCosts, x: float) -> float:
    """Return the same cost: Python's own search begins sooner than NumPy's."""
    if isnan(x):
        return column.missing
    if isinf(x):
        return column.infinite
    return column.cost.item(bisect_right(column.points.data, x))
