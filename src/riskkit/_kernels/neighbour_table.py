"""Distances to near neighbours of one row at a time, by NumPy alone.

Notation as in :mod:`riskkit._kernels.neighbours`. For a row ``x`` and references ``r``

    |x - r|^2 - |x|^2 = |r|^2 - 2 r'x

costs one product of a matrix and a vector, but it rounds otherwise than a sum of
squares, and cancels. So it only tells which references can be among the ``k`` nearest:
both ways to compute are within

    e = 2 (p + 4) eps (max |r| + |x|)^2

of each other for ``p`` columns, so those whose product is above the k-th smallest by
more than ``2 e`` are not among them. The few that are left are compared exactly, column
by column, which gives the bits that :func:`neighbour_distances` gives.

A bound on the k-th smallest does as well as itself. It is found among the smallest of
every :data:`_WIDTH` references, of which fewer have to be sorted.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray, IntArray

__all__ = ["NeighbourTable"]

_WIDTH = 8
_EPS = float(np.finfo(np.float64).eps)


class NeighbourTable:
    """References of shape (n_samples, sample_size, n_columns), laid out for rows."""

    def __init__(self, references: FloatArray, k: int) -> None:
        self._n_samples: int = references.shape[0]
        self._size, n_columns = references.shape[1:]
        self._k = k
        self._flat = references.reshape(-1, n_columns)
        self._columns = np.ascontiguousarray(self._flat.T)
        self._doubled = -2.0 * self._flat
        self._squared = np.square(self._flat).sum(axis=1)
        self._reach = sqrt(self._squared.max())

    def distances(self, rows: FloatArray) -> FloatArray:
        """Return the mean k-th distance of each row."""
        return np.array([self._mean(self._nearest(row)) for row in rows])

    def shares(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the mean k-th distances, and what each column adds to them."""
        mean, out = np.empty(len(rows)), np.empty(rows.shape)
        for at, row in enumerate(rows):
            nearest = self._nearest(row)
            squares = np.square(row - self._flat.take([k for _, k in nearest], axis=0))
            # Nothing is shared where all of it is 0.
            radius = np.array([sqrt(squared) or 1.0 for squared, _ in nearest])
            mean[at] = self._mean(nearest)
            # A running sum adds sample to sample from the first to the last.
            parts = np.cumsum(squares / radius[:, None], axis=0)
            out[at] = parts[-1] / self._n_samples
        return mean, out

    def _mean(self, nearest: list[tuple[float, int]]) -> float:
        total = 0.0
        for squared, _ in nearest:
            total += sqrt(squared)
        return total / self._n_samples

    def _nearest(self, row: FloatArray) -> list[tuple[float, int]]:
        """Return the k-th smallest squared distance in each sample, and to whom."""
        places = self._candidates(row)
        gap = self._columns.take(places, axis=1)
        gap -= row[:, None]
        np.multiply(gap, gap, out=gap)
        # Over the first axis, NumPy adds row to row from the first to the last; but a
        # single column would be added in pairs.
        is_single = places.size == 1
        squared = np.cumsum(gap)[-1:] if is_single else np.add.reduce(gap, axis=0)
        samples: list[list[tuple[float, int]]] = [[] for _ in range(self._n_samples)]
        for pair in zip(squared.tolist(), places.tolist(), strict=True):
            samples[pair[1] // self._size].append(pair)
        found = []
        for sample in samples:
            sample.sort()
            kth = sample[self._k - 1][0]
            # Of several at that distance, the first.
            found.append(next(pair for pair in sample if pair[0] == kth))
        return found

    def _candidates(self, row: FloatArray) -> IntArray:
        """Return the places of all references that can be among the k nearest."""
        product = self._doubled @ row
        product += self._squared
        cube = product.reshape(self._n_samples, self._size)
        n_groups = self._size // _WIDTH
        some = cube
        if n_groups >= self._k:
            some = cube[:, : n_groups * _WIDTH]
            some = some.reshape(self._n_samples, _WIDTH, n_groups).min(axis=1)
        bound = np.partition(some, self._k - 1, axis=1)[:, self._k - 1]
        reach = self._reach + sqrt(row @ row)
        bound += 4.0 * (row.size + 4) * _EPS * reach * reach
        return np.flatnonzero(cube <= bound[:, None])
