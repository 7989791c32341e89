"""Extremely randomised trees, grown by scikit-learn and kept as plain arrays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from riskkit._kernels.forest import ForestArrays

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.artifact import TreeColumnSpec
    from riskkit.boosting._plan import Sample
    from riskkit.typing import CodeArray, FloatArray

__all__ = ["GrownForest", "columns_without_outcomes", "grow_forest"]

# Smallest leaves, and from how many rows on the larger ones hold (as measured; larger
# leaves keep the forest of a large table small).
_LEAF, _LARGE_LEAF, _MANY_ROWS = 3, 5, 20_000
_COLUMN_SHARE = 0.5


class GrownForest(NamedTuple):
    """A forest, and the share of events each row gets from trees without it.

    The share is NaN for a row that every tree has learned from.
    """

    arrays: ForestArrays
    out_of_bag: FloatArray


def columns_without_outcomes(
    columns: Sequence[TreeColumnSpec], bins: Sequence[CodeArray]
) -> tuple[TreeColumnSpec, ...]:
    """Return the columns with categories ranked by their size, not by their risk.

    The rank by risk has seen the outcome of every row, also of those that are out of
    the bag of a tree; what they say of such a tree would be too good.
    """
    return tuple(
        _by_size(column, bins[column.feature]) if column.role == "rank" else column
        for column in columns
    )


def grow_forest(
    sample: Sample, *, n_trees: int, seed: int, n_threads: int
) -> GrownForest:
    """Grow trees that split at random places, each from its own bootstrap sample."""
    from sklearn.ensemble import ExtraTreesClassifier

    n_rows, n_columns = sample.codes.shape
    if not n_columns:
        return _bare(sample)
    model = ExtraTreesClassifier(
        n_trees,
        min_samples_leaf=_LEAF if n_rows < _MANY_ROWS else _LARGE_LEAF,
        max_features=_COLUMN_SHARE,
        bootstrap=True,
        n_jobs=-1 if n_threads == 0 else n_threads,
        random_state=seed,
    ).fit(sample.codes, sample.is_event.astype(np.intp), sample.weight)
    total, n_votes = np.zeros(n_rows), np.zeros(n_rows)
    for tree, drawn in zip(model.estimators_, model.estimators_samples_, strict=True):
        left_out = np.ones(n_rows, dtype=np.bool_)
        left_out[drawn] = False
        rows = np.flatnonzero(left_out)
        total[rows] += tree.tree_.predict(sample.codes[rows])[:, 1]
        n_votes[rows] += 1.0
    share = np.full(n_rows, np.nan)
    np.divide(total, n_votes, out=share, where=n_votes > 0)
    return GrownForest(_to_arrays([e.tree_ for e in model.estimators_]), share)


def _by_size(column: TreeColumnSpec, bins: CodeArray) -> TreeColumnSpec:
    n = np.bincount(bins, minlength=len(column.codes))
    size = {code: 0 for code in column.codes if code is not None}
    for code, count in zip(column.codes, n.tolist(), strict=True):
        if code is not None:
            size[code] += count
    place = {code: k for k, code in enumerate(sorted(size, key=lambda c: size[c]))}
    codes = tuple(None if code is None else place[code] for code in column.codes)
    return replace(column, codes=codes)


def _to_arrays(trees: Sequence[Any]) -> ForestArrays:
    """Return the trees of scikit-learn in one table of nodes.

    Codes are whole numbers, so a threshold says the same rounded down.
    """
    sizes = np.array([tree.node_count for tree in trees])
    root = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp)
    column = np.concatenate([tree.feature for tree in trees])
    inner = column >= 0
    threshold = np.concatenate([tree.threshold for tree in trees])
    left, right = (
        np.concatenate(
            [
                getattr(tree, side) + start
                for tree, start in zip(trees, root, strict=True)
            ]
        )
        for side in ("children_left", "children_right")
    )
    missing_left = np.concatenate([tree.missing_go_to_left for tree in trees])
    return ForestArrays(
        root=root,
        column=np.where(inner, column, -1).astype(np.int32),
        threshold=np.where(inner, np.floor(threshold), 0.0).astype(np.float32),
        missing_left=inner & missing_left.astype(np.bool_),
        left=np.where(inner, left, 0).astype(np.int32),
        right=np.where(inner, right, 0).astype(np.int32),
        value=np.concatenate([tree.value[:, 0, 1] for tree in trees]),
    )


def _bare(sample: Sample) -> GrownForest:
    """Return a tree without a split: every account has the event rate."""
    rate = float(np.average(sample.is_event, weights=sample.weight))
    none = np.zeros(1, dtype=np.int32)
    arrays = ForestArrays(
        root=np.zeros(1, dtype=np.intp),
        column=none - 1,
        threshold=np.zeros(1, dtype=np.float32),
        missing_left=np.zeros(1, dtype=np.bool_),
        left=none,
        right=none,
        value=np.array([rate]),
    )
    return GrownForest(arrays, np.full(sample.is_event.size, rate))
