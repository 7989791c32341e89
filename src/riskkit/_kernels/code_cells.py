"""What trees can tell apart of a feature.

Trees ask whether a code is above a threshold, or unknown. Two values of a feature with
codes between the same thresholds, in all columns of the feature, are the same to every
tree: they share a cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from riskkit._kernels.trees import TreeArrays
    from riskkit.typing import FloatArray, IntArray

__all__ = ["FeatureCells", "cells_of", "thresholds"]


class FeatureCells(NamedTuple):
    """The columns of a feature, and the codes of each cell in them."""

    columns: Sequence[int]
    codes: NDArray[np.floating]  # (n_cells, n_columns), NaN where nothing is known


def thresholds(trees: Sequence[TreeArrays]) -> dict[int, FloatArray]:
    """Return the thresholds of each column that trees ask about, ascending."""
    if not trees:
        return {}
    column = np.concatenate([tree.column for tree in trees])
    threshold = np.concatenate([tree.threshold for tree in trees])
    asked = np.unique(column[column >= 0]).tolist()
    return {k: np.unique(threshold[column == k]) for k in asked}


def cells_of(
    columns: Sequence[int],
    codes: NDArray[np.floating],
    cuts: Mapping[int, FloatArray],
) -> tuple[FeatureCells, IntArray]:
    """Return the cells of a feature, and the cell of each of its values.

    `codes` has a row for each value and an entry for each column, NaN where nothing is
    known; `cuts` are the thresholds of all columns that have any.
    """
    regions = np.zeros(codes.shape, dtype=np.intp)
    for j, k in enumerate(columns):
        if k in cuts:
            regions[:, j] = np.searchsorted(cuts[k], codes[:, j])
            regions[np.isnan(codes[:, j]), j] = -1
    _, first, cell = np.unique(regions, axis=0, return_index=True, return_inverse=True)
    return FeatureCells(columns, codes[first]), cell.ravel()
