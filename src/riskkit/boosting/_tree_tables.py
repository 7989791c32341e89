"""Trees of a library as the plain data of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.trees import TreeArrays
from riskkit.artifact import TreeSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["NodeTable", "to_arrays", "to_tree_spec"]


@dataclass(frozen=True, eq=False)
class NodeTable:
    """The nodes of a tree in a library's own order; the root is node 0."""

    column: Sequence[int]  # -1 for a leaf
    threshold: Sequence[int]  # largest code that goes left
    missing_left: Sequence[bool]
    left: Sequence[int]
    right: Sequence[int]
    value: Sequence[float]
    cover: Sequence[float]


def to_tree_spec(table: NodeTable) -> TreeSpec:
    """Return the tree with its nodes in one order: a node, its left side, its right.

    Whatever order the library grew them in, and whatever it pruned, equal trees give
    equal data.
    """
    order: list[int] = []
    waiting = [0]
    while waiting:
        node = waiting.pop()
        order.append(node)
        if table.column[node] >= 0:
            waiting += [table.right[node], table.left[node]]
    place = {node: position for position, node in enumerate(order)}
    inner = [table.column[node] >= 0 for node in order]
    pairs = list(zip(order, inner, strict=True))
    return TreeSpec(
        column=tuple(table.column[n] if i else -1 for n, i in pairs),
        threshold=tuple(table.threshold[n] if i else 0 for n, i in pairs),
        missing_left=tuple(
            bool(table.missing_left[n]) if i else False for n, i in pairs
        ),
        left=tuple(place[table.left[n]] if i else 0 for n, i in pairs),
        right=tuple(place[table.right[n]] if i else 0 for n, i in pairs),
        value=tuple(0.0 if i else float(table.value[n]) for n, i in pairs),
        cover=tuple(float(table.cover[n]) for n, _ in pairs),
    )


def to_arrays(trees: Sequence[TreeSpec]) -> list[TreeArrays]:
    """Return the trees as arrays, ready to be walked."""
    return [
        TreeArrays(
            np.array(tree.column, dtype=np.intp),
            np.array(tree.threshold, dtype=np.float64),
            np.array(tree.missing_left, dtype=np.bool_),
            np.array(tree.left, dtype=np.intp),
            np.array(tree.right, dtype=np.intp),
            np.array(tree.value, dtype=np.float64),
        )
        for tree in trees
    ]
