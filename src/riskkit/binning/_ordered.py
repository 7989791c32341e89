"""A column as ordered numbers, and the way back from splits to bins.

optbinning sees numbers alone: levels become their rank by the mean of the target, so
that weights, special codes and the text of a level are riskkit's everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from riskkit._core.frames import level_column, numeric_column
from riskkit.artifact import FeatureSpec, SpecialGroup
from riskkit.binning._optbinning import edges_of_splits

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["OrderedColumn", "read_ordered"]


@dataclass(frozen=True)
class OrderedColumn:
    """Numbers to cut, NaN where missing or special; for categories, their ranks."""

    name: str
    kind: Literal["numeric", "categorical"]
    x: FloatArray
    levels: tuple[str, ...]
    special: tuple[SpecialGroup, ...]

    def feature(
        self, splits: FloatArray, *, readable: bool = False, refuse_unseen: bool = False
    ) -> FeatureSpec:
        """Return the bins that the splits ``x < split`` make.

        `readable` edges are the splits themselves wherever no value of the column
        equals one, instead of the double below: the same bins for these values.
        """
        if self.kind == "numeric":
            edges = edges_of_splits(splits)
            if readable:
                apart = ~np.isin(splits, self.x)
                edges = np.unique(np.where(apart, splits, edges_of_splits(splits)))
            return FeatureSpec(
                self.name,
                "numeric",
                edges=tuple(edges.tolist()),
                special=self.special,
            )
        ranks = np.arange(len(self.levels))
        bins = np.searchsorted(np.asarray(splits), ranks, side="right")
        groups = tuple(
            tuple(sorted(self.levels[k] for k in np.flatnonzero(bins == b)))
            for b in np.unique(bins)
        )
        return FeatureSpec(
            self.name,
            "categorical",
            levels=groups or ((),),
            special=self.special,
            refuse_unseen=refuse_unseen,
        )


def read_ordered(
    column: Any,
    name: str,
    kind: str,
    special: tuple[SpecialGroup, ...],
    target: FloatArray,
    weight: FloatArray | None = None,
) -> OrderedColumn:
    """Read a raw column; levels are ordered by their plain mean of `target`."""
    codes = [code for group in special for code in group.codes]
    if kind == "numeric":
        x = numeric_column(column, name)
        if codes:
            x = np.where(np.isin(x, np.asarray(codes, dtype=np.float64)), np.nan, x)
        return OrderedColumn(name, "numeric", x, (), special)
    coded = level_column(column, name)
    taken = {str(code) for code in codes}
    regular = np.array([level not in taken for level in coded.levels], dtype=bool)
    rows = coded.codes >= 0
    mass = np.ones(rows.sum()) if weight is None else weight[rows]
    n = np.bincount(coded.codes[rows], mass, len(regular))
    total = np.bincount(coded.codes[rows], mass * target[rows], len(regular))
    kept = np.flatnonzero(regular)
    # A level may be declared by a frame's type without occurring.
    mean = np.divide(total, n, out=np.zeros(len(n)), where=n > 0)
    order = kept[np.argsort(mean[kept], kind="stable")]
    # The last entry serves the code -1 of a missing value.
    rank = np.full(len(regular) + 1, np.nan)
    rank[order] = np.arange(len(order))
    levels = tuple(coded.levels[k] for k in order)
    return OrderedColumn(name, "categorical", rank[coded.codes], levels, special)
