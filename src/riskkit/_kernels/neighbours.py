"""Distances to near neighbours within several small samples.

Notation: sample ``b`` of ``B`` holds ``m`` reference rows. ``r_b(x)`` is the k-th
smallest Euclidean distance between ``x`` and them; the score is its mean over the
samples [1]_. With ``delta_bj`` the difference in column ``j`` to that neighbour,

    score = mean over b of sum_j delta_bj^2 / r_b

(0 where ``r_b`` is 0), which shares the score among the columns exactly.

Each pair of rows is compared on its own, without a matrix product, and its squares are
added column by column, so that a row has the same distances alone as in a batch. SciPy
does so fastest; :mod:`riskkit._kernels.neighbour_table` gives the same bits by NumPy
alone, but on machines where the compiler of SciPy fused products and sums, which rounds
once instead of twice.

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

__all__ = ["neighbour_distances", "neighbour_shares"]

_BLOCK = 512  # rows compared at a time, so that distances stay near the cache


def neighbour_distances(rows: FloatArray, references: FloatArray, k: int) -> FloatArray:
    """Return the mean k-th distance; `references` has shape (B, m, n_columns)."""
    n_samples = references.shape[0]
    out = np.empty(rows.shape[0])
    for start in range(0, rows.shape[0], _BLOCK):
        cube = _squared(rows[start : start + _BLOCK], references)
        kth = np.partition(cube, k - 1, axis=2)[:, :, k - 1]
        total = np.zeros(kth.shape[0])
        for b in range(n_samples):
            total += np.sqrt(kth[:, b])
        out[start : start + _BLOCK] = total / n_samples
    return out


def neighbour_shares(rows: FloatArray, references: FloatArray, k: int) -> FloatArray:
    """Return what each column adds to the score, shape (n_rows, n_columns)."""
    n_samples = references.shape[0]
    out = np.zeros(rows.shape)
    for start in range(0, rows.shape[0], _BLOCK):
        block = rows[start : start + _BLOCK]
        cube = _squared(block, references)
        kth = np.partition(cube, k - 1, axis=2)[:, :, k - 1]
        # Of several at that distance, the first.
        nearest = (cube == kth[:, :, None]).argmax(axis=2)
        for b in range(n_samples):
            squares = np.square(block - references[b, nearest[:, b]])
            radius = np.sqrt(kth[:, b])
            known = radius > 0
            out[start : start + _BLOCK][known] += squares[known] / radius[known, None]
    return np.asarray(out / n_samples)


def _squared(rows: FloatArray, references: FloatArray) -> FloatArray:
    """Return the squared distances, shape (n_rows, B, m)."""
    # Imported here because scorers need the formulas, and no SciPy.
    from scipy.spatial.distance import cdist

    n_samples, m, n_columns = references.shape
    squared = cdist(rows, references.reshape(-1, n_columns), "sqeuclidean")
    return np.asarray(squared.reshape(-1, n_samples, m))
