from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskkit._kernels.cell_counting as counting_module
from riskkit._kernels.evidence import evidence_terms
from riskkit._kernels.partition import PartitionRules, solve_partition
from riskkit._kernels.search import search_cells, search_columns


@pytest.fixture(autouse=True)
def radix_cells_from_20_000_rows(monkeypatch):
    """Let tests reach both ways of counting without large columns."""
    monkeypatch.setattr(counting_module, "SORT_BELOW", 20_000)


TRENDS = ("auto", "monotonic", "ascending", "peak", "valley", "none", "concave")


def rules_of(is_event, weight=None, **limits):
    weight = np.ones(len(is_event)) if weight is None else weight
    total_event = float(weight[is_event].sum())
    return PartitionRules(
        total_event, float(weight[~is_event].sum()), **({"max_n_bins": 8} | limits)
    )


def make_column(n, rng, shape="sine"):
    x = rng.normal(size=n)
    logit = np.sin(2 * x) if shape == "sine" else x
    is_event = rng.random(n) < 1 / (1 + np.exp(1.5 - logit))
    x[rng.random(n) < 0.1] = np.nan
    return x, is_event


def check_column(found, x, is_event, rules, weight=None):
    weight = np.ones(len(x)) if weight is None else weight
    valid = ~np.isnan(x)
    bins = np.searchsorted(found.edges, x[valid], side="left")
    n_bins = len(found.edges) + 1
    event = np.where(is_event, weight, 0.0)
    nonevent = weight - event
    assert np.isfinite(found.edges).all()
    assert (np.diff(found.edges) > 0).all()
    np.testing.assert_allclose(
        np.bincount(bins, event[valid], n_bins), found.n_event, atol=1e-9
    )
    np.testing.assert_allclose(
        np.bincount(bins, nonevent[valid], n_bins), found.n_nonevent, atol=1e-9
    )
    assert found.missing_event == pytest.approx(event[~valid].sum())
    assert found.missing_nonevent == pytest.approx(nonevent[~valid].sum())
    if found.status == "optimal":
        size = found.n_event + found.n_nonevent
        terms = evidence_terms(
            found.n_event,
            found.n_nonevent,
            rules.total_event,
            rules.total_nonevent,
            rules.smoothing,
        )[1]
        assert found.value == pytest.approx(terms.sum())
        assert found.bound >= found.value - 1e-9
        assert found.reason == ""
        assert 2 <= n_bins <= rules.max_n_bins
        assert (size >= rules.min_bin_size - 1e-9).all()
        rate = found.n_event / size
        steps = np.diff(rate)
        assert (np.abs(steps) >= rules.min_event_rate_diff).all()
        check_trend(steps, found.trend)
    else:
        assert n_bins == 1
        assert found.reason != ""
        assert found.trend == "none"


def check_trend(steps, trend):
    sign = {"ascending": 1, "descending": -1}
    if trend in sign:
        assert (sign[trend] * steps >= 0).all()
    if trend in ("peak", "valley"):
        falling = steps < 0 if trend == "peak" else steps > 0
        turn = int(falling.argmax()) if falling.any() else len(steps)
        after = steps[turn:] * (1 if trend == "peak" else -1)
        assert (after <= 0).all()


@pytest.mark.parametrize("n", [300, 4000, 30_000])
@pytest.mark.parametrize("weighted", [False, True])
def test_results_keep_every_rule(n, weighted):
    rng = np.random.default_rng(n)
    columns, trends = [], []
    x, is_event = make_column(n, rng)
    for trend in TRENDS:
        columns += [x, -x, np.round(x, 1), np.where(x > 0.5, 0.0, x)]
        trends += [trend] * 4
    weight = rng.uniform(0.5, 3.0, n) if weighted else None
    total = n if weight is None else weight.sum()
    for limits in (
        {"min_bin_size": 0.05 * total},
        {"min_bin_size": 0.02 * total, "min_event_rate_diff": 0.01, "z_critical": 1.0},
        {"min_n_bins": 3, "smoothing": 0.0},
    ):
        rules = rules_of(is_event, weight, **limits)
        found = search_columns(columns, is_event, weight, rules, trends)
        for column, result in zip(columns, found, strict=True):
            check_column(result, column, is_event, rules, weight)


def test_few_values_are_solved_exactly():
    rng = np.random.default_rng(1)
    x = rng.integers(0, 20, 3000).astype(float)
    is_event = rng.random(3000) < 0.1 + 0.02 * x
    rules = rules_of(is_event, min_bin_size=100.0)
    (found,) = search_columns([x], is_event, None, rules, ["auto"])
    event = np.bincount(x.astype(int), is_event)[:, None]
    nonevent = np.bincount(x.astype(int), ~is_event)[:, None]
    (exact,) = solve_partition(event, nonevent, rules, "auto")
    assert found.value == pytest.approx(exact.value)
    assert found.edges.tolist() == [cut - 0.5 for cut in exact.cuts]


def test_polish_never_loses():
    rng = np.random.default_rng(2)
    is_event = rng.random(6000) < 0.25
    columns = [rng.normal(size=6000) + 0.3 * is_event for _ in range(12)]
    rules = rules_of(is_event, min_bin_size=300.0)
    rough = search_columns(columns, is_event, None, rules, ["auto"] * 12, polish=False)
    fine = search_columns(columns, is_event, None, rules, ["auto"] * 12)
    assert all(b.value >= a.value - 1e-12 for a, b in zip(rough, fine, strict=True))
    assert sum(f.value for f in fine) > sum(f.value for f in rough)


def test_huge_offset_gives_the_same_bins():
    rng = np.random.default_rng(3)
    x = rng.integers(0, 10, 5000).astype(float)
    is_event = rng.random(5000) < 0.05 + 0.05 * x
    rules = rules_of(is_event)
    low, high = search_columns([x, x + 1e8], is_event, None, rules, ["none", "none"])
    assert len(low.edges) > 5
    assert np.array_equal(low.edges + 1e8, high.edges)


def test_perfect_separation_is_two_bins():
    x = np.arange(1000.0)
    is_event = x >= 900
    rules = rules_of(is_event, min_bin_size=50.0)
    (found,) = search_columns([x], is_event, None, rules, ["auto"])
    assert found.status == "optimal"
    assert found.edges.tolist() == [899.5]
    assert found.n_event.tolist() == [0.0, 100.0]


@pytest.mark.parametrize("n", [2000, 24_000])
def test_weight_two_is_a_row_twice_and_rows_may_be_permuted(n):
    rng = np.random.default_rng(5)
    x, is_event = make_column(n, rng)
    columns = [x, np.round(x, 1), np.exp(3 * x)]
    rules = rules_of(is_event, min_bin_size=0.05 * n)
    doubled = dataclasses.replace(
        rules,
        total_event=2 * rules.total_event,
        total_nonevent=2 * rules.total_nonevent,
        min_bin_size=0.1 * n,
    )
    order = rng.permutation(n)
    trends = ["auto"] * 3
    plain = search_columns(columns, is_event, None, rules, trends)
    shuffled = search_columns(
        [c[order] for c in columns], is_event[order], None, rules, trends
    )
    double = search_columns(columns, is_event, np.full(n, 2.0), doubled, trends)
    twice = search_columns(
        [np.tile(c, 2) for c in columns], np.tile(is_event, 2), None, doubled, trends
    )
    for a, b, c, d in zip(plain, shuffled, double, twice, strict=True):
        assert np.array_equal(a.edges, b.edges)
        assert np.array_equal(a.n_event, b.n_event)
        assert np.array_equal(c.edges, d.edges)
        assert np.array_equal(c.n_event, d.n_event)
        assert c.value == d.value


def test_columns_do_not_depend_on_each_other():
    rng = np.random.default_rng(6)
    is_event = rng.random(3000) < 0.3
    columns = [
        np.round(rng.normal(size=3000) + (k % 3) * 0.2 * is_event, k % 4)
        for k in range(40)
    ]
    trends = [TRENDS[k % 6] for k in range(40)]
    rules = rules_of(is_event, min_bin_size=100.0)
    seen = []
    together = search_columns(
        columns, is_event, None, rules, trends, progress=seen.append
    )
    assert seen == sorted(seen)
    assert seen[-1] == 40
    for k in range(0, 40, 3):
        (alone,) = search_columns([columns[k]], is_event, None, rules, [trends[k]])
        assert np.array_equal(alone.edges, together[k].edges)
        assert alone.value == together[k].value


def test_fixed_edges_are_kept_to_the_digit():
    rng = np.random.default_rng(8)
    x, is_event = make_column(30_000, rng)
    rules = rules_of(is_event, min_bin_size=900.0)
    fixed = np.array([-0.3333, 0.1])
    found, free = search_columns(
        [x, x], is_event, None, rules, ["none", "none"], fixed_edges=[fixed, None]
    )
    assert set(fixed) <= set(found.edges)
    assert not set(fixed) <= set(free.edges)
    assert found.value <= free.value + 0.02
    check_column(found, x, is_event, rules)


def test_reasons():
    rng = np.random.default_rng(9)
    n = 500
    is_event = rng.random(n) < 0.3
    noise = rng.integers(0, 2, n).astype(float)
    columns = [np.full(n, 3.0), np.full(n, np.nan), noise]
    rules = rules_of(is_event, z_critical=8.0)
    found = search_columns(columns, is_event, None, rules, ["auto"] * 3)
    assert [f.reason for f in found] == [
        "constant",
        "no observed value",
        "no split satisfies max_pvalue",
    ]
    strict = rules_of(is_event, min_n_bins=3)
    (infeasible,) = search_columns([noise], is_event, None, strict, ["auto"])
    assert infeasible.status == "infeasible"
    assert infeasible.reason == "no split satisfies min_n_bins"


def test_cells_of_categories():
    event = np.array([1.0, 4.0, 10.0, 30.0])
    nonevent = np.array([99.0, 96.0, 90.0, 70.0])
    rules = PartitionRules(45.0, 355.0, max_n_bins=3)
    (found,) = search_cells([(event, nonevent)], rules, ["ascending"])
    assert found.edges.tolist() == [1.5, 2.5]
    assert found.n_event.tolist() == [5.0, 10.0, 30.0]


def test_many_categories():
    rng = np.random.default_rng(10)
    rate = np.sort(rng.beta(2, 8, 1000))
    size = rng.integers(20, 200, 1000).astype(float)
    event = np.round(size * rate)
    total = float(size.sum())
    rules = PartitionRules(
        float(event.sum()),
        total - float(event.sum()),
        max_n_bins=8,
        min_bin_size=0.05 * total,
    )
    (found,) = search_cells([(event, size - event)], rules, ["ascending"])
    assert found.status == "optimal"
    assert len(found.n_event) == 8
    assert found.n_event.sum() == event.sum()


@given(
    values=st.lists(
        st.one_of(
            st.floats(allow_nan=True, allow_infinity=True),
            st.integers(0, 3).map(float),
            st.sampled_from([0.0, -0.0, 5e-324, -5e-324, np.inf, -np.inf]),
        ),
        min_size=2,
        max_size=60,
    ),
    seed=st.integers(0, 1000),
    trend=st.sampled_from(TRENDS),
    smoothing=st.sampled_from([0.0, 0.5]),
)
@settings(max_examples=150, deadline=None)
def test_hostile_columns(values, seed, trend, smoothing):
    rng = np.random.default_rng(seed)
    x = np.array(values)
    is_event = rng.random(len(x)) < 0.4
    is_event[0], is_event[1] = True, False
    rules = rules_of(is_event, smoothing=smoothing)
    (found,) = search_columns([x], is_event, None, rules, [trend])
    check_column(found, x, is_event, rules)
