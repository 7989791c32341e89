"""Shapley values of sums of trees, with branches of the unknown mixed by their cover.

Notation: the path to leaf ``l`` asks about ``m`` distinct columns. ``o_i`` is 1 if a
row's code in column ``i`` goes the way of the path at all its splits on ``i``, else 0;
``z_i`` is the share of the training accounts that goes this way, the product over those
splits of the cover of the child over that of the parent. If the columns of a set ``S``
are known, the leaf is reached with the weight ``prod_{S} o_i prod_{not S} z_i``: the
game of the path-dependent TreeSHAP [1]_. The Shapley value of column ``i`` is ::

    phi_i = v_l (o_i - z_i) sum_S |S|! (m - 1 - |S|)! / m!  prod_S o_j prod_{not S} z_j

over the sets ``S`` of the other columns. The factorials are a beta integral,
``int_0^1 t^|S| (1 - t)^(m - 1 - |S|) dt``, and under the integral the sum over sets is
a product::

    phi_i = v_l (o_i - z_i) int_0^1 prod_{j != i} (o_j t + z_j (1 - t)) dt

The integrand is a polynomial of degree ``m - 1``, which Gauss-Legendre quadrature with
``ceil(m / 2)`` nodes integrates exactly. So all leaves are explained at once, in
``m * ceil(m / 2)`` operations each and without a recursion. With ``0 < t < 1`` and
``z > 0`` no factor is 0, so that a product without one column is a quotient.

The values of a row and the ``base``, ``sum_l v_l prod_i z_i``, add up to its score. Up
is riskier, in log-odds.

References
----------
.. [1] S. Lundberg et al., "From local explanations to global understanding with
   explainable AI for trees", Nature Machine Intelligence 2, 2020, algorithm 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from riskkit._kernels.trees import TreeArrays

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "LeafPaths",
    "goes_the_way",
    "leaf_paths",
    "mean_of_leaves",
    "shapley_values",
    "values_of_ways",
]

_CELLS = 1 << 20  # rows, nodes, columns and leaves, multiplied, that are held at a time


class LeafPaths(NamedTuple):
    """Leaves whose paths ask about the same number ``m`` of columns.

    Arrays have the shape (m, n_leaves), or (n_leaves,) for `value`. `nodes`, shape
    (q, 1, 1), and `weights`, shape (q,), are those of the quadrature, and `mixed`,
    shape (q, m, n_leaves), is the share of the unknown at each node.
    """

    column: IntArray
    low: FloatArray
    high: FloatArray
    unknown: BoolArray
    share: FloatArray
    value: FloatArray
    nodes: FloatArray
    weights: FloatArray
    mixed: FloatArray


class _Ways(NamedTuple):
    """The paths to some nodes, one a row; places that are not in use have column -1.

    Codes above `low` and not above `high` go the way of a path, and whether the
    unknown does; then the share of the training accounts that goes it.
    """

    column: IntArray
    low: FloatArray
    high: FloatArray
    unknown: BoolArray
    share: FloatArray


_UNUSED = (-1, -np.inf, np.inf, True, 1.0)  # nothing has been asked: all go this way


def leaf_paths(
    trees: Sequence[TreeArrays], covers: Sequence[FloatArray]
) -> list[LeafPaths]:
    """Return the paths to all leaves, by the number of columns they ask about.

    In a group, leaves stand tree by tree and from left to right, and the columns of a
    path in the order in which it asks about them first.
    """
    if not trees:
        return []
    nodes, node = _joined(trees)
    cover = np.concatenate(covers)
    ways = _Ways._make(np.full((node.size, 1), unused) for unused in _UNUSED)
    leaves, found = [], []
    while node.size:  # all nodes of a level at a time
        is_leaf = nodes.column[node] < 0
        leaves.append(node[is_leaf])
        found.append(_some(ways, is_leaf))
        node, ways = _children(nodes, cover, node[~is_leaf], _some(ways, ~is_leaf))
    leaf = np.concatenate(leaves)
    from_left = np.argsort(leaf)
    ways = _some(_joined_ways(found), from_left)
    value = nodes.value[leaf[from_left]]
    length = (ways.column >= 0).sum(axis=1)
    return [
        _grouped(m, _some(ways, length == m), value[length == m])
        for m in np.unique(length).tolist()
    ]


def mean_of_leaves(paths: Sequence[LeafPaths]) -> float:
    """Return the score of a row of which nothing is known: where values start."""
    return float(sum(group.share.prod(axis=0) @ group.value for group in paths))


def shapley_values(
    paths: Sequence[LeafPaths], codes: NDArray[np.floating]
) -> FloatArray:
    """Return what each column adds to the score of each row, (n_rows, n_columns)."""
    n_rows, n_columns = codes.shape
    out = np.zeros((n_rows, n_columns))
    for group in paths:
        if not len(group.column):
            continue  # a tree without a split says the same of every row
        block = max(1, _CELLS // group.mixed.size)
        for start in range(0, n_rows, block):
            parts = _explain(group, codes[start : start + block])
            size = parts.shape[0]
            cell = np.arange(size)[:, None] * n_columns + group.column.ravel()
            summed = np.bincount(
                cell.ravel(), parts.ravel(), minlength=size * n_columns
            )
            out[start : start + size] += summed.reshape(size, n_columns)
    return out


def goes_the_way(
    code: NDArray[np.floating], low: FloatArray, high: FloatArray, unknown: BoolArray
) -> BoolArray:
    """Return where codes go the way of a path at all its splits on their column."""
    known = (code > low) & (code <= high)
    known |= np.isnan(code) & unknown
    return known


def values_of_ways(group: LeafPaths, known: BoolArray) -> FloatArray:
    """Return what each column of each path adds, shape (n_rows, m, n_leaves).

    `known` says of each row where it goes the way of the path, by column and leaf;
    its shape is the same, or (n_rows, m, 1).
    """
    way = known.astype(np.float64)
    # Where the row goes the way of the path t + z (1 - t), else z (1 - t).
    factor = group.nodes * way[:, None] + group.mixed
    rest = factor.prod(axis=2, keepdims=True) / factor
    added = way - group.share
    added *= group.value
    added *= np.einsum("q,nqml->nml", group.weights, rest)
    return added


def _explain(group: LeafPaths, codes: NDArray[np.floating]) -> FloatArray:
    code = codes[:, group.column]
    known = goes_the_way(code, group.low, group.high, group.unknown)
    return values_of_ways(group, known)


def _joined(trees: Sequence[TreeArrays]) -> tuple[TreeArrays, IntArray]:
    """Return all nodes in one table, and the places of the roots."""
    size: IntArray = np.array([tree.column.size for tree in trees])
    root: IntArray = np.cumsum(size) - size
    nodes = TreeArrays._make(map(np.concatenate, zip(*trees, strict=True)))
    shift = np.repeat(root, size)
    return nodes._replace(left=nodes.left + shift, right=nodes.right + shift), root


def _children(
    nodes: TreeArrays, cover: FloatArray, node: IntArray, ways: _Ways
) -> tuple[IntArray, _Ways]:
    """Return the children of nodes that split, and the paths to them."""
    k, cut, to_left = (
        nodes.column[node],
        nodes.threshold[node],
        nodes.missing_left[node],
    )
    left, right = nodes.left[node], nodes.right[node]
    asked = ways.column == k[:, None]
    free = (ways.column >= 0).sum(axis=1)
    at = np.arange(node.size), np.where(asked.any(axis=1), asked.argmax(axis=1), free)
    # One place more than the deepest path of this level may need.
    width = ways.column.shape[1] + 1
    below, above = _widened(ways, width), _widened(ways, width)
    for side, child in ((below, left), (above, right)):
        side.column[at] = k
        side.share[at] = side.share[at] * cover[child] / cover[node]
    below.high[at] = np.minimum(below.high[at], cut)
    below.unknown[at] &= to_left
    above.low[at] = np.maximum(above.low[at], cut)
    above.unknown[at] &= ~to_left
    return np.concatenate([left, right]), _joined_ways([below, above])


def _some(ways: _Ways, rows: IntArray | BoolArray) -> _Ways:
    return _Ways._make(part[rows] for part in ways)


def _joined_ways(parts: Sequence[_Ways]) -> _Ways:
    """Return paths one after the other; the last part has the longest."""
    width = parts[-1].column.shape[1]
    wide = [_widened(ways, width) for ways in parts]
    return _Ways._make(map(np.concatenate, zip(*wide, strict=True)))


def _widened(ways: _Ways, width: int) -> _Ways:
    """Return a copy with places for so many columns."""
    wide = []
    for part, unused in zip(ways, _UNUSED, strict=True):
        n_paths, used = part.shape
        wide.append(np.full((n_paths, width), unused, dtype=part.dtype))
        wide[-1][:, :used] = part
    return _Ways._make(wide)


def _grouped(m: int, ways: _Ways, value: FloatArray) -> LeafPaths:
    nodes, weights = _quadrature(m)
    across = _Ways._make(np.ascontiguousarray(part[:, :m].T) for part in ways)
    mixed = across.share * (1.0 - nodes)
    return LeafPaths(*across, value, nodes, weights, mixed)


def _quadrature(m: int) -> tuple[FloatArray, FloatArray]:
    """Return nodes and weights on (0, 1) that are exact for a degree of m - 1."""
    x, weight = np.polynomial.legendre.leggauss((m + 1) // 2 or 1)
    return (x[:, None, None] + 1.0) / 2.0, weight / 2.0
