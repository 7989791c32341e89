"""One record through boosted trees: log-odds and reasons, looked up in tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.code_cells import cells_of, thresholds
from riskkit._kernels.leaf_masks import (
    leaf_splits,
    leaf_values,
    reachable,
    sum_alive,
    word_size,
)
from riskkit._kernels.shapley_tables import explain_cells, shapley_tables
from riskkit._kernels.tree_shapley import leaf_paths, mean_of_leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskkit._kernels.code_cells import FeatureCells
    from riskkit._kernels.shapley_tables import ShapleyTables
    from riskkit._kernels.trees import TreeArrays
    from riskkit.artifact import BoostedMemberSpec
    from riskkit.serving._plan import Parts

    # Adds the leaves of a record, given its bins.
    Sum = Callable[[Sequence[int]], float]

__all__ = ["BoostedPlan"]

# Tables of words beyond 64 MB are not made: the trees are walked.
_MOST_BYTES = 64 << 20


class BoostedPlan:
    """Boosted trees laid out for records.

    Tables for reasons are made for the first record whose reasons are asked for.
    Threads that come at the same time make the same ones.
    """

    def __init__(self, spec: BoostedMemberSpec, places: Sequence[int]) -> None:
        self._spec = spec
        self._trees = spec.nodes.trees()
        self._cells = _Cells(spec, self._trees, places)
        self._sum = _summed(spec, self._trees, places, self._cells)
        self._reasons: tuple[float, ShapleyTables] | None = None

    def log_odds(self, bins: Sequence[int]) -> float:
        """Return the log-odds of a record by its bins."""
        return self._spec.intercept + self._sum(bins)

    def parts(self, bins: Sequence[int]) -> Parts:
        """Return the base, and what each feature adds."""
        if self._reasons is None:
            paths = leaf_paths(self._trees, self._spec.nodes.covers())
            base = self._spec.intercept + mean_of_leaves(paths)
            self._reasons = base, shapley_tables(paths, self._cells.features)
        base, tables = self._reasons
        by_feature = explain_cells(tables, self._cells.read(bins)).tolist()
        added = [0.0] * len(self._spec.features)
        for feature, value in zip(self._cells.order, by_feature, strict=True):
            added[feature] = value
        return base, added


class _Cells:
    """What the trees can tell of a record, feature by feature."""

    def __init__(
        self,
        spec: BoostedMemberSpec,
        trees: Sequence[TreeArrays],
        places: Sequence[int],
    ) -> None:
        columns: dict[int, list[int]] = {}
        for k, column in enumerate(spec.coding.columns):
            columns.setdefault(column.feature, []).append(k)
        cuts = thresholds(trees)
        self.order = list(columns)
        self.features: list[FeatureCells] = []
        self._cell_of: list[tuple[int, list[int]]] = []
        n_before = 0
        for feature, own in columns.items():
            by_column = [spec.coding.columns[k].codes for k in own]
            codes = np.array(by_column, dtype=np.float64).T  # None becomes NaN
            cells, cell_of_bin = cells_of(own, codes, cuts)
            self.features.append(cells)
            self._cell_of.append((places[feature], (cell_of_bin + n_before).tolist()))
            n_before += len(cells.codes)

    def read(self, bins: Sequence[int]) -> list[int]:
        """Return the cell of each feature, counted through all of them."""
        return [cell_of[bins[place]] for place, cell_of in self._cell_of]


def _summed(
    spec: BoostedMemberSpec,
    trees: Sequence[TreeArrays],
    places: Sequence[int],
    cells: _Cells,
) -> Sum:
    """Return what adds the leaves of a record, from the first tree to the last."""
    bits = word_size(trees)
    n_cells = sum(len(feature.codes) for feature in cells.features)
    n_words = n_cells * len(trees)
    if bits is None or not 0 < n_words * bits // 8 <= _MOST_BYTES:
        return _Walk(spec, trees, places).sum
    return _Masks(trees, bits, cells).sum


class _Masks:
    """Trees as one intersection of words, a row of the table for each cell."""

    def __init__(self, trees: Sequence[TreeArrays], bits: int, cells: _Cells) -> None:
        splits = leaf_splits(trees, bits)
        self._leaves = leaf_values(trees, bits)
        self._read = cells.read
        self._table = np.concatenate(
            [reachable(splits, f.columns, f.codes, len(trees)) for f in cells.features]
        )

    def sum(self, bins: Sequence[int]) -> float:
        """Return the leaves, added from the first tree to the last."""
        words = self._table.take(self._read(bins), axis=0)
        return float(sum_alive(np.bitwise_and.reduce(words, axis=0), self._leaves))


class _Walk:
    """Trees of too many leaves for a word, walked one by one."""

    def __init__(
        self,
        spec: BoostedMemberSpec,
        trees: Sequence[TreeArrays],
        places: Sequence[int],
    ) -> None:
        self._codes = [(places[c.feature], c.codes) for c in spec.coding.columns]
        # Views give plain numbers as fast as lists, and hold none of them.
        self._trees = [
            tuple([np.ascontiguousarray(part).data for part in tree]) for tree in trees
        ]

    def sum(self, bins: Sequence[int]) -> float:
        """Return the leaves, added from the first tree to the last."""
        total = 0.0
        row = [codes[bins[place]] for place, codes in self._codes]
        for column, threshold, missing_left, left, right, value in self._trees:
            node = 0
            while (k := column[node]) >= 0:
                code = row[k]
                to_left = (
                    missing_left[node] if code is None else code <= threshold[node]
                )
                node = left[node] if to_left else right[node]
            total += value[node]
        return total
