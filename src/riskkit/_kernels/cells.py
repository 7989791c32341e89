"""Exact counts of one numeric column in ordered cells, and the edges between cells.

A cell is a set of neighbouring values; bins are unions of neighbouring cells, so a
column enters every search as prefix counts over its cells and leaves it as edges. Bins
are closed on the right: value ``x`` lies in bin ``searchsorted(edges, x, "left")``. An
edge lies halfway between the largest number of one occupied cell and the smallest of
the next, or at the former where no number lies strictly between.

What the cells of a column are is decided where they are counted (``cell_counting``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from riskkit._kernels.label_sort import numbers_of_keys
from riskkit._kernels.memory import CountWorkspace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit._kernels.memory import KeyArray
    from riskkit.typing import BoolArray, Counts, FloatArray, IntArray

__all__ = [
    "CellBounds",
    "CellCounts",
    "DistinctValues",
    "SortedKeys",
    "TargetRows",
    "midpoints",
    "target_rows",
]


class CellBounds(Protocol):
    """Where the values of cells may lie."""

    def upper(self, cells: IntArray) -> FloatArray:
        """Return a number no value of the cell exceeds, itself under the next cell."""
        ...

    def below(self, cells: IntArray) -> FloatArray:
        """Return the largest number that is an edge right before the cell."""
        ...


@dataclass(frozen=True)
class DistinctValues:
    """One cell per value."""

    values: FloatArray

    def upper(self, cells: IntArray) -> FloatArray:
        """Return the values."""
        return self.values[cells]

    def below(self, cells: IntArray) -> FloatArray:
        """Return the values: midpoints never reach their upper end."""
        return self.values[cells]


@dataclass(frozen=True)
class SortedKeys:
    """One cell per value, which stands in a labelled key (``label_sort``)."""

    keys: KeyArray
    factor: float

    def upper(self, cells: IntArray) -> FloatArray:
        """Return the values."""
        return numbers_of_keys(self.keys[cells], self.factor)

    def below(self, cells: IntArray) -> FloatArray:
        """Return the values: midpoints never reach their upper end."""
        return self.upper(cells)


@dataclass(frozen=True)
class TargetRows:
    """What every column's count needs to know about the target, computed once."""

    is_event: BoolArray
    event_rows: IntArray
    event_weight: FloatArray | None
    nonevent_weight: FloatArray | None
    n_effective: float
    count_type: type[np.signedinteger]
    work: CountWorkspace

    def for_another_thread(self) -> TargetRows:
        """Return the same target with work arrays of its own."""
        work = CountWorkspace.of(len(self.is_event), len(self.event_rows))
        return replace(self, work=work)

    @cached_property
    def labels(self) -> KeyArray:
        """Ones for events, zeros for non-events."""
        return self.is_event.astype(np.uint64)

    @cached_property
    def positions(self) -> NDArray[np.signedinteger]:
        """The numbers from 0 to that of the rows."""
        return np.arange(len(self.is_event) + 1, dtype=self.count_type)


@dataclass(frozen=True)
class CellCounts:
    """Prefix counts over ``n`` ordered cells: ``cum_event[c]`` are the events before c.

    A cut ``c`` in ``1..n-1`` separates cell ``c - 1`` from ``c``. ``cum_rows`` is the
    sum of both classes; ``cum_nonevent`` is only kept under weights, where differences
    of the other two would lose exact zeros.
    """

    cum_event: Counts
    cum_nonevent: Counts | None
    cum_rows: Counts
    bounds: CellBounds
    missing_event: float
    missing_nonevent: float

    def nonevent_before(self, cuts: IntArray) -> Counts:
        """Return the non-events before cuts."""
        if self.cum_nonevent is not None:
            return self.cum_nonevent[cuts]
        return self.cum_rows[cuts] - self.cum_event[cuts]

    def edges_at(self, cuts: IntArray) -> FloatArray:
        """Return the edges of cuts, each right after an occupied cell."""
        following = np.searchsorted(self.cum_rows, self.cum_rows[cuts], side="right")
        return midpoints(self.bounds.upper(cuts - 1), self.bounds.below(following - 1))

    def cuts_at(self, edges: FloatArray) -> IntArray:
        """Return the cuts that given edges make, each right after an occupied cell."""
        if not len(edges):
            return np.zeros(0, dtype=np.intp)
        uppers = self.bounds.upper(np.arange(len(self.cum_rows) - 1))
        cuts = np.searchsorted(uppers, edges, side="right")
        return np.searchsorted(self.cum_rows, self.cum_rows[cuts], side="left")


def target_rows(is_event: BoolArray, sample_weight: FloatArray | None) -> TargetRows:
    """Prepare the target for counting."""
    event_rows = np.flatnonzero(is_event)
    n_effective = float(len(is_event))
    event_weight = nonevent_weight = None
    if sample_weight is not None:
        event_weight = np.where(is_event, sample_weight, 0.0)
        nonevent_weight = np.where(is_event, 0.0, sample_weight)
        # A row of weight 2 is to be treated like two rows, down to the choice of cells.
        n_effective = max(n_effective, float(sample_weight.sum()))
    count_type = np.int32 if len(is_event) <= np.iinfo(np.int32).max else np.int64
    return TargetRows(
        is_event,
        event_rows,
        event_weight,
        nonevent_weight,
        n_effective,
        count_type,
        CountWorkspace.of(len(is_event), len(event_rows)),
    )


def midpoints(lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Return edges ``e`` with ``lower <= e < upper``, in the middle if there is one."""
    with np.errstate(over="ignore"):
        middle = lower + (upper - lower) / 2
    # The difference of huge numbers of opposite sign overflows; their sum does not.
    middle = np.where(np.isfinite(middle), middle, lower / 2 + upper / 2)
    return np.where((middle > lower) & (middle < upper), middle, lower)
