"""Better cuts for partitions whose rules tie more than the bins beside a cut.

A lump may change its bin when a cut moves, and a period may turn round, so single cuts
cannot be polished one by one. Instead the search is repeated on a grid that holds the
cuts found and some candidates between each of them and the prebins next to it; the old
partition is one of the grid's, so the value never falls. The trend is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.partition_lumps import solve_with_lumps
from riskkit._kernels.partition_shape import SHAPES
from riskkit._kernels.prebins import merged
from riskkit._kernels.search_column import SearchColumn, stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit._kernels.partition import Partition, PartitionRules
    from riskkit.typing import FloatArray, IntArray

__all__ = ["refine_cuts"]

_N_BESIDE = 3  # candidates on either side of a cut
_ROUNDS = 3


def refine_cuts(
    columns: Sequence[SearchColumn],
    partitions: list[Partition],
    prebins: Sequence[IntArray],
    candidates: Sequence[IntArray],
    rules: PartitionRules,
    least_size: FloatArray | None,
) -> tuple[list[Partition], list[IntArray]]:
    """Return the improved partitions and their cuts as cell numbers."""
    best = list(partitions)
    cuts = [at[part.cuts] for at, part in zip(prebins, best, strict=True)]
    grids = list(prebins)
    for _ in range(_ROUNDS):
        moving: dict[str, list[int]] = {}
        for k, (column, part) in enumerate(zip(columns, best, strict=True)):
            if part.status != "optimal" or part.trend in SHAPES:
                continue
            if column.only_edges is not None:
                continue
            grid = _finer(grids[k], cuts[k], candidates[k])
            if grid is not None:
                grids[k] = merged(column.ends, grid)
                moving.setdefault(part.trend, []).append(k)
        for trend, members in moving.items():
            at = [grids[k] for k in members]
            event, nonevent, own = stack(
                [columns[k] for k in members],
                at,
                rules.of_features(members),
                least_size,
            )
            found = solve_with_lumps(event, nonevent, own, trend)
            for k, grid, part in zip(members, at, found, strict=True):
                if part.value > best[k].value:
                    best[k], cuts[k] = part, grid[part.cuts]
    return best, cuts


def _finer(grid: IntArray, cuts: IntArray, candidates: IntArray) -> IntArray | None:
    """Return the cuts with candidates beside them; None if the grid holds them all."""
    at = np.searchsorted(grid, cuts)
    tried = [cuts]
    for cut, left, right in zip(cuts, grid[at - 1], grid[at + 1], strict=True):
        for low, high in ((left, cut), (cut, right)):
            between = candidates[
                np.searchsorted(candidates, low, side="right") : np.searchsorted(
                    candidates, high
                )
            ]
            if len(between) > _N_BESIDE:
                # Evenly spaced, the ends left out: these are on the grid already.
                steps = np.arange(1, _N_BESIDE + 1) * len(between) // (_N_BESIDE + 1)
                between = between[steps]
            tried.append(between)
    finer = merged(*tried)
    return None if np.isin(finer, grid).all() else finer
