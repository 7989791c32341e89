"""Fine bins of a numeric column, for models that choose their own cuts among them.

Notation: the distinct finite values ``v_1 < ... < v_d`` have the weights ``m_i`` with
the sum ``M``. With at most ``B`` bins wanted:

* ``d <= B``: every value has a bin of its own.
* Otherwise a value with ``m_i >= M / B`` has a bin of its own, and the others share the
  bins that are left in equal parts ``t`` of their weight: ``v_i`` belongs to part
  ``floor(b_i / t)``, with ``b_i`` the weight of the light values before it. [1]_

Cuts lie at midpoints between neighbouring values. They depend on the values and their
weights alone (never on outcomes), so weighing a row by 2 equals repeating it.

References
----------
.. [1] G. Ke et al., "LightGBM: a highly efficient gradient boosting decision tree",
   NeurIPS 30, 2017; values of large weight have bins of their own there as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.cells import midpoints

if TYPE_CHECKING:
    from riskkit.typing import FloatArray, IntArray

__all__ = ["fine_edges"]


def fine_edges(x: FloatArray, n_bins: int, weight: FloatArray | None) -> FloatArray:
    """Return the increasing interior edges of about `n_bins` bins, never many more.

    NaN and infinite values have no say in where the edges are; infinite ones fall into
    the first or the last bin.
    """
    known = np.isfinite(x)
    values, mass = _distinct(x[known], None if weight is None else weight[known])
    cuts = np.arange(values.size - 1) if values.size <= n_bins else _cuts(mass, n_bins)
    return midpoints(values[cuts], values[cuts + 1])


def _distinct(
    x: FloatArray, weight: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """Return the distinct values, increasing, and the weight of each."""
    if weight is None:
        values, counts = np.unique(x, return_counts=True)
        return values, counts.astype(np.float64)
    values, codes = np.unique(x, return_inverse=True)
    mass = np.bincount(codes, weight, minlength=values.size)
    return values, mass.astype(np.float64)


def _cuts(mass: FloatArray, n_bins: int) -> IntArray:
    """Return the positions of the values after which there is a cut."""
    heavy = mass * n_bins >= mass.sum()
    # A heavy value takes its own bin and may cut a run of light ones in two.
    n_left = max(1, n_bins - 2 * int(np.count_nonzero(heavy)))
    light = np.where(heavy, 0.0, mass)
    before = np.cumsum(light) - light
    part = np.floor(before * n_left / (light.sum() or 1.0))
    return np.flatnonzero((np.diff(part) > 0) | heavy[:-1] | heavy[1:])
