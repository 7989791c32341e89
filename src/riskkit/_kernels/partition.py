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

Trends constrain the *event rate*: "ascending" never falls from bin to bin (ties are
allowed); "peak" never rises again after it fell, and includes the monotone shapes;
"concave" asks ``2 r_j >= r_{j-1} + r_{j+1}`` of every three neighbours.
"monotonic" is the better of ascending and descending; "auto" also tries peak and valley
and takes them only if they are worth ``prefer_monotone`` more, relatively.

Among partitions equal in value the one with fewer bins wins, then the trend named
first, then the leftmost cuts (compared from the last cut backwards).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from riskkit._kernels.partition_rules import (
    NEVER,
    BinTables,
    PartitionRules,
    bin_tables,
    may_follow,
)
from riskkit._kernels.partition_shape import SHAPES, solve_shape

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "TRENDS",
    "Partition",
    "PartitionRules",
    "choose_trend",
    "relaxed_value",
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

# Tables of one batch of features stay near this size, so that they fit the caches of
# common machines and the memory does not grow with the number of features.
_TABLE_BYTES = 1 << 24


class _State(NamedTuple):
    previous: tuple[str, ...]
    direction: int
    may_start: bool


_STATES = {
    "rise": _State(("rise",), 1, may_start=True),
    "fall": _State(("fall",), -1, may_start=True),
    "past_peak": _State(("rise", "past_peak"), -1, may_start=False),
    "past_valley": _State(("fall", "past_valley"), 1, may_start=False),
    "free": _State(("free",), 0, may_start=True),
}
_FINAL_STATES = {
    "none": ("free",),
    "ascending": ("rise",),
    "descending": ("fall",),
    "peak": ("rise", "past_peak"),
    "valley": ("fall", "past_valley"),
}


@dataclass(frozen=True)
class Partition:
    """The best partition of one feature.

    ``cuts`` are cell numbers: a cut ``c`` separates cell ``c - 1`` from cell ``c``.
    ``status`` is "optimal" (two bins or more), "single_bin" (one bin is the optimum)
    or "infeasible" (no partition keeps the rules; ``value`` is ``-inf``). ``trend`` is
    the resolved one, "none" if there is only one bin.
    """

    cuts: IntArray
    trend: str
    value: float
    status: str


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
    batch = max(1, _TABLE_BYTES // (8 * n_levels * n_cells**2))
    partitions: list[Partition] = []
    for start in range(0, n_features, batch):
        part = slice(start, start + batch)
        tables = bin_tables(
            cell_event[:, part], cell_nonevent[:, part], _rules_of(rules, part)
        )
        if trend in SHAPES:
            partitions += _solve_shapes(tables, rules, trend, n_levels)
        else:
            partitions += _solve_trends(tables, rules, trend, n_levels)
    return partitions


def _rules_of(rules: PartitionRules, part: slice) -> PartitionRules:
    """Return the rules with the per-feature entries of one batch only."""

    def cut(total: FloatArray | float) -> FloatArray | float:
        return total if np.ndim(total) == 0 else np.asarray(total)[part]

    return replace(
        rules,
        total_event=cut(rules.total_event),
        total_nonevent=cut(rules.total_nonevent),
        must_cut=None if rules.must_cut is None else rules.must_cut[:, part],
    )


def _solve_trends(
    tables: BinTables, rules: PartitionRules, trend: str, n_levels: int
) -> list[Partition]:
    names = trends_tried(trend)
    best = _best_values(tables, rules, names, n_levels)
    by_bins = np.stack(
        [
            np.max([best[state][:, :, -1].max(axis=1) for state in _FINAL_STATES[t]], 0)
            for t in names
        ]
    )  # (trend, bins - 1, feature)
    by_bins[:, : rules.min_n_bins - 1] = NEVER
    values = by_bins.max(axis=1)
    n_bins = (by_bins >= _tie_floor(values)[:, None]).argmax(axis=1) + 1
    chosen = choose_trend(values, n_bins, trend, rules.prefer_monotone)
    partitions = []
    for feature, index in enumerate(chosen):
        level = int(n_bins[index, feature]) - 1
        value = float(by_bins[index, level, feature])
        cuts: list[int] = []
        if value > NEVER:
            cuts = _trace_back(tables, rules, best, names[index], level, feature)
        partitions.append(_partition(cuts, names[index], value))
    return partitions


def _partition(cuts: list[int], trend: str, value: float) -> Partition:
    status = "infeasible" if value == NEVER else "optimal" if cuts else "single_bin"
    return Partition(
        np.array(cuts, dtype=np.intp), trend if cuts else "none", value, status
    )


def _best_values(
    tables: BinTables, rules: PartitionRules, trends: tuple[str, ...], n_levels: int
) -> dict[str, FloatArray]:
    """Fill ``B_s[k, j, i, feature]`` of the module's formula for the states needed."""
    n_cells, _, n_features = tables.value.shape
    needed = {state for t in trends for state in _FINAL_STATES[t]}
    states = {name: state for name, state in _STATES.items() if name in needed}
    best = {
        name: np.full((n_levels, n_cells, n_cells, n_features), NEVER)
        for name in states
    }
    for name, state in states.items():
        if state.may_start:
            best[name][0, 0] = tables.value[0]
    # Which bins any feature admits: the others need no arithmetic at all.
    usable: BoolArray = np.any(tables.value > NEVER, axis=2)
    most_bins = _most_bins(usable)
    for first in range(1, n_cells):
        left = np.flatnonzero(usable[:first, first - 1])
        right = np.flatnonzero(usable[first, first:])
        n_steps = min(n_levels - 1, most_bins[first])
        if not (left.size and right.size and n_steps):
            continue
        h = slice(left[0], left[-1] + 1)
        i = slice(first + right[0], n_cells)
        for direction in {state.direction for state in states.values()}:
            penalty = np.where(
                may_follow(
                    tables.rate[h, first - 1, None],
                    tables.size[h, first - 1, None],
                    tables.rate[first, i],
                    tables.size[first, i],
                    direction,
                    rules,
                ),
                0.0,
                NEVER,
            )
            for name, state in states.items():
                if state.direction != direction:
                    continue
                before = np.maximum.reduce(
                    [best[prev][:n_steps, h, first - 1] for prev in state.previous]
                )
                best[name][1 : n_steps + 1, first, i] = (
                    before[:, :, None] + penalty
                ).max(axis=1) + tables.value[first, i]
    return best


def _most_bins(usable: BoolArray) -> list[int]:
    """Return how many usable bins, at most, make up the cells before each cell."""
    most = [0] * (len(usable) + 1)
    for end in range(1, len(usable) + 1):
        starts = np.flatnonzero(usable[:end, end - 1])
        reached = [most[j] + 1 for j in starts.tolist() if j == 0 or most[j]]
        most[end] = max(reached, default=0)
    return most


def _trace_back(
    tables: BinTables,
    rules: PartitionRules,
    best: dict[str, FloatArray],
    trend: str,
    level: int,
    feature: int,
) -> list[int]:
    """Walk from the last bin to the first; return the cuts of one feature."""
    last = tables.value.shape[1] - 1
    state, first = _argmax_of(
        {s: best[s][level, :, last, feature] for s in _FINAL_STATES[trend]}
    )
    cuts: list[int] = []
    while level > 0:
        cuts.append(first)
        allowed = may_follow(
            tables.rate[:first, first - 1, feature],
            tables.size[:first, first - 1, feature],
            tables.rate[first, last, feature],
            tables.size[first, last, feature],
            _STATES[state].direction,
            rules,
        )
        level -= 1
        state, previous_first = _argmax_of(
            {
                s: np.where(allowed, best[s][level, :first, first - 1, feature], NEVER)
                for s in _STATES[state].previous
            }
        )
        first, last = previous_first, first - 1
    return cuts[::-1]


def _argmax_of(candidates: dict[str, FloatArray]) -> tuple[str, int]:
    """Return the state and the leftmost position of the largest value."""
    state = max(candidates, key=lambda name: candidates[name].max())
    return state, int(candidates[state].argmax())


def _solve_shapes(
    tables: BinTables, rules: PartitionRules, trend: str, n_levels: int
) -> list[Partition]:
    partitions = []
    for feature in range(tables.value.shape[2]):
        value, cuts = solve_shape(
            tables.size[:, :, feature],
            tables.rate[:, :, feature],
            tables.value[:, :, feature],
            rules,
            trend,
            n_levels,
        )
        partitions.append(_partition(cuts, trend, value))
    return partitions


def relaxed_value(
    cell_event: FloatArray, cell_nonevent: FloatArray, rules: PartitionRules
) -> FloatArray:
    """Return each feature's best value under the limits on bins and sizes alone.

    No trend and no rule on events or neighbours: an upper bound on what any partition
    of the cells under the full rules can reach.
    """
    sizes_only = PartitionRules(
        total_event=rules.total_event,
        total_nonevent=rules.total_nonevent,
        min_n_bins=rules.min_n_bins,
        max_n_bins=rules.max_n_bins,
        min_bin_size=rules.min_bin_size,
        max_bin_size=rules.max_bin_size,
        smoothing=rules.smoothing,
        divergence=rules.divergence,
    )
    value = bin_tables(cell_event, cell_nonevent, sizes_only).value
    n_cells, _, n_features = value.shape
    ending = value[0]  # best value of cells 0..i with the current number of bins
    bound = np.full(n_features, NEVER)
    for n_bins in range(1, min(n_cells, rules.max_n_bins or n_cells) + 1):
        if n_bins > 1:
            ending = np.stack(
                [np.full(n_features, NEVER)]
                + [
                    (ending[:i] + value[1 : i + 1, i]).max(axis=0)
                    for i in range(1, n_cells)
                ]
            )
        if n_bins >= rules.min_n_bins:
            np.maximum(bound, ending[-1], out=bound)
    return bound
