"""Exact counts of one numeric column in ordered cells, and the edges between cells.

A cell is a set of neighbouring values; bins are unions of neighbouring cells, so a
column enters every search as prefix counts over its cells and leaves it as edges. Bins
are closed on the right: value ``x`` lies in bin ``searchsorted(edges, x, "left")``.

Every distinct value is a cell below ``SORT_BELOW`` rows, found by sorting, and in
columns of whole numbers of a short range, found by counting. Larger columns are counted
in ``radix`` cells, several times faster, unless some of these mix too many different
values. Either way the counts are exact, and an edge lies halfway between the largest
number of one occupied cell and the smallest of the next, or at the former where no
number lies strictly between. The choice depends on the values and their weights alone.

Missing values (nan) are counted apart. Infinities are legal: they are counted with the
largest finite number of their sign, since an edge has to be finite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

import numpy as np

from riskkit._kernels.radix import (
    CountWorkspace,
    band_numbers,
    cell_numbers,
    plan_cells,
)

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, Counts, FloatArray, IntArray

__all__ = [
    "CellBounds",
    "CellCounts",
    "DistinctValues",
    "TargetRows",
    "count_cells",
    "midpoints",
    "target_rows",
]

# Events, non-events unless they follow from the others, and rows.
Tallies: TypeAlias = "tuple[Counts, Counts | None, Counts]"

SORT_BELOW = 150_000
_LARGEST = np.finfo(np.float64).max
_MAX_WHOLE = 1 << 16  # cells of a column of whole numbers
_MIXED_SHARE = 1 / 1024  # rows that one cell may hold of more than one value
_MAX_HEAVY = 64  # cells above that share that are looked into one by one


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
class TargetRows:
    """What every column's count needs to know about the target, computed once."""

    event_rows: IntArray
    event_weight: FloatArray | None
    nonevent_weight: FloatArray | None
    n_effective: float
    codes_of_events: IntArray
    work: CountWorkspace


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
    """Prepare the target for ``count_cells``."""
    event_rows = np.flatnonzero(is_event)
    n_effective = float(len(is_event))
    event_weight = nonevent_weight = None
    if sample_weight is not None:
        event_weight = np.where(is_event, sample_weight, 0.0)
        nonevent_weight = np.where(is_event, 0.0, sample_weight)
        # A row of weight 2 is to be treated like two rows, down to the choice of cells.
        n_effective = max(n_effective, float(sample_weight.sum()))
    return TargetRows(
        event_rows,
        event_weight,
        nonevent_weight,
        n_effective,
        np.empty(len(event_rows), dtype=np.intp),
        CountWorkspace.of(len(is_event)),
    )


def count_cells(
    x: FloatArray, target: TargetRows, *, by_value: bool = False
) -> CellCounts:
    """Count the rows of one column; ``by_value``: one cell per distinct value."""
    counts = _count_whole(x, target)
    if counts is None and not by_value and target.n_effective >= SORT_BELOW:
        counts = _count_radix(x, target)
    return _count_sorted(x, target) if counts is None else counts


def midpoints(lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Return edges ``e`` with ``lower <= e < upper``, in the middle if there is one."""
    with np.errstate(over="ignore"):
        middle = lower + (upper - lower) / 2
    # The difference of huge numbers of opposite sign overflows; their sum does not.
    middle = np.where(np.isfinite(middle), middle, lower / 2 + upper / 2)
    return np.where((middle > lower) & (middle < upper), middle, lower)


def _count_sorted(x: FloatArray, target: TargetRows) -> CellCounts:
    if target.event_weight is not None and target.nonevent_weight is not None:
        return _count_sorted_weighted(
            x, target.event_weight, target.nonevent_weight, target.work
        )
    # Two sorts of numbers are faster than one sort that carries the target along.
    values = _sorted_values(x, target.work.sorted_values)
    event_values = _sorted_values(x[target.event_rows], np.empty_like(x))
    bounds = _run_bounds(values, target.work)
    distinct = values[bounds[:-1]]
    # Few events look up their cells, rather than every cell the events before it.
    cell_of_event = np.searchsorted(distinct, event_values, side="left")
    cum_event = np.bincount(cell_of_event + 1, minlength=len(bounds))
    np.cumsum(cum_event, out=cum_event)
    n_missing_event = len(target.event_rows) - len(event_values)
    return CellCounts(
        cum_event,
        None,
        bounds,
        DistinctValues(distinct),
        float(n_missing_event),
        float(len(x) - len(values) - n_missing_event),
    )


def _count_sorted_weighted(
    x: FloatArray,
    event_weight: FloatArray,
    nonevent_weight: FloatArray,
    work: CountWorkspace,
) -> CellCounts:
    order = np.argsort(x, kind="stable")
    n_valid = len(x) - int(np.count_nonzero(np.isnan(x)))
    values = _finite(x[order[:n_valid]])
    bounds = _run_bounds(values, work)
    starts = bounds[:-1]
    # Both classes are summed apart, so that one without rows counts exactly zero.
    sums = []
    for weight in (event_weight[order], nonevent_weight[order]):
        cells = np.add.reduceat(weight, starts) if n_valid else np.zeros(0)
        if n_valid:  # the last run must not take the missing values in
            cells[-1] = weight[starts[-1] : n_valid].sum()
        sums.append((cells, float(weight[n_valid:].sum())))
    (event, missing_event), (nonevent, missing_nonevent) = sums
    return _from_cells(
        (event, nonevent, event + nonevent),
        DistinctValues(values[starts]),
        missing_event,
        missing_nonevent,
    )


def _sorted_values(x: FloatArray, out: FloatArray) -> FloatArray:
    """Return the observed values in order."""
    values = out[: len(x)]
    np.copyto(values, x)
    values.sort()  # nan last
    return _finite(values[: np.searchsorted(values, np.nan, side="left")])


def _finite(sorted_values: FloatArray) -> FloatArray:
    if len(sorted_values) and np.isinf(sorted_values[[0, -1]]).any():
        return np.clip(sorted_values, -_LARGEST, _LARGEST)
    return sorted_values


def _run_bounds(sorted_values: FloatArray, work: CountWorkspace) -> IntArray:
    """Return where each run of equal values starts, and the end of the last one."""
    n_values = len(sorted_values)
    is_bound = work.flags[: n_values + 1]
    is_bound[[0, n_values]] = True
    if n_values:
        np.not_equal(sorted_values[1:], sorted_values[:-1], out=is_bound[1:n_values])
    return np.flatnonzero(is_bound)


def _count_whole(x: FloatArray, target: TargetRows) -> CellCounts | None:
    """Count a column of whole numbers in a short range; None if it is not one."""
    first = x[:256]
    if not np.all((first == np.rint(first)) | np.isnan(first)):
        return None
    low, high = np.fmin.reduce(x), np.fmax.reduce(x)
    with np.errstate(invalid="ignore", over="ignore"):
        # A long range would leave most cells empty; nan and infinity fail as well.
        if not high - low < min(_MAX_WHOLE, len(x)):
            return None
    n_cells = int(high - low) + 1
    codes = target.work.numbers
    step = len(target.work.value)
    for begin in range(0, len(x), step):
        part = x[begin : begin + step]
        offset = target.work.value[: len(part)]
        # Missing values take the cell after the last one.
        np.subtract(part, low, out=offset)
        np.copyto(offset, n_cells, where=np.isnan(offset))
        whole = codes[begin : begin + len(part)]
        np.copyto(whole, offset, casting="unsafe")
        if not np.array_equal(whole, offset):
            return None
    tallies = _tally(codes, n_cells + 1, target)
    event, nonevent, rows = tallies
    occupied = np.flatnonzero(rows[:-1])
    return _from_cells(
        (
            event[occupied],
            None if nonevent is None else nonevent[occupied],
            rows[occupied],
        ),
        DistinctValues(low + occupied),
        *_missing(tallies),
    )


def _count_radix(x: FloatArray, target: TargetRows) -> CellCounts | None:
    """Count by radix cells; None if some cell mixes too many rows of several values."""
    bands = band_numbers(x, target.work)
    if target.event_weight is None:
        cells = plan_cells(np.bincount(bands))
    else:
        cells = plan_cells(_tally(bands, 0, target)[2])
    if cells.has_negative_infinity() or not cells.n_cells:
        return None
    codes = cell_numbers(x, cells, target.work)
    tallies = _tally(codes, cells.n_cells + 1, target)
    event, nonevent, rows = tallies
    if _mixes(x, codes, rows[:-1]):
        return None
    return _from_cells(
        (event[:-1], None if nonevent is None else nonevent[:-1], rows[:-1]),
        cells,
        *_missing(tallies),
    )


def _tally(codes: IntArray, n_codes: int, target: TargetRows) -> Tallies:
    """Count the events, the non-events (if weighted) and the rows of every code."""
    if target.event_weight is not None and target.nonevent_weight is not None:
        event = np.bincount(codes, target.event_weight, n_codes)
        nonevent = np.bincount(codes, target.nonevent_weight, n_codes)
        return event, nonevent, event + nonevent
    rows = np.bincount(codes, minlength=n_codes)
    np.take(codes, target.event_rows, out=target.codes_of_events, mode="clip")
    return np.bincount(target.codes_of_events, minlength=len(rows)), None, rows


def _missing(tallies: Tallies) -> tuple[float, float]:
    """Return the events and non-events of the last code."""
    event, nonevent, rows = tallies
    missing_event = float(event[-1])
    if nonevent is None:
        return missing_event, float(rows[-1]) - missing_event
    return missing_event, float(nonevent[-1])


def _from_cells(
    tallies: Tallies,
    bounds: CellBounds,
    missing_event: float,
    missing_nonevent: float,
) -> CellCounts:
    event, nonevent, rows = tallies
    return CellCounts(
        _prefix(event),
        None if nonevent is None else _prefix(nonevent),
        _prefix(rows),
        bounds,
        missing_event,
        missing_nonevent,
    )


def _prefix(counts: Counts) -> Counts:
    sums = np.empty(len(counts) + 1, dtype=counts.dtype)
    sums[0] = 0
    np.cumsum(counts, out=sums[1:])
    return cast("Counts", sums)


def _mixes(x: FloatArray, codes: IntArray, cell_rows: Counts) -> bool:
    """Return whether a cell holds too many rows beside those of its commonest value."""
    allowed = float(cell_rows.sum()) * _MIXED_SHARE
    is_heavy = np.append(cell_rows > allowed, False)
    if not is_heavy.any():
        return False
    rows = np.flatnonzero(is_heavy[codes])
    values, cell = x[rows], codes[rows]
    some_value = np.empty(len(is_heavy))
    some_value[cell] = values
    impure = np.unique(cell[values != some_value[cell]])
    if len(impure) > _MAX_HEAVY:
        return True
    for number in impure:
        inside = values[cell == number]
        middle = np.partition(inside, len(inside) // 2)[len(inside) // 2]
        rest = np.count_nonzero(inside != middle) / len(inside)
        if rest * float(cell_rows[number]) > allowed:
            return True
    return False
