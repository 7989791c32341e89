"""Cells of codes: by hand, and what trees make of them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from riskkit._kernels.code_cells import cells_of, thresholds
from riskkit._kernels.trees import TreeArrays, sum_trees


def stump(column, threshold, missing_left=False):
    """Return a tree of one split, worth 1 on its right side."""
    return TreeArrays(
        np.array([column, -1, -1]),
        np.array([threshold, 0.0, 0.0]),
        np.array([missing_left, False, False]),
        np.array([1, 0, 0]),
        np.array([2, 0, 0]),
        np.array([0.0, 0.0, 1.0]),
    )


def test_thresholds_by_column():
    cuts = thresholds([stump(4, 7.0), stump(2, 3.0), stump(4, 5.0), stump(4, 7.0)])
    assert {k: cut.tolist() for k, cut in cuts.items()} == {2: [3.0], 4: [5.0, 7.0]}
    assert thresholds([]) == {}


def test_cells_by_hand():
    # Codes up to 5, up to 7, and above; the unknown is a cell of its own.
    codes = np.array([[4.0], [5.0], [6.0], [7.0], [8.0], [np.nan], [-1.0]])
    cells, cell = cells_of([4], codes, {4: np.array([5.0, 7.0])})
    assert cell.tolist() == [1, 1, 2, 2, 3, 0, 1]
    np.testing.assert_array_equal(cells.codes[:, 0], [np.nan, 4.0, 6.0, 8.0])
    assert list(cells.columns) == [4]


def test_columns_of_a_feature_are_told_apart_together():
    codes = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    cuts = {0: np.array([0.0]), 1: np.array([0.0])}
    assert cells_of([0, 1], codes, cuts)[1].tolist() == [1, 2, 0, 2]
    # What no tree asks about tells nothing apart.
    assert cells_of([0, 1], codes, {})[1].tolist() == [0, 0, 0, 0]


@given(st.integers(0, 2**32 - 1))
def test_trees_cannot_tell_codes_of_a_cell_apart(seed):
    rng = np.random.default_rng(seed)
    trees = [
        stump(int(k), float(cut), bool(way))
        for k, cut, way in rng.integers(0, [2, 6, 2], size=(5, 3))
    ]
    codes = rng.integers(-1, 8, (30, 2)).astype(float)
    codes[rng.random(codes.shape) < 0.2] = np.nan
    cells, cell = cells_of([0, 1], codes, thresholds(trees))
    assert np.array_equal(sum_trees(trees, cells.codes[cell]), sum_trees(trees, codes))
    assert len(cells.codes) == cell.max() + 1
