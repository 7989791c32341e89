from __future__ import annotations

import numpy as np

from riskkit._kernels.cell_counting import count_cells
from riskkit._kernels.cells import target_rows
from riskkit._kernels.prebins import candidate_cuts, cart_cuts, corner_cuts, merged


def counts_of(x, is_event, weight=None):
    return count_cells(x, target_rows(is_event, weight))


def test_candidates_are_all_cuts_of_few_values():
    x = np.array([1.0, 2.0, 2.0, 4.0, 8.0])
    cells = counts_of(x, np.array([1, 0, 1, 0, 0], dtype=bool))
    assert candidate_cuts(cells, 8).tolist() == [0, 1, 2, 3, 4]


def test_candidates_of_many_values_are_ordered_and_isolate_heavy_values():
    rng = np.random.default_rng(0)
    x = np.where(rng.random(9000) < 0.2, 0.25, rng.normal(size=9000))
    cells = counts_of(x, rng.random(9000) < 0.3)
    cuts = candidate_cuts(cells, 200)
    assert (np.diff(cuts) > 0).all()
    assert cuts[0] == 0
    assert cuts[-1] == len(cells.cum_rows) - 1
    assert len(cuts) <= 410
    atom = int(np.searchsorted(cells.bounds.upper(np.arange(cuts[-1])), 0.25))
    assert {atom, atom + 1} <= set(cuts.tolist())


def test_corners_find_a_jump_of_the_event_rate():
    x = np.arange(4000.0)
    cells = counts_of(x, (x >= 1234) & (x % 2 == 0))
    cuts = corner_cuts(cells, 16)
    assert np.abs(cuts - 1234).min() <= 1


def test_tree_finds_exact_steps():
    x = np.arange(3000.0)
    rate = np.select([x < 700, x < 1500, x < 2400], [0.1, 0.7, 0.3], 0.9)
    is_event = (x * 0.6180339887) % 1 < rate
    cells = counts_of(x, is_event)
    cuts = np.arange(3001)
    (tree,) = cart_cuts([cells], [cuts], 150)
    for step in (700, 1500, 2400):
        assert np.abs(tree - step).min() <= 5


def slow_tree(event, rows, left, right, min_leaf):
    best, place = -np.inf, None
    for cut in range(left + 1, right):
        t_left, t_right = rows[cut] - rows[left], rows[right] - rows[cut]
        if min(t_left, t_right) < min_leaf:
            continue
        e_left, e_right = event[cut] - event[left], event[right] - event[cut]
        score = e_left**2 / t_left + e_right**2 / t_right
        if score > best:
            best, place = score, cut
    if place is None:
        return []
    return [
        *slow_tree(event, rows, left, place, min_leaf),
        place,
        *slow_tree(event, rows, place, right, min_leaf),
    ]


def test_tree_equals_a_recursive_one():
    rng = np.random.default_rng(7)
    columns = [
        counts_of(np.round(rng.normal(size=n), 1), rng.random(n) < 0.3)
        for n in (50, 400, 1000, 1)
    ]
    candidates = [np.arange(len(cells.cum_rows)) for cells in columns]
    for min_leaf in (1.0, 15.0, 120.0):
        trees = cart_cuts(columns, candidates, min_leaf)
        for cells, tree in zip(columns, trees, strict=True):
            expected = slow_tree(
                cells.cum_event,
                cells.cum_rows,
                0,
                len(cells.cum_rows) - 1,
                min_leaf,
            )
            assert tree.tolist() == expected


def test_merged():
    assert merged(np.array([3, 1]), np.array([1, 2])).tolist() == [1, 2, 3]
    assert merged(np.array([], dtype=int)).tolist() == []
