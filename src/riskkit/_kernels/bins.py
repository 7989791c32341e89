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

    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "assign_bins",
    "assign_numeric",
    "count_bins",
    "quantile_edges",
    "sum_in_order",
]


def assign_bins(x: FloatArray, edges: FloatArray) -> IntArray:
    """Return each value's bin, 0..len(edges); bins are closed on the right."""
    return np.searchsorted(edges, x, side="left")


def assign_numeric(
    x: FloatArray, edges: FloatArray, special: Sequence[Sequence[float]]
) -> IntArray:
    """Return each value's bin, special groups and missing values included."""
    codes = assign_bins(x, edges)
    n_regular = len(edges) + 1
    for group, values in enumerate(special):
        for value in values:
            codes[x == value] = n_regular + group
    codes[np.isnan(x)] = n_regular + len(special)
    return codes


def count_bins(
    codes: IntArray,
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
