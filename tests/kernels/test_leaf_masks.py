"""Which leaves a row can still reach, against a walk down the tree."""

import numpy as np
import pytest

from riskkit._kernels.leaf_masks import leaf_splits, sum_reached, word_size
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
    splits, values = leaf_splits(trees)
    alive = [(1 << len(leaves)) - 1 for leaves in values]
    for split in splits:
        x = code[split.column]
        right = not split.missing_left if np.isnan(x) else x > split.threshold
        if right:
            alive[split.tree] &= ~split.ruled_out
    return sum(leaves[a & -a] for leaves, a in zip(values, alive, strict=True))


def test_by_hand():
    tree = chain(3, leftward=True)  # 3 asks first, then 2; its left side has two leaves
    splits, values = leaf_splits([tree])
    assert [(s.threshold, s.ruled_out) for s in splits] == [(3, 0b011), (2, 0b001)]
    assert list(values[0]) == [1, 2, 4]


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
