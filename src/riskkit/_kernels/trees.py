"""Sums of decision trees over coded columns.

Notation: a row is a vector of codes ``c``, whole numbers, NaN where nothing is known.
A tree is a table of nodes; at node ``k`` a row goes left if ``c[column_k] <=
threshold_k`` (or if that code is NaN and ``missing_left_k``), else right, until it
reaches a leaf, whose ``column`` is -1. The score of a row is the sum of its leaves'
values, added from the first tree to the last in double precision. Because sums are
rounded monotonically, a forest whose trees all rise in a code has a sum that never
falls in it, to the last bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from riskkit.typing import FloatArray, IntArray

__all__ = ["TreeArrays", "leaf_bounds", "rises", "sum_leaves", "sum_trees"]


class TreeArrays(NamedTuple):
    """The nodes of one tree, the root first; children come after their parents."""

    column: IntArray
    threshold: FloatArray
    missing_left: NDArray[np.bool_]
    left: IntArray
    right: IntArray
    value: FloatArray


def sum_trees(trees: Sequence[TreeArrays], codes: NDArray[np.floating]) -> FloatArray:
    """Return the score of each row of `codes`, shape (n_rows, n_columns)."""
    total = np.zeros(codes.shape[0])
    rows = np.arange(codes.shape[0])
    for tree in trees:
        node = np.zeros(codes.shape[0], dtype=np.intp)
        while True:
            column = tree.column[node]
            inner = column >= 0
            if not inner.any():
                break
            code = codes[rows, column]  # column -1 of a leaf reads what is not used
            goes_left = np.where(
                np.isnan(code), tree.missing_left[node], code <= tree.threshold[node]
            )
            child = np.where(goes_left, tree.left[node], tree.right[node])
            node = np.where(inner, child, node)
        total += tree.value[node]
    return total


def sum_leaves(values: FloatArray, leaves: NDArray[np.integer]) -> FloatArray:
    """Return the score of each row, given the leaf it reached in every tree.

    `values` has shape (n_trees, n_nodes) and `leaves` (n_rows, n_trees).
    """
    total = np.zeros(leaves.shape[0])
    for tree in range(values.shape[0]):
        total += values[tree, leaves[:, tree]]
    return total


def leaf_bounds(tree: TreeArrays) -> tuple[FloatArray, FloatArray]:
    """Return the least and the greatest leaf value below each node."""
    low, high = tree.value.copy(), tree.value.copy()
    for node in range(tree.column.size - 1, -1, -1):
        if tree.column[node] >= 0:
            children = [tree.left[node], tree.right[node]]
            low[node], high[node] = low[children].min(), high[children].max()
    return low, high


def rises(trees: Sequence[TreeArrays], column: int, sign: int) -> bool:
    """Return whether no leaf beyond a split on `column` lies on the wrong side of it.

    With ``sign`` 1 it is enough that, at every split on the column, the greatest leaf
    on the left is not above the least leaf on the right: two rows that differ in this
    code alone part at such splits only. The condition holds for every possible row,
    whatever is known of it; it is sufficient, not necessary.
    """
    for tree in trees:
        splits = np.flatnonzero(tree.column == column)
        if not splits.size:
            continue
        low, high = leaf_bounds(tree)
        left, right = tree.left[splits], tree.right[splits]
        safe, risky = (left, right) if sign > 0 else (right, left)
        if np.any(high[safe] > low[risky]):
            return False
    return True
