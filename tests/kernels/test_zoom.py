from __future__ import annotations

import numpy as np
import pytest

from riskkit._kernels.cell_counting import count_cells
from riskkit._kernels.cells import target_rows
from riskkit._kernels.partition import PartitionRules
from riskkit._kernels.prebins import candidate_cuts
from riskkit._kernels.search import search_columns
from riskkit._kernels.zoom import zoom_cuts


def cells_of(x, is_event, weight=None):
    return count_cells(x, target_rows(is_event, weight))


def test_cuts_at_the_least_size_are_among_them():
    x = np.arange(1000.0)
    cells = cells_of(x, x % 7 < 2)
    chosen = zoom_cuts(cells, np.arange(1001), np.array([400]), 50.0, has_spare=False)
    assert {0, 50, 350, 400, 450, 950, 1000} <= set(chosen.tolist())


def test_sizes_count_rows_and_not_cells():
    # Ten rows of each value: 45 rows are 4.5 cells, so five are needed.
    x = np.repeat(np.arange(100.0), 10)
    cells = cells_of(x, np.arange(1000) % 3 == 0)
    chosen = zoom_cuts(cells, np.arange(101), np.array([40]), 45.0, has_spare=False)
    assert {35, 45} <= set(chosen.tolist())


def test_corners_are_the_furthest_from_the_chord():
    x = np.arange(1000.0)
    rate = np.select([x < 300, x < 700], [0.1, 0.8], 0.2)
    is_event = (x * 0.6180339887) % 1 < rate
    cells = cells_of(x, is_event)
    candidates = np.arange(1001)
    chosen = set(
        zoom_cuts(cells, candidates, np.array([], int), 50.0, has_spare=False).tolist()
    )
    rows, event = cells.cum_rows, cells.cum_event
    path = event - event[-1] / rows[-1] * rows
    assert {int(path.argmax()), int(path.argmin())} <= chosen


def test_a_spare_bin_may_be_squeezed_in():
    x = np.arange(1000.0)
    is_event = np.zeros(1000, dtype=bool)
    is_event[380:430:2] = True
    cells = cells_of(x, is_event)
    found, spare = (
        zoom_cuts(cells, np.arange(1001), np.array([400]), 50.0, has_spare=has_spare)
        for has_spare in (False, True)
    )
    assert set(found.tolist()) < set(spare.tolist())
    assert 429 - 50 in spare.tolist()


@pytest.mark.parametrize("weighted", [False, True])
def test_weight_two_is_two_rows(weighted):
    rng = np.random.default_rng(1)
    x, is_event = rng.normal(size=3000), rng.random(3000) < 0.2
    weight = np.full(3000, 2.0) if weighted else None
    cells = cells_of(x, is_event, weight)
    twice = cells_of(np.tile(x, 2), np.tile(is_event, 2))
    scale = 1.0 if not weighted else 2.0
    cuts = np.array([700, 2100])
    one = zoom_cuts(cells, candidate_cuts(cells, 64), cuts, 150 * scale, has_spare=True)
    two = zoom_cuts(twice, candidate_cuts(twice, 64), cuts, 300.0, has_spare=True)
    assert np.array_equal(one, two)


def test_the_second_search_never_loses():
    rng = np.random.default_rng(3)
    n = 4000
    columns = [rng.normal(size=n) for _ in range(12)]
    risk = 1 / (1 + np.exp(1.5 - np.sin(2 * columns[0]) - 0.3 * columns[1]))
    is_event = rng.random(n) < risk
    rules = PartitionRules(
        float(is_event.sum()),
        float(n - is_event.sum()),
        max_n_bins=6,
        min_bin_size=0.05 * n,
        prefer_monotone=0.0,
    )
    rough = search_columns(columns, is_event, None, rules, ["auto"] * 12, polish=False)
    fine = search_columns(columns, is_event, None, rules, ["auto"] * 12)
    for before, after in zip(rough, fine, strict=True):
        assert after.value >= before.value
        assert after.bound >= after.value - 1e-12
        assert (after.n_event + after.n_nonevent).min() >= 0.05 * n
