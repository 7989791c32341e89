"""How the rows of one numeric column are counted in ordered cells (``cells``).

Every distinct value is a cell below ``SORT_BELOW`` rows, found by sorting, and in
columns of whole numbers of a short range, found by counting. Larger columns are counted
in ``radix`` cells, several times faster, unless some of these mix too many different
values. Either way the counts are exact. The choice depends on the values and their
weights alone.

Missing values (nan) are counted apart. Infinities are legal: they are counted with the
largest finite number of their sign, since an edge has to be finite.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np

from riskkit._kernels.cells import CellCounts, DistinctValues, SortedKeys
from riskkit._kernels.label_sort import sort_labelled
from riskkit._kernels.memory import BLOCK, Arena
from riskkit._kernels.radix import band_numbers, cell_numbers, plan_cells

if TYPE_CHECKING:
    from collections.abc import Callable

    from riskkit._kernels.cells import CellBounds, TargetRows
    from riskkit._kernels.label_sort import LabelledKeys, SortingPool
    from riskkit._kernels.memory import CountWorkspace
    from riskkit.typing import Counts, FloatArray, IntArray

__all__ = ["MOST_CELLS", "SORT_BELOW", "count_cells", "start_count"]

# Events, non-events unless they follow from the others, and rows.
Tallies: TypeAlias = "tuple[Counts, Counts | None, Counts]"

SORT_BELOW = 150_000
MOST_CELLS = SORT_BELOW  # of a column, unless its values are not to be mixed
_LARGEST = np.finfo(np.float64).max
_MAX_WHOLE = 1 << 16  # cells of a column of whole numbers
_WHOLE = 2.0**52  # added to a smaller whole number, leaves it in the lowest bits
_MIXED_SHARE = 1 / 1024  # rows that one cell may hold of more than one value
_MAX_HEAVY = 64  # cells above that share that are looked into one by one


def count_cells(
    x: FloatArray, target: TargetRows, *, by_value: bool = False
) -> CellCounts:
    """Count the rows of one column; ``by_value``: one cell per distinct value."""
    return start_count(x, target, Arena(), by_value=by_value)()


def start_count(
    x: FloatArray,
    target: TargetRows,
    arena: Arena,
    *,
    by_value: bool = False,
    pool: SortingPool | None = None,
) -> Callable[[], CellCounts]:
    """Begin to count the rows of one column; call the result to end it.

    A ``pool`` sorts in the meantime, which needs no interpreter. The counts live in
    ``arena``. One thread alone may start and end counts of one target.
    """
    counts = _count_whole(x, target, arena)
    if counts is None and not by_value and target.n_effective >= SORT_BELOW:
        counts = _count_radix(x, target, arena)
    if counts is not None:
        found = counts
        return lambda: found
    event, nonevent = target.event_weight, target.nonevent_weight
    if event is None or nonevent is None:
        keys = arena.empty(len(x), np.uint64)
        finish = sort_labelled(x, target.labels, keys, target.work, pool)
        if finish is not None:
            return lambda: _count_keys(finish(), len(x), target, arena)
        event = target.is_event.astype(np.float64)
        nonevent = 1.0 - event
    return partial(_count_argsorted, x, event, nonevent)


def _count_keys(
    found: LabelledKeys, n_rows: int, target: TargetRows, arena: Arena
) -> CellCounts:
    """Count with one cell per distinct value of sorted keys."""
    keys, n_observed = found.keys, len(found.keys)
    scratch = target.work.scaled[:n_observed].view(np.uint64)
    cum_event = arena.empty(n_observed + 1, target.count_type)
    cum_event[0] = 0
    np.bitwise_and(keys, 1, out=scratch)
    np.cumsum(scratch, out=cum_event[1:], dtype=target.count_type)
    n_missing_event = len(target.event_rows) - int(cum_event[-1])
    n_missing_nonevent = n_rows - n_observed - n_missing_event
    is_bound = target.work.flags[: n_observed + 1]
    is_bound[[0, -1]] = True
    # Keys of one value differ by the label at most.
    np.bitwise_xor(keys[1:], keys[:-1], out=scratch[1:])
    np.greater(scratch[1:], 1, out=is_bound[1:-1])
    cum_rows = target.positions[: n_observed + 1]
    if not is_bound.all():
        bounds = np.flatnonzero(is_bound)
        keys = keys[bounds[:-1]]
        cum_event, cum_rows = cum_event[bounds], cum_rows[bounds]
    return CellCounts(
        cum_event,
        None,
        cum_rows,
        SortedKeys(keys, found.factor),
        float(n_missing_event),
        float(n_missing_nonevent),
    )


def _count_argsorted(
    x: FloatArray, event_weight: FloatArray, nonevent_weight: FloatArray
) -> CellCounts:
    order = np.argsort(x, kind="stable")  # nan last
    n_valid = len(x) - int(np.count_nonzero(np.isnan(x)))
    values = np.clip(x[order[:n_valid]], -_LARGEST, _LARGEST)
    starts = np.flatnonzero(np.append(True, values[1:] != values[:-1])[:n_valid])
    # Both classes are summed apart, so that one without rows counts exactly zero.
    sums = []
    for weight in (event_weight[order], nonevent_weight[order]):
        cells = np.add.reduceat(weight, starts) if n_valid else np.zeros(0)
        if n_valid:  # the last run must not take the missing values in
            cells[-1] = weight[starts[-1] : n_valid].sum()
        sums.append((cells, float(weight[n_valid:].sum())))
    (event, missing_event), (nonevent, missing_nonevent) = sums
    return CellCounts(
        _prefix(event),
        _prefix(nonevent),
        _prefix(event + nonevent),
        DistinctValues(values[starts]),
        missing_event,
        missing_nonevent,
    )


def _count_whole(x: FloatArray, target: TargetRows, arena: Arena) -> CellCounts | None:
    """Count a column of whole numbers in a short range; None if it is not one."""
    first = x[:256]
    if not np.all((first == np.rint(first)) | np.isnan(first)):
        return None
    low, high = np.fmin.reduce(x), np.fmax.reduce(x)
    with np.errstate(invalid="ignore", over="ignore"):
        # A long range would leave most cells empty; nan and infinity fail as well.
        if not high - low < min(_MAX_WHOLE, target.n_effective):
            return None
    n_cells = int(high - low) + 1
    codes = target.work.numbers
    if not _whole_numbers(x, low, n_cells, target.work):
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
        target,
        arena,
    )


def _whole_numbers(
    x: FloatArray, low: float, missing: int, work: CountWorkspace
) -> bool:
    """Write ``x - low`` to the workspace; return whether all are whole numbers."""
    offset_of_whole = np.float64(_WHOLE).view(np.int64)
    for begin in range(0, len(x), BLOCK):
        part = x[begin : begin + BLOCK]
        offset = work.value[: len(part)]
        whole = work.looked_up[: len(part)].view(np.float64)
        np.subtract(part, low, out=offset)
        np.fmin(offset, missing, out=offset)
        # Faster than a conversion: rounds to whole numbers, which then are the bits.
        np.add(offset, _WHOLE, out=whole)
        numbers = work.numbers[begin : begin + len(part)]
        np.subtract(whole.view(np.int64), offset_of_whole, out=numbers)
        np.subtract(whole, _WHOLE, out=whole)
        if not np.array_equal(whole, offset):
            return False
    return True


def _count_radix(x: FloatArray, target: TargetRows, arena: Arena) -> CellCounts | None:
    """Count by radix cells; None if some cell mixes too many rows of several values."""
    bands = band_numbers(x, target.work)
    if target.event_weight is None:
        cells = plan_cells(np.bincount(bands))
    else:
        cells = plan_cells(_tally(bands, 0, target)[2])
    if cells.has_infinity() or not cells.n_cells:
        return None
    codes = cell_numbers(x, cells, target.work)
    tallies = _tally(codes, cells.n_cells + 1, target)
    event, nonevent, rows = tallies
    if _mixes(x, codes, rows[:-1], target):
        return None
    return _from_cells(
        (event[:-1], None if nonevent is None else nonevent[:-1], rows[:-1]),
        cells,
        *_missing(tallies),
        target,
        arena,
    )


def _tally(codes: IntArray, n_codes: int, target: TargetRows) -> Tallies:
    """Count the events, the non-events (if weighted) and the rows of every code."""
    if target.event_weight is not None and target.nonevent_weight is not None:
        event = np.bincount(codes, target.event_weight, n_codes)
        nonevent = np.bincount(codes, target.nonevent_weight, n_codes)
        return event, nonevent, event + nonevent
    rows = np.bincount(codes, minlength=n_codes)
    of_events = target.work.event_numbers
    codes.take(target.event_rows, out=of_events, mode="clip")
    return np.bincount(of_events, minlength=len(rows)), None, rows


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
    target: TargetRows,
    arena: Arena,
) -> CellCounts:
    event, nonevent, rows = tallies
    if nonevent is not None:
        cum_event, cum_nonevent = _prefix(event), _prefix(nonevent)
        cum_rows = _prefix(rows)
    else:
        size, kind = len(rows) + 1, target.count_type
        cum_event, cum_nonevent = _prefix(event, arena.empty(size, kind)), None
        cum_rows = _prefix(rows, arena.empty(size, kind))
    return CellCounts(
        cum_event, cum_nonevent, cum_rows, bounds, missing_event, missing_nonevent
    )


def _prefix(counts: Counts, out: Counts | None = None) -> Counts:
    """Return the sums before each count, and of all."""
    sums = out
    if sums is None:
        sums = cast("Counts", np.empty(len(counts) + 1, dtype=counts.dtype))
    sums[0] = 0
    np.cumsum(counts, out=sums[1:], dtype=sums.dtype)
    return sums


def _mixes(
    x: FloatArray, codes: IntArray, cell_rows: Counts, target: TargetRows
) -> bool:
    """Return whether a cell holds too many rows beside those of its commonest value."""
    allowed = float(cell_rows.sum()) * _MIXED_SHARE
    is_heavy = np.append(cell_rows > allowed, False)
    if not is_heavy.any():
        return False
    weight = None
    if target.event_weight is not None and target.nonevent_weight is not None:
        weight = target.event_weight + target.nonevent_weight
    rows = np.flatnonzero(is_heavy[codes])
    values, cell = x[rows], codes[rows]
    some_value = np.empty(len(is_heavy))
    some_value[cell] = values
    impure = np.unique(cell[values != some_value[cell]])
    if len(impure) > _MAX_HEAVY:
        return True
    for number in impure:
        inside = cell == number
        within = None if weight is None else weight[rows[inside]]
        n_here = float(cell_rows[number])
        if _beside_middle(values[inside], within) * n_here > allowed:
            return True
    return False


def _beside_middle(values: FloatArray, weight: FloatArray | None) -> float:
    """Return the share of rows with another value than the row in the middle."""
    if weight is None:
        middle = np.partition(values, len(values) // 2)[len(values) // 2]
        return np.count_nonzero(values != middle) / len(values)
    order = np.argsort(values, kind="stable")
    cum = np.cumsum(weight[order])
    middle = values[order[np.searchsorted(cum, cum[-1] / 2, side="right")]]
    return float(weight[values != middle].sum() / cum[-1])
