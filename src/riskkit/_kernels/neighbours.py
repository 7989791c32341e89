"""Distances to near neighbours within several small samples.

Notation: sample ``b`` of ``B`` holds ``m`` reference rows. ``r_b(x)`` is the k-th
smallest Euclidean distance between ``x`` and them; the score is its mean over the
samples [1]_. With ``delta_bj`` the difference in column ``j`` to that neighbour,

    score = mean over b of sum_j delta_bj^2 / r_b

(0 where ``r_b`` is 0), which shares the score among the columns exactly.

Each pair of rows is compared on its own, without a matrix product, and its squares are
added column by column, so that a row has the same distances alone as in a batch. SciPy
does so fastest; NumPy alone gives the same bits, but on machines where the compiler of
SciPy fused products and sums, which rounds once instead of twice.

References
----------
.. [1] M. Sugiyama, K. Borgwardt, "Rapid distance-based outlier detection via sampling",
   NeurIPS 26, 2013; G. Pang, K. Ting, D. Albrecht, "LeSiNN", ICDM workshops 2015.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["neighbour_distances", "neighbour_shares", "reference_columns"]

_BLOCK = 512  # rows compared at a time, so that distances stay near the cache


def neighbour_distances(
    rows: FloatArray,
    references: FloatArray,
    k: int,
    columns: FloatArray | None = None,
) -> FloatArray:
    """Return the mean k-th distance; `references` has shape (B, m, n_columns).

    Given their :func:`reference_columns` as well, NumPy does it alone.
    """
    n_samples, m, n_columns = references.shape
    flat = references.reshape(-1, n_columns)
    out = np.empty(rows.shape[0])
    for start in range(0, rows.shape[0], _BLOCK):
        squared = _squared(rows[start : start + _BLOCK], flat, columns)
        cube = squared.reshape(-1, n_samples, m)
        kth = np.partition(cube, k - 1, axis=2)[:, :, k - 1]
        total = np.zeros(kth.shape[0])
        for b in range(n_samples):
            total += np.sqrt(kth[:, b])
        out[start : start + _BLOCK] = total / n_samples
    return out


def neighbour_shares(
    rows: FloatArray,
    references: FloatArray,
    k: int,
    columns: FloatArray | None = None,
) -> FloatArray:
    """Return what each column adds to the score, shape (n_rows, n_columns)."""
    n_samples, m, n_columns = references.shape
    flat = references.reshape(-1, n_columns)
    out = np.zeros(rows.shape)
    for start in range(0, rows.shape[0], _BLOCK):
        block = rows[start : start + _BLOCK]
        cube = _squared(block, flat, columns).reshape(-1, n_samples, m)
        kth = np.argpartition(cube, k - 1, axis=2)[:, :, k - 1]
        for b in range(n_samples):
            squares = np.square(block - references[b, kth[:, b]])
            radius = np.sqrt(cube[np.arange(len(block)), b, kth[:, b]])
            known = radius > 0
            out[start : start + _BLOCK][known] += squares[known] / radius[known, None]
    return np.asarray(out / n_samples)


def reference_columns(references: FloatArray) -> FloatArray:
    """Return the reference rows of all samples with each column in one piece."""
    flat = references.reshape(-1, references.shape[2])
    return np.ascontiguousarray(flat.T)


def _squared(
    rows: FloatArray, others: FloatArray, columns: FloatArray | None
) -> FloatArray:
    """Return the squared distances, shape (n_rows, n_others)."""
    if columns is None:
        from scipy.spatial.distance import cdist

        return np.asarray(cdist(rows, others, "sqeuclidean"))
    gap = np.empty_like(columns)
    out = np.empty((len(rows), len(others)))
    for row, total in zip(rows, out, strict=True):
        np.subtract(columns, row[:, None], out=gap)
        np.multiply(gap, gap, out=gap)
        if len(others) == 1:  # a single column would be added in pairs
            total[0] = np.cumsum(gap)[-1]
            continue
        # Over the first axis, NumPy adds row to row from the first to the last.
        np.add.reduce(gap, axis=0, out=total)
    return out
