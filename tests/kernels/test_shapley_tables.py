"""Shapley values from tables: by hand, and against the formula for every row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskkit._kernels.code_cells import cells_of, thresholds
from riskkit._kernels.shapley_tables import explain_cells, shapley_tables
from riskkit._kernels.tree_shapley import leaf_paths, shapley_values
from riskkit._kernels.trees import TreeArrays

PAIRED = [[0, 3], [2], [1, 4], [5]]  # the columns of four features


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


def grown(rng, n_columns, depth, *, again=True):
    """Return a random tree; with `again` a path may ask about a column twice."""
    nodes = []

    def grow(level, n, free):
        place = len(nodes)
        nodes.append(None)
        if level == 0 or rng.random() < 0.1:
            nodes[place] = (-1, 0, 0, 0, 0, rng.normal(), n)
            return
        k = int(rng.choice(free))
        below = free if again else [other for other in free if other != k]
        share = rng.uniform(0.1, 0.9)
        left = place + 1
        grow(level - 1, n * share, below)
        right = len(nodes)
        grow(level - 1, n * (1 - share), below)
        cut, way = int(rng.integers(4)), rng.random() < 0.5
        nodes[place] = (k, cut, way, left, right, 0.0, n)

    grow(depth, 1000.0, list(range(n_columns)))
    return tree(nodes)


def both_ways(trees, codes, columns):
    """Return what the features add to each row by tables, and by the formula."""
    arrays, covers = zip(*trees, strict=True)
    paths = leaf_paths(arrays, covers)
    features, places, before = [], [], 0
    for own in columns:
        cells, cell = cells_of(own, codes[:, own], thresholds(arrays))
        features.append(cells)
        places.append(cell + before)
        before += len(cells.codes)
    tables = shapley_tables(paths, features)
    rows = [explain_cells(tables, row) for row in np.array(places).T.tolist()]
    by_column = shapley_values(paths, codes)
    summed = np.array([by_column[:, own].sum(axis=1) for own in columns]).T
    return tables, np.array(rows), summed


def random_codes(rng, n_rows, n_columns):
    codes = rng.integers(-1, 5, (n_rows, n_columns)).astype(float)
    codes[rng.random(codes.shape) < 0.2] = np.nan
    return codes


def test_a_stump_by_hand():
    stump = tree(
        [(1, 1, 1, 1, 2, 0, 10), (-1, 0, 0, 0, 0, -0.5, 8), (-1, 0, 0, 0, 0, 2, 2)]
    )
    codes = np.array([[0.0, 0.0], [0.0, 2.0], [0.0, np.nan]])
    tables, rows, _ = both_ways([stump], codes, [[0], [1]])
    assert rows == pytest.approx(np.array([[0, -0.5], [0, 2.0], [0, -0.5]]))
    # The two leaves part at their only split, and share a table of two patterns.
    assert tables.n_columns.tolist() == [1]
    assert sorted(tables.values.tolist()) == pytest.approx([-0.5, 2.0])


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_the_formula_for_every_row(seed, again):
    rng = np.random.default_rng(seed)
    trees = [grown(rng, 6, 5, again=again) for _ in range(3)]
    _, rows, expected = both_ways(trees, random_codes(rng, 9, 6), PAIRED)
    assert rows == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("depth", [8, 9, 11])
def test_patterns_of_two_bytes(depth):
    rng = np.random.default_rng(depth)
    chain, n = [], 2.0**depth
    for k in range(depth):  # asks about one column after the other, to the right
        chain.append((k, int(rng.integers(4)), k % 2, 2 * k + 1, 2 * k + 2, 0, n))
        chain.append((-1, 0, 0, 0, 0, rng.normal(), n * 0.4))
        n *= 0.6
    chain.append((-1, 0, 0, 0, 0, rng.normal(), n))
    trees = [tree(chain), grown(rng, 6, 3)]
    columns = [[k] for k in range(depth)]
    codes = random_codes(rng, 200, depth)
    tables, rows, expected = both_ways(trees, codes, columns)
    assert tables.n_columns.max() == depth
    assert not tables.others
    assert rows == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("limit", ["_MOST_VALUES", "_MOST_BITS"])
@pytest.mark.parametrize("most", [0, 2, 40])
def test_leaves_beyond_the_limits_are_explained_by_the_formula(
    monkeypatch, limit, most
):
    monkeypatch.setattr(f"riskkit._kernels.shapley_tables.{limit}", most)
    rng = np.random.default_rng(3)
    trees = [grown(rng, 6, 5) for _ in range(3)]
    tables, rows, expected = both_ways(trees, random_codes(rng, 20, 6), PAIRED)
    assert bool(tables.others) == (limit == "_MOST_VALUES" or most < 5)
    assert tables.values.size <= (most if limit == "_MOST_VALUES" else 1 << 21)
    assert rows == pytest.approx(expected, abs=1e-12)


def test_tables_are_made_in_blocks(monkeypatch):
    rng = np.random.default_rng(4)
    trees = [grown(rng, 6, 5) for _ in range(3)]
    codes = random_codes(rng, 20, 6)
    whole = both_ways(trees, codes, PAIRED)[1]
    monkeypatch.setattr("riskkit._kernels.shapley_tables._CELLS", 1)
    assert np.array_equal(both_ways(trees, codes, PAIRED)[1], whole)


def test_trees_without_a_split_add_nothing():
    leaf = tree([(-1, 0, 0, 0, 0, 0.25, 5)])
    _, rows, _ = both_ways([leaf], np.zeros((2, 6)), PAIRED)
    assert rows.tolist() == [[0.0] * 4] * 2
