"""Moving the cuts of a partition to their best place among all cells.

The exact search runs on a few dozen prebins. Afterwards each cut in turn is moved, the
others held, to the position that maximises the value of the two bins it separates while
every rule still holds: first among the candidates around it, then among the single
cells. The number of bins and the direction of each step are kept, so a peak stays a
peak; the value never falls. Cuts given by the user do not move, nor do those of concave
and convex partitions, whose rule ties three bins.

All columns move their ``k``-th cut in the same pass: their windows of positions are the
rows of one table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.partition_rules import (
    NEVER,
    PartitionRules,
    bin_value,
    may_follow,
)
from riskkit._kernels.partition_shape import SHAPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit._kernels.cells import CellCounts
    from riskkit.typing import FloatArray, IntArray

__all__ = ["MovingCuts", "polish_cuts"]

_CANDIDATES_AROUND = 24  # window of the first pass, in candidates on either side
_CELLS_AROUND = 2  # window of the last pass, in candidates whose cells are all tried
_MOST_CELLS = 128  # at most so many of them on either side
_LEAST_GAIN = 1e-12
_ENDS = 2  # entries for each end of a column, before the first and after the last cut


class MovingCuts:
    """The cuts of one column under way.

    ``boundaries`` are the cuts between the ends of the column, each end given twice so
    that every cut has two boundaries on either side; ``sums`` are the events and the
    non-events before them.
    """

    def __init__(
        self, counts: CellCounts, candidates: IntArray, cuts: IntArray, fixed: IntArray
    ) -> None:
        self.counts = counts
        self.candidates = candidates
        ends = candidates[[0, 0]], candidates[[-1, -1]]
        self.boundaries = np.concatenate((ends[0], cuts, ends[1]))
        self.sums = self.sums_before(self.boundaries)
        self.is_fixed = np.zeros(len(cuts), dtype=bool)
        if len(fixed):
            self.is_fixed = np.isin(cuts, fixed)

    @property
    def cuts(self) -> IntArray:
        """Return the cuts where they are now."""
        return self.boundaries[_ENDS:-_ENDS]

    def sums_before(self, cuts: IntArray) -> FloatArray:
        """Return the events and the non-events before cuts, in two rows."""
        sums = np.empty((2, len(cuts)))
        sums[0] = self.counts.cum_event[cuts]
        sums[1] = self.counts.nonevent_before(cuts)
        return sums

    def has_all_cells(self) -> bool:
        """Return whether every cell boundary is a candidate."""
        return len(self.candidates) == len(self.counts.cum_rows)

    def directions(self, trend: str) -> IntArray:
        """Return the sign of the step at every boundary; 0 where any is allowed."""
        steps = np.zeros(len(self.boundaries), dtype=np.intp)
        if trend == "none" or not len(self.cuts):
            return steps
        event, nonevent = np.diff(self.sums[:, 1:-1])
        rate = event / (event + nonevent)
        turn = {
            "ascending": len(rate),
            "descending": 0,
            "peak": int(rate.argmax()),
            "valley": int(rate.argmin()),
        }[trend]
        inner = np.where(np.arange(len(rate) - 1) < turn, 1, -1)
        steps[2:-2] = -inner if trend == "valley" else inner
        return steps

    def window(self, k: int, *, by_cell: bool) -> IntArray:
        """Return the positions to try for cut ``k``, which is among them."""
        reach = _CELLS_AROUND if by_cell else _CANDIDATES_AROUND
        cut = self.boundaries[k + _ENDS]
        here = int(self.candidates.searchsorted(cut))
        low = max(here - reach, 0)
        high = min(here + reach, len(self.candidates) - 1)
        if by_cell:
            first = max(self.candidates[low], cut - _MOST_CELLS)
            last = min(self.candidates[high], cut + _MOST_CELLS)
            return np.arange(first, last + 1)
        tried = self.candidates[low : high + 1]
        if tried[here - low] == cut:
            return tried
        # The cut itself need not be a candidate, and has to be compared with.
        return np.concatenate((tried, [cut]))


def polish_cuts(
    columns: Sequence[MovingCuts],
    trends: Sequence[str],
    totals: FloatArray,
    rules: PartitionRules,
    *,
    fine: bool = True,
) -> None:
    """Move the cuts of the columns in place; unless ``fine``, to candidates only.

    ``totals`` holds the column's events and non-events over all rows, in two columns.
    """
    movable = [
        index
        for index, column in enumerate(columns)
        if trends[index] not in SHAPES and not column.is_fixed.all()
    ]
    steps = {index: columns[index].directions(trends[index]) for index in movable}
    for by_cell in (False, True)[: 1 + fine]:
        # Where every cell is a candidate, the first sweep has seen them all.
        group = [k for k in movable if not (by_cell and columns[k].has_all_cells())]
        if group:
            sweep = _Sweep(
                [columns[k] for k in group],
                [steps[k] for k in group],
                totals[group],
                rules,
                by_cell=by_cell,
            )
            sweep.run()


class _Sweep:
    """One pass over the cuts of several columns.

    Tables have one row per column, padded to the largest number of cuts. ``position``
    and ``sums`` of the windows have a row for each cut of each column; ``first_window``
    is a column's first row there.
    """

    def __init__(
        self,
        columns: Sequence[MovingCuts],
        steps: Sequence[IntArray],
        totals: FloatArray,
        rules: PartitionRules,
        *,
        by_cell: bool,
    ) -> None:
        self.columns = columns
        self.rules = rules
        self.totals = totals
        self.n_cuts = np.array([len(column.cuts) for column in columns])
        self.first_window = np.cumsum(self.n_cuts) - self.n_cuts
        width = int(self.n_cuts.max()) + 2 * _ENDS
        self.boundaries = np.zeros((len(columns), width), dtype=np.intp)
        self.steps = np.zeros((len(columns), width), dtype=np.intp)
        self.sums = np.zeros((2, len(columns), width))
        self.is_free = np.zeros((len(columns), width), dtype=bool)
        for row, (column, step) in enumerate(zip(columns, steps, strict=True)):
            end = len(column.boundaries)
            self.boundaries[row, :end] = column.boundaries
            self.sums[:, row, :end] = column.sums
            self.steps[row, :end] = step
            self.is_free[row, _ENDS : end - _ENDS] = ~column.is_fixed
        self._read_windows(by_cell=by_cell)

    def _read_windows(self, *, by_cell: bool) -> None:
        windows = [
            (column, column.window(k, by_cell=by_cell))
            for column in self.columns
            for k in range(len(column.cuts))
        ]
        width = max(len(window) for _, window in windows)
        self.position = np.empty((len(windows), width), dtype=np.intp)
        self.tried = np.empty((2, len(windows), width))
        for row, (column, window) in enumerate(windows):
            n = len(window)
            self.position[row, :n] = window
            self.tried[:, row, :n] = column.sums_before(window)
            # Windows are filled up by repeating their last position.
            self.position[row, n:] = window[-1]
            self.tried[:, row, n:] = self.tried[:, row, n - 1 : n]

    def run(self) -> None:
        """Move each cut to its best place."""
        for k in range(int(self.n_cuts.max())):
            rows = np.flatnonzero(self.is_free[:, k + _ENDS])
            if len(rows):
                self._move(rows, k)
        for row, column in enumerate(self.columns):
            end = len(column.boundaries)
            column.boundaries = self.boundaries[row, :end].copy()
            column.sums = self.sums[:, row, :end].copy()

    def _move(self, rows: IntArray, k: int) -> None:
        """Move cut ``k`` of some columns to the best position of its window."""
        window = self.first_window[rows] + k
        value = self._values(rows, k, self.tried[:, window])
        position, every = self.position[window], np.arange(len(rows))
        is_here = position == self.boundaries[rows, k + _ENDS, None]
        now = value[every, is_here.argmax(axis=1)]
        best = value.argmax(axis=1)
        moves = value[every, best] > now + _LEAST_GAIN
        rows, window, best = rows[moves], window[moves], best[moves]
        self.boundaries[rows, k + _ENDS] = self.position[window, best]
        self.sums[:, rows, k + _ENDS] = self.tried[:, window, best]

    def _values(self, rows: IntArray, k: int, here: FloatArray) -> FloatArray:
        """Return the value of the two bins beside cut ``k`` at every position."""
        around = self.sums[:, rows, k : k + 2 * _ENDS + 1, None]
        far_left, left, _, right, far_right = np.moveaxis(around, 2, 0)
        # The bin before, the two bins that the cut separates, and the bin after.
        before, after = left - far_left, far_right - right
        event, nonevent = np.stack((here - left, right - here), axis=1)
        size = event + nonevent
        step = self.steps[rows, k + 1 : k + 4].T[..., None]
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = event / size
            size_before, size_after = before.sum(axis=0), after.sum(axis=0)
            rate_before, rate_after = before[0] / size_before, after[0] / size_after
        rules = self.rules
        allowed = may_follow(rate[0], size[0], rate[1], size[1], step[1], rules)
        allowed &= (size_before == 0) | may_follow(
            rate_before, size_before, rate[0], size[0], step[0], rules
        )
        allowed &= (size_after == 0) | may_follow(
            rate[1], size[1], rate_after, size_after, step[2], rules
        )
        total_event, total_nonevent = self.totals[rows].T[:, :, None]
        value = bin_value(event, nonevent, rules, total_event, total_nonevent)
        return np.where(allowed, value[0] + value[1], NEVER)
