"""Means of randomised trees over coded columns, and the steps that lead to them.

Notation: every node ``k`` of every tree holds the share ``v_k`` of events among the
training accounts that reached it. An account walks from the root of each tree to a
leaf: at an inner node it goes left if its code ``c[column_k] <= threshold_k`` (or if
that code is NaN and ``missing_left_k``), else right. Its score is the mean of the
leaves' shares over the ``T`` trees, added from the first tree to the last in double
precision and divided once, as scikit-learn's forests do in one thread.

Each step from a node to its child changes the share by ``v_child - v_node``. Credited
to the column that was split on, these steps add up exactly [1]_::

    score = mean of roots + sum over columns (steps on the column) / T

References
----------
.. [1] A. Saabas, "Interpreting random forests", 2014; A. Palczewska et al.,
   "Interpreting random forest classification models using a feature contribution
   method", Integration of Reusable Systems, Springer 2014.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from riskkit.typing import FloatArray, IntArray

__all__ = ["ForestArrays", "forest_mean", "forest_steps", "mean_of_roots"]

_BLOCK = 512  # accounts that walk all trees at a time, so that they stay in the cache


class ForestArrays(NamedTuple):
    """The nodes of all trees in one table; children have places in the whole table."""

    root: IntArray  # place of the root of each tree
    column: NDArray[np.int32]  # -1 for a leaf
    threshold: NDArray[np.float32]  # largest code that goes left, a whole number
    missing_left: NDArray[np.bool_]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: FloatArray  # share of events, at inner nodes as well


def forest_mean(forest: ForestArrays, codes: NDArray[np.float32]) -> FloatArray:
    """Return the score of each row of `codes`, shape (n_rows, n_columns)."""
    n_trees = forest.root.size
    out = np.empty(codes.shape[0])
    for rows in _blocks(codes.shape[0]):
        node = np.tile(forest.root, rows.stop - rows.start)
        for walkers, _, child in _steps(forest, codes[rows]):
            node[walkers] = child
        shares = forest.value[node].reshape(-1, n_trees)
        total = np.zeros(shares.shape[0])
        for tree in range(n_trees):
            total += shares[:, tree]
        out[rows] = total / n_trees
    return out


def forest_steps(forest: ForestArrays, codes: NDArray[np.float32]) -> FloatArray:
    """Return what the steps on each column add to the score, (n_rows, n_columns)."""
    n_trees, n_columns = forest.root.size, codes.shape[1]
    out = np.zeros(codes.shape)
    for rows in _blocks(codes.shape[0]):
        n_rows = rows.stop - rows.start
        parts = np.zeros(n_rows * n_columns)
        for walkers, parent, child in _steps(forest, codes[rows]):
            cell = walkers // n_trees * n_columns + forest.column[parent]
            change = forest.value[child] - forest.value[parent]
            parts += np.bincount(cell, change, minlength=parts.size)
        out[rows] = parts.reshape(n_rows, n_columns) / n_trees
    return out


def mean_of_roots(forest: ForestArrays) -> float:
    """Return the score of an account of which nothing has been asked yet."""
    return float(forest.value[forest.root].sum() / forest.root.size)


def _blocks(n_rows: int) -> Iterator[slice]:
    for start in range(0, n_rows, _BLOCK):
        yield slice(start, min(start + _BLOCK, n_rows))


def _steps(
    forest: ForestArrays, codes: NDArray[np.float32]
) -> Iterator[tuple[IntArray, IntArray, IntArray]]:
    """Yield who takes a step, from where, to where; a walker is ``row * T + tree``."""
    n_trees = forest.root.size
    flat = codes.ravel()
    node = np.tile(forest.root, codes.shape[0])
    walkers = np.flatnonzero(forest.column[node] >= 0)
    node = node[walkers]
    while walkers.size:
        code = flat[walkers // n_trees * codes.shape[1] + forest.column[node]]
        goes_left = code <= forest.threshold[node]
        unknown = np.isnan(code)
        if unknown.any():
            goes_left |= unknown & forest.missing_left[node]
        child = np.where(goes_left, forest.left[node], forest.right[node])
        yield walkers, node, child
        inner = forest.column[child] >= 0
        walkers, node = walkers[inner], child[inner]
