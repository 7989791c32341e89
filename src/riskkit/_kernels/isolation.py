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

# Rows that walk all trees at a time, so that they (or all their steps) stay cached.
_BLOCK, _STEPS_BLOCK = 256, 32


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
    for block in _blocks(rows.shape[0], _BLOCK):
        *_, node = _walk(table, rows[block])
        out[block] = _mean_length(table, node)
    return out


def isolation_steps(
    table: IsolationTable, rows: NDArray[np.float32]
) -> tuple[FloatArray, FloatArray]:
    """Return mean path lengths, and what the steps on each column add to them."""
    n_columns = rows.shape[1]
    out, mean = np.empty(rows.shape), np.empty(rows.shape[0])
    for block in _blocks(rows.shape[0], _STEPS_BLOCK):
        n_rows = block.stop - block.start
        # One axis for the levels, so that all steps of all rows are counted at once.
        nodes = np.array(list(_walk(table, rows[block])))
        mean[block] = _mean_length(table, nodes[-1])
        change = np.diff(table.value.take(nodes), axis=0)
        cell = table.column.take(nodes[:-1])
        if n_rows > 1:
            cell += np.arange(n_rows)[:, None] * n_columns
        parts = np.bincount(cell.ravel(), change.ravel(), n_rows * n_columns)
        out[block] = parts.reshape(n_rows, n_columns) / table.n_trees
    return mean, out


def mean_root(table: IsolationTable) -> float:
    """Return the mean path length of a row of which nothing has been asked yet."""
    return float(table.value[:: table.n_nodes].mean())


def _blocks(n_rows: int, size: int) -> Iterator[slice]:
    for start in range(0, n_rows, size):
        yield slice(start, min(start + size, n_rows))


def _mean_length(table: IsolationTable, leaf: IntArray) -> FloatArray:
    lengths = table.value.take(leaf)
    return np.asarray(np.add.reduce(lengths, axis=1) / table.n_trees)


def _walk(table: IsolationTable, rows: NDArray[np.float32]) -> Iterator[IntArray]:
    """Yield the nodes of rows in all trees, level by level; (n_rows, n_trees)."""
    n_rows, n_columns = rows.shape
    flat = rows.ravel()
    root = np.arange(table.n_trees) * table.n_nodes
    # The children of node k of tree t, whose places begin at b, are at
    # b + 2 (k - b) + 1 and one further: at 2 k + 1 - b.
    shift = 1 - root
    node = np.broadcast_to(root, (n_rows, table.n_trees))
    start = np.arange(n_rows)[:, None] * n_columns
    yield node
    for _ in range(table.depth):
        cell = table.column.take(node)
        if n_rows > 1:
            cell += start
        is_right = flat.take(cell) > table.threshold.take(node)
        node = 2 * node
        node += shift
        node += is_right
        yield node


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
