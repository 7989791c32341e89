from __future__ import annotations

import dataclasses
import itertools
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from riskkit._kernels.partition import PartitionRules, solve_partition
from riskkit._kernels.partition_explain import explain_partition
from riskkit._kernels.partition_lumps import solve_with_lumps
from riskkit._kernels.partition_periods import PeriodCounts, least_sizes
from riskkit._kernels.partition_rules import Lumps

sys.path.insert(0, str(Path(__file__).parent))
from partition_oracle import admissible, bin_term, bins_of, partitions
from test_partition_lumps import with_joined

TRENDS = ("none", "ascending", "descending", "peak", "valley", "concave", "convex")


def is_stable(bins, bins_by_period, least):
    """Whether every step of all periods together has its sign in each that counts."""
    rates = [e / (e + m) for e, m in bins]
    for b in range(len(bins) - 1):
        step = rates[b + 1] - rates[b]
        seen = []
        for period, smallest in zip(bins_by_period, least, strict=True):
            (e1, m1), (e2, m2) = period[b], period[b + 1]
            if min(e1 + m1, e2 + m2) >= smallest:
                seen.append(e2 / (e2 + m2) - e1 / (e1 + m1))
        if step >= 0 and min(seen, default=0) >= 0:
            continue
        if step <= 0 and max(seen, default=0) <= 0:
            continue
        return False
    return True


def brute_force(problem, trend, feature, *, stable=True):
    event, nonevent, rules = problem
    one = dataclasses.replace(
        rules,
        total_event=float(rules.total_event[feature]),
        total_nonevent=float(rules.total_nonevent[feature]),
        lumps=None,
        periods=None,
    )
    periods = rules.periods
    lumps = [
        (rules.lumps.event[k, feature], rules.lumps.nonevent[k, feature])
        for k in range(rules.n_lumps)
    ]
    lumps_by_period = [
        [
            (periods.lump_event[t, k, feature], periods.lump_nonevent[t, k, feature])
            for k in range(rules.n_lumps)
        ]
        for t in range(len(periods.least_size))
    ]
    best = -math.inf
    for cuts in partitions(len(event)):
        bins = bins_of(event[:, feature], nonevent[:, feature], cuts)
        n_bins = len(bins)
        if n_bins > (rules.max_n_bins or n_bins) or any(e + m == 0 for e, m in bins):
            continue
        by_period = [
            bins_of(e[:, feature], m[:, feature], cuts)
            for e, m in zip(periods.event, periods.nonevent, strict=True)
        ]
        for joins in itertools.product(range(n_bins), repeat=len(lumps)):
            pooled = with_joined(bins, lumps, joins)
            pooled_by_period = [
                with_joined(own, some, joins)
                for own, some in zip(by_period, lumps_by_period, strict=True)
            ]
            if not admissible(pooled, one, trend):
                continue
            if stable and not is_stable(pooled, pooled_by_period, periods.least_size):
                continue
            best = max(best, math.fsum(bin_term(e, m, one) for e, m in pooled))
    return best


def random_problem(seed, n_lumps=0, n_features=2):
    rng = np.random.default_rng(seed)
    n_cells, n_periods = int(rng.integers(2, 8)), int(rng.integers(2, 5))
    shape = (n_periods, n_cells + n_lumps, n_features)
    size = rng.integers(0, 40, shape).astype(float)
    size[0] += 1
    rate = np.sort(rng.uniform(0.05, 0.6, shape[1:]), axis=0)[None]
    rate = np.clip(rate + rng.normal(0, 0.08, shape), 0.01, 0.9)
    event = rng.binomial(size.astype(int), rate).astype(float)
    if rng.random() < 0.3:
        event[-1] = 0.0  # a period without events never counts
    nonevent = size - event
    cells, lumps = slice(n_cells), slice(n_cells, None)
    least = least_sizes(event.sum((1, 2)), nonevent.sum((1, 2)), rng.uniform(0.5, 4))
    periods = PeriodCounts(
        event[:, cells], nonevent[:, cells], event[:, lumps], nonevent[:, lumps], least
    )
    rules = PartitionRules(
        event.sum((0, 1)),
        nonevent.sum((0, 1)),
        max_n_bins=int(rng.integers(2, 6)),
        min_bin_size=float(rng.choice([0.0, 20.0])),
        lumps=Lumps(event[:, lumps].sum(0), nonevent[:, lumps].sum(0))
        if n_lumps
        else None,
        periods=periods,
    )
    return event[:, cells].sum(0), nonevent[:, cells].sum(0), rules


@pytest.mark.parametrize(("n_lumps", "n_seeds"), [(0, 80), (1, 30)])
def test_equals_brute_force(n_lumps, n_seeds):
    n_binding = 0
    for seed, trend in itertools.product(range(n_seeds), TRENDS):
        problem = random_problem(500 * n_lumps + seed, n_lumps)
        found = solve_partition(*problem, trend)
        for f, partition in enumerate(found):
            value = brute_force(problem, trend, f)
            message = f"seed {seed}, {trend}, feature {f}"
            if value == -math.inf:
                assert partition.status == "infeasible", message
                continue
            assert partition.value == pytest.approx(value, rel=1e-11, abs=1e-11), (
                message
            )
            n_binding += value < brute_force(problem, trend, f, stable=False) - 1e-9
    assert n_binding > n_seeds  # otherwise the rule would not have been tested


def test_hand_computed():
    # The two bins change places in the second period.
    event = np.array([[[10.0], [20.0]], [[20.0], [15.0]]])
    nonevent = 100.0 - event
    periods = PeriodCounts(
        event, nonevent, event[:, :0], nonevent[:, :0], np.array([50.0, 50.0])
    )
    rules = PartitionRules(65.0, 335.0, periods=periods)
    cells = event.sum(0), nonevent.sum(0)
    (found,) = solve_partition(*cells, rules, "auto")
    assert found.status == "single_bin"
    assert explain_partition(*cells, rules, "auto", [found]) == [
        "no split satisfies stable_over"
    ]
    thin = dataclasses.replace(periods, least_size=np.array([50.0, 101.0]))
    (found,) = solve_partition(*cells, dataclasses.replace(rules, periods=thin), "auto")
    assert found.cuts.tolist() == [1]


def test_least_sizes():
    got = least_sizes(np.array([10.0, 0.0, 90.0]), np.array([90.0, 50.0, 10.0]), 5.0)
    assert got.tolist() == [50.0, math.inf, 50.0]


def test_equal_periods_change_nothing():
    rng = np.random.default_rng(0)
    event = rng.integers(1, 9, (9, 3)).astype(float)
    nonevent = rng.integers(5, 30, (9, 3)).astype(float)
    twice = np.stack([event, event]), np.stack([nonevent, nonevent])
    none = np.zeros((2, 0, 3))
    periods = PeriodCounts(*twice, none, none, np.zeros(2))
    rules = PartitionRules(2 * event.sum(0), 2 * nonevent.sum(0))
    for trend in (*TRENDS, "auto"):
        plain = solve_partition(2 * event, 2 * nonevent, rules, trend)
        stable = solve_partition(
            2 * event,
            2 * nonevent,
            dataclasses.replace(rules, periods=periods),
            trend,
        )
        for a, b in zip(plain, stable, strict=True):
            assert a.cuts.tolist() == b.cuts.tolist()


def test_lumps_beyond_the_exact_search_respect_the_periods():
    n_checked = 0
    for seed, f in itertools.product(range(30), range(2)):
        event, nonevent, rules = random_problem(seed, 5)
        part = solve_with_lumps(event, nonevent, rules, "auto")[f]
        if part.status == "optimal":
            bins = pooled_bins(part, f, event, nonevent, rules.lumps)
            by_period = [
                pooled_bins(part, f, e, m, Lumps(lump_e, lump_m))
                for e, m, lump_e, lump_m in zip(
                    rules.periods.event,
                    rules.periods.nonevent,
                    rules.periods.lump_event,
                    rules.periods.lump_nonevent,
                    strict=True,
                )
            ]
            assert is_stable(bins, by_period, rules.periods.least_size)
            n_checked += 1
    assert n_checked > 20


def pooled_bins(part, f, event, nonevent, lumps):
    placed = [k for k, b in enumerate(part.joins) if b >= 0]
    return with_joined(
        bins_of(event[:, f], nonevent[:, f], part.cuts),
        [(lumps.event[k, f], lumps.nonevent[k, f]) for k in placed],
        [part.joins[k] for k in placed],
    )
