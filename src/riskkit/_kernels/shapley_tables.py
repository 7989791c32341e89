"""Shapley values of trees for one row at a time, read from tables.

In the notation of :mod:`riskkit._kernels.tree_shapley`, a row enters what a leaf adds
by its bits ``o_1 ... o_m`` alone: for ``m`` columns there are ``2^m`` patterns of bits,
and ``m`` values for each. Trees of risk models are shallow, so that all of them fit
into a table: a row is explained by finding the pattern of each leaf, and by adding up
what the table holds there [1]_.

Two leaves that part at their last split, on a column about which no split before has
asked, have patterns that differ in one bit always. They share a table of their sums.

References
----------
.. [1] J. Yang, "Fast TreeSHAP: accelerating SHAP value computation for trees",
   arXiv:2109.09847, 2021, algorithm 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from riskkit._kernels.tree_shapley import goes_the_way, shapley_values, values_of_ways

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from riskkit._kernels.code_cells import FeatureCells
    from riskkit._kernels.tree_shapley import LeafPaths
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["ShapleyTables", "explain_cells", "shapley_tables"]

_MOST_VALUES = 1 << 21  # 16 MB of them; paths beyond are explained by the formula
_MOST_BITS = 16
_CELLS = 1 << 16  # numbers that are held at a time while tables are made


class ShapleyTables(NamedTuple):
    """The values of leaves for all patterns, and where a row finds its own.

    A slot is a leaf and one of its columns; slots stand feature by feature.
    """

    answers: list[bytes]  # of each cell: whether it goes the way, by slot
    bits: IntArray  # slot of each bit of the patterns, a byte a leaf, then second ones
    n_columns: IntArray  # of each leaf
    leaf: IntArray  # of each slot
    first: IntArray  # where the values of each slot begin
    feature: IntArray  # features that have slots
    start: IntArray  # the first slot of each of them
    values: FloatArray
    others: list[LeafPaths]  # leaves that have no table
    features: Sequence[FeatureCells]


def shapley_tables(
    paths: Sequence[LeafPaths], features: Sequence[FeatureCells]
) -> ShapleyTables:
    """Return the tables of leaves, for rows that are given by the cells of features."""
    grouped, others = _within_limits(paths)
    groups, values = [], [np.empty(0)]
    for group in grouped:
        kept, table = _tabled(group)
        groups.append(kept)
        values.append(table.ravel())
    n_columns = np.repeat(
        np.array([len(group.column) for group in groups], dtype=np.intp),
        [group.value.size for group in groups],
    )
    leaf = np.repeat(np.arange(n_columns.size), n_columns)
    bit = np.arange(leaf.size) - (np.cumsum(n_columns) - n_columns)[leaf]
    size = n_columns << n_columns
    first = (np.cumsum(size) - size)[leaf] + bit
    feature_of = _feature_of_columns(features)
    column = _by_slot([group.column for group in groups]).astype(np.intp)
    slots = np.argsort(feature_of[column], kind="stable")
    feature, start = np.unique(feature_of[column[slots]], return_index=True)
    return ShapleyTables(
        answers=_answers(groups, features, column, slots),
        bits=_places_of_bits(n_columns, leaf, bit, slots),
        n_columns=n_columns,
        leaf=leaf[slots],
        first=first[slots],
        feature=feature,
        start=start,
        values=np.concatenate(values),
        others=others,
        features=features,
    )


def explain_cells(tables: ShapleyTables, cells: Sequence[int]) -> FloatArray:
    """Return what each feature adds to the score of the row that has these cells.

    The cells of all features are counted through, from the first feature to the last.
    """
    n_leaves = tables.n_columns.size
    answers = [tables.answers[cell] for cell in cells]
    # A bit that no column needs reads the zero at the end.
    known = np.frombuffer(b"".join([*answers, b"\0"]), dtype=np.uint8)
    packed = np.packbits(known.take(tables.bits), bitorder="little")
    pattern = packed[:n_leaves].astype(np.intp)
    if packed.size > n_leaves:
        n_long = packed.size - n_leaves
        pattern[-n_long:] |= packed[n_leaves:].astype(np.intp) << 8
    pattern *= tables.n_columns
    place = pattern.take(tables.leaf)
    place += tables.first
    added = np.zeros(len(tables.features))
    if place.size:
        added[tables.feature] = np.add.reduceat(tables.values.take(place), tables.start)
    if tables.others:
        added += _explain_others(tables, cells)
    return added


def _explain_others(tables: ShapleyTables, cells: Sequence[int]) -> FloatArray:
    """Return what the leaves without a table add."""
    feature_of = _feature_of_columns(tables.features)
    row = np.empty((1, feature_of.size))
    before = 0
    for feature, cell in zip(tables.features, cells, strict=True):
        row[0, feature.columns] = feature.codes[cell - before]
        before += len(feature.codes)
    by_column = shapley_values(tables.others, row)[0]
    added = np.zeros(len(tables.features))
    np.add.at(added, feature_of, by_column)
    return added


def _within_limits(
    paths: Sequence[LeafPaths],
) -> tuple[list[LeafPaths], list[LeafPaths]]:
    """Return the groups that get a table, the shortest paths first, and the others."""
    tabled: list[LeafPaths] = []
    n_left = _MOST_VALUES
    for group in paths:  # from few columns to many
        m = len(group.column)
        n_left -= group.value.size * m << m
        if m > _MOST_BITS or n_left < 0:
            break
        tabled.append(group)
    others = list(paths[len(tabled) :])
    return [group for group in tabled if len(group.column)], others


def _tabled(group: LeafPaths) -> tuple[LeafPaths, FloatArray]:
    """Return the leaves that keep a table, and the tables: (n_leaves, 2^m, m)."""
    m, n_leaves = group.column.shape
    patterns = (np.arange(1 << m)[:, None] >> np.arange(m)) & 1
    known = patterns[:, :, None].astype(np.bool_)
    table = np.empty((n_leaves, 1 << m, m))
    block = max(1, _CELLS // (group.mixed.size // n_leaves << m))
    for begin in range(0, n_leaves, block):
        rows = slice(begin, begin + block)
        table[rows] = values_of_ways(_some(group, rows), known).transpose(2, 0, 1)
    right = _right_halves(group)
    # Where the left leaf's last bit is 0 the right one's is 1, and the other way round.
    table[right - 1] += np.roll(table[right], 1 << (m - 1), axis=1)
    kept = np.ones(n_leaves, dtype=np.bool_)
    kept[right] = False
    return _some(group, kept), table[kept]


def _right_halves(group: LeafPaths) -> IntArray:
    """Return the leaves that part from the leaf before at their last column only."""
    column, low, high, unknown = (
        part for part in (group.column, group.low, group.high, group.unknown)
    )
    same = (column[:, 1:] == column[:, :-1]).all(axis=0)
    for part in (low, high, unknown):
        same &= (part[:-1, 1:] == part[:-1, :-1]).all(axis=0)
    same &= np.isneginf(low[-1, :-1]) & np.isposinf(high[-1, 1:])
    same &= (high[-1, :-1] == low[-1, 1:]) & (unknown[-1, :-1] != unknown[-1, 1:])
    return np.flatnonzero(same) + 1


def _some(group: LeafPaths, leaves: slice | BoolArray) -> LeafPaths:
    """Return some of the leaves of a group."""
    return group._replace(
        column=group.column[:, leaves],
        low=group.low[:, leaves],
        high=group.high[:, leaves],
        unknown=group.unknown[:, leaves],
        share=group.share[:, leaves],
        value=group.value[leaves],
        mixed=group.mixed[:, :, leaves],
    )


def _answers(
    groups: Sequence[LeafPaths],
    features: Sequence[FeatureCells],
    column: IntArray,
    slots: IntArray,
) -> list[bytes]:
    """Return what each cell says in the slots of its feature, a byte a slot."""
    low = _by_slot([group.low for group in groups])[slots]
    high = _by_slot([group.high for group in groups])[slots]
    unknown = _by_slot([group.unknown for group in groups])[slots].astype(np.bool_)
    column = column[slots]
    answers, begin = [], 0
    for feature in features:
        place = {k: j for j, k in enumerate(feature.columns)}
        end = begin + int(np.isin(column, feature.columns).sum())
        code = feature.codes[:, [place[k] for k in column[begin:end].tolist()]]
        part = slice(begin, end)
        known = goes_the_way(code, low[part], high[part], unknown[part])
        answers += [row.tobytes() for row in known]
        begin = end
    return answers


def _places_of_bits(
    n_columns: IntArray, leaf: IntArray, bit: IntArray, slots: IntArray
) -> IntArray:
    """Return the slot of each bit: a byte for each leaf, then second bytes."""
    n_leaves, n_long = n_columns.size, int((n_columns > 8).sum())
    place = np.empty(slots.size, dtype=np.intp)
    place[slots] = np.arange(slots.size)
    bits = np.full((n_leaves + n_long, 8), slots.size)
    second = np.where(bit < 8, 0, n_long)  # leaves of two bytes stand last
    bits[leaf + second, bit % 8] = place
    return bits.ravel()


def _by_slot(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return arrays of shape (m, n_leaves) leaf by leaf, one after the other."""
    return np.concatenate([np.empty(0), *(part.T.ravel() for part in parts)])


def _feature_of_columns(features: Sequence[FeatureCells]) -> IntArray:
    column = np.array([k for feature in features for k in feature.columns], np.intp)
    count = [len(feature.columns) for feature in features]
    feature_of = np.empty_like(column)
    feature_of[column] = np.repeat(np.arange(len(features)), count)
    return feature_of
