"""Bin assignment and bin counts: the one place where a value meets its bin.

Interior edges ``c_1 < ... < c_m`` cut the real line into the ``m + 1`` bins
``(-inf, c_1], (c_1, c_2], ..., (c_m, inf)``. They are followed by one bin for each
group of special codes, one for missing values, and one for unseen levels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.typing import BoolArray, CodeArray, FloatArray

__all__ = [
    "BLOCK",
    "assign_bins",
    "assign_numeric",
    "count_bins",
    "encode_numeric",
    "quantile_edges",
    "sum_in_order",
    "take_values",
]

BLOCK = 1 << 16  # rows whose values, codes and comparisons stay in the cache
_MOST_COMPARED = 48
_MOST_BYTES = 255  # the largest number of a byte


def assign_bins(x: FloatArray, edges: FloatArray) -> CodeArray:
    """Return each value's bin, 0..len(edges); bins are closed on the right.

    NaN falls past the last edge or into the first bin: who has missing values uses
    :func:`assign_numeric`.
    """
    if len(edges) > _MOST_COMPARED:
        return np.searchsorted(edges, x, side="left")
    return _count_edges_below(x, edges, missing=0)


def assign_numeric(
    x: FloatArray, edges: FloatArray, special: Sequence[Sequence[float]]
) -> CodeArray:
    """Return each value's bin, special groups and missing values included."""
    n_regular = len(edges) + 1
    missing = n_regular + len(special)
    codes: CodeArray
    if len(edges) > _MOST_COMPARED or missing > _MOST_BYTES:
        codes = np.searchsorted(edges, x, side="left")
        codes[np.isnan(x)] = missing
    else:
        codes = _count_edges_below(x, edges, missing)
    for group, values in enumerate(special):
        for value in values:
            codes[x == value] = n_regular + group
    return codes


def encode_numeric(
    x: FloatArray,
    edges: FloatArray,
    special: Sequence[Sequence[float]],
    table: FloatArray,
    out: FloatArray,
) -> None:
    """Write the entry of `table` of each value's bin to `out`."""
    # Block by block, because the bins of all rows would leave the cache in between.
    for start in range(0, x.size, BLOCK):
        rows = slice(start, start + BLOCK)
        take_values(table, assign_numeric(x[rows], edges, special), out=out[rows])


def _count_edges_below(x: FloatArray, edges: FloatArray, missing: int) -> CodeArray:
    """Count the edges below each value, block by block; NaN gives `missing`.

    Up to some dozens of edges, comparing with each of them inside the cache beats a
    binary search by a factor of 4 (and the numbers are the same: ``c_i < x``).
    """
    codes = np.empty(x.size, dtype=np.uint8)
    # What a comparison finds is counted as it lies there: a truth is a byte of 0 or 1.
    found = np.empty(min(BLOCK, x.size), dtype=np.uint8)
    for start in range(0, x.size, BLOCK):
        block = x[start : start + BLOCK]
        code = codes[start : start + BLOCK]
        one = found[: block.size]
        hit = one.view(np.bool_)
        np.not_equal(block, block, out=hit)
        np.multiply(one, missing, out=code)
        for edge in edges:
            np.greater(block, edge, out=hit)
            np.add(code, one, out=code)
    return codes


def take_values(
    table: FloatArray, codes: CodeArray, out: FloatArray | None = None
) -> FloatArray:
    """Return each row's entry of `table`, written to `out` if given."""
    # Every code is in range; "clip" merely spares NumPy the check of each of them.
    return table.take(codes, out=out, mode="clip")


def count_bins(
    codes: CodeArray,
    is_event: BoolArray,
    n_bins: int,
    weight: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Return the events and the non-events of each bin, as exact floats."""
    if weight is None:
        n_total = np.bincount(codes, minlength=n_bins).astype(np.float64)
        n_event = np.bincount(codes[is_event], minlength=n_bins).astype(np.float64)
        return n_event, n_total - n_event
    other = ~is_event
    n_event = np.bincount(codes[is_event], weight[is_event], minlength=n_bins)
    n_nonevent = np.bincount(codes[other], weight[other], minlength=n_bins)
    return n_event.astype(np.float64), n_nonevent.astype(np.float64)


def quantile_edges(
    x: FloatArray, n_bins: int, weight: FloatArray | None = None
) -> FloatArray:
    """Return the increasing interior edges of at most `n_bins` bins of equal weight.

    An edge is the smallest value with at least ``k / n_bins`` of the weight at or
    below it, so ties stay together and can leave fewer bins.
    """
    order = np.argsort(x, kind="stable")
    mass = np.cumsum(np.ones(x.size) if weight is None else weight[order])
    # Compare k * total with n_bins * mass: both are exact for whole weights.
    wanted = np.arange(1, n_bins) * mass[-1]
    edges = np.unique(x[order][np.searchsorted(n_bins * mass, wanted, side="left")])
    inner: FloatArray = edges[edges < x.max()]
    return inner


def sum_in_order(start: float, terms: Sequence[FloatArray], n_rows: int) -> FloatArray:
    """Return ``start + terms[0] + terms[1] + ...``, added from left to right.

    Floating-point sums depend on their order; every scorer of the library adds in
    the order of the characteristics, so that all give the same bits.
    """
    total = np.full(n_rows, start, dtype=np.float64)
    for term in terms:
        total += term
    return total
