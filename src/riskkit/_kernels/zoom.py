"""Prebins around a partition already found, for a second and finer search.

The tree that makes the first prebins splits greedily, and its leaves are seldom as
small as a bin may be. The second search may choose among

- the cuts found;
- in every bin, the corners of its path of events on rows, where a further cut would
  gain most;
- the cuts that leave just the least bin size to a cut found, because where that limit
  binds, the best cuts have exactly this distance;
- if the partition has bins to spare, for a corner closer than that to a cut, where the
  cut would have to go to make room for a bin between both.

The partition found is among them, so the second search cannot be worse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.prebins import first_best, inner_cuts, merged

if TYPE_CHECKING:
    from riskkit._kernels.cells import CellCounts
    from riskkit.typing import FloatArray, IntArray

__all__ = ["zoom_cuts"]


def zoom_cuts(
    cells: CellCounts,
    candidates: IntArray,
    cuts: IntArray,
    least_size: float,
    *,
    has_spare: bool,
) -> IntArray:
    """Return the cuts to choose among, with both ends of the column."""
    bounds = merged(candidates[[0, -1]], cuts)
    corners = _corners_within(cells, candidates, bounds)
    at: FloatArray = cells.cum_rows[bounds].astype(np.float64)
    chosen = [
        bounds,
        corners,
        _last_before(cells, at - least_size),
        _first_after(cells, at + least_size),
    ]
    if has_spare and len(corners):
        bin_of = np.searchsorted(bounds, corners) - 1
        at_corner: FloatArray = cells.cum_rows[corners].astype(np.float64)
        near_left = at_corner - at[bin_of] < least_size
        near_right = at[bin_of + 1] - at_corner < least_size
        chosen += [
            _last_before(cells, at_corner[near_left] - least_size),
            _first_after(cells, at_corner[near_right] + least_size),
        ]
    return merged(*chosen)


def _corners_within(
    cells: CellCounts, candidates: IntArray, bounds: IntArray
) -> IntArray:
    """Return the candidates furthest from the chord of each bin's path, either way."""
    bin_of = np.searchsorted(bounds, candidates, side="left") - 1
    is_inside = bounds[bin_of + 1] != candidates
    tried: IntArray = candidates[is_inside]
    bin_of = bin_of[is_inside]
    if not len(tried):
        return tried
    n_tried = np.bincount(bin_of, minlength=len(bounds) - 1)
    start = (np.cumsum(n_tried) - n_tried)[n_tried > 0]
    rate = np.diff(cells.cum_event[bounds]) / np.diff(cells.cum_rows[bounds])
    path = cells.cum_event[tried] - rate[bin_of] * cells.cum_rows[tried]
    n_tried = n_tried[n_tried > 0]
    return merged(
        tried[first_best(path, start, n_tried)],
        tried[first_best(-path, start, n_tried)],
    )


def _last_before(cells: CellCounts, rows: FloatArray) -> IntArray:
    """Return the last cuts with at most so many rows before them."""
    if cells.cum_rows.dtype.kind == "i":
        # A search among integers for floats would convert all the integers.
        rows = np.floor(rows).astype(cells.cum_rows.dtype)
    cuts = cells.cum_rows.searchsorted(rows, side="right") - 1
    return inner_cuts(cells, cuts[cuts > 0])


def _first_after(cells: CellCounts, rows: FloatArray) -> IntArray:
    """Return the first cuts with at least so many rows before them."""
    if cells.cum_rows.dtype.kind == "i":
        rows = np.ceil(rows).astype(cells.cum_rows.dtype)
    cuts = cells.cum_rows.searchsorted(rows, side="left")
    return inner_cuts(cells, cuts[cuts < len(cells.cum_rows)])
