"""Whole points that are chosen together."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from riskkit._kernels import whole_points
from riskkit._kernels.whole_points import round_together

POINTS = st.floats(-60, 60, allow_subnormal=False)
BINS = st.lists(POINTS, min_size=1, max_size=5)


def random_card(seed, n_characteristics=3, n_bins=3, n_rows=200):
    rng = np.random.default_rng(seed)
    exact = [rng.normal(20, 6, n_bins) for _ in range(n_characteristics)]
    common = rng.normal(size=n_rows)
    bins = [
        np.clip(
            np.rint(n_bins / 2 + common + rng.normal(size=n_rows)), 0, n_bins - 1
        ).astype(np.uint8)
        for _ in exact
    ]
    return exact, bins


def error_of(points, exact, bins):
    return sum((p - x)[b] for p, x, b in zip(points, exact, bins, strict=True))


def cost_of(points, exact, bins, weight=None):
    """Return the mean squared error of the score and 0.02 of that of the bins."""
    own = sum(
        np.average((p - x)[b] ** 2, weights=weight)
        for p, x, b in zip(points, exact, bins, strict=True)
    )
    total = np.average(error_of(points, exact, bins) ** 2, weights=weight)
    return total + 0.02 * own


def best_by_trial(exact, bins):
    """Try every pair of neighbouring whole numbers in every bin."""
    flat = np.concatenate(exact)
    cuts = np.cumsum([x.size for x in exact])[:-1]
    least = np.inf
    for up in product((0, 1), repeat=flat.size):
        points = np.split(np.floor(flat) + up, cuts)
        rising = all(
            (np.diff(p[np.argsort(x)]) >= 0).all()
            for p, x in zip(points, exact, strict=True)
        )
        if rising:
            least = min(least, cost_of(points, exact, bins))
    return least


def check_promises(points, exact):
    for p, x in zip(points, exact, strict=True):
        assert_array_equal(p, np.rint(p))
        assert (np.abs(p - x) < 1).all()
        order = np.argsort(x, kind="stable")
        assert (np.diff(p[order]) >= 0).all()


def test_two_characteristics_by_hand():
    # 10.4 + 20.4 = 30.8 and 10.4 + 25.4 = 35.8: each bin by itself is 0.8 too low in
    # either case, 11 and 20, or 10 and 21, are 0.2 too high.
    exact = [np.array([10.4]), np.array([20.4, 25.4])]
    bins = [np.zeros(10, dtype=np.uint8), np.repeat([0, 1], 5).astype(np.uint8)]
    points = round_together(exact, bins, None)
    total = points[0][bins[0]] + points[1][bins[1]]
    assert_array_equal(total, np.repeat([31.0, 36.0], 5))


@pytest.mark.parametrize("seed", range(12))
def test_the_search_finds_what_trying_everything_finds(seed):
    exact, bins = random_card(seed)
    found = cost_of(round_together(exact, bins, None), exact, bins)
    assert found == pytest.approx(best_by_trial(exact, bins), rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_the_score_is_closer_than_with_each_bin_by_itself(seed):
    exact, bins = random_card(seed, n_characteristics=12, n_bins=7, n_rows=5_000)
    chosen = error_of(round_together(exact, bins, None), exact, bins)
    nearest = error_of([np.rint(x) for x in exact], exact, bins)
    assert np.mean(chosen**2) < 0.85 * np.mean(nearest**2)
    assert abs(chosen.mean()) < 0.2


@given(st.lists(BINS, min_size=1, max_size=4), st.integers(0, 5))
def test_neighbouring_numbers_in_the_order_of_the_bins(exact, seed):
    exact = [np.array(x) for x in exact]
    rng = np.random.default_rng(seed)
    bins = [rng.integers(0, x.size, 50) for x in exact]
    points = round_together(exact, bins, None)
    # Points that differ by less than a billionth are one level.
    check_promises([p.round(9) for p in points], [x.round(9) for x in exact])


def test_equal_bins_get_equal_points_and_whole_ones_stay():
    exact = [np.array([1.5, 2.5, 1.5, 7.0, 1.5 + 1e-12]), np.array([0.5, 3.25])]
    rng = np.random.default_rng(0)
    bins = [rng.integers(0, 5, 300), rng.integers(0, 2, 300)]
    first, _ = round_together(exact, bins, None)
    assert first[0] == first[2] == first[4]
    assert first[3] == 7.0


def test_a_bin_without_accounts_gets_the_nearest_number():
    exact = [np.array([3.2, 8.8, 5.4]), np.array([1.5, 2.5])]
    rng = np.random.default_rng(1)
    bins = [rng.integers(0, 2, 100), rng.integers(0, 2, 100)]
    assert round_together(exact, bins, None)[0][2] == 5.0


@pytest.mark.parametrize("seed", range(6))
def test_ends_add_up_to_the_range(seed):
    exact, bins = random_card(seed, n_characteristics=6, n_bins=5, n_rows=2_000)
    least = sum(x.min() for x in exact)
    most = sum(x.max() for x in exact)
    ends = np.rint(least), np.rint(most)
    scale = (ends[1] - ends[0]) / (most - least)
    # Stretched to whole ends, with a base that everyone gets.
    exact = [np.array([ends[0] - scale * least]), *[scale * x for x in exact]]
    bins = [np.zeros(bins[0].size, dtype=np.uint8), *bins]
    points = round_together(exact, bins, None, ends)
    check_promises(points, exact)
    assert sum(p.min() for p in points) == ends[0]
    assert sum(p.max() for p in points) == ends[1]


def test_ends_out_of_reach_are_left_at_the_closest():
    exact = [np.array([1.5, 4.5]), np.array([2.5, 6.5])]
    bins = [np.array([0, 1, 0]), np.array([0, 1, 1])]
    points = round_together(exact, bins, None, (0.0, 100.0))
    check_promises(points, exact)
    assert sum(p.min() for p in points) == 3.0
    assert sum(p.max() for p in points) == 12.0


def test_chained_bins_move_together():
    # All three bins lie between 10 and 11; the least can be 11 only if all are.
    exact = [np.array([10.2, 10.5, 10.8]), np.array([0.8, 5.2])]
    bins = [np.array([0, 1, 2, 0]), np.array([0, 1, 0, 1])]
    points = round_together(exact, bins, None, (12.0, 16.0))
    assert_array_equal(points[0], [11.0, 11.0, 11.0])
    assert_array_equal(points[1], [1.0, 5.0])


def test_a_weight_of_two_is_the_row_twice():
    exact, bins = random_card(3, n_characteristics=5)
    twice = [np.tile(b, 2) for b in bins]
    weighted = round_together(exact, bins, np.full(200, 2.0))
    for ours, theirs in zip(weighted, round_together(exact, twice, None), strict=True):
        assert_array_equal(ours, theirs)


def test_the_order_of_the_rows_does_not_matter():
    exact, bins = random_card(4, n_characteristics=5)
    order = np.random.default_rng(0).permutation(200)
    mixed = round_together(exact, [b[order] for b in bins], None)
    for ours, theirs in zip(mixed, round_together(exact, bins, None), strict=True):
        assert_array_equal(ours, theirs)


def test_without_pairs_characteristics_count_as_independent(monkeypatch):
    # With every combination equally often that is what they are.
    rng = np.random.default_rng(5)
    exact = [rng.normal(20, 6, 4) for _ in range(4)]
    bins = [b.astype(np.uint8) for b in np.indices((4, 4, 4, 4)).reshape(4, -1)]
    paired = round_together(exact, bins, None)
    monkeypatch.setattr(whole_points, "_MOST_PAIRED", 0)
    for ours, theirs in zip(round_together(exact, bins, None), paired, strict=True):
        assert_array_equal(ours, theirs)
