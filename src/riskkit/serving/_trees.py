"""One record through boosted trees: log-odds by plain Python, reasons by NumPy."""

from __future__ import annotations

from bisect import bisect_left
from struct import Struct
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.leaf_masks import leaf_splits, word_size
from riskkit._kernels.tree_shapley import leaf_paths, mean_of_leaves, shapley_values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskkit._kernels.leaf_masks import Split
    from riskkit._kernels.tree_shapley import LeafPaths
    from riskkit._kernels.trees import TreeArrays
    from riskkit.artifact import BoostedMemberSpec, TreeColumnSpec
    from riskkit.serving._plan import Parts

    # Adds leaves to a total, given the bins of a record.
    Sum = Callable[[Sequence[int], float], float]

__all__ = ["BoostedPlan"]

_FORMATS = {8: "B", 16: "H", 32: "I", 64: "Q"}
_CHUNK = 256  # trees side by side in one integer
# Each split makes an integer of a word for each tree; beyond 64 MB of them, walk.
_MOST_BITS = 64 << 23


class BoostedPlan:
    """Boosted trees laid out for records.

    The paths to the leaves, which reasons need, are made for the first record whose
    reasons are asked for. Threads that come at the same time make the same ones.
    """

    def __init__(self, spec: BoostedMemberSpec, places: Sequence[int]) -> None:
        self._spec = spec
        self._trees = spec.nodes.trees()
        self._codes = [(places[c.feature], c.codes) for c in spec.coding.columns]
        self._sums = _sums(spec, self._trees, places)
        self._paths: list[LeafPaths] | None = None

    def log_odds(self, bins: Sequence[int]) -> float:
        """Return the log-odds of a record by its bins."""
        total = 0.0
        for add in self._sums:
            total = add(bins, total)
        return self._spec.intercept + total

    def parts(self, bins: Sequence[int]) -> Parts:
        """Return the base, and what each feature adds."""
        if self._paths is None:
            self._paths = leaf_paths(self._trees, self._spec.nodes.covers())
        row = [[codes[bins[place]] for place, codes in self._codes]]
        by_column = shapley_values(self._paths, np.array(row, dtype=np.float64))[0]
        added = [0.0] * len(self._spec.features)
        columns = self._spec.coding.columns
        for column, value in zip(columns, by_column.tolist(), strict=True):
            added[column.feature] += value
        return self._spec.intercept + mean_of_leaves(self._paths), added


def _sums(
    spec: BoostedMemberSpec, trees: Sequence[TreeArrays], places: Sequence[int]
) -> list[Sum]:
    """Return what adds the trees, in turn, to the sum of those before them."""
    bits = word_size(trees)
    n_splits = int(np.count_nonzero(spec.nodes.column >= 0))
    if bits is None or n_splits * bits * min(len(trees), _CHUNK) > _MOST_BITS:
        return [_Walk(spec, trees, places).add]
    return [
        _Masks(spec, trees[start : start + _CHUNK], bits, places).add
        for start in range(0, len(trees), _CHUNK)
    ]


class _Masks:
    """Trees as one intersection of integers."""

    def __init__(
        self,
        spec: BoostedMemberSpec,
        trees: Sequence[TreeArrays],
        bits: int,
        places: Sequence[int],
    ) -> None:
        splits, self._values = leaf_splits(trees)
        n_trees = len(trees)
        self._words = Struct(f"<{n_trees}{_FORMATS[bits]}")
        self._lowest = sum(1 << (bits * t) for t in range(n_trees))
        self._all = (1 << (bits * n_trees)) - 1
        of_column: dict[int, list[Split]] = {}
        for split in splits:
            of_column.setdefault(split.column, []).append(split)
        tables: dict[int, list[int]] = {}
        for k, of_k in of_column.items():
            column = spec.coding.columns[k]
            masks = _masks_of(column, of_k, bits, self._all)
            place = places[column.feature]
            others = tables.get(place, [self._all] * len(masks))
            tables[place] = [a & b for a, b in zip(others, masks, strict=True)]
        # Bins that no tree tells apart share one integer.
        shared: dict[int, int] = {}
        self._tables = [
            (place, tuple([shared.setdefault(mask, mask) for mask in masks]))
            for place, masks in tables.items()
        ]

    def add(self, bins: Sequence[int], total: float) -> float:
        """Return the total and the leaves, added from the first tree to the last."""
        alive = self._all
        for place, masks in self._tables:
            alive &= masks[bins[place]]
        # Every word holds its leaf, so that nothing is borrowed from the next one.
        alive ^= alive & (alive - self._lowest)
        words = self._words
        leaves = words.unpack(alive.to_bytes(words.size, "little"))
        for values, leaf in zip(self._values, leaves, strict=True):
            total += values[leaf]
        return total


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

    def add(self, bins: Sequence[int], total: float) -> float:
        """Return the total and the leaves, added from the first tree to the last."""
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


def _masks_of(
    column: TreeColumnSpec, splits: list[Split], bits: int, everything: int
) -> list[int]:
    """Return for each bin of the column's feature the leaves that can be reached."""
    # From the lowest code to the highest, each sends further splits to the right.
    splits = sorted(splits, key=lambda split: split.threshold)
    cuts = [split.threshold for split in splits]
    after = [everything]
    unknown = everything
    for split in splits:
        ruled_out = split.ruled_out << (bits * split.tree)
        after.append(after[-1] & ~ruled_out)
        if not split.missing_left:
            unknown &= ~ruled_out
    # A code goes right at every split whose threshold is below it.
    return [
        unknown if code is None else after[bisect_left(cuts, code)]
        for code in column.codes
    ]
