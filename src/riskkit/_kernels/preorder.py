"""Binary trees written down in preorder: a node, its left side, its right side.

Notation: ``inner_k`` says whether node ``k`` splits. The sequence of these flags alone
gives the whole shape. Count a split as +1 and a leaf as -1: within a tree the running
sum first falls to -1 at its last leaf, so a tree ends where the sum of all flags first
reaches a new minimum. The left child of a split is the next node. Before a split the
sum is ``s``; its left side adds -1 to the ``s + 1`` after the split, so the right child
is the next node before which the sum is ``s`` again. All that stands below a split ends
where the sum first is below ``s``.

No pointer is stored, so none can point to a wrong place, and no tree can hold a cycle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, IntArray

__all__ = ["node_depths", "right_children", "tree_roots"]


def tree_roots(inner: BoolArray) -> IntArray | None:
    """Return the first node of each tree, None if the flags end within a tree."""
    after = _running(inner)
    lowest = np.minimum.accumulate(np.concatenate([[0], after[:-1]]))
    ends = np.flatnonzero(after < lowest[: after.size])
    if inner.size and (not ends.size or ends[-1] != inner.size - 1):
        return None
    return np.concatenate([[0], ends[:-1] + 1]).astype(np.intp)[: ends.size]


def right_children(inner: BoolArray) -> IntArray:
    """Return the right child of each split, 0 for a leaf; of whole trees only."""
    before = np.concatenate([[0], _running(inner)[:-1]])[: inner.size]
    order = np.argsort(before, kind="stable")
    right = np.zeros(inner.size, dtype=np.intp)
    right[order[:-1]] = order[1:]
    right[~inner] = 0
    return right


def node_depths(inner: BoolArray) -> IntArray:
    """Return the number of splits above each node; of whole trees only."""
    n = inner.size
    before = np.concatenate([[0], _running(inner)])
    # One key for level and place, so that the next place of a lower level is found.
    keys = np.sort((before - before.min(initial=0)) * (n + 1) + np.arange(n + 1))
    splits = np.flatnonzero(inner)
    level = before[splits] - before.min(initial=0)
    ends = keys[np.searchsorted(keys, (level - 1) * (n + 1) + splits)] % (n + 1)
    change = np.zeros(n + 1, dtype=np.intp)
    change[splits + 1] += 1
    change -= np.bincount(ends, minlength=n + 1)
    return np.cumsum(change)[:n]


def _running(inner: BoolArray) -> IntArray:
    return np.cumsum(np.where(inner, 1, -1))
