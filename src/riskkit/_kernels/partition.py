"""Exact optimal contiguous partitions of ordered cells, many features at once.

The value of a partition is the sum of the values of its bins (``partition_rules``), so
the best one is found by dynamic programming over its last bin. With ``B_s[k, j, i]``
the best value of cells ``0..i`` cut into ``k + 1`` bins of which ``j..i`` is the last,
in state ``s``::

    B_s[k, j, i] = v[j, i] + max over h < j and states t that may precede s of
                   B_t[k - 1, h, j - 1]   where bin j..i may follow bin h..j-1

A state says what the trend still permits: "rise" and "fall" for ascending and
descending, "past_peak" once a rise has turned into a fall, "past_valley" the other way
round, "free" without a trend. All trends asked for share the tables of admissible
neighbours. The result is exact for any rule on single bins and on pairs of neighbours.

Lumps (``partition_rules``) double the states once each: a bin carries a load ``S``, and
``B`` also says which lumps ``U`` are placed so far, ``S`` among them. A bin with load
``S`` follows bins whose lumps are ``U - S``; all lumps are placed at the end. Time
grows with ``4^m`` for ``m`` lumps.

Trends constrain the *event rate*: "ascending" never falls from bin to bin (ties are
allowed); "peak" never rises again after it fell, and includes the monotone shapes;
"concave" asks ``2 r_j >= r_{j-1} + r_{j+1}`` of every three neighbours.
"monotonic" is the better of ascending and descending; "auto" also tries peak and valley
and takes them only if they are worth ``prefer_monotone`` more, relatively.

Among partitions equal in value the one with fewer bins wins, then the trend named
first, then the leftmost cuts (compared from the last cut backwards).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.partition_rules import (
    NEVER,
    BinTables,
    PartitionRules,
    bin_tables,
    may_stand_beside,
)
from riskkit._kernels.partition_shape import SHAPES, solve_shape
from riskkit._kernels.partition_states import (
    FINAL_STATES,
    STATES,
    Key,
    final_keys,
    loads_within,
)
from riskkit._kernels.partition_trace import trace_back

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "TRENDS",
    "Partition",
    "PartitionRules",
    "choose_trend",
    "solve_partition",
    "trends_tried",
]

TRENDS = (
    "none",
    "ascending",
    "descending",
    "monotonic",
    "peak",
    "valley",
    "concave",
    "convex",
    "auto",
)

# Sums of logarithms that differ by less are the same partition value for any purpose;
# without the tolerance "fewer bins" would lose to the last bit of a rounding error.
TIE = 1e-12

# The memory does not grow with the number of features, and no table gets so large that
# NumPy asks for huge pages: they would cost more than the search.
_TABLE_BYTES = (1 << 22) - 1


@dataclass(frozen=True)
class Partition:
    """The best partition of one feature.

    ``cuts`` are cell numbers: a cut ``c`` separates cell ``c - 1`` from cell ``c``.
    ``status`` is "optimal" (two bins or more), "single_bin" (one bin is the optimum)
    or "infeasible" (no partition keeps the rules; ``value`` is ``-inf``). ``trend`` is
    the resolved one, "none" if there is only one bin. ``joins`` holds the bin of each
    lump, -1 for a lump that could join none; it is empty without a partition.
    """

    cuts: IntArray
    trend: str
    value: float
    status: str
    joins: tuple[int, ...] = ()


def trends_tried(trend: str) -> tuple[str, ...]:
    """Return the trends that ``trend`` asks to try, in the order of preference."""
    if trend == "auto":
        return ("ascending", "descending", "peak", "valley")
    if trend == "monotonic":
        return ("ascending", "descending")
    return (trend,)


def choose_trend(
    values: FloatArray, n_bins: IntArray, trend: str, prefer_monotone: float
) -> IntArray:
    """Return, per feature, the index of the trend to keep among ``trends_tried``.

    ``values`` and ``n_bins`` hold one row per trend tried, one column per feature.
    """
    names = trends_tried(trend)
    turning = np.array([name in ("peak", "valley") for name in names])
    eligible = np.ones(values.shape, dtype=bool)
    if trend == "auto":
        monotone_best = values[~turning].max(axis=0)
        turning_best = values[turning].max(axis=0)
        turn = turning_best > monotone_best * (1 + prefer_monotone) + TIE
        eligible = turning[:, None] == turn
    eligible_values = np.where(eligible, values, NEVER)
    tied = eligible & (eligible_values >= _tie_floor(eligible_values.max(axis=0)))
    bins_if_tied = np.where(tied, n_bins, np.iinfo(np.intp).max)
    chosen: IntArray = bins_if_tied.argmin(axis=0)
    return chosen


def _tie_floor(top: FloatArray) -> FloatArray:
    return np.where(top > NEVER, top - TIE * np.maximum(np.abs(top), 1e-300), NEVER)


def solve_partition(
    cell_event: FloatArray,
    cell_nonevent: FloatArray,
    rules: PartitionRules,
    trend: str,
) -> list[Partition]:
    """Return the best partition of every feature.

    The counts have shape ``(n_cells, n_features)``; features with fewer cells are
    padded at the end with empty cells, which join the last bin.
    """
    n_cells, n_features = cell_event.shape
    n_levels = min(n_cells, rules.max_n_bins or n_cells)
    n_tables = n_levels * 3**rules.n_lumps
    if rules.periods is not None:
        n_tables += len(rules.periods.least_size) * 2**rules.n_lumps
    most = max(1, _TABLE_BYTES // (8 * n_tables * n_cells**2))
    n_batches = -(-n_features // most)
    batch = -(-n_features // max(1, n_batches))  # of even size
    partitions: list[Partition] = []
    for start in range(0, n_features, batch):
        part = slice(start, start + batch)
        own = rules.of_features(part)
        tables = [
            bin_tables(cell_event[:, part], cell_nonevent[:, part], own, load)
            for load in range(1 << rules.n_lumps)
        ]
        if trend in SHAPES:
            partitions += _solve_shapes(tables, own, trend, n_levels)
        else:
            partitions += _solve_trends(tables, own, trend, n_levels)
    return partitions


def _solve_trends(
    tables: list[BinTables], rules: PartitionRules, trend: str, n_levels: int
) -> list[Partition]:
    names = trends_tried(trend)
    best = _best_values(tables, rules, names, n_levels)
    by_bins = np.stack(
        [
            np.max([best[key][:, :, -1].max(axis=1) for key in final_keys(t, rules)], 0)
            for t in names
        ]
    )  # (trend, bins - 1, feature)
    by_bins[:, : rules.min_n_bins - 1] = NEVER
    values = by_bins.max(axis=1)
    n_bins = (by_bins >= _tie_floor(values)[:, None]).argmax(axis=1) + 1
    chosen = choose_trend(values, n_bins, trend, rules.prefer_monotone)
    walks: dict[int, tuple[list[int], list[int]]] = {}
    level = n_bins[chosen, np.arange(len(chosen))] - 1
    value = by_bins[chosen, level, np.arange(len(chosen))]
    for index, name in enumerate(names):
        members = np.flatnonzero((chosen == index) & (value > NEVER))
        found = trace_back(tables, rules, best, name, level[members], members)
        walks.update(zip(members.tolist(), found, strict=True))
    return [
        _partition(*walks.get(feature, ([], [])), names[index], float(value[feature]))
        for feature, index in enumerate(chosen.tolist())
    ]


def _partition(
    cuts: list[int], loads: list[int], trend: str, value: float
) -> Partition:
    status = "infeasible" if value == NEVER else "optimal" if cuts else "single_bin"
    n_lumps = sum(load.bit_count() for load in loads)
    return Partition(
        np.array(cuts, dtype=np.intp),
        trend if cuts else "none",
        value,
        status,
        tuple(
            next(k for k, load in enumerate(loads) if load >> lump & 1)
            for lump in range(n_lumps)
        ),
    )


def _best_values(
    tables: list[BinTables],
    rules: PartitionRules,
    trends: tuple[str, ...],
    n_levels: int,
) -> dict[Key, FloatArray]:
    """Fill the tables of the module's formula, ``[k, j, i, feature]``, by key."""
    n_cells, _, n_features = tables[0].value.shape
    needed = {state for t in trends for state in FINAL_STATES[t]}
    states = {name: state for name, state in STATES.items() if name in needed}
    every = (1 << rules.n_lumps) - 1
    best = {
        Key(name, load, placed): np.full(
            (n_levels, n_cells, n_cells, n_features), NEVER
        )
        for name in states
        for placed in loads_within(every)
        for load in loads_within(placed)
    }
    for name, state in states.items():
        if state.may_start:
            for load, table in enumerate(tables):
                best[Key(name, load, load)][0, 0] = table.value[0]
    # Which bins any feature admits: the others need no arithmetic at all.
    usable: BoolArray = np.any(
        [np.any(t.value > NEVER, axis=2) for t in tables], axis=0
    )
    most_bins = _most_bins(usable)
    directions = {state.direction for state in states.values()}
    for first in range(1, n_cells):
        left = np.flatnonzero(usable[:first, first - 1])
        right = np.flatnonzero(usable[first, first:])
        n_steps = min(n_levels - 1, most_bins[first])
        if not (left.size and right.size and n_steps):
            continue
        h = slice(left[0], left[-1] + 1)
        i = slice(first + right[0], n_cells)
        for load, load_before, direction in itertools.product(
            range(every + 1), range(every + 1), directions
        ):
            if load & load_before:
                continue
            allowed = may_stand_beside(
                tables[load_before],
                (h, first - 1, None),
                tables[load],
                (first, i),
                direction,
                rules,
            )
            penalty = np.where(allowed, 0.0, NEVER)
            # Lumps may have been placed in bins further left.
            for earlier in loads_within(every & ~load & ~load_before):
                placed = load_before | earlier
                for name, state in states.items():
                    if state.direction != direction:
                        continue
                    before = np.maximum.reduce(
                        [
                            best[Key(s, load_before, placed)][:n_steps, h, first - 1]
                            for s in state.previous
                        ]
                    )
                    value = (before[:, :, None] + penalty).max(axis=1)
                    value += tables[load].value[first, i]
                    table = best[Key(name, load, placed | load)]
                    own = table[1 : n_steps + 1, first, i]
                    np.maximum(own, value, out=own)
    return best


def _most_bins(usable: BoolArray) -> list[int]:
    """Return how many usable bins, at most, make up the cells before each cell."""
    most = [0] * (len(usable) + 1)
    for end in range(1, len(usable) + 1):
        starts = np.flatnonzero(usable[:end, end - 1])
        reached = [most[j] + 1 for j in starts.tolist() if j == 0 or most[j]]
        most[end] = max(reached, default=0)
    return most


def _solve_shapes(
    tables: list[BinTables], rules: PartitionRules, trend: str, n_levels: int
) -> list[Partition]:
    partitions = []
    for feature in range(tables[0].value.shape[2]):
        value, cuts, loads = solve_shape(tables, feature, rules, trend, n_levels)
        partitions.append(_partition(cuts, loads, trend, value))
    return partitions
