"""Moving the cuts of a partition to their best place among all cells.

The exact search runs on some thirty prebins. Afterwards each cut in turn is moved, the
others held, to the position that maximises the value of the two bins it separates while
every rule still holds: first among the candidates around it, then among the single
cells. The number of bins and the direction of each step are kept, so a peak stays a
peak; the value never falls. Cuts given by the user do not move, nor do those of concave
and convex partitions, whose rule ties three bins.

All columns move their ``k``-th cut in the same pass: the windows of positions are laid
end to end.
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

_CANDIDATES_AROUND = 48  # window of the first passes, in candidates on either side
_CELLS_AROUND = 3  # window of the last passes, in candidates whose cells are all tried
_SWEEPS = 2
_LEAST_GAIN = 1e-12


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
        self.sums = np.empty((2, len(self.boundaries)))
        self.sums[0] = counts.cum_event[self.boundaries]
        self.sums[1] = counts.nonevent_before(self.boundaries)
        self.is_fixed = np.isin(cuts, fixed)

    @property
    def cuts(self) -> IntArray:
        """Return the cuts where they are now."""
        return self.boundaries[2:-2]

    def has_all_cells(self) -> bool:
        """Return whether every cell boundary is a candidate."""
        return len(self.candidates) == len(self.counts.cum_rows)

    def may_move(self, k: int) -> bool:
        """Return whether there is a cut ``k`` and it is free."""
        return k < len(self.is_fixed) and not self.is_fixed[k]

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
        """Return the positions to try for cut ``k``."""
        reach = _CELLS_AROUND if by_cell else _CANDIDATES_AROUND
        cut = self.boundaries[k + 2]
        here = int(self.candidates.searchsorted(cut))
        low = max(here - reach, 0)
        high = min(here + reach, len(self.candidates) - 1)
        if by_cell:
            return np.arange(self.candidates[low], self.candidates[high] + 1)
        tried = self.candidates[low : high + 1]
        if tried[here - low] == cut:
            return tried
        # The cut itself need not be a candidate, and has to be compared with.
        return np.concatenate((tried, [cut]))

    def move(self, k: int, cut: int) -> None:
        """Put cut ``k`` somewhere else."""
        self.boundaries[k + 2] = cut
        self.sums[0, k + 2] = self.counts.cum_event[cut]
        self.sums[1, k + 2] = self.counts.nonevent_before(self.boundaries[k + 2])


def polish_cuts(
    columns: Sequence[MovingCuts],
    trends: Sequence[str],
    totals: FloatArray,
    rules: PartitionRules,
) -> None:
    """Move the cuts of the columns in place.

    ``totals`` holds the column's events and non-events over all rows, in two columns.
    """
    movable = [index for index, trend in enumerate(trends) if trend not in SHAPES]
    steps = {index: columns[index].directions(trends[index]) for index in movable}
    n_cuts = max(len(column.cuts) for column in columns)
    for by_cell in (False, True):
        for k in [*range(n_cuts)] * _SWEEPS:
            group = [
                index
                for index in movable
                if columns[index].may_move(k)
                # Where every cell is a candidate, the first sweeps have seen them all.
                and not (by_cell and columns[index].has_all_cells())
            ]
            if group:
                _move(
                    [columns[index] for index in group],
                    np.array([steps[index][k + 1 : k + 4] for index in group]),
                    totals[group],
                    k,
                    rules,
                    by_cell=by_cell,
                )


def _move(
    columns: list[MovingCuts],
    steps: IntArray,
    totals: FloatArray,
    k: int,
    rules: PartitionRules,
    *,
    by_cell: bool,
) -> None:
    """Move cut ``k`` of every column to the best position of its window."""
    windows = [column.window(k, by_cell=by_cell) for column in columns]
    lengths = np.array([len(window) for window in windows])
    owner = np.repeat(np.arange(len(columns)), lengths)
    pairs = list(zip(columns, windows, strict=True))
    here = np.stack(
        (
            np.concatenate([column.counts.cum_event[w] for column, w in pairs]),
            np.concatenate([column.counts.nonevent_before(w) for column, w in pairs]),
        )
    )
    around = np.stack([column.sums[:, k : k + 5] for column in columns], axis=2)
    far_left, left, _, right, far_right = np.moveaxis(around[..., owner], 1, 0)
    # The bin before, the two bins that the cut separates, and the bin after.
    event, nonevent = np.stack(
        (left - far_left, here - left, right - here, far_right - right), axis=1
    )
    size = event + nonevent
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = event / size
    allowed = may_follow(
        rate[:-1], size[:-1], rate[1:], size[1:], steps[owner].T, rules
    )
    allowed[0] |= size[0] == 0  # no bin before
    allowed[2] |= size[3] == 0  # no bin after
    value = bin_value(
        event[1:3], nonevent[1:3], rules, totals[owner, 0], totals[owner, 1]
    ).sum(axis=0)
    value[~allowed.all(axis=0)] = NEVER
    start = 0
    for column, window in pairs:
        tried = value[start : start + len(window)]
        start += len(window)
        now = tried[np.flatnonzero(window == column.boundaries[k + 2])[0]]
        best = int(tried.argmax())
        if tried[best] > now + _LEAST_GAIN:
            column.move(k, int(window[best]))
