"""Candidate cuts, and the prebins that the exact search combines into bins.

The exact search costs the cube of the number of cells, so a column with many cells is
first cut into a few dozen prebins. Quantiles miss the thresholds where the event rate
jumps, so the cuts come from the target: those of a CART grown with Gini impurity [1]_.
With ``t`` rows and ``e`` events left (l) and right (r) of a cut, least Gini impurity
is largest

    e_l^2 / t_l + e_r^2 / t_r

A leaf of less than the least bin size could never be a bin, so the tree stops there and
stays small: with 5 % it has at most 20 leaves.

References
----------
.. [1] L. Breiman, J. Friedman, R. Olshen, C. Stone, "Classification and Regression
   Trees", Wadsworth, 1984, ch. 4.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit._kernels.cells import CellCounts
    from riskkit.typing import BoolArray, Counts, FloatArray, IntArray

__all__ = [
    "candidate_cuts",
    "cart_cuts",
    "corner_cuts",
    "first_best",
    "inner_cuts",
    "merged",
]

_AROUND = 16  # one part in so many on either side of a group is its surroundings
_BLOCK = 1 << 15  # cells per pass of a long path


def candidate_cuts(cells: CellCounts, n_groups: int) -> IntArray:
    """Return cut positions worth a look, with both ends of the column.

    These are all cuts between occupied cells while there are at most ``2 * n_groups``.
    Otherwise every group of neighbouring cells contributes two: with ``r`` the event
    rate around the group, those where ``events - r * rows`` so far is largest and
    smallest. All split criteria are convex in (rows, events), so the best cut of a
    group is a corner of its path, and the corner facing the surrounding rate is
    usually it. Cells that hold more rows than a group may be cut off on either side.
    """
    n_cells = len(cells.cum_rows) - 1
    ends = np.array([0, n_cells])
    if n_cells <= 2 * n_groups:
        occupied = np.flatnonzero(cells.cum_rows[1:] > cells.cum_rows[:-1]) + 1
        return merged(ends, occupied[:-1])
    size = cells.cum_rows[1:] - cells.cum_rows[:-1]
    heavy = np.flatnonzero(size > cells.cum_rows[-1] / n_groups)
    sides = inner_cuts(cells, np.concatenate((heavy, heavy + 1)))
    return merged(ends, corner_cuts(cells, n_groups), sides)


def corner_cuts(cells: CellCounts, n_groups: int) -> IntArray:
    """Return the highest and lowest point of each group's path of events on rows."""
    n_cells = len(cells.cum_rows) - 1
    width = -(-n_cells // n_groups)
    n_groups = n_cells // width
    rows = cells.cum_rows[1 : n_groups * width + 1].reshape(n_groups, width)
    events = cells.cum_event[1 : n_groups * width + 1].reshape(n_groups, width)
    # A narrow group's own rate is too noisy to tell what surrounds it.
    around = n_groups // _AROUND
    low = np.maximum(np.arange(n_groups) - around, 0)
    high = np.minimum(np.arange(n_groups) + around, n_groups - 1)
    rows_around = rows[high, -1] - rows[low, 0]
    rate = (events[high, -1] - events[low, 0]) / np.maximum(rows_around, 1e-300)
    corners = np.empty((n_groups, 2), dtype=np.intp)
    step = max(1, _BLOCK // width)
    for start in range(0, n_groups, step):  # the path of a block stays in the cache
        block = slice(start, start + step)
        path = events[block] - rate[block, None] * rows[block]
        path.argmax(axis=1, out=corners[block, 0])
        path.argmin(axis=1, out=corners[block, 1])
    corners += np.arange(n_groups)[:, None] * width + 1
    corners.sort(axis=1)
    return inner_cuts(cells, corners.ravel())


def inner_cuts(cells: CellCounts, cuts: IntArray) -> IntArray:
    """Move cuts to right after an occupied cell; drop those that separate nothing."""
    before = cells.cum_rows[cuts]
    if np.any(before == cells.cum_rows[cuts - 1]):
        cuts = cells.cum_rows.searchsorted(before, side="left")
    return merged(cuts[(cuts > 0) & (cells.cum_rows[cuts] < cells.cum_rows[-1])])


def merged(*cuts: IntArray) -> IntArray:
    """Return the distinct cuts of several arrays in order."""
    ordered = np.sort(np.concatenate(cuts))
    if not len(ordered):
        return ordered
    # A plain comparison is several times faster on short arrays than np.unique.
    keep = np.empty(len(ordered), dtype=bool)
    keep[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=keep[1:])
    return ordered[keep]


def cart_cuts(
    columns: Sequence[CellCounts], candidates: Sequence[IntArray], min_leaf: float
) -> list[IntArray]:
    """Grow one tree per column on its candidates; return the sorted inner cuts.

    All leaves of one depth of all columns are split in the same pass: the candidates
    are laid end to end, and a leaf is a pair of indices into that array.
    """
    lengths = np.array([len(cuts) for cuts in candidates])
    start = np.cumsum(lengths) - lengths
    events = _gather([cells.cum_event for cells in columns], candidates)
    rows = _gather([cells.cum_rows for cells in columns], candidates)
    left, right = start, start + lengths - 1
    found: list[IntArray] = []
    while True:
        splittable = (rows[right] - rows[left] >= 2 * min_leaf) & (right - left > 1)
        left, right = left[splittable], right[splittable]
        if not len(left):
            break
        cut, has_cut = _best_splits(events, rows, left, right, min_leaf)
        cut, left, right = cut[has_cut], left[has_cut], right[has_cut]
        found.append(cut)
        left, right = np.concatenate((left, cut)), np.concatenate((cut, right))
    cuts = np.sort(np.concatenate(found)) if found else np.zeros(0, dtype=np.intp)
    bounds = np.searchsorted(cuts, np.append(start, len(rows)))
    return [
        tried[cuts[a:b] - first]
        for tried, first, (a, b) in zip(
            candidates, start, itertools.pairwise(bounds), strict=True
        )
    ]


def _gather(cums: Sequence[Counts], windows: Sequence[IntArray]) -> FloatArray:
    parts = [cum[window] for cum, window in zip(cums, windows, strict=True)]
    return np.concatenate(parts).astype(np.float64)


def _gini_score(
    events_left: FloatArray,
    rows_left: FloatArray,
    events_right: FloatArray,
    rows_right: FloatArray,
    min_leaf: float,
) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        score = events_left**2 / rows_left + events_right**2 / rows_right
    too_small = np.minimum(rows_left, rows_right) < max(min_leaf, np.finfo(float).tiny)
    score[too_small] = -np.inf
    return score


def first_best(score: FloatArray, start: IntArray, lengths: IntArray) -> IntArray:
    """Return the position of the first maximum of each stretch."""
    best = np.maximum.reduceat(score, start)
    hits = np.flatnonzero(score == np.repeat(best, lengths))
    return hits[np.searchsorted(hits, start)]


def _best_splits(
    events: FloatArray,
    rows: FloatArray,
    left: IntArray,
    right: IntArray,
    min_leaf: float,
) -> tuple[IntArray, BoolArray]:
    """Return each leaf's first best cut, and whether it has one at all."""
    n_inner = right - left - 1
    start = np.cumsum(n_inner) - n_inner
    index = np.arange(n_inner.sum()) + np.repeat(left + 1 - start, n_inner)
    events_here, rows_here = events[index], rows[index]
    score = _gini_score(
        events_here - np.repeat(events[left], n_inner),
        rows_here - np.repeat(rows[left], n_inner),
        np.repeat(events[right], n_inner) - events_here,
        np.repeat(rows[right], n_inner) - rows_here,
        min_leaf,
    )
    best = first_best(score, start, n_inner)
    return index[best], score[best] > -np.inf
