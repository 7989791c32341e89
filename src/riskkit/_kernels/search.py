"""From columns to bins: count, prebin, solve, and read off the edges.

Per column: exact counts in ordered cells (``cells``), candidate cuts and prebins
(``prebins``), the best partition of the prebins (``partition``), its cuts moved to
their best cells (``polish``), and the edges
of its cuts with the counts of its bins. Columns are worked off in chunks, which keeps
memory independent of their number; the result of a column does not depend on the
others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.cells import (
    CellCounts,
    DistinctValues,
    count_cells,
    target_rows,
)
from riskkit._kernels.partition import (
    Partition,
    PartitionRules,
    relaxed_value,
    solve_partition,
)
from riskkit._kernels.partition_explain import explain_partition
from riskkit._kernels.partition_rules import divergence_value
from riskkit._kernels.polish import MovingCuts, polish_cuts
from riskkit._kernels.prebins import candidate_cuts, cart_cuts, corner_cuts, merged

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["ColumnPartition", "search_cells", "search_columns"]

_CHUNK = 32  # columns per pass: enough to amortise call overhead
_CHUNK_ROWS = 1 << 21  # fewer columns if they are long, to bound the memory
_N_CANDIDATES = 1024  # groups of cells, each with two cuts for the tree to choose from
_N_CORNERS = 16  # wide groups of cells, each with two more prebin cuts
_ALL_CELLS = 32  # columns with up to so many values need no prebins
_MAX_LEVELS = 64  # the same for categories, whose order is not from the data
_NO_EDGES = np.zeros(0)
_MIN_LEAF = 0.02  # least share of a tree's leaf when bins may be smaller


@dataclass(frozen=True)
class ColumnPartition:
    """The bins of one column.

    ``n_event`` and ``n_nonevent`` have one entry per bin, in order, without missing.
    ``bound`` is the best value of the prebins under the limits on bins and sizes alone.
    ``status`` is "optimal", "single_bin" or "infeasible"; the latter two have one bin
    and a ``reason``; the value of an infeasible column is ``-inf``.
    """

    edges: FloatArray
    trend: str
    status: str
    reason: str
    value: float
    bound: float
    n_event: FloatArray
    n_nonevent: FloatArray
    missing_event: float
    missing_nonevent: float


@dataclass(frozen=True)
class _Task:
    """One column on its way from counts to bins."""

    counts: CellCounts
    trend: str
    fixed_edges: FloatArray

    def fixed_cuts(self) -> IntArray:
        """Return the cuts that the fixed edges make between occupied cells."""
        cuts = np.unique(self.counts.cuts_at(self.fixed_edges))
        return cuts[(cuts > 0) & (cuts < len(self.counts.cum_event) - 1)]


def search_columns(
    columns: Sequence[FloatArray],
    is_event: BoolArray,
    sample_weight: FloatArray | None,
    rules: PartitionRules,
    trends: Sequence[str],
    *,
    fixed_edges: Sequence[FloatArray | None] | None = None,
    polish: bool = True,
    progress: Callable[[int], None] | None = None,
) -> list[ColumnPartition]:
    """Find the bins of numeric columns.

    Parameters
    ----------
    columns
        Float64 columns; nan is missing and gets no bin, only counts.
    is_event
        One entry per row.
    sample_weight
        One weight per row, or None for ones.
    rules
        Constants of the fit. Its totals are scalars, or one per column, over all rows.
        ``must_cut`` is not read: fixed cuts are given by ``fixed_edges``.
    trends
        One trend per column.
    fixed_edges
        Per column, increasing edges that the partition must contain, or None. Edges
        with no value on one of their sides are ignored.
    polish
        Whether cuts are moved off the prebins to their best place.
    progress
        Called with the number of columns finished, after each chunk.
    """
    target = target_rows(is_event, sample_weight)
    given = [
        _NO_EDGES if edges is None else edges
        for edges in fixed_edges or [None] * len(columns)
    ]
    size = min(_CHUNK, max(8, _CHUNK_ROWS // max(1, len(is_event))))
    results: list[ColumnPartition] = []
    for start in range(0, len(columns), size):
        chunk = range(start, min(start + size, len(columns)))
        tasks = [
            _Task(
                # Given edges are exact only among the values themselves.
                count_cells(columns[k], target, by_value=len(given[k]) > 0),
                trends[k],
                given[k],
            )
            for k in chunk
        ]
        results += _search_chunk(tasks, _rules_for(rules, chunk), _ALL_CELLS, polish)
        if progress is not None:
            progress(len(results))
    return results


def search_cells(
    cells: Sequence[tuple[FloatArray, FloatArray]],
    rules: PartitionRules,
    trends: Sequence[str],
    *,
    progress: Callable[[int], None] | None = None,
) -> list[ColumnPartition]:
    """Find the bins of features given as ordered cells ``(events, non-events)``.

    The cells are numbered ``0, 1, ...`` and the edges refer to these numbers: cell
    ``c`` belongs to bin ``searchsorted(edges, c, "left")``. Missing counts are zero.
    """
    results: list[ColumnPartition] = []
    for start in range(0, len(cells), _CHUNK):
        chunk = range(start, min(start + _CHUNK, len(cells)))
        tasks = [
            _Task(_cells_as_counts(*cells[k]), trends[k], _NO_EDGES) for k in chunk
        ]
        results += _search_chunk(tasks, _rules_for(rules, chunk), _MAX_LEVELS, True)
        if progress is not None:
            progress(len(results))
    return results


def _cells_as_counts(event: FloatArray, nonevent: FloatArray) -> CellCounts:
    cum_event = np.concatenate(([0.0], np.cumsum(event)))
    cum_nonevent = np.concatenate(([0.0], np.cumsum(nonevent)))
    return CellCounts(
        cum_event,
        cum_nonevent,
        cum_event + cum_nonevent,
        DistinctValues(np.arange(len(event), dtype=np.float64)),
        0.0,
        0.0,
    )


def _rules_for(rules: PartitionRules, features: range | list[int]) -> PartitionRules:
    def pick(total: FloatArray | float) -> FloatArray | float:
        return total if np.ndim(total) == 0 else np.asarray(total)[list(features)]

    return replace(
        rules,
        total_event=pick(rules.total_event),
        total_nonevent=pick(rules.total_nonevent),
        must_cut=None,
    )


def _search_chunk(
    tasks: list[_Task], rules: PartitionRules, max_cells: int, polish: bool
) -> list[ColumnPartition]:
    candidates = [candidate_cuts(task.counts, _N_CANDIDATES) for task in tasks]
    prebins = _prebin_cuts(tasks, candidates, rules, max_cells)
    results: dict[int, ColumnPartition] = {}
    for trend in dict.fromkeys(task.trend for task in tasks):
        members = [k for k, task in enumerate(tasks) if task.trend == trend]
        found = _solve_members(
            [tasks[k] for k in members],
            [prebins[k] for k in members],
            [candidates[k] for k in members] if polish else None,
            _rules_for(rules, members),
            trend,
        )
        results.update(zip(members, found, strict=True))
    return [results[k] for k in range(len(tasks))]


def _prebin_cuts(
    tasks: list[_Task],
    candidates: list[IntArray],
    rules: PartitionRules,
    max_cells: int,
) -> list[IntArray]:
    """Return each column's prebin boundaries as cell numbers, both ends included."""
    total = np.max(np.asarray(rules.total_event) + np.asarray(rules.total_nonevent))
    min_leaf = max(rules.min_bin_size, _MIN_LEAF * float(total))
    prebins = list(candidates)
    large = [k for k, tried in enumerate(candidates) if len(tried) > max_cells + 1]
    if large:
        counts = [tasks[k].counts for k in large]
        trees = cart_cuts(counts, [candidates[k] for k in large], min_leaf)
        for k, cells, tree in zip(large, counts, trees, strict=True):
            ends = candidates[k][[0, -1]]
            prebins[k] = merged(ends, tree, corner_cuts(cells, _N_CORNERS))
    return [
        merged(cuts, task.fixed_cuts()) if len(task.fixed_edges) else cuts
        for task, cuts in zip(tasks, prebins, strict=True)
    ]


def _solve_members(
    tasks: list[_Task],
    prebins: list[IntArray],
    candidates: list[IntArray] | None,
    rules: PartitionRules,
    trend: str,
) -> list[ColumnPartition]:
    """Solve columns that share a trend, padded to the same number of prebins."""
    event, nonevent = _stack_prebins(tasks, prebins)
    must_cut = np.zeros(event.shape, dtype=bool)
    for k, (task, cuts) in enumerate(zip(tasks, prebins, strict=True)):
        must_cut[np.searchsorted(cuts, task.fixed_cuts()), k] = True
    if must_cut.any():
        rules = replace(rules, must_cut=must_cut)
    partitions = solve_partition(event, nonevent, rules, trend)
    reasons = explain_partition(event, nonevent, rules, trend, partitions)
    cuts = [at[part.cuts] for at, part in zip(prebins, partitions, strict=True)]
    if candidates is not None:
        partitions, cuts = _polish(tasks, partitions, cuts, candidates, rules)
    # With the polished cuts among the cells the bound covers the polished value too.
    with_cuts = [merged(at, own) for at, own in zip(prebins, cuts, strict=True)]
    bounds = relaxed_value(*_stack_prebins(tasks, with_cuts), rules)
    return [
        _column_partition(task, own, part, reason, float(bound))
        for task, own, part, reason, bound in zip(
            tasks, cuts, partitions, reasons, bounds, strict=True
        )
    ]


def _polish(
    tasks: list[_Task],
    partitions: list[Partition],
    cuts: list[IntArray],
    candidates: list[IntArray],
    rules: PartitionRules,
) -> tuple[list[Partition], list[IntArray]]:
    """Return the partitions with their new values, and the new cuts."""
    totals = np.empty((len(tasks), 2))
    totals[:, 0], totals[:, 1] = rules.total_event, rules.total_nonevent
    moving = []
    for task, tried, own in zip(tasks, candidates, cuts, strict=True):
        fixed = task.fixed_cuts()
        if len(fixed):
            tried = merged(tried, fixed)
        moving.append(MovingCuts(task.counts, tried, own, fixed))
    polish_cuts(moving, [part.trend for part in partitions], totals, rules)
    polished = []
    for column, part, total in zip(moving, partitions, totals, strict=True):
        value = part.value
        if part.status == "optimal":
            event, nonevent = np.diff(column.sums[:, 1:-1])
            value = float(divergence_value(event, nonevent, rules, *total).sum())
        polished.append(replace(part, value=value))
    return polished, [column.cuts for column in moving]


def _stack_prebins(
    tasks: list[_Task], prebins: list[IntArray]
) -> tuple[FloatArray, FloatArray]:
    """Return the events and non-events of the prebins, one column per task."""
    n_cells = max(1, *(len(cuts) - 1 for cuts in prebins))
    event, nonevent = np.zeros((2, n_cells, len(tasks)))
    for k, (task, cuts) in enumerate(zip(tasks, prebins, strict=True)):
        event[: len(cuts) - 1, k] = np.diff(task.counts.cum_event[cuts])
        nonevent[: len(cuts) - 1, k] = np.diff(task.counts.nonevent_before(cuts))
    return event, nonevent


def _column_partition(
    task: _Task, cuts: IntArray, partition: Partition, reason: str, bound: float
) -> ColumnPartition:
    cells = task.counts
    ends = np.array([0, len(cells.cum_event) - 1])
    boundaries = np.concatenate((ends[:1], cuts, ends[1:]))
    edges = cells.edges_at(cuts)
    # Given edges stay the numbers that were given; every other edge is a midpoint.
    fixed = task.fixed_edges[np.isin(cells.cuts_at(task.fixed_edges), cuts)]
    edges[np.searchsorted(cuts, cells.cuts_at(fixed))] = fixed
    return ColumnPartition(
        edges=edges,
        trend=partition.trend,
        status=partition.status,
        reason=reason,
        value=partition.value,
        bound=bound,
        n_event=np.diff(cells.cum_event[boundaries]).astype(np.float64),
        n_nonevent=np.diff(cells.nonevent_before(boundaries)).astype(np.float64),
        missing_event=cells.missing_event,
        missing_nonevent=cells.missing_nonevent,
    )
