"""One column on its way from counts to bins."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.bins import assign_numeric, count_bins
from riskkit._kernels.partition_periods import PeriodCounts
from riskkit._kernels.partition_rules import Lumps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskkit._kernels.cells import CellCounts
    from riskkit._kernels.partition import PartitionRules
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "NO_EDGES",
    "ColumnLumps",
    "Periods",
    "SearchColumn",
    "period_counter",
    "rules_for",
    "stack",
]

NO_EDGES = np.zeros(0)


@dataclass(frozen=True)
class Periods:
    """The period of each row, and the least size at which each period counts.

    A code of ``len(least_size)`` is a row whose period does not count.
    """

    codes: IntArray
    least_size: FloatArray


@dataclass(frozen=True)
class ColumnLumps:
    """Counts of one column's lumps, ``(n_lumps,)`` and ``(n_periods, n_lumps)``."""

    event: FloatArray
    nonevent: FloatArray
    period_event: FloatArray
    period_nonevent: FloatArray


@dataclass(frozen=True)
class SearchColumn:
    """Counts, trend, given edges, lumps and periods of one column.

    ``fixed_edges`` have to be cuts; with ``only_edges`` no other edges may be.
    ``period_cells`` returns the events and the non-events by period,
    ``(n_periods, n_cells)``, of the cells between cuts that include both ends.
    """

    counts: CellCounts
    trend: str
    fixed_edges: FloatArray = field(default_factory=lambda: NO_EDGES)
    only_edges: FloatArray | None = None
    lumps: ColumnLumps | None = None
    period_cells: Callable[[IntArray], tuple[FloatArray, FloatArray]] | None = None

    @property
    def n_lumps(self) -> int:
        """Number of lumps."""
        return 0 if self.lumps is None else len(self.lumps.event)

    @property
    def is_plain(self) -> bool:
        """Whether cuts may be moved looking at the bins beside them alone."""
        return not self.n_lumps and self.period_cells is None

    @property
    def ends(self) -> IntArray:
        """The boundaries before the first and after the last cell."""
        return np.array([0, len(self.counts.cum_event) - 1])

    def fixed_cuts(self) -> IntArray:
        """Return the cuts that the fixed edges make between occupied cells."""
        return self._cuts_at(self.fixed_edges)

    def only_cuts(self) -> IntArray | None:
        """Return the cuts that may be made, if these are given."""
        return None if self.only_edges is None else self._cuts_at(self.only_edges)

    def edges_at(self, cuts: IntArray) -> FloatArray:
        """Return the edges of cuts: the number given, or else a midpoint."""
        edges = self.counts.edges_at(cuts)
        for given in (self.only_edges, self.fixed_edges):
            if given is not None and len(given):
                at = self.counts.cuts_at(given)
                known = np.isin(at, cuts)
                edges[np.searchsorted(cuts, at[known])] = given[known]
        return edges

    def bins_at(self, cuts: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the events and the non-events of the bins between cuts."""
        bounds = np.concatenate((self.ends[:1], cuts, self.ends[1:]))
        event = np.diff(self.counts.cum_event[bounds])
        nonevent = np.diff(self.counts.nonevent_before(bounds))
        return event.astype(np.float64), nonevent.astype(np.float64)

    def _cuts_at(self, edges: FloatArray) -> IntArray:
        cuts: IntArray = np.unique(self.counts.cuts_at(edges))
        inner: IntArray = cuts[(cuts > 0) & (cuts < self.ends[1])]
        return inner


def period_counter(
    counts: CellCounts,
    x: FloatArray,
    periods: Periods,
    is_event: BoolArray,
    weight: FloatArray | None,
) -> Callable[[IntArray], tuple[FloatArray, FloatArray]]:
    """Return a function that counts a numeric column by period between cuts."""
    n_periods = len(periods.least_size)

    def count(cuts: IntArray) -> tuple[FloatArray, FloatArray]:
        edges = counts.edges_at(cuts[1:-1])
        bins = assign_numeric(x, edges, ()).astype(np.intp)
        n_bins = len(edges) + 2  # the last one holds the missing values
        both = bins * (n_periods + 1) + periods.codes
        event, nonevent = count_bins(both, is_event, n_bins * (n_periods + 1), weight)
        shape = n_bins, n_periods + 1
        return event.reshape(shape)[:-1, :-1].T, nonevent.reshape(shape)[:-1, :-1].T

    return count


def rules_for(rules: PartitionRules, features: range | list[int]) -> PartitionRules:
    """Return the rules of some columns, without what ``stack`` adds."""
    plain = replace(rules, must_cut=None, lumps=None, periods=None)
    return plain.of_features(list(features))


def stack(
    columns: Sequence[SearchColumn],
    prebins: Sequence[IntArray],
    rules: PartitionRules,
    least_size: FloatArray | None,
) -> tuple[FloatArray, FloatArray, PartitionRules]:
    """Return the counts of the prebins, one column each, and the rules about them.

    ``prebins`` include both ends; all columns have the same number of lumps.
    """
    n_cells = max(1, *(len(cuts) - 1 for cuts in prebins))
    event, nonevent = np.zeros((2, n_cells, len(columns)))
    must_cut = np.zeros(event.shape, dtype=bool)
    for k, (column, cuts) in enumerate(zip(columns, prebins, strict=True)):
        event[: len(cuts) - 1, k], nonevent[: len(cuts) - 1, k] = column.bins_at(
            cuts[1:-1]
        )
        if len(column.fixed_edges):
            must_cut[np.searchsorted(cuts, column.fixed_cuts()), k] = True
    lumps = [column.lumps for column in columns if column.lumps is not None]
    if columns[0].n_lumps:
        rules = replace(
            rules,
            lumps=Lumps(
                np.stack([own.event for own in lumps], axis=-1),
                np.stack([own.nonevent for own in lumps], axis=-1),
            ),
        )
    if least_size is not None:
        rules = replace(rules, periods=_stack_periods(columns, prebins, least_size))
    if must_cut.any():
        rules = replace(rules, must_cut=must_cut)
    return event, nonevent, rules


def _stack_periods(
    columns: Sequence[SearchColumn],
    prebins: Sequence[IntArray],
    least_size: FloatArray,
) -> PeriodCounts:
    n_cells = max(1, *(len(cuts) - 1 for cuts in prebins))
    n_periods, n_lumps = len(least_size), columns[0].n_lumps
    event, nonevent = np.zeros((2, n_periods, n_cells, len(columns)))
    lump_event, lump_nonevent = np.zeros((2, n_periods, n_lumps, len(columns)))
    for k, (column, cuts) in enumerate(zip(columns, prebins, strict=True)):
        if column.period_cells is not None:
            n_own = len(cuts) - 1
            event[:, :n_own, k], nonevent[:, :n_own, k] = column.period_cells(cuts)
        if column.lumps is not None and n_lumps:
            lump_event[:, :, k] = column.lumps.period_event
            lump_nonevent[:, :, k] = column.lumps.period_nonevent
    return PeriodCounts(event, nonevent, lump_event, lump_nonevent, least_size)
