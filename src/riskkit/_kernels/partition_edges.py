"""Edges rounded to numbers that people can read.

An edge becomes the number with the fewest significant digits that moves at most a small
share of the accounts of the two bins beside it; among those the nearest. The rows that
change bins are counted anew and every rule is checked on the new counts. If one is
broken the edges are rounded one after the other, each with the largest share that
breaks none; at a share of 0 an edge moves within the gap of the data that it lies in,
no row changes its bin, and nothing can break.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from riskkit._kernels.partition_lumps import solve_with_lumps
from riskkit._kernels.search_column import SearchColumn, stack

if TYPE_CHECKING:
    from riskkit._kernels.partition import Partition, PartitionRules
    from riskkit.typing import FloatArray, IntArray

    _Rounded: TypeAlias = tuple[FloatArray, IntArray, Partition]

__all__ = ["nice_edges", "nice_number"]

# A twentieth of a bin of 5 % is a quarter of a per cent of the accounts, less than what
# a cut moves from one training sample to the next.
_SHARES = (0.05, 0.02, 0.01)
_MOST_DIGITS = 17  # enough for every float


def nice_number(near: float, low: float, high: float) -> float:
    """Return the number in ``[low, high)`` with the fewest digits, closest to `near`.

    `near` lies in the interval itself.
    """
    if low <= 0 < high:
        return 0.0
    # Decimal numbers become the floats that print with just these digits.
    number = Decimal(near)
    for digits in range(1, _MOST_DIGITS):
        power = number.adjusted() - digits + 1
        below = number.scaleb(-power).to_integral_value(ROUND_FLOOR)
        tried = (float((below + k).scaleb(power)) for k in (0, 1))
        found = [rounded for rounded in tried if low <= rounded < high]
        if found:
            return min(found, key=lambda rounded: abs(rounded - near))
    return near


def nice_edges(
    column: SearchColumn,
    cuts: IntArray,
    partition: Partition,
    rules: PartitionRules,
    least_size: FloatArray | None,
) -> _Rounded:
    """Return rounded edges, the cuts they make, and the partition with its new value.

    Cells hold one value each. Given edges stay as they are.
    """
    exact = column.edges_at(cuts)
    given = column.fixed_edges
    if column.only_edges is not None:
        given = np.concatenate((given, column.only_edges))
    movable = ~np.isin(exact, given)
    if partition.status != "optimal" or not movable.any():
        return exact, cuts, partition
    movable = np.flatnonzero(movable)

    def attempt(shares: dict[int, float]) -> _Rounded | None:
        edges = exact.copy()
        for k, share in shares.items():
            low, high = _interval(column, cuts, k, share)
            edges[k] = nice_number(float(exact[k]), low, high)
        at = column.counts.cuts_at(edges)
        if np.array_equal(at, cuts):
            return edges, cuts, partition
        # Cuts may move towards each other, but each stays in its own bins.
        kept = _rechecked(column, at, partition, rules, least_size)
        return None if kept is None else (edges, at, kept)

    shares = dict.fromkeys(movable.tolist(), _SHARES[0])
    rounded = attempt(shares)
    if rounded is None:
        shares = dict.fromkeys(shares, 0.0)
        rounded = attempt(shares)
        for k, share in itertools.product(shares, _SHARES):
            if shares[k] == 0.0 and (better := attempt({**shares, k: share})):
                shares[k], rounded = share, better
    return (exact, cuts, partition) if rounded is None else rounded


def _interval(
    column: SearchColumn, cuts: IntArray, k: int, share: float
) -> tuple[float, float]:
    """Return where edge ``k`` may lie if it moves up to a share of each bin."""
    rows = column.counts.cum_rows
    before = cuts[k - 1] if k else 0
    after = cuts[k + 1] if k + 1 < len(cuts) else column.ends[1]
    here = float(rows[cuts[k]])
    least = here - share * (here - float(rows[before]))
    most = here + share * (float(rows[after]) - here)
    lowest = int(np.searchsorted(rows, least, side="left"))
    highest = int(np.searchsorted(rows, most, side="right")) - 1
    bounds = column.counts.bounds
    low, high = np.array([lowest - 1]), np.array([highest])
    return float(bounds.upper(low)[0]), float(bounds.below(high)[0])


def _rechecked(
    column: SearchColumn,
    cuts: IntArray,
    partition: Partition,
    rules: PartitionRules,
    least_size: FloatArray | None,
) -> Partition | None:
    """Return the partition with the cuts moved, or None if a rule is broken."""
    bounds = np.concatenate((column.ends[:1], cuts, column.ends[1:]))
    plain = replace(column, fixed_edges=np.zeros(0))
    event, nonevent, own = stack([plain], [bounds], rules, least_size)
    must_cut = np.ones(event.shape, dtype=bool)
    n_bins = len(cuts) + 1
    own = replace(own, must_cut=must_cut, min_n_bins=n_bins, max_n_bins=n_bins)
    (found,) = solve_with_lumps(event, nonevent, own, partition.trend)
    return found if found.status == "optimal" else None
