"""Trees of few leaves as sets of bits: which leaves a row can still reach.

Notation: the leaves of a tree are numbered from left to right and are the bits of a
word, the leftmost the lowest. A split that sends a row to the right rules out all
leaves of its left side. When every split has been heard that sends the row to the
right, whether the row meets it or not, the lowest bit that is left is the leaf that the
row reaches: splits on the way to it have ruled out what lies left of it, and no split
rules out the leaf itself (QuickScorer [1]_).

So a tree is the intersection of one set for each column, looked up by the row's code,
and the words of all trees stand side by side in one row of a table.

References
----------
.. [1] C. Lucchese et al., "QuickScorer: a fast algorithm to rank documents with
   additive ensembles of regression trees", SIGIR 2015.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from riskkit._kernels.trees import TreeArrays
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "WORDS",
    "LeafSplits",
    "leaf_splits",
    "leaf_values",
    "reachable",
    "sum_alive",
    "sum_reached",
    "word_size",
]

WORDS = (8, 16, 32, 64)  # bits of a word that machines know
_CELLS = 1 << 19  # rows times trees held at a time, so that they stay in the cache


class LeafSplits(NamedTuple):
    """The splits of all trees, tree by tree: who goes right, and what it rules out."""

    tree: IntArray
    column: IntArray
    threshold: FloatArray
    missing_left: BoolArray
    ruled_out: NDArray[Any]  # bits of the leaves on the left side


def word_size(trees: Sequence[TreeArrays]) -> int | None:
    """Return the bits of a word that holds the leaves of any tree, None without one."""
    most = max((int(np.sum(tree.column < 0)) for tree in trees), default=1)
    return next((bits for bits in WORDS if bits >= most), None)


def leaf_splits(trees: Sequence[TreeArrays], bits: int) -> LeafSplits:
    """Return the splits of trees whose leaves fit into words of so many `bits`.

    Nodes stand in preorder, so that the leaves of a side have consecutive numbers.
    """
    word: Any = np.dtype(f"u{bits // 8}").type
    if not trees:
        none = np.empty(0, dtype=np.intp)
        no_cut, no_way = np.empty(0), np.empty(0, dtype=np.bool_)
        return LeafSplits(none, none, no_cut, no_way, np.empty(0, dtype=word))
    size = [tree.column.size for tree in trees]
    root = np.cumsum(size) - size
    tree_of = np.repeat(np.arange(len(trees)), size)
    column = np.concatenate([tree.column for tree in trees])
    right = np.concatenate([tree.right for tree in trees]) + root[tree_of]
    is_leaf = column < 0
    # Leaves on the left of each node, in its own tree.
    before: IntArray = np.cumsum(is_leaf) - is_leaf
    before -= before[root][tree_of]
    inner = np.flatnonzero(~is_leaf)
    first: NDArray[Any] = before[inner].astype(word)
    end: NDArray[Any] = before[right[inner]].astype(word)
    return LeafSplits(
        tree_of[inner],
        column[inner],
        np.concatenate([tree.threshold for tree in trees])[inner],
        np.concatenate([tree.missing_left for tree in trees])[inner],
        (word(1) << end) - (word(1) << first),
    )


def leaf_values(trees: Sequence[TreeArrays], bits: int) -> FloatArray:
    """Return the value of each leaf by its number, shape (n_trees, bits)."""
    values = np.zeros((len(trees), bits))
    for row, tree in zip(values, trees, strict=True):
        leaves = tree.value[tree.column < 0]
        row[: leaves.size] = leaves
    return values


def reachable(
    splits: LeafSplits,
    columns: Sequence[int],
    codes: NDArray[np.floating],
    n_trees: int,
) -> NDArray[Any]:
    """Return the leaves that are left by some codes in some columns.

    `codes` has shape (n_rows, n_columns), the result (n_rows, n_trees).
    """
    word = splits.ruled_out.dtype.type
    alive = np.full((codes.shape[0], n_trees), ~word(0))
    asks = np.flatnonzero(np.isin(splits.column, columns))
    if not asks.size:
        return alive
    place = {k: j for j, k in enumerate(columns)}
    code = codes[:, [place[k] for k in splits.column[asks].tolist()]]
    goes_right = code > splits.threshold[asks]
    goes_right |= np.isnan(code) & ~splits.missing_left[asks]
    ruled_out = np.where(goes_right, splits.ruled_out[asks], word(0))
    # Splits stand tree by tree: those of a tree are one piece.
    trees, first = np.unique(splits.tree[asks], return_index=True)
    alive[:, trees] = ~np.bitwise_or.reduceat(ruled_out, first, axis=1)
    return alive


def sum_alive(alive: NDArray[Any], leaves: FloatArray) -> FloatArray:
    """Return the score by the leaves that are left, the trees added in their order.

    `alive` has shape (n_trees,) or (n_rows, n_trees), and `leaves` (n_trees, bits).
    """
    n_trees, bits = leaves.shape
    # The bits below the lowest that is left are as many as the leaf's number.
    below = ~alive & (alive - alive.dtype.type(1))
    leaf = np.bitwise_count(below) + np.arange(0, n_trees * bits, bits)
    return np.add.accumulate(leaves.ravel().take(leaf), axis=-1)[..., -1]


def sum_reached(
    trees: Sequence[TreeArrays], codes: NDArray[np.floating], bits: int
) -> FloatArray:
    """Return the score of each row of `codes`, the trees added in their order.

    The same as :func:`riskkit._kernels.trees.sum_trees`, to the bit and many times as
    fast, for trees whose leaves fit into words of so many `bits`.
    """
    n_rows, n_trees = codes.shape[0], len(trees)
    splits, leaves = leaf_splits(trees, bits), leaf_values(trees, bits)
    tables = []
    for k in np.unique(splits.column).tolist():
        cuts = np.unique(splits.threshold[splits.column == k])
        # What is left between any two thresholds; the last row is for the unknown.
        between = np.array([*cuts, np.inf, np.nan])[:, None]
        tables.append((k, cuts, reachable(splits, [k], between, n_trees)))
    out = np.zeros(n_rows)
    block = max(1, _CELLS // max(1, n_trees))
    for start in range(0, n_rows if trees else 0, block):
        rows = slice(start, start + block)
        everything = ~splits.ruled_out.dtype.type(0)
        alive = np.full((codes[rows].shape[0], n_trees), everything)
        for k, cuts, masks in tables:
            code = codes[rows, k]
            place = np.searchsorted(cuts, code)
            place[np.isnan(code)] = len(masks) - 1
            alive &= masks[place]
        out[rows] = sum_alive(alive, leaves)
    return out
