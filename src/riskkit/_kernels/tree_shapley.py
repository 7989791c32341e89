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

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from riskkit._kernels.trees import TreeArrays
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["LeafPaths", "leaf_paths", "mean_of_leaves", "shapley_values"]

_CELLS = 1 << 20  # rows, nodes, columns and leaves, multiplied, that are held at a time

# Codes above `low` and not above `high` go the way of a path, and whether the unknown
# does; then the share of the training accounts that goes it.
_Way = tuple[float, float, bool, float]


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


def leaf_paths(
    trees: Sequence[TreeArrays], covers: Sequence[FloatArray]
) -> list[LeafPaths]:
    """Return the paths to all leaves, by the number of columns they ask about."""
    by_length: dict[int, list[tuple[dict[int, _Way], float]]] = {}
    for tree, cover in zip(trees, covers, strict=True):
        for path, value in _walk(tree, cover):
            by_length.setdefault(len(path), []).append((path, value))
    return [_stacked(m, by_length[m]) for m in sorted(by_length)]


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


def _explain(group: LeafPaths, codes: NDArray[np.floating]) -> FloatArray:
    """Return what each column of each path adds, shape (n_rows, m, n_leaves)."""
    code = codes[:, group.column]
    known = (code > group.low) & (code <= group.high)
    known |= np.isnan(code) & group.unknown
    way = known.astype(np.float64)
    # Where the row goes the way of the path t + z (1 - t), else z (1 - t).
    factor = group.nodes * way[:, None] + group.mixed
    rest = factor.prod(axis=2, keepdims=True) / factor
    way -= group.share
    way *= group.value
    way *= np.einsum("q,nqml->nml", group.weights, rest)
    return way


def _walk(tree: TreeArrays, cover: FloatArray) -> list[tuple[dict[int, _Way], float]]:
    """Return the conditions and the value of each leaf, from left to right."""
    column, threshold, missing_left, left, right, value = (
        part.tolist() for part in tree
    )
    n: list[float] = cover.tolist()
    found: list[tuple[dict[int, _Way], float]] = []
    waiting: list[tuple[int, dict[int, _Way]]] = [(0, {})]
    while waiting:
        node, path = waiting.pop()
        k = column[node]
        if k < 0:
            found.append((path, value[node]))
            continue
        low, high, unknown, share = path.get(k, (-np.inf, np.inf, True, 1.0))
        cut, to_left = threshold[node], missing_left[node]
        l_, r_ = left[node], right[node]
        way_left = (low, min(high, cut), unknown and to_left, share * n[l_] / n[node])
        way_right = (
            max(low, cut),
            high,
            unknown and not to_left,
            share * n[r_] / n[node],
        )
        waiting.append((r_, {**path, k: way_right}))
        waiting.append((l_, {**path, k: way_left}))
    return found


def _stacked(m: int, leaves: list[tuple[dict[int, _Way], float]]) -> LeafPaths:
    shape = (m, len(leaves))
    columns = [list(path) for path, _ in leaves]
    ways = [[*path.values()] for path, _ in leaves]

    def part(place: int, kind: Any) -> NDArray[Any]:
        rows = [[way[place] for way in path] for path in ways]
        return np.ascontiguousarray(np.array(rows, dtype=kind).reshape(shape[::-1]).T)

    share = part(3, np.float64)
    nodes, weights = _quadrature(m)
    return LeafPaths(
        column=np.array(columns, dtype=np.intp).reshape(shape[::-1]).T.copy(),
        low=part(0, np.float64),
        high=part(1, np.float64),
        unknown=part(2, np.bool_),
        share=share,
        value=np.array([value for _, value in leaves], dtype=np.float64),
        nodes=nodes,
        weights=weights,
        mixed=share * (1.0 - nodes),
    )


def _quadrature(m: int) -> tuple[FloatArray, FloatArray]:
    """Return nodes and weights on (0, 1) that are exact for a degree of m - 1."""
    x, weight = np.polynomial.legendre.leggauss((m + 1) // 2 or 1)
    return (x[:, None, None] + 1.0) / 2.0, weight / 2.0
