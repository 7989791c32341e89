"""From columns to bins: count, prebin, solve, and read off the edges.

Per column: exact counts in ordered cells (``cells``), candidate cuts and prebins
(``prebins``, ``partition_prebins``), the best partition of the prebins
(``partition``), its cuts moved to their best cells (``polish``, or
``partition_refine`` under lumps and periods), edges rounded if asked for
(``partition_edges``), and the counts of the bins. Columns are worked off in chunks,
which keeps memory independent of their number; the result of a column does not depend
on the others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.cell_counting import MOST_CELLS
from riskkit._kernels.cells import CellCounts, DistinctValues
from riskkit._kernels.counting_ahead import count_ahead
from riskkit._kernels.partition_edges import nice_edges
from riskkit._kernels.partition_explain import explain_partition
from riskkit._kernels.partition_lumps import solve_with_lumps
from riskkit._kernels.partition_prebins import PrebinOptions, choose_prebins
from riskkit._kernels.partition_refine import refine_cuts
from riskkit._kernels.partition_relaxed import relaxed_value
from riskkit._kernels.partition_rules import divergence_value
from riskkit._kernels.polish import MovingCuts, polish_cuts
from riskkit._kernels.prebins import candidate_cuts, merged
from riskkit._kernels.search_column import (
    NO_EDGES,
    ColumnLumps,
    Periods,
    SearchColumn,
    period_counter,
    rules_for,
    stack,
)
from riskkit._kernels.zoom import zoom_cuts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskkit._kernels.partition import Partition, PartitionRules
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["ColumnPartition", "search_cells", "search_columns"]

_CHUNK = 36  # columns per pass: enough to amortise call overhead
_CHUNK_CELLS = 1 << 22  # fewer columns if they have many cells, to bound the memory
_N_CANDIDATES = 512  # groups of cells, each with two cuts for the tree to choose from
_ALL_CELLS = 32  # columns with up to so many values need no prebins
_MAX_LEVELS = 64  # the same for categories, whose order is not from the data
_SPARE = 3  # bins that a partition must lack to search more closely for others
_DEFAULT_PREBINS = PrebinOptions()


@dataclass(frozen=True)
class ColumnPartition:
    """The bins of one column.

    ``n_event`` and ``n_nonevent`` have one entry per bin, in order, without missing.
    ``bound`` is the best value of the prebins under the limits on bins and sizes alone.
    ``status`` is "optimal", "single_bin" or "infeasible"; the latter two have one bin
    and a ``reason``; the value of an infeasible column is ``-inf``. ``value`` and
    ``bound`` count lumps in the bins that they join, ``n_event`` and ``n_nonevent`` do
    not; ``joins`` has the bin of each lump, -1 for none. ``edge_loss`` is the value
    given up for round edges.
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
    joins: tuple[int, ...] = ()
    edge_loss: float = 0.0


@dataclass(frozen=True)
class _Settings:
    """What is the same for all columns of a search."""

    max_cells: int
    prebins: PrebinOptions
    polish: bool
    nice: bool
    least_size: FloatArray | None


def search_columns(
    columns: Sequence[FloatArray],
    is_event: BoolArray,
    sample_weight: FloatArray | None,
    rules: PartitionRules,
    trends: Sequence[str],
    *,
    fixed_edges: Sequence[FloatArray | None] | None = None,
    only_edges: Sequence[FloatArray | None] | None = None,
    lumps: Sequence[ColumnLumps | None] | None = None,
    periods: Periods | None = None,
    prebins: PrebinOptions = _DEFAULT_PREBINS,
    nice: bool = False,
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
        What it says about cuts, lumps and periods is not read: these are given below.
    trends
        One trend per column.
    fixed_edges
        Per column, increasing edges that the partition must contain, or None. Edges
        with no value on one of their sides are ignored.
    only_edges
        Per column, increasing edges to choose from, or None.
    lumps
        Per column, groups of accounts that must join a bin, or None.
    periods
        Period of each row, in each of which the ranking of neighbours has to hold.
    prebins
        How the prebins are made.
    nice
        Whether edges are rounded.
    polish
        Whether cuts are moved off the prebins to their best place.
    progress
        Called with the number of columns finished, after each chunk.
    """
    none: list[None] = [None] * len(columns)
    fixed, only, own_lumps = fixed_edges or none, only_edges or none, lumps or none
    least_size = None if periods is None else periods.least_size
    settings = _Settings(_ALL_CELLS, prebins, polish, nice, least_size)
    # Given and rounded edges are exact only among the values themselves.
    by_value = [
        nice or choice is not None or (given is not None and len(given) > 0)
        for given, choice in zip(fixed, only, strict=True)
    ]
    n_cells = len(is_event) if any(by_value) else min(len(is_event), MOST_CELLS)
    size = _chunk_size(len(columns), n_cells)
    chunks = [
        range(start, min(start + size, len(columns)))
        for start in range(0, len(columns), size)
    ]
    counted = count_ahead(columns, by_value, chunks, is_event, sample_weight)
    results: list[ColumnPartition] = []
    for chunk, counts_of_chunk in zip(chunks, counted, strict=True):
        tasks, candidates = [], []
        for k, counts in zip(chunk, counts_of_chunk, strict=True):
            # At once, while the counts are in the cache.
            candidates.append(candidate_cuts(counts, _N_CANDIDATES))
            counter = None
            if periods is not None:
                counter = period_counter(
                    counts, columns[k], periods, is_event, sample_weight
                )
            given, choice = fixed[k], only[k]
            given = NO_EDGES if given is None else given
            tasks.append(
                SearchColumn(counts, trends[k], given, choice, own_lumps[k], counter)
            )
        results += _search_chunk(tasks, candidates, rules_for(rules, chunk), settings)
        if progress is not None:
            progress(len(results))
    return results


def _chunk_size(n_columns: int, n_cells: int) -> int:
    """Return how many columns to search together, the same number in every chunk."""
    most = min(_CHUNK, max(8, _CHUNK_CELLS // max(1, n_cells)))
    n_chunks = max(1, -(-n_columns // most))
    return max(1, -(-n_columns // n_chunks))


def search_cells(
    cells: Sequence[tuple[FloatArray, FloatArray]],
    rules: PartitionRules,
    trends: Sequence[str],
    *,
    lumps: Sequence[ColumnLumps | None] | None = None,
    by_period: Sequence[tuple[FloatArray, FloatArray]] | None = None,
    least_size: FloatArray | None = None,
    prebins: PrebinOptions = _DEFAULT_PREBINS,
    progress: Callable[[int], None] | None = None,
) -> list[ColumnPartition]:
    """Find the bins of features given as ordered cells ``(events, non-events)``.

    The cells are numbered ``0, 1, ...`` and the edges refer to these numbers: cell
    ``c`` belongs to bin ``searchsorted(edges, c, "left")``. Missing counts are zero.
    With ``least_size``, the least size at which each period counts, ``by_period`` has
    the same counts by period, ``(n_periods, n_cells)``.
    """
    none: list[None] = [None] * len(cells)
    own_lumps, own_periods = lumps or none, by_period or none
    settings = _Settings(_MAX_LEVELS, prebins, True, False, least_size)
    results: list[ColumnPartition] = []
    for start in range(0, len(cells), _CHUNK):
        chunk = range(start, min(start + _CHUNK, len(cells)))
        tasks = [
            SearchColumn(
                _cells_as_counts(*cells[k]),
                trends[k],
                lumps=own_lumps[k],
                period_cells=_cell_counter(own_periods[k]),
            )
            for k in chunk
        ]
        candidates = [candidate_cuts(task.counts, _N_CANDIDATES) for task in tasks]
        results += _search_chunk(tasks, candidates, rules_for(rules, chunk), settings)
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


def _cell_counter(
    counts: tuple[FloatArray, FloatArray] | None,
) -> Callable[[IntArray], tuple[FloatArray, FloatArray]] | None:
    if counts is None:
        return None
    sums = [np.pad(np.cumsum(part, axis=1), ((0, 0), (1, 0))) for part in counts]

    def count(cuts: IntArray) -> tuple[FloatArray, FloatArray]:
        return np.diff(sums[0][:, cuts]), np.diff(sums[1][:, cuts])

    return count


def _search_chunk(
    columns: list[SearchColumn],
    candidates: list[IntArray],
    rules: PartitionRules,
    settings: _Settings,
) -> list[ColumnPartition]:
    prebins = choose_prebins(
        columns, candidates, rules, settings.max_cells, settings.prebins
    )
    results: dict[int, ColumnPartition] = {}
    alike = [(column.trend, column.n_lumps) for column in columns]
    for kind in dict.fromkeys(alike):
        members = [k for k, own in enumerate(alike) if own == kind]
        found = _solve_members(
            [columns[k] for k in members],
            [prebins[k] for k in members],
            [candidates[k] for k in members],
            rules_for(rules, members),
            settings,
        )
        results.update(zip(members, found, strict=True))
    return [results[k] for k in range(len(columns))]


def _solve_members(
    columns: list[SearchColumn],
    prebins: list[IntArray],
    candidates: list[IntArray],
    plain_rules: PartitionRules,
    settings: _Settings,
) -> list[ColumnPartition]:
    """Solve columns of one trend, padded to the same number of prebins."""
    least_size, trend = settings.least_size, columns[0].trend
    event, nonevent, rules = stack(columns, prebins, plain_rules, least_size)
    partitions = solve_with_lumps(event, nonevent, rules, trend)
    reasons = explain_partition(event, nonevent, rules, trend, partitions)
    cuts = [at[part.cuts] for at, part in zip(prebins, partitions, strict=True)]
    if settings.polish and not columns[0].is_plain:
        partitions, cuts = refine_cuts(
            columns, partitions, prebins, candidates, plain_rules, least_size
        )
    elif settings.polish:
        prebins, partitions, cuts = _zoom_in(
            columns, partitions, cuts, prebins, candidates, plain_rules, settings
        )
    # With the polished cuts among the cells the bound covers the polished value too.
    with_cuts = [merged(at, own) for at, own in zip(prebins, cuts, strict=True)]
    event, nonevent, rules = stack(columns, with_cuts, plain_rules, None)
    bounds = relaxed_value(event, nonevent, rules)
    found = []
    for k, (column, own, part) in enumerate(
        zip(columns, cuts, partitions, strict=True)
    ):
        edges, at, kept = column.edges_at(own), own, part
        if settings.nice:
            rules_here = plain_rules.of_features([k])
            edges, at, kept = nice_edges(column, own, part, rules_here, least_size)
        n_event, n_nonevent = column.bins_at(at)
        found.append(
            ColumnPartition(
                edges=edges,
                trend=kept.trend,
                status=kept.status,
                reason=reasons[k],
                value=kept.value,
                bound=float(bounds[k]),
                n_event=n_event,
                n_nonevent=n_nonevent,
                missing_event=column.counts.missing_event,
                missing_nonevent=column.counts.missing_nonevent,
                joins=kept.joins,
                edge_loss=0.0 if kept is part else part.value - kept.value,
            )
        )
    return found


def _zoom_in(
    columns: list[SearchColumn],
    partitions: list[Partition],
    cuts: list[IntArray],
    prebins: list[IntArray],
    candidates: list[IntArray],
    plain_rules: PartitionRules,
    settings: _Settings,
) -> tuple[list[IntArray], list[Partition], list[IntArray]]:
    """Return the prebins around the partitions found, and better partitions."""
    trend = columns[0].trend
    _, _, rules = stack(columns, prebins, plain_rules, None)
    zoomed = []
    for k, (column, tried) in enumerate(zip(columns, candidates, strict=True)):
        is_open = column.only_edges is None and len(tried) > settings.max_cells + 1
        if is_open and len(cuts[k]) and settings.prebins.may_zoom(trend):
            zoomed.append(k)
    if zoomed:
        partitions, cuts = _polish(
            columns, partitions, cuts, candidates, rules, fine=False
        )
        prebins = list(prebins)
        for k in zoomed:
            has_spare = len(cuts[k]) + 1 + _SPARE <= (rules.max_n_bins or np.inf)
            prebins[k] = zoom_cuts(
                columns[k].counts,
                candidates[k],
                cuts[k],
                rules.min_bin_size,
                has_spare=has_spare,
            )
        near = [columns[k] for k in zoomed], [prebins[k] for k in zoomed]
        event, nonevent, near_rules = stack(*near, rules_for(plain_rules, zoomed), None)
        found = solve_with_lumps(event, nonevent, near_rules, trend)
        for k, part in zip(zoomed, found, strict=True):
            partitions[k], cuts[k] = part, prebins[k][part.cuts]
    return prebins, *_polish(columns, partitions, cuts, candidates, rules)


def _polish(
    columns: list[SearchColumn],
    partitions: list[Partition],
    cuts: list[IntArray],
    candidates: list[IntArray],
    rules: PartitionRules,
    *,
    fine: bool = True,
) -> tuple[list[Partition], list[IntArray]]:
    """Return the partitions with their new values, and the new cuts."""
    totals = np.empty((len(columns), 2))
    totals[:, 0], totals[:, 1] = rules.total_event, rules.total_nonevent
    moving = []
    for column, tried, own in zip(columns, candidates, cuts, strict=True):
        # Where the edges are given none of the cuts moves.
        fixed = own if column.only_edges is not None else column.fixed_cuts()
        if len(fixed):
            tried = merged(tried, fixed)
        moving.append(MovingCuts(column.counts, tried, own, fixed))
    trends = [part.trend for part in partitions]
    polish_cuts(moving, trends, totals, rules, fine=fine)
    polished = []
    for moved, part, total in zip(moving, partitions, totals, strict=True):
        value = part.value
        if part.status == "optimal":
            event, nonevent = np.diff(moved.sums[:, 1:-1])
            value = float(divergence_value(event, nonevent, rules, *total).sum())
        polished.append(replace(part, value=value))
    return polished, [moved.cuts for moved in moving]
