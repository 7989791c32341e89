"""Which leaves a row can still reach, against a walk down the tree."""

import numpy as np
import pytest

from riskkit._kernels.leaf_masks import (
    leaf_splits,
    leaf_values,
    reachable,
    sum_alive,
    sum_reached,
    word_size,
)
from riskkit._kernels.trees import TreeArrays, sum_trees


def chain(n_leaves, *, leftward):
    """Return a tree that is as deep as it can be."""
    column, threshold, left, right, value = [], [], [], [], []

    def grow(n):
        place = len(column)
        for part in (column, threshold, left, right, value):
            part.append(0)
        if n == 1:
            column[place], value[place] = -1, place / 8
            return
        threshold[place] = n % 5
        left[place] = place + 1
        grow(n - 1 if leftward else 1)
        right[place] = len(column)
        grow(1 if leftward else n - 1)

    grow(n_leaves)
    missing = np.arange(len(column)) % 3 == 0
    return TreeArrays(
        np.array(column),
        np.array(threshold, dtype=float),
        missing,
        np.array(left),
        np.array(right),
        np.array(value),
    )


def reached(trees, code):
    """Return the score by the lowest bit that no split to the right rules out."""
    splits = leaf_splits(trees, 64)
    alive = [(1 << int(np.sum(tree.column < 0))) - 1 for tree in trees]
    for t, column, threshold, missing_left, ruled_out in zip(*splits, strict=True):
        x = code[column]
        if not missing_left if np.isnan(x) else x > threshold:
            alive[t] &= ~int(ruled_out)
    leaves = [tree.value[tree.column < 0] for tree in trees]
    lowest = [(a & -a).bit_length() - 1 for a in alive]
    return sum(values[k] for values, k in zip(leaves, lowest, strict=True))


def test_by_hand():
    tree = chain(3, leftward=True)  # 3 asks first, then 2; its left side has two leaves
    splits = leaf_splits([tree], 8)
    assert splits.threshold.tolist() == [3, 2]
    assert splits.ruled_out.tolist() == [0b011, 0b001]
    assert splits.ruled_out.dtype == np.uint8
    assert leaf_values([tree], 8)[0].tolist() == [0.25, 0.375, 0.5, 0, 0, 0, 0, 0]


def test_leaves_that_are_left_by_hand():
    # The left side of the root, two leaves, is ruled out above 3 and for the unknown.
    tree = chain(3, leftward=True)._replace(missing_left=np.array([0, 1, 0, 0, 0]) == 1)
    splits = leaf_splits([tree], 8)
    codes = np.array([[2.0], [3.0], [4.0], [np.nan]])
    left = reachable(splits, [0], codes, 1)[:, 0]
    assert left.tolist() == [0b11111111, 0b11111110, 0b11111100, 0b11111100]
    assert reachable(splits, [1], codes, 1)[:, 0].tolist() == [255] * 4  # nobody asks
    values = leaf_values([tree], 8)
    assert sum_alive(left[:, None], values).tolist() == [0.25, 0.375, 0.5, 0.5]
    assert sum_alive(left[:1], values) == 0.25


@pytest.mark.parametrize("leftward", [True, False])
@pytest.mark.parametrize("n_leaves", [1, 2, 5, 9, 64])
def test_the_leaf_that_is_reached(n_leaves, leftward):
    trees = [chain(n_leaves, leftward=leftward), chain(3, leftward=not leftward)]
    for code in [0.0, 1.0, 2.0, 3.0, 4.0, 9.0, np.nan]:
        row = np.array([[code]])
        assert reached(trees, row[0]) == sum_trees(trees, row)[0]
        assert sum_reached(trees, row, word_size(trees))[0] == reached(trees, row[0])


def test_words_are_those_of_machines():
    sizes = {1: 8, 8: 8, 9: 16, 17: 32, 33: 64, 64: 64, 65: None}
    for n_leaves, bits in sizes.items():
        assert word_size([chain(n_leaves, leftward=True)]) == bits
    assert word_size([]) == 8


@pytest.mark.parametrize("bits", [16, 32, 64])
def test_tables_of_rows_have_the_bits_of_a_walk(monkeypatch, bits):
    rng = np.random.default_rng(bits)
    trees = []
    for k in range(30):
        tree = chain(int(rng.integers(1, 16)), leftward=k % 2 == 0)
        inner = tree.column >= 0
        column = np.where(inner, rng.integers(0, 4, inner.size), -1)
        value = np.where(inner, 0.0, rng.normal(size=inner.size))
        trees.append(tree._replace(column=column, value=value))
    codes = rng.integers(-1, 7, (200, 4)).astype(np.float32)
    codes[rng.random(codes.shape) < 0.2] = np.nan
    expected = sum_trees(trees, codes)
    assert np.array_equal(sum_reached(trees, codes, bits), expected)
    monkeypatch.setattr("riskkit._kernels.leaf_masks._CELLS", 1)
    assert np.array_equal(sum_reached(trees, codes, bits), expected)
    assert sum_reached([], codes, bits).tolist() == [0.0] * 200
