"""Partitions with any number of lumps: the largest exactly, the others one by one.

Time grows exponentially with the number of lumps, so the three largest (two under
"concave" and "convex", whose tables have one more dimension) take part in the search.
Each of the others, the largest first, then joins the bin where the value is the
largest and every rule still holds; if there is none it stays apart.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.partition import Partition, PartitionRules, solve_partition
from riskkit._kernels.partition_rules import Lumps
from riskkit._kernels.partition_shape import SHAPES

if TYPE_CHECKING:
    from riskkit._kernels.partition_periods import PeriodCounts
    from riskkit.typing import FloatArray, IntArray

__all__ = ["most_exact", "solve_with_lumps", "with_lumps"]


def most_exact(trend: str) -> int:
    """Return how many lumps the exact search takes."""
    return 2 if trend in SHAPES else 3


def with_lumps(rules: PartitionRules, order: IntArray) -> PartitionRules:
    """Return the rules with the lumps ``order[k, feature]`` as the ``k``-th ones."""
    if rules.lumps is None:
        return rules

    def chosen(counts: FloatArray) -> FloatArray:
        index = order if counts.ndim == 2 else order[None]
        return np.take_along_axis(counts, index, axis=-2)

    lumps = Lumps(chosen(rules.lumps.event), chosen(rules.lumps.nonevent))
    periods = rules.periods
    if periods is not None:
        periods = replace(
            periods,
            lump_event=chosen(periods.lump_event),
            lump_nonevent=chosen(periods.lump_nonevent),
        )
    return replace(rules, lumps=lumps if len(order) else None, periods=periods)


def solve_with_lumps(
    cell_event: FloatArray,
    cell_nonevent: FloatArray,
    rules: PartitionRules,
    trend: str,
) -> list[Partition]:
    """Return the partition of every feature; ``joins`` may hold -1 for a lump."""
    limit = most_exact(trend)
    if rules.lumps is None or rules.n_lumps <= limit:
        return solve_partition(cell_event, cell_nonevent, rules, trend)
    order = np.argsort(
        -(rules.lumps.event + rules.lumps.nonevent), axis=0, kind="stable"
    )
    exact = with_lumps(rules, order[:limit])
    return [
        _join_rest(
            cell_event[:, [feature]],
            cell_nonevent[:, [feature]],
            rules.of_features([feature]),
            order[:, feature],
            partition,
        )
        for feature, partition in enumerate(
            solve_partition(cell_event, cell_nonevent, exact, trend)
        )
    ]


def _join_rest(
    event: FloatArray,
    nonevent: FloatArray,
    rules: PartitionRules,
    order: IntArray,
    partition: Partition,
) -> Partition:
    """Join the lumps that the partition of one feature leaves."""
    if partition.status == "infeasible":
        return partition
    n_bins = len(partition.cuts) + 1
    bounds = np.concatenate(([0], partition.cuts))
    joins = np.full(len(order), -1)
    joins[order[: len(partition.joins)]] = partition.joins
    value = partition.value
    # The bins stand as they are: each is a cell, and all cuts are demanded.
    bins = [np.add.reduceat(counts, bounds, axis=0) for counts in (event, nonevent)]
    must_cut = np.ones((n_bins, 1), dtype=bool)
    rules = replace(rules, must_cut=must_cut, min_n_bins=n_bins, max_n_bins=n_bins)
    if rules.periods is not None:
        rules = replace(rules, periods=_by_bin(rules.periods, bounds))
    for lump in order[: len(partition.joins)]:
        bins, rules = _joined(bins, rules, int(lump), int(joins[lump]))
    for lump in order[len(partition.joins) :]:
        alone = with_lumps(rules, np.array([[lump]]))
        (found,) = solve_partition(bins[0], bins[1], alone, partition.trend)
        if found.joins:
            joins[lump], value = found.joins[0], found.value
            bins, rules = _joined(bins, rules, int(lump), found.joins[0])
    return replace(partition, joins=tuple(joins.tolist()), value=value)


def _joined(
    bins: list[FloatArray], rules: PartitionRules, lump: int, to: int
) -> tuple[list[FloatArray], PartitionRules]:
    """Return the counts of the bins, and by period, with a lump in one of them."""
    if rules.lumps is None:
        return bins, rules
    event, nonevent = (counts.copy() for counts in bins)
    event[to] += rules.lumps.event[lump]
    nonevent[to] += rules.lumps.nonevent[lump]
    periods = rules.periods
    if periods is not None:
        by_period = periods.event.copy(), periods.nonevent.copy()
        by_period[0][:, to] += periods.lump_event[:, lump]
        by_period[1][:, to] += periods.lump_nonevent[:, lump]
        periods = replace(periods, event=by_period[0], nonevent=by_period[1])
    return [event, nonevent], replace(rules, periods=periods)


def _by_bin(periods: PeriodCounts, bounds: IntArray) -> PeriodCounts:
    return replace(
        periods,
        event=np.add.reduceat(periods.event, bounds, axis=1),
        nonevent=np.add.reduceat(periods.nonevent, bounds, axis=1),
    )
