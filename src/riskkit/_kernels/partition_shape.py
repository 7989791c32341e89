"""Exact partitions whose event rates are concave or convex over neighbouring bins.

The rule ties three neighbours, so a state of the dynamic programme holds the last two
bins. With ``B[k, h, j, i]`` the best value of cells ``0..i`` in ``k + 1`` bins whose
last two are ``h..j-1`` and ``j..i``::

    B[k, h, j, i] = v[j, i] + max over g < h of B[k - 1, g, h, j - 1]
                    where c (2 r[h, j-1] - r[g, h-1] - r[j, i]) >= 0

with ``c = 1`` for concave, ``-1`` for convex. One and two bins have no curvature and
are always allowed. Lumps are placed as in ``partition``, where a state holds the loads
of both bins. Time grows with ``n^4 5^m`` per number of bins for ``m`` lumps, so
features are solved one by one and callers keep the number of cells moderate.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from riskkit._kernels.partition_rules import (
    NEVER,
    BinTables,
    PartitionRules,
    may_stand_beside,
)

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["SHAPES", "keeps_shape", "solve_shape"]

SHAPES = ("concave", "convex")
_TIE = 1e-12


def keeps_shape(
    rate_left: FloatArray, rate_middle: FloatArray, rate_right: FloatArray, shape: str
) -> BoolArray:
    """Return whether three neighbouring event rates bend the right way."""
    bend = 2 * rate_middle - rate_left - rate_right
    # Rates on a straight line miss zero by rounding; they are both shapes.
    slack = 4 * np.finfo(np.float64).eps
    return bend >= -slack if shape == "concave" else bend <= slack


class _Key(NamedTuple):
    """The loads of the last two bins, and all lumps placed so far."""

    before: int
    load: int
    placed: int


def solve_shape(
    tables: list[BinTables],
    feature: int,
    rules: PartitionRules,
    shape: str,
    n_levels: int,
) -> tuple[float, list[int], list[int]]:
    """Return the best value of one feature, its cuts, and the load of every bin.

    ``tables`` holds one table for each load.
    """
    every = len(tables) - 1
    best = _best_values(tables, feature, rules, shape, n_levels)
    ends = [key for key in best if key.placed == every]
    by_bins = np.max([best[key][:, :, :, -1].max(axis=(1, 2)) for key in ends], axis=0)
    by_bins[0] = tables[every].value[0, -1, feature]
    by_bins = by_bins[:n_levels]
    by_bins[: rules.min_n_bins - 1] = NEVER
    top = float(by_bins.max(initial=NEVER))
    if top == NEVER:
        return NEVER, [], []
    level = int((by_bins >= top - _TIE * abs(top)).argmax())
    if level == 0:
        return float(by_bins[0]), [], [every]
    rates = [table.rate[:, :, feature] for table in tables]
    return float(by_bins[level]), *_trace_back(best, ends, rates, shape, level)


def _best_values(
    tables: list[BinTables],
    feature: int,
    rules: PartitionRules,
    shape: str,
    n_levels: int,
) -> dict[_Key, FloatArray]:
    """Fill the tables of the module's formula, ``[k, h, j, i]``, by key."""
    n_cells = len(tables[0].value)
    every = len(tables) - 1
    subsets = [[s for s in range(u + 1) if s & u == s] for u in range(every + 1)]
    best = {
        _Key(before, load, placed): np.full(
            (max(n_levels, 2), n_cells, n_cells, n_cells), NEVER
        )
        for placed in range(every + 1)
        for load in subsets[placed]
        for before in subsets[placed & ~load]
    }
    rates = [table.rate[:, :, feature] for table in tables]
    values = [table.value[:, :, feature] for table in tables]
    pairs = [
        (before, load) for load in range(every + 1) for before in subsets[every & ~load]
    ]
    for h, j, (before, load) in itertools.product(
        range(n_cells), range(n_cells), pairs
    ):
        if h >= j or values[before][h, j - 1] == NEVER or n_levels < 2:
            continue
        allowed = may_stand_beside(
            tables[before],
            (h, j - 1, feature),
            tables[load],
            (j, slice(j, None), feature),
            0,
            rules,
        )
        last_value = np.where(allowed, values[load][j, j:], NEVER)
        if h == 0:
            two_bins = values[before][0, j - 1] + last_value
            best[_Key(before, load, before | load)][1, 0, j, j:] = two_bins
            continue
        if n_levels < 3:
            continue
        for further in subsets[every & ~load & ~before]:
            bent = keeps_shape(
                rates[further][:h, h - 1, None],
                rates[before][h, j - 1],
                rates[load][j, j:],
                shape,
            )
            for earlier in subsets[every & ~load & ~before & ~further]:
                placed = before | further | earlier
                three_before = best[_Key(further, before, placed)][1:-1, :h, h, j - 1]
                value = np.where(bent, three_before[..., None], NEVER).max(axis=1)
                own = best[_Key(before, load, placed | load)][2:, h, j, j:]
                np.maximum(own, value + last_value, out=own)
    return best


def _trace_back(
    best: dict[_Key, FloatArray],
    ends: list[_Key],
    rates: list[FloatArray],
    shape: str,
    level: int,
) -> tuple[list[int], list[int]]:
    """Return the cuts and the loads, from two bins on."""
    n_cells = len(rates[0])
    key = max(ends, key=lambda each: best[each][level, :, :, -1].max())
    final = best[key][level, :, :, -1]
    # Leftmost last cut first, then the leftmost start of the bin before it.
    j = int((final.max(axis=0) == final.max()).argmax())
    h = int(final[:, j].argmax())
    cuts, loads, i = [j], [key.load, key.before], n_cells - 1
    while level > 1:
        placed = key.placed & ~key.load
        candidates = {}
        for previous, table in best.items():
            if previous.placed == placed and previous.load == key.before:
                bent = keeps_shape(
                    rates[previous.before][:h, h - 1],
                    rates[key.before][h, j - 1],
                    rates[key.load][j, i],
                    shape,
                )
                values = table[level - 1, :h, h, j - 1]
                candidates[previous] = np.where(bent, values, NEVER)
        key = max(candidates, key=lambda each: candidates[each].max())
        g = int(candidates[key].argmax())
        h, j, i, level = g, h, j - 1, level - 1
        cuts.append(j)
        loads.append(key.before)
    return cuts[::-1], loads[::-1]
