"""Isolation trees as tables of nodes whose values are path lengths.

Notation: a row that ends in a leaf at depth ``h`` with ``l`` training rows has the path
length ``h + c(l)``, where ``c(l)`` is the mean depth of an unsuccessful search in a
binary tree of ``l`` keys: ``c(1) = 0``, ``c(2) = 1`` and

    c(l) = 2 (log(l - 1) + gamma) - 2 (l - 1) / l     for l > 2

[1]_. An inner node has the mean of its training rows' path lengths, so the steps of a
row from node to node add up to the path length it ends with.

References
----------
.. [1] F. T. Liu, K. M. Ting, Z.-H. Zhou, "Isolation forest", ICDM 2008.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from riskkit._kernels.forest import ForestArrays

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from riskkit.typing import FloatArray

__all__ = ["TreeNodes", "isolation_forest", "search_depth"]


class TreeNodes(NamedTuple):
    """One tree as scikit-learn lays it out: the root first, -1 for no child."""

    left: NDArray[np.integer]
    right: NDArray[np.integer]
    column: NDArray[np.integer]
    threshold: FloatArray
    n_rows: NDArray[np.integer]


def search_depth(n: FloatArray) -> FloatArray:
    """Return ``c(n)`` for counts of at least 1."""
    out = np.where(n == 2, 1.0, 0.0)
    big = n > 2
    m = n[big]
    out[big] = 2.0 * (np.log(m - 1.0) + np.euler_gamma) - 2.0 * (m - 1.0) / m
    return out


def isolation_forest(trees: Sequence[TreeNodes]) -> ForestArrays:
    """Return all trees in one table; a row goes left at or below the threshold."""
    sizes = np.array([tree.left.size for tree in trees])
    root = np.append(0, np.cumsum(sizes)[:-1])
    shift = np.repeat(root, sizes)
    left = np.concatenate([tree.left for tree in trees])
    right = np.concatenate([tree.right for tree in trees])
    is_leaf = left < 0
    left, right = (
        np.where(is_leaf, -1, left + shift),
        np.where(is_leaf, -1, right + shift),
    )
    n_rows = np.concatenate([tree.n_rows for tree in trees]).astype(np.float64)
    value = _path_lengths(root, left, right, n_rows)
    threshold = np.concatenate([tree.threshold for tree in trees])
    single = threshold.astype(np.float32)
    # Rows are compared as single floats: the largest one at or below does the same.
    above = single.astype(np.float64) > threshold
    single[above] = np.nextafter(single[above], np.float32(-np.inf))
    column = np.concatenate([tree.column for tree in trees])
    return ForestArrays(
        root=root.astype(np.intp),
        column=np.where(is_leaf, -1, column).astype(np.int32),
        threshold=single,
        missing_left=np.zeros(column.size, dtype=np.bool_),
        left=left.astype(np.int32),
        right=right.astype(np.int32),
        value=value,
    )


def _path_lengths(
    root: NDArray[np.integer],
    left: NDArray[np.integer],
    right: NDArray[np.integer],
    n_rows: FloatArray,
) -> FloatArray:
    levels = [root]
    while (inner := levels[-1][left[levels[-1]] >= 0]).size:
        levels.append(np.concatenate([left[inner], right[inner]]))
    value = search_depth(n_rows)
    for depth, nodes in enumerate(levels):
        value[nodes[left[nodes] < 0]] += depth
    for nodes in reversed(levels):
        k = nodes[left[nodes] >= 0]
        a, b = left[k], right[k]
        value[k] = (n_rows[a] * value[a] + n_rows[b] * value[b]) / n_rows[k]
    return value
