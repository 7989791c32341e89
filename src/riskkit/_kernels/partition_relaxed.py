"""An upper bound on the value of every partition of some cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.partition import PartitionRules, solve_partition
from riskkit._kernels.partition_lumps import most_exact, with_lumps
from riskkit._kernels.partition_rules import NEVER, bin_tables, divergence_value

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["relaxed_value"]


def relaxed_value(
    cell_event: FloatArray, cell_nonevent: FloatArray, rules: PartitionRules
) -> FloatArray:
    """Return each feature's best value under the limits on bins and sizes alone.

    No trend and no rule on events, neighbours or periods: an upper bound on what any
    partition of the cells under the full rules can reach.
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
        lumps=rules.lumps,
    )
    if rules.lumps is not None:
        # Joining never raises the value of two groups, so lumps that the exact search
        # cannot take are bounded by what they are worth apart.
        size = rules.lumps.event + rules.lumps.nonevent
        order = np.argsort(-size, axis=0, kind="stable")
        exact = with_lumps(sizes_only, order[: most_exact("none")])
        free = solve_partition(cell_event, cell_nonevent, exact, "none")
        apart = divergence_value(
            rules.lumps.event,
            rules.lumps.nonevent,
            rules,
            rules.total_event,
            rules.total_nonevent,
        )
        rest = np.take_along_axis(apart, order[most_exact("none") :], axis=0)
        values = np.array([partition.value for partition in free])
        return np.asarray(values + rest.sum(axis=0))
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
