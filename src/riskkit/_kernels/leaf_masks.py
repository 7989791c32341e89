"""Trees of few leaves as sets of bits: which leaves a row can still reach.

Notation: the leaves of a tree are numbered from left to right and are the bits of a
word, the leftmost the lowest. A split that sends a row to the right rules out all
leaves of its left side. When every split has been heard that sends the row to the
right, whether the row meets it or not, the lowest bit that is left is the leaf that the
row reaches: splits on the way to it have ruled out what lies left of it, and no split
rules out the leaf itself (QuickScorer [1]_).

So a tree is the intersection of one set for each column, looked up by the row's code,
and the words of all trees stand side by side in one long integer.

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
    from riskkit.typing import FloatArray, IntArray

__all__ = ["WORDS", "Split", "leaf_splits", "sum_reached", "word_size"]

WORDS = (8, 16, 32, 64)  # bits of a word that machines know
_CELLS = 1 << 19  # rows times trees held at a time, so that they stay in the cache


class Split(NamedTuple):
    """A split: who goes right, and the leaves that they cannot reach."""

    tree: int
    column: int
    threshold: int
    missing_left: bool
    ruled_out: int  # bits of the leaves on the left side


def word_size(trees: Sequence[TreeArrays]) -> int | None:
    """Return the bits of a word that holds the leaves of any tree, None without one."""
    most = max((int(np.sum(tree.column < 0)) for tree in trees), default=1)
    return next((bits for bits in WORDS if bits >= most), None)


def leaf_splits(
    trees: Sequence[TreeArrays],
) -> tuple[list[Split], list[dict[int, float]]]:
    """Return all splits, and for each tree the value of each leaf by its bit.

    Nodes stand in preorder, so that the leaves of a side have consecutive numbers.
    """
    splits, values = [], []
    for t, tree in enumerate(trees):
        is_leaf = tree.column < 0
        before: IntArray = (
            np.cumsum(is_leaf) - is_leaf
        )  # leaves on the left of each node
        leaves = tree.value[is_leaf].tolist()
        values.append({1 << k: value for k, value in enumerate(leaves)})
        for node in np.flatnonzero(~is_leaf).tolist():
            first, end = int(before[node]), int(before[tree.right[node]])
            splits.append(
                Split(
                    t,
                    int(tree.column[node]),
                    int(tree.threshold[node]),
                    bool(tree.missing_left[node]),
                    (1 << end) - (1 << first),
                )
            )
    return splits, values


def sum_reached(
    trees: Sequence[TreeArrays], codes: NDArray[np.floating], bits: int
) -> FloatArray:
    """Return the score of each row of `codes`, the trees added in their order.

    The same as :func:`riskkit._kernels.trees.sum_trees`, to the bit and many times as
    fast, for trees whose leaves fit into words of so many `bits`.
    """
    splits, values = leaf_splits(trees)
    of_column: dict[int, list[Split]] = {}
    for split in splits:
        of_column.setdefault(split.column, []).append(split)
    word: Any = np.dtype(f"u{bits // 8}").type
    tables = [
        (k, *_table(of_k, len(trees), word)) for k, of_k in sorted(of_column.items())
    ]
    leaves = np.zeros((len(trees), bits))
    for t, by_bit in enumerate(values):
        leaves[t, : len(by_bit)] = list(by_bit.values())
    first_leaf = np.arange(len(trees)) * bits
    out = np.zeros(codes.shape[0])
    block = max(1, _CELLS // max(1, len(trees)))
    for start in range(0, codes.shape[0] if trees else 0, block):
        rows = slice(start, start + block)
        alive = np.full((codes[rows].shape[0], len(trees)), ~word(0))
        for k, cuts, masks in tables:
            code = codes[rows, k]
            place = np.searchsorted(cuts, code)
            place[np.isnan(code)] = len(masks) - 1
            alive &= masks[place]
        # The bits below the lowest that is left are as many as the leaf's number.
        below = ~alive & (alive - word(1))
        leaf = np.bitwise_count(below) + first_leaf
        out[rows] = np.add.accumulate(leaves.ravel()[leaf], axis=1)[:, -1]
    return out


def _table(splits: list[Split], n_trees: int, word: Any) -> tuple[FloatArray, Any]:
    """Return the thresholds of a column, and what is left between any two of them.

    The last row is what is left for a row without a code.
    """
    cuts = np.unique([split.threshold for split in splits])
    masks = np.full((cuts.size + 2, n_trees), ~word(0))
    for split in splits:
        left = ~word(split.ruled_out)
        after = int(np.searchsorted(cuts, split.threshold)) + 1
        masks[after:-1, split.tree] &= left
        if not split.missing_left:
            masks[-1, split.tree] &= left
    return cuts.astype(np.float64), masks
