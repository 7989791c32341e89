"""Shapley values of trees: by hand, by their properties, and by their definition."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskkit._kernels.tree_shapley import leaf_paths, mean_of_leaves, shapley_values
from riskkit._kernels.trees import TreeArrays, sum_trees


def tree(nodes):
    """Return a tree of (column, threshold, missing, left, right, value, cover)."""
    column, threshold, missing, left, right, value, cover = zip(*nodes, strict=True)
    arrays = TreeArrays(
        np.array(column),
        np.array(threshold, dtype=float),
        np.array(missing, dtype=bool),
        np.array(left),
        np.array(right),
        np.array(value, dtype=float),
    )
    return arrays, np.array(cover, dtype=float)


def explained(trees, codes):
    arrays, covers = zip(*trees, strict=True)
    paths = leaf_paths(arrays, covers)
    return mean_of_leaves(paths), shapley_values(paths, np.array(codes, dtype=float))


STUMP = tree(
    [(0, 1, 1, 1, 2, 0, 10), (-1, 0, 0, 0, 0, -0.5, 8), (-1, 0, 0, 0, 0, 2, 2)]
)
# x0 <= 1 gives 0; else x1 <= 0 gives 1 and x1 > 0 gives 4.
PAIR = tree(
    [
        (0, 1, 0, 1, 2, 0, 8),
        (-1, 0, 0, 0, 0, 0, 4),
        (1, 0, 1, 3, 4, 0, 4),
        (-1, 0, 0, 0, 0, 1, 3),
        (-1, 0, 0, 0, 0, 4, 1),
    ]
)


def test_a_stump_by_hand():
    base, values = explained([STUMP], [[0.0], [2.0], [np.nan]])
    assert base == pytest.approx(0.0)  # (8 * -0.5 + 2 * 2) / 10
    assert values[:, 0] == pytest.approx([-0.5, 2.0, -0.5])


def test_two_columns_by_hand():
    # With nothing known the tree is worth half of 3/4 * 1 + 1/4 * 4, which is 0.875;
    # 1.75 if x0 > 1 is known, half of 4 if x1 > 0 is, and 4 if both are. A column gets
    # the mean of what it adds before and after the other.
    base, values = explained([PAIR], [[2.0, 1.0]])
    assert base == pytest.approx(0.875)
    assert values[0] == pytest.approx(
        [(1.75 - 0.875 + 4 - 2) / 2, (2 - 0.875 + 4 - 1.75) / 2]
    )


def test_a_tree_without_a_split_is_all_base():
    leaf = tree([(-1, 0, 0, 0, 0, 0.25, 5)])
    base, values = explained([leaf, STUMP], [[2.0]])
    assert base == pytest.approx(0.25)
    assert values[0] == pytest.approx([2.0])


def grown(rng, n_columns, depth):
    """Return a random tree in preorder; a column may be asked about again."""
    nodes = []

    def grow(level, n):
        place = len(nodes)
        nodes.append(None)
        if level == 0 or n < 2 or rng.random() < 0.15:
            nodes[place] = (-1, 0, 0, 0, 0, rng.normal(), n)
            return
        share = rng.uniform(0.1, 0.9)
        left = place + 1
        grow(level - 1, n * share)
        right = len(nodes)
        grow(level - 1, n * (1 - share))
        asked = (int(rng.integers(n_columns)), int(rng.integers(4)))
        nodes[place] = (*asked, rng.random() < 0.5, left, right, 0.0, n)

    grow(depth, 1000.0)
    return tree(nodes)


def expected(arrays, cover, code, known, node=0):
    """Return the value of a tree if only some columns are known."""
    column = arrays.column[node]
    if column < 0:
        return arrays.value[node]
    left, right = arrays.left[node], arrays.right[node]
    if column in known:
        x = code[column]
        goes_left = (
            arrays.missing_left[node] if np.isnan(x) else x <= arrays.threshold[node]
        )
        return expected(arrays, cover, code, known, left if goes_left else right)
    sides = [
        cover[side] / cover[node] * expected(arrays, cover, code, known, side)
        for side in (left, right)
    ]
    return sum(sides)


def by_definition(arrays, cover, code):
    n = len(code)
    values = np.zeros(n)
    for i in range(n):
        others = [j for j in range(n) if j != i]
        for size in range(n):
            weight = factorial(size) * factorial(n - 1 - size) / factorial(n)
            for chosen in combinations(others, size):
                gain = expected(arrays, cover, code, {*chosen, i})
                gain -= expected(arrays, cover, code, {*chosen})
                values[i] += weight * gain
    return values


@pytest.mark.parametrize("seed", range(6))
def test_the_sum_over_all_sets_of_columns(seed):
    rng = np.random.default_rng(seed)
    trees = [grown(rng, 5, 6) for _ in range(3)]
    codes = rng.integers(0, 5, (4, 5)).astype(float)
    codes[rng.random((4, 5)) < 0.2] = np.nan
    base, values = explained(trees, codes)
    assert base == pytest.approx(sum(expected(t, n, None, set()) for t, n in trees))
    for row, code in zip(values, codes, strict=True):
        slow = sum(by_definition(arrays, cover, code) for arrays, cover in trees)
        assert row == pytest.approx(slow, abs=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_values_add_up_and_rows_are_explained_alone(seed):
    rng = np.random.default_rng(seed)
    trees = [grown(rng, 6, 7) for _ in range(4)]
    codes = rng.integers(0, 5, (7, 6)).astype(float)
    codes[rng.random((7, 6)) < 0.2] = np.nan
    base, values = explained(trees, codes)
    score = sum_trees([arrays for arrays, _ in trees], codes)
    assert base + values.sum(axis=1) == pytest.approx(score, abs=1e-10)
    assert np.array_equal(explained(trees, codes[3:5])[1], values[3:5])
    unused = set(range(6)) - {c for t, _ in trees for c in t.column.tolist()}
    assert not values[:, sorted(unused)].any()


def test_many_rows_are_explained_in_blocks(monkeypatch):
    rng = np.random.default_rng(1)
    trees = [grown(rng, 6, 7) for _ in range(4)]
    codes = rng.integers(0, 5, (50, 6)).astype(float)
    whole = explained(trees, codes)[1]
    monkeypatch.setattr("riskkit._kernels.tree_shapley._CELLS", 1)
    assert np.array_equal(explained(trees, codes)[1], whole)
