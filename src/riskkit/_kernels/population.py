"""Counting a population over fixed bins, and comparing two of them.

Bins of many features stand one after the other in one vector; feature ``f`` begins at
``starts[f]``. Counts of several periods are the rows of a matrix. With shares ``p`` and
``q`` of the expected and the actual accounts, and event rates ``b`` and ``c``::

    psi  = sum((q - p) ln(q / p))
    mix  = (q - p) b        rate = q (c - b)        c - b in total = sum(mix + rate)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.bins import assign_numeric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.typing import FloatArray, IntArray

__all__ = [
    "count_numeric",
    "distinct_edges",
    "mix_rate_terms",
    "psi_terms_by_feature",
    "shares_by_feature",
    "sorted_edges",
]

_BLOCK = 1 << 15  # rows whose values stay in the cache while every edge passes
_MOST_COMPARED = 48


def count_numeric(
    x: FloatArray,
    edges: FloatArray,
    special: Sequence[Sequence[float]],
    weight: FloatArray | None = None,
) -> FloatArray:
    """Return the count of each bin as `assign_numeric` has it, unseen included.

    Without weights no row is given a bin: the rows above each edge are counted, which
    needs a tenth of the time of a binary search and no memory.
    """
    n_bins = len(edges) + 1 + len(special) + 2
    if weight is not None or len(edges) > _MOST_COMPARED:
        codes = assign_numeric(x, edges, special)
        return np.bincount(codes, weight, minlength=n_bins).astype(np.float64)
    above = np.zeros(len(edges) + 2, dtype=np.int64)  # none lies above the last
    of_code = np.zeros(sum(map(len, special)), dtype=np.int64)
    codes_of = [code for group in special for code in group]
    hits = np.empty(min(_BLOCK, x.size), dtype=np.bool_)
    n_missing = 0
    for start in range(0, x.size, _BLOCK):
        block = x[start : start + _BLOCK]
        hit = hits[: block.size]
        np.not_equal(block, block, out=hit)
        n_missing += np.count_nonzero(hit)
        for j, edge in enumerate(edges, start=1):
            above[j] += np.count_nonzero(np.greater(block, edge, out=hit))
        for j, code in enumerate(codes_of):
            of_code[j] += np.count_nonzero(np.equal(block, code, out=hit))
    above[0] = x.size - n_missing
    counts = np.zeros(n_bins)
    counts[: len(edges) + 1] = above[:-1] - above[1:]
    # Special values were counted where they lie as numbers.
    homes = np.searchsorted(edges, codes_of, side="left")
    np.subtract.at(counts, homes, of_code)
    group_of = np.repeat(np.arange(len(special)), [len(group) for group in special])
    np.add.at(counts, len(edges) + 1 + group_of, of_code)
    counts[-2] = n_missing
    return counts


def sorted_edges(x: FloatArray, n_bins: int) -> FloatArray:
    """Return the increasing interior edges of at most `n_bins` bins of sorted values.

    As ``quantile_edges`` without weights; a value of its own each where there are no
    more than `n_bins` different ones.
    """
    few = distinct_edges(x, n_bins)
    if few is not None:
        return few
    place = -(-np.arange(1, n_bins) * x.size // n_bins) - 1
    edges = np.unique(x[place])
    return np.asarray(edges[edges < x[-1]])


def distinct_edges(x: FloatArray, n_bins: int) -> FloatArray | None:
    """Return all sorted values but the largest if no more than `n_bins` differ."""
    if not x.size:
        return x
    distinct = [x[0]]
    while distinct[-1] < x[-1]:
        if len(distinct) == n_bins:
            return None
        distinct.append(x[np.searchsorted(x, distinct[-1], side="right")])
    return np.array(distinct[:-1], dtype=np.float64)


def shares_by_feature(counts: FloatArray, starts: IntArray) -> FloatArray:
    """Return each bin's share of its feature; NaN where the feature has no accounts."""
    totals = np.add.reduceat(counts, starts, axis=-1)
    with np.errstate(invalid="ignore"):
        return np.asarray(counts / _spread(totals, starts, counts.shape[-1]))


def psi_terms_by_feature(
    expected: FloatArray, actual: FloatArray, starts: IntArray, smoothing: float
) -> tuple[FloatArray, FloatArray]:
    """Return the PSI term of each bin, and the filled bins of each feature.

    `actual` may have a row for each period. A bin that is empty in both samples is left
    out; terms are NaN where a sample has no accounts.
    """
    n_bins = expected.shape[-1]
    filled = (expected > 0) | (actual > 0)
    n_filled = np.add.reduceat(filled.astype(np.float64), starts, axis=-1)
    added = _spread(n_filled * smoothing, starts, n_bins)
    totals = [
        _spread(np.add.reduceat(c, starts, axis=-1), starts, n_bins)
        for c in (expected, actual)
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        p = (expected + smoothing) / (totals[0] + added)
        q = (actual + smoothing) / (totals[1] + added)
        terms = np.where(filled, (q - p) * (np.log(q) - np.log(p)), 0.0)
    known = (totals[0] > 0) & (totals[1] > 0)
    return np.where(known, terms, np.nan), n_filled


def mix_rate_terms(
    expected_event: FloatArray,
    expected_n: FloatArray,
    actual_event: FloatArray,
    actual_n: FloatArray,
    starts: IntArray,
) -> tuple[FloatArray, FloatArray]:
    """Return what each bin's share, and its event rate, add to the change in total.

    A bin that was empty is held against the rate of its feature; one that is empty now
    has no rate effect. NaN where a sample has no accounts.
    """
    n_bins = expected_n.shape[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        overall = np.add.reduceat(expected_event, starts, axis=-1) / np.add.reduceat(
            expected_n, starts, axis=-1
        )
        before = np.where(
            expected_n > 0,
            expected_event / expected_n,
            _spread(overall, starts, n_bins),
        )
        now = np.where(actual_n > 0, actual_event / actual_n, before)
    share = shares_by_feature(actual_n, starts)
    mix = (share - shares_by_feature(expected_n, starts)) * before
    return np.asarray(mix), np.asarray(share * (now - before))


def _spread(values: FloatArray, starts: IntArray, n_bins: int) -> FloatArray:
    """Return the value of its feature for each bin."""
    widths = np.diff(np.append(starts, n_bins))
    return np.repeat(values, widths, axis=-1)
