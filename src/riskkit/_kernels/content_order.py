"""Random samples of rows that do not depend on the order the rows come in.

Notation: row ``i`` of a matrix of doubles has the key ``K_i``, a 64-bit hash of its
values and of a salt (multiplication by odd numbers and the finaliser of SplitMix64
[1]_). Rows in the order of their keys are in random order, equal rows stand together,
and the order is the same however the rows were arranged before.

A sample of size ``m`` takes the rows in which the points ``(k + u) W / m``,
``k = 0 .. m - 1``, fall when the weights are laid end to end in that order (systematic
sampling). Weighing a row by 2 therefore equals repeating it, and with unit weights a
sample as large as the table holds every row once.

References
----------
.. [1] G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators",
   OOPSLA 2014.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.typing import FloatArray, IntArray

__all__ = ["row_keys", "sample_rows"]

_GOLDEN = 0x9E3779B97F4A7C15  # odd multipliers and shifts of SplitMix64
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_MASK = 0xFFFFFFFFFFFFFFFF


def row_keys(rows: FloatArray) -> NDArray[np.uint64]:
    """Return a hash of each row; -0.0 and 0.0 are equal, and so are all NaN."""
    keys = np.zeros(rows.shape[0], dtype=np.uint64)
    for j in range(rows.shape[1]):
        x = rows[:, j] + 0.0  # -0.0 becomes 0.0
        x[np.isnan(x)] = np.nan
        keys ^= x.view(np.uint64)
        keys = _mix(keys + np.uint64(_GOLDEN * (j + 1) & _MASK))
    return keys


def sample_rows(
    keys: NDArray[np.uint64], weight: FloatArray | None, size: int, salt: int, u: float
) -> IntArray:
    """Return the places of `size` rows, in the order of their salted keys."""
    order = np.argsort(_mix(keys ^ np.uint64(salt & _MASK)), kind="stable")
    if weight is None:
        below = np.arange(1.0, keys.size + 1.0)
    else:
        below = np.cumsum(weight[order])
    points = (np.arange(size) + u) * (below[-1] / size)
    places = np.searchsorted(below, points, side="right")
    return np.asarray(order[np.minimum(places, keys.size - 1)], dtype=np.intp)


def _mix(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    keys = (keys ^ (keys >> np.uint64(30))) * _MIX_1
    keys = (keys ^ (keys >> np.uint64(27))) * _MIX_2
    return np.asarray(keys ^ (keys >> np.uint64(31)))
