"""From the tables of best values back to the cuts, for many features at once.

A walk goes from the last bin to the first: at every bin it looks for the one before
that made its value. Features whose bins are in the same state take the step together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.partition_rules import NEVER, may_stand_beside
from riskkit._kernels.partition_states import STATES, Key, final_keys, loads_within

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskkit._kernels.partition_rules import BinTables, PartitionRules
    from riskkit.typing import FloatArray, IntArray

__all__ = ["trace_back"]


def trace_back(
    tables: Sequence[BinTables],
    rules: PartitionRules,
    best: Mapping[Key, FloatArray],
    trend: str,
    levels: IntArray,
    features: IntArray,
) -> list[tuple[list[int], list[int]]]:
    """Return the cuts of each feature, and the loads of its bins.

    The partition of ``features[w]`` ends in one of the final states of ``trend`` with
    ``levels[w] + 1`` bins.
    """
    if not len(features):
        return []
    level = levels.copy()
    last = np.full(len(features), tables[0].value.shape[1] - 1)
    keys, first = _argmax_of(
        {key: best[key][level, :, last, features] for key in final_keys(trend, rules)}
    )
    cuts: list[list[int]] = [[] for _ in features]
    loads = [[key.load] for key in keys]
    while level.any():
        alike: dict[Key, list[int]] = {}
        for walk in np.flatnonzero(level).tolist():
            alike.setdefault(keys[walk], []).append(walk)
        for key, walks in alike.items():
            level[walks] -= 1
            before, found = _argmax_of(
                _values_before(
                    tables,
                    rules,
                    best,
                    key,
                    level[walks],
                    (first[walks], last[walks], features[walks]),
                )
            )
            for walk, own in zip(walks, before, strict=True):
                cuts[walk].append(int(first[walk]))
                loads[walk].append(own.load)
                keys[walk] = own
            last[walks] = first[walks] - 1
            first[walks] = found
    return [(c[::-1], s[::-1]) for c, s in zip(cuts, loads, strict=True)]


def _values_before(
    tables: Sequence[BinTables],
    rules: PartitionRules,
    best: Mapping[Key, FloatArray],
    key: Key,
    level: IntArray,
    bins: tuple[IntArray, IntArray, IntArray],
) -> dict[Key, FloatArray]:
    """Return the best values that end right before bins, a row each.

    All bins, given by first cell, last cell and feature, are in the state of ``key``.
    The columns are the first cells of the bins before.
    """
    first, last, feature = (index[:, None] for index in bins)
    start = np.arange(tables[0].value.shape[0])
    placed = key.placed & ~key.load
    values = {}
    for load in loads_within(placed):
        allowed = may_stand_beside(
            tables[load],
            (start, first - 1, feature),
            tables[key.load],
            (first, last, feature),
            STATES[key.state].direction,
            rules,
        )
        for state in STATES[key.state].previous:
            before = Key(state, load, placed)
            # No bin starts after its end: such entries of the tables are NEVER.
            value = best[before][level[:, None], start, first - 1, feature]
            values[before] = np.where(allowed, value, NEVER)
    return values


def _argmax_of(candidates: Mapping[Key, FloatArray]) -> tuple[list[Key], IntArray]:
    """Return the key and the leftmost position of each row's largest value."""
    names = list(candidates)
    values = np.stack([candidates[key] for key in names])
    which = values.max(axis=2).argmax(axis=0)
    at: IntArray = values[which, np.arange(len(which))].argmax(axis=1)
    return [names[k] for k in which.tolist()], at
