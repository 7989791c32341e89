"""Rating grades: their borders, their concentration, and joining thin ones.

Grade ``g`` of the edges ``c_0 < ... < c_k`` holds the PDs in ``(c_{g-1}, c_g]``; a
first edge of 0 belongs to the first grade. Up is riskier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "falling_pairs",
    "geometric_edges",
    "grade_of",
    "herfindahl",
    "join_thin",
    "typical_pd",
]


def grade_of(pd: FloatArray, edges: FloatArray) -> IntArray:
    """Return each PD's grade, from 0; -1 below the scale, ``k`` above it."""
    codes: IntArray = np.searchsorted(edges, pd, side="left") - 1
    if edges[0] == 0:
        codes[pd == 0] = 0
    return codes


def geometric_edges(low: float, high: float, n_grades: int) -> FloatArray:
    """Return 0, `n_grades` - 1 edges in constant ratio from `low` to `high`, and 1."""
    inner = np.geomspace(low, high, n_grades - 1)
    return np.concatenate([[0.0], inner, [1.0]])


def herfindahl(n: FloatArray) -> float:
    """Return the sum of squared shares: 1/k for equal grades, 1 for a single one."""
    share = n / n.sum()
    return float(share @ share)


def falling_pairs(n_event: FloatArray, n: FloatArray) -> BoolArray:
    """Return, for each grade that holds accounts, if the next such has a lower rate.

    One entry fewer than there are such grades.
    """
    held = n > 0
    event, size = n_event[held], n[held]
    # Cross-multiplied: exact for counts, so equal rates are no fall.
    fall: BoolArray = event[1:] * size[:-1] < event[:-1] * size[1:]
    return fall


def join_thin(n: FloatArray, least: float) -> list[list[int]]:
    """Return runs of grades such that each run holds at least `least` accounts.

    The thinnest run joins its thinner neighbour (the safer one if they tie), again and
    again; one run remains if nothing else will do.
    """
    runs = [[g] for g in range(n.size)]
    size = n.tolist()
    while len(runs) > 1 and min(size) < least:
        thin = size.index(min(size))
        beside = [g for g in (thin - 1, thin + 1) if 0 <= g < len(size)]
        left = min(thin, min(beside, key=lambda g: size[g]))
        runs[left : left + 2] = [runs[left] + runs[left + 1]]
        size[left : left + 2] = [size[left] + size[left + 1]]
    return runs


def typical_pd(edges: FloatArray) -> FloatArray:
    """Return a PD inside each grade: the geometric mean of its edges, or half of it.

    Half of the upper edge where the lower one is 0.
    """
    low, high = edges[:-1], edges[1:]
    return np.where(low > 0, np.sqrt(low * high), high / 2)
