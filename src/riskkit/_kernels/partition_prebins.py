"""The prebins of each column: which cuts the exact search may choose among.

By default the cuts of a tree (``prebins``), or all cuts of a column with few values,
with the corners seen from a distance where no second search (``zoom``) finds them;
else quantiles, or all cuts up to a number that the search can still take. Where a limit
is set, the cut whose removal costs the least divergence is dropped until the limit is
met; fixed cuts stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.partition_rules import PartitionRules, divergence_value
from riskkit._kernels.partition_shape import SHAPES
from riskkit._kernels.prebins import candidate_cuts, cart_cuts, corner_cuts, merged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit._kernels.search_column import SearchColumn
    from riskkit.typing import IntArray

__all__ = ["PrebinOptions", "choose_prebins"]

_N_CORNERS = 16  # wide groups of cells, each with two more prebin cuts
_MIN_LEAF = 0.02  # least share of a tree's leaf when bins may be smaller
_N_QUANTILES = 32
_N_GROUPS = 64  # groups of cells with two cuts each where no prebins are made


@dataclass(frozen=True)
class PrebinOptions:
    """How prebins are made ("cart", "quantile", "none") and how many there may be."""

    method: str = "cart"
    most: int | None = None

    def may_zoom(self, trend: str) -> bool:
        """Return whether a second search may choose prebins of its own."""
        # The search for a shape costs too much for the more numerous second prebins.
        return self.method == "cart" and not self.most and trend not in SHAPES


def choose_prebins(
    columns: Sequence[SearchColumn],
    candidates: Sequence[IntArray],
    rules: PartitionRules,
    max_cells: int,
    options: PrebinOptions,
) -> list[IntArray]:
    """Return each column's prebin boundaries as cell numbers, both ends included."""
    prebins = list(candidates)
    large = [k for k, tried in enumerate(candidates) if len(tried) > max_cells + 1]
    free = [k for k in large if columns[k].only_edges is None]
    if free and options.method == "cart":
        total = np.max(np.asarray(rules.total_event) + np.asarray(rules.total_nonevent))
        min_leaf = max(rules.min_bin_size, _MIN_LEAF * float(total))
        counts = [columns[k].counts for k in free]
        trees = cart_cuts(counts, [candidates[k] for k in free], min_leaf)
        for k, cells, tree in zip(free, counts, trees, strict=True):
            prebins[k] = merged(candidates[k][[0, -1]], tree)
            if not (columns[k].is_plain and options.may_zoom(columns[k].trend)):
                prebins[k] = merged(prebins[k], corner_cuts(cells, _N_CORNERS))
    elif options.method == "quantile":
        for k in free:
            prebins[k] = _quantile_cuts(columns[k], options.most or _N_QUANTILES)
    elif options.method == "none":
        for k in free:
            prebins[k] = candidate_cuts(columns[k].counts, _N_GROUPS)
    for k, column in enumerate(columns):
        only = column.only_cuts()
        if only is not None:
            prebins[k] = merged(column.ends, only)
        if len(column.fixed_edges):
            prebins[k] = merged(prebins[k], column.fixed_cuts())
        if only is None and options.most and len(prebins[k]) > options.most + 1:
            prebins[k] = _thinned(
                column, prebins[k], rules.of_features([k]), options.most
            )
    return prebins


def _quantile_cuts(column: SearchColumn, n_prebins: int) -> IntArray:
    rows = column.counts.cum_rows
    # Whole multiples on both sides: weights of 2 give the cuts of repeated rows.
    wanted = np.arange(1, n_prebins) * float(rows[-1])
    cuts = np.searchsorted(rows * float(n_prebins), wanted, side="left")
    return merged(column.ends, cuts[rows[cuts] < rows[-1]])


def _thinned(
    column: SearchColumn, cuts: IntArray, rules: PartitionRules, most: int
) -> IntArray:
    inner, fixed = cuts[1:-1], column.fixed_cuts()
    totals = rules.total_event, rules.total_nonevent
    while len(inner) >= max(most, len(fixed) + 1):
        event, nonevent = column.bins_at(inner)
        apart = divergence_value(event, nonevent, rules, *totals)
        joined = divergence_value(
            event[:-1] + event[1:], nonevent[:-1] + nonevent[1:], rules, *totals
        )
        loss = np.where(np.isin(inner, fixed), np.inf, apart[:-1] + apart[1:] - joined)
        inner = np.delete(inner, int(loss.argmin()))
    return merged(column.ends, inner)
