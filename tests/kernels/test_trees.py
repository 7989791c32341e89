"""Sums of trees: by hand, row by row, and what makes them rise."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from riskkit._kernels.trees import (
    TreeArrays,
    leaf_bounds,
    rises,
    sum_leaves,
    sum_trees,
)

# code 0 <= 1 ? (code 1 <= 0 ? -1 : 0.5) : 2, unknown codes left and right
TREE = TreeArrays(
    column=np.array([0, 1, -1, -1, -1]),
    threshold=np.array([1.0, 0.0, 0.0, 0.0, 0.0]),
    missing_left=np.array([True, False, False, False, False]),
    left=np.array([1, 2, 0, 0, 0]),
    right=np.array([4, 3, 0, 0, 0]),
    value=np.array([0.0, 0.0, -1.0, 0.5, 2.0]),
)
nan = np.nan


def walk(tree, row):
    """Walk one row through one tree."""
    node = 0
    while tree.column[node] >= 0:
        code = row[tree.column[node]]
        if np.isnan(code):
            left = tree.missing_left[node]
        else:
            left = code <= tree.threshold[node]
        node = tree.left[node] if left else tree.right[node]
    return tree.value[node]


@st.composite
def trees(draw, n_columns=3, depth=3):
    nodes = []

    def grow(level):
        here = len(nodes)
        nodes.append(None)
        if level == depth or draw(st.booleans()):
            nodes[here] = (-1, 0, False, 0, 0, draw(st.integers(-8, 8)) / 4)
            return here
        column = draw(st.integers(0, n_columns - 1))
        cut, missing = draw(st.integers(0, 3)), draw(st.booleans())
        left = grow(level + 1)
        right = grow(level + 1)
        nodes[here] = (column, cut, missing, left, right, 0.0)
        return here

    grow(0)
    return TreeArrays(*(np.array(part) for part in zip(*nodes, strict=True)))


codes = st.lists(
    st.lists(st.sampled_from([0.0, 1.0, 2.0, 3.0, 4.0, nan]), min_size=3, max_size=3),
    min_size=1,
    max_size=6,
).map(np.array)


def test_leaves_by_hand():
    rows = np.array([[0, 0], [1, 1], [2, 0], [nan, 0], [0, nan]])
    assert_array_equal(sum_trees([TREE], rows), [-1.0, 0.5, 2.0, -1.0, 0.5])
    assert_array_equal(sum_trees([TREE, TREE], rows[:1]), [-2.0])
    assert_array_equal(sum_trees([], rows), np.zeros(5))


@given(st.lists(trees(), min_size=1, max_size=4), codes)
def test_agrees_with_walking_row_by_row(forest, rows):
    expected = []
    for row in rows:
        total = 0.0
        for tree in forest:
            total += walk(tree, row)
        expected.append(total)
    assert_array_equal(sum_trees(forest, rows), expected)


def test_leaves_found_elsewhere_are_added_in_order():
    values = np.array([[0.0, 1.0, 2.0], [0.0, 0.1, 0.2]])
    leaves = np.array([[1, 2], [2, 1]])
    assert_array_equal(sum_leaves(values, leaves), [0.0 + 1.0 + 0.2, 2.0 + 0.1])


def test_bounds_by_hand():
    low, high = leaf_bounds(TREE)
    assert_array_equal(low, [-1.0, -1.0, -1.0, 0.5, 2.0])
    assert_array_equal(high, [2.0, 0.5, -1.0, 0.5, 2.0])


def test_rising_is_seen_and_so_is_falling():
    assert rises([TREE], 0, 1)
    assert rises([TREE], 1, 1)
    assert not rises([TREE], 0, -1)
    falling = TREE._replace(value=np.array([0.0, 0.0, -1.0, 2.5, 2.0]))
    assert not rises([falling], 0, 1)
    assert rises([falling], 1, 1)
    assert rises([TREE], 2, 1)
    assert rises([TREE], 2, -1)


@given(st.lists(trees(), min_size=1, max_size=4), codes, st.sampled_from([1, -1]))
def test_what_rises_never_falls_for_any_row(forest, rows, sign):
    if not rises(forest, 0, sign):
        return
    scores = []
    for code in range(6):
        changed = rows.copy()
        changed[:, 0] = code
        scores.append(sum_trees(forest, changed))
    assert np.all(sign * np.diff(scores, axis=0) >= 0)
