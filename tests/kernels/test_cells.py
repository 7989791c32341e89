from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskkit._kernels.cell_counting as counting_module
from riskkit._kernels.cell_counting import SORT_BELOW, count_cells
from riskkit._kernels.cells import midpoints, target_rows
from riskkit._kernels.counting_ahead import _SharedSorts, count_ahead
from riskkit._kernels.memory import CountWorkspace
from riskkit._kernels.radix import band_numbers, cell_numbers, plan_cells

LARGEST = np.finfo(np.float64).max
TINY = 5e-324

hostile_floats = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True, width=64),
    st.sampled_from(
        [0.0, -0.0, TINY, -TINY, 2.2e-308, np.inf, -np.inf, LARGEST, -LARGEST, 1.0]
    ),
    st.integers(-5, 5).map(float),
    st.integers(0, 9).map(lambda k: 1e8 + k),
    st.integers(0, 9).map(lambda k: float(np.float64(1.0).view("u8").item() + k)),
)


def check_counts(x, is_event, weight, counts):
    """Every cut between occupied cells splits the rows as its edge does."""
    rows = np.ones(len(x)) if weight is None else weight
    valid = ~np.isnan(x)
    event = np.where(is_event, rows, 0.0)
    nonevent = np.where(is_event, 0.0, rows)
    assert counts.missing_event == pytest.approx(event[~valid].sum())
    assert counts.missing_nonevent == pytest.approx(nonevent[~valid].sum())
    occupied = np.flatnonzero(np.diff(counts.cum_rows)) + 1
    cuts = occupied[:-1]
    edges = counts.edges_at(cuts)
    assert np.isfinite(edges).all()
    assert (np.diff(edges) > 0).all()
    bins = np.searchsorted(edges, x[valid], side="left")
    n_bins = len(edges) + 1
    bounds = np.concatenate(([0], cuts, [len(counts.cum_rows) - 1]))
    np.testing.assert_allclose(
        np.bincount(bins, event[valid], n_bins),
        np.diff(counts.cum_event[bounds]),
        rtol=1e-9,
        atol=1e-9,
    )
    np.testing.assert_allclose(
        np.bincount(bins, nonevent[valid], n_bins),
        np.diff(counts.nonevent_before(bounds)),
        rtol=1e-9,
        atol=1e-9,
    )


def awkward_columns(n, rng):
    base = rng.normal(size=n)
    step = np.spacing(1.0)
    mixed_sign_nan = base.copy()
    mixed_sign_nan[::3] = np.nan
    mixed_sign_nan[1::7] = -np.nan
    infinite = base.copy()
    infinite[:50], infinite[50:90] = np.inf, -np.inf
    extremes = base.copy()
    extremes[:50], extremes[50:90] = -np.inf, -LARGEST
    return {
        "normal": base,
        "log-normal": rng.lognormal(0, 3, n),
        "cauchy": rng.standard_cauchy(n) * 1e200,
        "offset": 1e15 + base,
        "digits": 1e8 + rng.integers(0, 10, n),
        "ulps": 1.0 + rng.integers(0, 40, n) * step,
        "denormal": rng.integers(0, 100, n) * TINY,
        "signed denormal": rng.integers(-9, 9, n) * TINY,
        "zeros": np.where(rng.random(n) < 0.5, 0.0, -0.0),
        "zeros and more": np.where(rng.random(n) < 0.6, -0.0, base),
        "atom": np.where(rng.random(n) < 0.4, 0.1, base),
        "tenths": rng.integers(-20, 20, n) / 10,
        "missing": mixed_sign_nan,
        "all missing": np.full(n, np.nan),
        "one value": np.where(rng.random(n) < 0.99, np.nan, 3.3),
        "infinite": infinite,
        "extremes": extremes,
        "only infinite": np.where(rng.random(n) < 0.5, np.inf, -np.inf),
        "constant": np.full(n, -2.5),
        "negative": -rng.lognormal(0, 1, n),
        "two scales": np.where(rng.random(n) < 0.5, base * 1e-9, 1e9 + base),
        "whole": rng.poisson(4.0, n).astype(float) - 3,
        "huge whole": 2.0**60 + 1024.0 * rng.integers(0, 60, n),
        "nearly whole": np.where(np.arange(n) == n - 1, 0.5, np.floor(base * 9)),
    }


@pytest.mark.parametrize("sort_below", [0, 10**9])
@pytest.mark.parametrize("weighted", [False, True])
def test_awkward_columns(sort_below, weighted, monkeypatch):
    monkeypatch.setattr(counting_module, "SORT_BELOW", sort_below)
    rng = np.random.default_rng(1)
    n = 5000
    is_event = rng.random(n) < 0.2
    weight = rng.uniform(0.1, 5.0, n) if weighted else None
    target = target_rows(is_event, weight)
    for name, x in awkward_columns(n, rng).items():
        counts = count_cells(x, target)
        check_counts(x, is_event, weight, counts)
        n_distinct = len(np.unique(x[~np.isnan(x)]))
        n_occupied = np.count_nonzero(np.diff(counts.cum_rows))
        assert n_occupied <= n_distinct, name
        if n_distinct > 1 and name != "extremes":
            assert n_occupied > min(n_distinct * 0.3, 1000), name


@pytest.mark.parametrize("sort_below", [0, 10**9])
@given(data=st.data())
@settings(max_examples=120, deadline=None)
def test_hostile_values(sort_below, data):
    values = data.draw(st.lists(hostile_floats, min_size=1, max_size=40))
    x = np.array(values)
    flags = data.draw(st.lists(st.booleans(), min_size=len(x), max_size=len(x)))
    is_event = np.array(flags)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting_module, "SORT_BELOW", sort_below)
        counts = count_cells(x, target_rows(is_event, None))
        check_counts(x, is_event, None, counts)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_infinity_beside_the_largest_number(sign, monkeypatch):
    monkeypatch.setattr(counting_module, "SORT_BELOW", 0)
    largest = np.finfo(np.float64).max
    x = sign * np.array([0.0, largest, np.inf, 1.0])
    is_event = np.array([True, False, True, False])
    check_counts(x, is_event, None, count_cells(x, target_rows(is_event, None)))


def test_radix_cells_are_monotone_and_their_bounds_exact():
    rng = np.random.default_rng(2)
    n = 30_000
    work = CountWorkspace.of(n)
    for name, x in awkward_columns(n, rng).items():
        cells = plan_cells(np.bincount(band_numbers(x, work)))
        numbers = cell_numbers(x, cells, work).copy()
        assert (numbers[np.isnan(x)] == cells.n_cells).all(), name
        valid = ~np.isnan(x)
        if not valid.any() or cells.has_infinity():
            continue
        upper = cells.upper(np.arange(cells.n_cells))
        assert (np.diff(upper) > 0).all(), name
        assert (cells.below(np.arange(cells.n_cells))[1:] >= upper[:-1]).all(), name
        got = numbers[valid]
        assert (np.searchsorted(upper, x[valid], side="left") == got).all(), name


def test_cells_do_not_depend_on_row_order_or_repetition(monkeypatch):
    monkeypatch.setattr(counting_module, "SORT_BELOW", 20_000)
    rng = np.random.default_rng(4)
    n = 25_000
    x = np.where(rng.random(n) < 0.1, np.nan, rng.lognormal(0, 1, n))
    is_event = rng.random(n) < 0.2
    plain = count_cells(x, target_rows(is_event, None))
    order = rng.permutation(n)
    shuffled = count_cells(x[order], target_rows(is_event[order], None))
    double = count_cells(x, target_rows(is_event, np.full(n, 2.0)))
    twice = count_cells(np.tile(x, 2), target_rows(np.tile(is_event, 2), None))
    cuts = np.flatnonzero(np.diff(plain.cum_rows))[:-1] + 1
    for other, factor in ((shuffled, 1), (double, 2), (twice, 2)):
        assert np.array_equal(other.cum_rows, plain.cum_rows * factor)
        assert np.array_equal(other.cum_event, plain.cum_event * factor)
        assert np.array_equal(other.edges_at(cuts), plain.edges_at(cuts))


def test_weight_two_is_two_rows_across_the_choice_of_method(monkeypatch):
    monkeypatch.setattr(counting_module, "SORT_BELOW", 20_000)
    rng = np.random.default_rng(6)
    n = 12_000  # sorted once, by radix cells when doubled
    x = rng.normal(size=n)
    is_event = rng.random(n) < 0.3
    double = count_cells(x, target_rows(is_event, np.full(n, 2.0)))
    twice = count_cells(np.tile(x, 2), target_rows(np.tile(is_event, 2), None))
    assert np.array_equal(double.cum_rows, twice.cum_rows)
    assert np.array_equal(double.cum_event, twice.cum_event)


def test_hand_computed_counts():
    x = np.array([2.0, np.nan, 1.0, 2.0, 5.0, -0.0, 0.0, np.nan])
    is_event = np.array([1, 1, 0, 0, 1, 1, 0, 0], dtype=bool)
    counts = count_cells(x, target_rows(is_event, None))
    assert counts.cum_rows.tolist() == [0, 2, 3, 5, 6]
    assert counts.cum_event.tolist() == [0, 1, 1, 2, 3]
    assert (counts.missing_event, counts.missing_nonevent) == (1.0, 1.0)
    assert counts.edges_at(np.array([1, 2, 3])).tolist() == [0.5, 1.5, 3.5]
    assert counts.cuts_at(np.array([-1.0, 0.0, 1.2, 2.0, 9.0])).tolist() == [
        0,
        1,
        2,
        3,
        4,
    ]


def test_midpoints():
    lower = np.array([1.0, 0.0, -LARGEST, 1.0, LARGEST / 2, -TINY, 3.0])
    upper = np.array([2.0, TINY, LARGEST, np.nextafter(1.0, 2.0), LARGEST, 0.0, np.inf])
    upper[-1] = LARGEST
    edges = midpoints(lower, upper)
    assert (edges >= lower).all()
    assert (edges < upper).all()
    assert edges[:4].tolist() == [1.5, 0.0, 0.0, 1.0]


def test_pure_cells_count_exact_zeros_under_weights():
    rng = np.random.default_rng(0)
    x = np.repeat([1.0, 2.0, 3.0], 100)
    is_event = x == 2.0
    weight = rng.uniform(0.01, 3.0, 300)
    counts = count_cells(x, target_rows(is_event, weight))
    assert np.diff(counts.cum_nonevent)[1] == 0.0
    assert np.diff(counts.cum_event)[[0, 2]].tolist() == [0.0, 0.0]


def test_counting_ahead_gives_the_same_counts_one_by_one():
    rng = np.random.default_rng(5)
    n = 30_000
    is_event = rng.random(n) < 0.1
    columns = [rng.normal(size=n).round(j) for j in range(7)]
    chunks = [range(3), range(3, 6), range(6, 7)]
    counted = count_ahead(columns, [False] * 7, chunks, is_event, None)
    for chunk, found in zip(chunks, counted, strict=True):
        for k, counts in zip(chunk, found, strict=True):
            alone = count_cells(columns[k], target_rows(is_event, None))
            np.testing.assert_array_equal(counts.cum_event, alone.cum_event)
            np.testing.assert_array_equal(counts.cum_rows, alone.cum_rows)


def test_whoever_waits_for_a_sort_does_the_last_ones():
    gate, done = threading.Event(), []
    with ThreadPoolExecutor(max_workers=1) as pool:
        sorts = _SharedSorts(pool)
        finish = sorts.submit(gate.wait)
        others = [
            sorts.submit(lambda k=k: (done.append(k), k or gate.set()))
            for k in range(3)
        ]
        finish()  # comes back only because this thread has done the last of all
        for other in others:
            other()
    assert sorted(done) == [0, 1, 2]
    assert done[0] == 2


def test_an_error_in_a_shared_sort_comes_back():
    def fail():
        raise MemoryError

    with ThreadPoolExecutor(max_workers=1) as pool:
        finish = _SharedSorts(pool).submit(fail)
        with pytest.raises(MemoryError):
            finish()


@pytest.mark.parametrize("weighted", [False, True])
def test_two_threads_count_a_long_table_as_one_does(weighted):
    rng = np.random.default_rng(6)
    n = SORT_BELOW + 1_000
    is_event = rng.random(n) < 0.1
    weight = rng.uniform(0.5, 2.0, n) if weighted else None
    columns = [rng.normal(size=n), rng.integers(0, 9, n) * 1.0, rng.exponential(size=n)]
    columns += [np.where(rng.random(n) < 0.2, np.nan, column) for column in columns]
    columns.append(np.repeat([0.0, 1e-3 + 1e-12], [n - 500, 500]) + 1.5)
    chunks = [range(4), range(4, 7)]
    counted = count_ahead(columns, [False] * 7, chunks, is_event, weight)
    for chunk, found in zip(chunks, counted, strict=True):
        # As in a search, all of a chunk's counts are alive at once.
        for k, counts in zip(chunk, list(found), strict=True):
            alone = count_cells(columns[k], target_rows(is_event, weight))
            np.testing.assert_array_equal(counts.cum_event, alone.cum_event)
            np.testing.assert_array_equal(counts.cum_rows, alone.cum_rows)
            assert counts.missing_event == alone.missing_event


@pytest.mark.parametrize("n", [30_000, SORT_BELOW])
def test_a_search_left_early_leaves_no_thread(n):
    before = threading.active_count()
    x, is_event = np.arange(float(n)), np.arange(n) % 2 == 0
    counted = count_ahead([x, x], [False] * 2, [range(1), range(1, 2)], is_event, None)
    next(counted)
    counted.close()
    assert threading.active_count() == before
