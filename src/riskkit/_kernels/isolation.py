"""Isolation trees as complete tables of nodes whose values are path lengths.

Notation: a row that ends in a leaf at depth ``h`` with ``l`` training rows has the path
length ``h + c(l)``, where ``c(l)`` is the mean depth of an unsuccessful search in a
binary tree of ``l`` keys: ``c(1) = 0``, ``c(2) = 1`` and

    c(l) = 2 (log(l - 1) + gamma) - 2 (l - 1) / l     for l > 2

[1]_. An inner node has the mean of its training rows' path lengths, so the steps of a
row from node to node add up to the path length it ends with.

Every tree is laid out as if it were complete: node ``k`` has the children ``2 k + 1``
and ``2 k + 2``, and a leaf above the last level sends everything left, to copies of
itself. All rows then take as many steps in every tree, without asking who is done.

References
----------
.. [1] F. T. Liu, K. M. Ting, Z.-H. Zhou, "Isolation forest", ICDM 2008.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from riskkit.typing import FloatArray, IntArray

__all__ = [
    "IsolationTable",
    "TreeNodes",
    "isolation_mean",
    "isolation_steps",
    "isolation_table",
    "mean_root",
    "search_depth",
]

_BLOCK = 256  # rows that walk all trees at a time, so that they stay in the cache


class TreeNodes(NamedTuple):
    """One tree as scikit-learn lays it out: the root first, -1 for no child."""

    left: NDArray[np.integer]
    right: NDArray[np.integer]
    column: NDArray[np.integer]
    threshold: FloatArray
    n_rows: NDArray[np.integer]


class IsolationTable(NamedTuple):
    """All trees, one after the other, `n_nodes` places each."""

    column: IntArray  # 0 where there is no split
    threshold: NDArray[np.float32]  # largest value that goes left
    value: FloatArray  # path lengths, at inner nodes as well
    n_trees: int
    depth: int

    @property
    def n_nodes(self) -> int:
        """Places of one tree, on all levels."""
        return int(2 ** (self.depth + 1) - 1)


def search_depth(n: FloatArray) -> FloatArray:
    """Return ``c(n)`` for counts of at least 1."""
    out = np.where(n == 2, 1.0, 0.0)
    big = n > 2
    m = n[big]
    out[big] = 2.0 * (np.log(m - 1.0) + np.euler_gamma) - 2.0 * (m - 1.0) / m
    return out


def isolation_table(trees: Sequence[TreeNodes]) -> IsolationTable:
    """Return all trees in one table; a row goes left at or below the threshold."""
    depth = max(_depth(tree) for tree in trees)
    n_nodes = 2 ** (depth + 1) - 1
    column = np.zeros((len(trees), n_nodes), dtype=np.intp)
    threshold = np.full((len(trees), n_nodes), np.inf, dtype=np.float32)
    value = np.zeros((len(trees), n_nodes))
    for place, tree in enumerate(trees):
        _lay_out(tree, depth, column[place], threshold[place], value[place])
    return IsolationTable(
        column.ravel(), threshold.ravel(), value.ravel(), len(trees), depth
    )


def isolation_mean(table: IsolationTable, rows: NDArray[np.float32]) -> FloatArray:
    """Return the mean path length of each row, shape (n_rows, n_columns) given."""
    out = np.empty(rows.shape[0])
    for block in _blocks(rows.shape[0]):
        node = _roots(table, block.stop - block.start)
        for _, child in _steps(table, rows[block]):
            node = child
        lengths = table.value.take(node)
        out[block] = np.add.reduce(lengths, axis=1) / table.n_trees
    return out


def isolation_steps(table: IsolationTable, rows: NDArray[np.float32]) -> FloatArray:
    """Return what the steps on each column add to the mean path length."""
    n_columns = rows.shape[1]
    out = np.zeros(rows.shape)
    for block in _blocks(rows.shape[0]):
        n_rows = block.stop - block.start
        start = np.arange(n_rows)[:, None] * n_columns
        parts = np.zeros(n_rows * n_columns)
        for node, child in _steps(table, rows[block]):
            change = table.value.take(child) - table.value.take(node)
            cell = start + table.column.take(node)
            parts += np.bincount(cell.ravel(), change.ravel(), minlength=parts.size)
        out[block] = parts.reshape(n_rows, n_columns) / table.n_trees
    return out


def mean_root(table: IsolationTable) -> float:
    """Return the mean path length of a row of which nothing has been asked yet."""
    return float(table.value[:: table.n_nodes].mean())


def _blocks(n_rows: int) -> Iterator[slice]:
    for start in range(0, n_rows, _BLOCK):
        yield slice(start, min(start + _BLOCK, n_rows))


def _roots(table: IsolationTable, n_rows: int) -> IntArray:
    root = np.arange(table.n_trees) * table.n_nodes
    return np.asarray(np.broadcast_to(root, (n_rows, table.n_trees)), dtype=np.intp)


def _steps(
    table: IsolationTable, rows: NDArray[np.float32]
) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield the nodes that rows stand at, and where they go; (n_rows, n_trees)."""
    flat = np.ascontiguousarray(rows).ravel()
    start = np.arange(rows.shape[0])[:, None] * rows.shape[1]
    node = _roots(table, rows.shape[0])
    # The children of node k of tree t, whose places begin at b, are at
    # b + 2 (k - b) + 1 and one further: at 2 k + 1 - b.
    shift = 1 - np.arange(table.n_trees) * table.n_nodes
    for _ in range(table.depth):
        x = flat.take(start + table.column.take(node))
        child = 2 * node + shift
        child += x > table.threshold.take(node)
        yield node, child
        node = child


def _depth(tree: TreeNodes) -> int:
    depth, nodes = 0, np.zeros(1, dtype=np.intp)
    while (inner := nodes[tree.left[nodes] >= 0]).size:
        nodes = np.concatenate([tree.left[inner], tree.right[inner]])
        depth += 1
    return depth


def _lay_out(
    tree: TreeNodes,
    depth: int,
    column: IntArray,
    threshold: NDArray[np.float32],
    value: FloatArray,
) -> None:
    """Fill the places of one tree, level by level, and the values from the leaves."""
    at = np.zeros(1, dtype=np.intp)  # the node that each place of a level stands for
    levels = [at]
    leaf_depth = np.zeros(tree.left.size)
    for level in range(depth):
        places = slice(2**level - 1, 2 ** (level + 1) - 1)
        inner = tree.left[at] >= 0
        column[places] = np.where(inner, tree.column[at], 0)
        threshold[places] = np.where(inner, _single_below(tree.threshold[at]), np.inf)
        children = np.empty(2 * at.size, dtype=np.intp)
        children[0::2] = np.where(inner, tree.left[at], at)
        children[1::2] = np.where(inner, tree.right[at], at)
        leaf_depth[children[np.repeat(inner, 2)]] = level + 1
        at = children
        levels.append(at)
    n_rows = tree.n_rows.astype(np.float64)
    length = leaf_depth + search_depth(n_rows)
    for nodes in reversed(levels):
        k = nodes[tree.left[nodes] >= 0]
        a, b = tree.left[k], tree.right[k]
        length[k] = (n_rows[a] * length[a] + n_rows[b] * length[b]) / n_rows[k]
    for level, nodes in enumerate(levels):
        value[2**level - 1 : 2 ** (level + 1) - 1] = length[nodes]


def _single_below(threshold: FloatArray) -> NDArray[np.float32]:
    """Return the largest single floats at or below; rows are compared as such."""
    single = threshold.astype(np.float32)
    above = single.astype(np.float64) > threshold
    single[above] = np.nextafter(single[above], np.float32(-np.inf))
    return single
