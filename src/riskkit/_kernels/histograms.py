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

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["cell_costs", "equal_width_cells", "find_cells", "match_values"]

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


def match_values(x: FloatArray, values: FloatArray) -> np.ndarray:
    """Return the place of each entry in sorted `values`, or their number."""
    if values.size == 0:
        return np.zeros(x.shape, dtype=np.intp)
    places = np.minimum(np.searchsorted(values, x), values.size - 1)
    return np.where(values[places] == x, places, values.size)
