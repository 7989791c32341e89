"""Kernels that estimators and scorers share: units, members, ranks, blends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from riskkit._kernels.bins import sum_in_order
from riskkit._kernels.field_units import (
    FURTHEST,
    FieldUnits,
    in_units,
    rarity_of,
    read_units,
    sum_fields,
)
from riskkit._kernels.fraud_blend import (
    FraudBlend,
    Told,
    blend_parts,
    fraud_log_odds,
    fraud_parts,
)
from riskkit._kernels.histograms import CellCosts, costs_of_rows
from riskkit._kernels.log_scale import LogScale, on_log_scale, stack_scales
from riskkit._kernels.members import (
    combine_members,
    combine_parts,
    member_shares,
    parts_on_scale,
    row_totals,
)
from riskkit._kernels.neighbour_table import NeighbourTable
from riskkit._kernels.neighbours import neighbour_distances, neighbour_shares
from riskkit._kernels.normal_scores import (
    look_up_scores,
    normal_scores,
    rank_scores,
)
from riskkit._kernels.shrunk_covariance import shared_squares
from riskkit._kernels.tail_surprise import surprise_map

numbers = st.floats(-1e6, 1e6, width=32)


def units():
    rarity = np.array([0.1, 2.0, 5.0, 4.0])  # two levels, unseen, missing
    return FieldUnits(
        field=np.array([0, 0, 1]),
        says_missing=np.array([False, True, False]),
        fill=np.array([7.0, 0.0, 0.0]),
        centre=np.array([5.0, 0.0, 1.0]),
        scale=np.array([2.0, 0.5, 2.0]),
        rarity=(None, None, rarity),
    )


def test_units_by_hand():
    codes = np.array([[9.0, 0.0], [np.nan, 1.0], [np.inf, -1.0], [5.0, np.nan]])
    expected = [[2, 0, -0.45], [1, 2, 0.5], [FURTHEST, 0, 2.0], [0, 0, 1.5]]
    np.testing.assert_allclose(read_units(units(), codes), expected, rtol=1e-15)
    by_field = sum_fields(units(), np.array([[1.0, 2.0, 4.0]]), 3)
    np.testing.assert_array_equal(by_field, [[3.0, 4.0, 0.0]])
    nothing = units()._replace(field=np.array([], dtype=np.intp), rarity=())
    assert read_units(nothing, codes).shape == (4, 0)


@given(st.lists(st.sampled_from([0.0, 1.0, -1.0, np.nan]), min_size=1, max_size=9))
def test_rarity_is_a_table(codes):
    rarity = units().rarity[2]
    place = {0.0: 0, 1.0: 1, -1.0: 2}
    expected = [rarity[place.get(code, 3)] for code in codes]
    assert rarity_of(rarity, np.array(codes)).tolist() == expected


@given(st.floats(), st.floats(-1e308, 1e308), st.floats(5e-324, 1e308))
def test_units_never_overflow(raw, centre, scale):
    z = in_units(np.array([raw]), centre, scale)[0]
    assert np.isnan(raw) or abs(z) <= FURTHEST
    fill = np.array([3.0])
    one = FieldUnits(
        np.array([0]), np.array([False]), fill, np.array([centre]), np.array([scale]),
        (None,),
    )  # fmt: skip
    alone, twice = (read_units(one, np.full((n, 1), raw))[0, 0] for n in (1, 2))
    assert alone == twice


@given(
    st.lists(
        st.tuples(
            st.floats(),
            st.sampled_from([0.0, 1.0, -1.0, np.nan]),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_a_row_alone_has_the_units_it_has_in_a_table(rows):
    alone = [read_units(units(), np.array([row])) for row in rows]
    both = read_units(units(), np.array([*rows, rows[0]]))[:-1]
    np.testing.assert_array_equal(np.concatenate(alone), both)


@given(
    st.integers(1, 6),
    st.integers(1, 60),
    st.integers(1, 9),
    st.sampled_from([None, 0, 1]),
    st.sampled_from([1e-9, 1.0, 1e6]),
    st.randoms(),
)
def test_neighbours_by_numpy_are_those_of_scipy(
    n_columns, m, n_samples, decimals, unit, random
):
    rng = np.random.default_rng(random.getrandbits(32))
    references = rng.normal(size=(n_samples, m, n_columns))
    rows, k = rng.normal(size=(5, n_columns)), int(rng.integers(1, m + 1))
    if decimals is not None:  # many references are equally far, some are met
        references, rows = references.round(decimals), rows.round(decimals)
    references, rows = references * unit, rows * unit
    rows[0] = FURTHEST  # where all references are about as far
    rows[1] = references[0, 0]
    table = NeighbourTable(references, k)
    plain = table.distances(rows)
    compiled = neighbour_distances(rows, references, k)
    np.testing.assert_allclose(plain, compiled, rtol=1e-14)
    slow = [
        np.mean([sorted(np.linalg.norm(row - s, axis=1))[k - 1] for s in references])
        for row in rows
    ]
    np.testing.assert_allclose(plain, slow, rtol=1e-12)
    again, shares = table.shares(rows)
    np.testing.assert_array_equal(again, plain)
    expected = neighbour_shares(rows, references, k)
    np.testing.assert_allclose(shares, expected, rtol=1e-12)
    np.testing.assert_allclose(shares.sum(axis=1), plain, rtol=1e-12)
    alone = [table.distances(row[None]) for row in rows]
    np.testing.assert_array_equal(np.concatenate(alone), plain)


@given(
    st.lists(st.lists(numbers, max_size=6, unique=True), min_size=1, max_size=4),
    st.lists(
        st.lists(
            numbers | st.sampled_from([np.nan, np.inf, -np.inf]), min_size=4, max_size=4
        ),
        min_size=1,
        max_size=5,
    ),
)
def test_a_row_alone_costs_what_it_costs_in_a_table(points, rows):
    columns = [
        CellCosts(
            np.sort(np.array(at, dtype=float)), np.arange(len(at) + 1.0), 7.5, 8.5
        )
        for at in points
    ]
    codes = np.array(rows)[:, : len(columns)]
    table = costs_of_rows(columns, np.vstack([codes, codes]))[: len(codes)]
    alone = [costs_of_rows(columns, row[None]) for row in codes]
    np.testing.assert_array_equal(np.concatenate(alone), table)
    for j, column in enumerate(columns):
        for value, cost in zip(codes[:, j], table[:, j], strict=True):
            below = float((column.points <= value).sum())
            state = 7.5 if np.isnan(value) else 8.5 if np.isinf(value) else below
            assert cost == state


@given(st.integers(1, 40), st.lists(numbers, min_size=1, max_size=20))
def test_scores_of_ranks_are_normal_quantiles(n, values):
    rng = np.random.default_rng(n)
    grids = [np.sort(rng.normal(size=n).round(1)), np.sort(rng.normal(size=n))]
    x = np.column_stack([values, np.array(values) / 1e6])
    looked_up = look_up_scores(x, grids, rank_scores(n))
    np.testing.assert_array_equal(looked_up, normal_scores(x, grids))
    alone = [look_up_scores(row[None], grids, rank_scores(n)) for row in x]
    both = look_up_scores(np.vstack([x, x]), grids, rank_scores(n))[: len(x)]
    np.testing.assert_array_equal(np.concatenate(alone), both)
    for j, grid in enumerate(grids):
        below = (grid < x[:, j, None]).sum(axis=1) + (grid <= x[:, j, None]).sum(axis=1)
        expected = ndtri((below + 1.0) / (2.0 * n + 2.0))
        np.testing.assert_allclose(looked_up[:, j], expected, rtol=1e-15)


def test_shares_of_members_by_hand():
    said = np.array([[1.0, 3.0, 2.0], [5.0, 5.0, 5.0]])
    np.testing.assert_array_equal(member_shares(said, "max"), [[0, 1, 0], [1, 0, 0]])
    halves = [[0, 0.5, 0.5], [0.5, 0.5, 0]]
    np.testing.assert_array_equal(member_shares(said, "top_two"), halves)
    np.testing.assert_array_equal(member_shares(said[:, :1], "top_two"), [[1], [1]])
    np.testing.assert_allclose(combine_members(said, "mean"), [2.0, 5.0])
    np.testing.assert_allclose(combine_members(said, "top_two"), [2.5, 5.0])
    np.testing.assert_allclose(combine_members(said, "max"), [3.0, 5.0])


@given(st.integers(1, 40), st.integers(1, 9))
def test_a_row_alone_is_whitened_as_in_a_batch(n_columns, n_rows):
    rng = np.random.default_rng(n_columns * 10 + n_rows)
    rows = rng.normal(size=(n_rows, n_columns))
    whiten = rng.normal(size=(n_columns, n_columns))
    for order in "CF":
        given_ = np.asarray(whiten, order=order)
        batch = shared_squares(np.vstack([rows, rows]), given_)
        alone = [shared_squares(row[None], given_) for row in rows]
        np.testing.assert_array_equal(np.concatenate(alone), batch[:n_rows])
        np.testing.assert_allclose(batch[:n_rows], (rows @ whiten.T) ** 2, atol=1e-9)
    totals = sum_in_order(0.0, list(batch.T), len(batch))
    np.testing.assert_array_equal(row_totals(batch), totals)


@given(st.lists(st.floats(0, 50), min_size=2, max_size=6), st.floats(0, 5))
def test_parts_on_a_scale_add_up(parts, start):
    scale = LogScale(-1.0, 2.0, 0.7, 1.3)
    said, offset, own = parts_on_scale(scale, start, np.array([parts]))
    expected = on_log_scale(scale, np.array([start + sum(parts)]))
    np.testing.assert_allclose(said, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(offset + own.sum(axis=1), said, rtol=1e-9, atol=1e-9)
    assert (own >= 0).all()  # the scale rises


@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 6), st.randoms())
def test_parts_of_members_add_up(n_members, n_rows, n_fields, random):
    rng = np.random.default_rng(random.getrandbits(32))
    parts = rng.normal(size=(n_members, n_rows, n_fields)) ** 2
    start = rng.normal(size=(n_members, 1)) ** 2
    scales = [LogScale(-1.0, *(0.5 + rng.random(3))) for _ in range(n_members)]
    stacked = stack_scales(scales)
    for combine in ("mean", "top_two", "max"):
        offset, total = combine_parts(stacked, start, parts, combine)
        one_by_one = [
            parts_on_scale(scale, begin[0], own)
            for scale, begin, own in zip(scales, start, parts, strict=True)
        ]
        said = np.column_stack([said for said, _, _ in one_by_one])
        scores = combine_members(said, combine)
        np.testing.assert_allclose(offset + total.sum(axis=1), scores, rtol=1e-9)
        shares = member_shares(said, combine)
        slow = sum(
            own * share[:, None]
            for (_, _, own), share in zip(one_by_one, shares.T, strict=True)
        )
        np.testing.assert_array_equal(total, slow)


def blend(share=0.25):
    rng = np.random.default_rng(1)
    learned = surprise_map(rng.normal(size=400), None)
    anomaly = surprise_map(rng.lognormal(size=400), None)
    return FraudBlend(learned, anomaly, share, 1.5, -4.0)


def test_a_blend_by_hand():
    mix = blend()
    first, second = blend_parts(mix, np.array([-99.0, 0.0]), np.array([-1.0, 3.0]))
    assert first[0] == second[0] == 0.0  # below everything in training
    assert fraud_log_odds(mix, np.array([-99.0]), np.array([-1.0]))[0] == -4.0
    both = fraud_log_odds(mix, np.array([0.0]), np.array([3.0]))[0]
    assert both == pytest.approx(-4.0 + 1.5 * (first[1] + second[1]), rel=1e-15)
    only = blend(share=1.0)
    assert blend_parts(only, np.array([0.0]), np.array([3.0]))[1][0] == 0.0


@given(
    st.lists(st.floats(-2, 2), min_size=3, max_size=3),
    st.lists(st.floats(-2, 2), min_size=3, max_size=3),
    st.floats(-1, 1),
)
def test_parts_of_a_blend_add_up(own, raised, through):
    mix, base, start = blend(), -0.5, 0.3
    raised_at, own_at = np.array([raised]), np.array([own])
    learned = np.array([base + sum(own) + through])
    anomaly = np.array([start + sum(raised)])
    told = Told(learned, base, own_at, np.array([through]), anomaly, start, raised_at)
    rest, parts = fraud_parts(mix, told)
    total = rest + parts.sum(axis=1)
    log_odds = fraud_log_odds(mix, learned, anomaly)
    np.testing.assert_allclose(total, log_odds, rtol=1e-9, atol=1e-9)


def test_what_trees_make_of_a_detector_goes_to_fields_that_raise_it():
    told = Told(
        np.array([1.5]), 0.0, np.zeros((1, 3)), np.array([1.5]),
        np.array([4.0]), 1.0, np.array([[3.0, 0.0, -1.0]]),
    )  # fmt: skip
    _, parts = fraud_parts(blend(share=1.0), told)
    assert parts[0, 0] > 0
    assert parts[0, 1:].tolist() == [0.0, 0.0]
