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
from riskkit._kernels.partition_relaxed import relaxed_value
from riskkit._kernels.partition_rules import Lumps

sys.path.insert(0, str(Path(__file__).parent))
from partition_oracle import admissible, bin_term, bins_of, partitions

TRENDS = ("none", "ascending", "descending", "peak", "valley", "concave", "convex")


def with_joined(bins, lumps, joins):
    """Return the bins with each lump's counts added to the bin it joins."""
    pooled = [list(counts) for counts in bins]
    for (e, m), b in zip(lumps, joins, strict=True):
        pooled[b][0] += e
        pooled[b][1] += m
    return [tuple(counts) for counts in pooled]


def brute_force(event, nonevent, lumps, rules, trend):
    """Return the best value over every partition and every place of the lumps."""
    best = (-math.inf, 0)
    for cuts in partitions(len(event)):
        n_bins = len(cuts) + 1
        if n_bins < rules.min_n_bins or n_bins > (rules.max_n_bins or n_bins):
            continue
        bins = bins_of(event, nonevent, cuts)
        if any(e + m == 0 for e, m in bins):
            continue
        for joins in itertools.product(range(n_bins), repeat=len(lumps)):
            pooled = with_joined(bins, lumps, joins)
            if admissible(pooled, rules, trend):
                value = math.fsum(bin_term(e, m, rules) for e, m in pooled)
                if value > best[0] + 1e-12:
                    best = (value, n_bins)
    return best


def random_problem(seed, n_lumps, n_features=2):
    rng = np.random.default_rng(seed)
    n_cells = int(rng.integers(1, 8 if n_lumps < 3 else 6))
    size = rng.integers(1, 40, (n_cells, n_features)).astype(float)
    if rng.random() < 0.2:
        size[rng.integers(n_cells)] = 0.0
    event = np.minimum(rng.binomial(size.astype(int), rng.uniform(0.05, 0.6)), size)
    lump_size = rng.integers(1, 40, (n_lumps, n_features)).astype(float)
    lump_event = rng.binomial(lump_size.astype(int), rng.uniform(0.05, 0.9))
    if rng.random() < 0.3:
        weight = rng.uniform(0.2, 3.0)
        size, event = size * weight, event * weight
    nonevent = size - event
    lumps = Lumps(lump_event.astype(float), lump_size - lump_event)
    total_event = event.sum(axis=0) + lumps.event.sum(axis=0) + rng.integers(1, 9)
    total_nonevent = nonevent.sum(axis=0) + lumps.nonevent.sum(axis=0) + 5.0
    n = float(np.mean(total_event + total_nonevent))
    choices = {
        "max_n_bins": int(rng.integers(1, 5)),
        "min_n_bins": int(rng.integers(1, 4)),
        "min_bin_size": n * rng.uniform(0, 0.3),
        "max_bin_size": n * rng.uniform(0.4, 0.9),
        "min_n_event": float(rng.integers(0, 8)),
        "min_event_rate_diff": 0.03,
        "z_critical": 1.0,
    }
    limits = {name: v for name, v in choices.items() if rng.random() < 0.35}
    smoothing = float(rng.choice([0.0, 0.5]))
    rules = PartitionRules(
        total_event, total_nonevent, smoothing=smoothing, lumps=lumps, **limits
    )
    return event, nonevent, rules


def one_feature(rules, feature):
    return dataclasses.replace(
        rules,
        total_event=float(rules.total_event[feature]),
        total_nonevent=float(rules.total_nonevent[feature]),
        lumps=None,
    )


def lumps_of(rules, f):
    return list(zip(rules.lumps.event[:, f], rules.lumps.nonevent[:, f], strict=True))


@pytest.mark.parametrize(("n_lumps", "n_seeds"), [(1, 60), (2, 40), (3, 15)])
def test_equals_brute_force(n_lumps, n_seeds):
    n_with_bins = 0
    for seed, trend in itertools.product(range(n_seeds), TRENDS):
        if n_lumps == 3 and trend in ("concave", "convex"):
            continue
        event, nonevent, rules = random_problem(1000 * n_lumps + seed, n_lumps)
        found = solve_partition(event, nonevent, rules, trend)
        bound = relaxed_value(event, nonevent, rules)
        for f, partition in enumerate(found):
            one = one_feature(rules, f)
            lumps = lumps_of(rules, f)
            e, m = event[:, f], nonevent[:, f]
            value, n_bins = brute_force(e, m, lumps, one, trend)
            message = f"seed {seed}, {trend}, feature {f}"
            if value == -math.inf:
                assert partition.status == "infeasible", message
                assert partition.joins == (), message
                continue
            assert partition.value == pytest.approx(value, rel=1e-11, abs=1e-11), (
                message
            )
            assert len(partition.cuts) + 1 == n_bins, message
            assert len(partition.joins) == n_lumps, message
            bins = bins_of(e, m, partition.cuts)
            pooled = with_joined(bins, lumps, partition.joins)
            assert admissible(pooled, one, trend), message
            total = math.fsum(bin_term(*counts, one) for counts in pooled)
            assert total == pytest.approx(value, rel=1e-11, abs=1e-11), message
            assert bound[f] >= value - 1e-12, message
            n_with_bins += n_bins > 1
    assert n_with_bins > 2 * n_seeds


def test_hand_computed():
    # Rates 0.1 and 0.4; the lump's 0.4 belongs to the right bin.
    event, nonevent = np.array([[10.0], [40.0]]), np.array([[90.0], [60.0]])
    lumps = Lumps(np.array([[20.0]]), np.array([[30.0]]))
    rules = PartitionRules(70.0, 180.0, smoothing=0.0, lumps=lumps)
    (found,) = solve_partition(event, nonevent, rules, "auto")
    assert found.cuts.tolist() == [1]
    assert found.joins == (1,)
    p, q = np.array([10, 60]) / 70, np.array([90, 90]) / 180
    assert found.value == pytest.approx(float(((q - p) * np.log(q / p)).sum()))


def test_the_pooled_counts_decide_about_rules():
    # Without the lump no bin is large enough for the least size of 60.
    event, nonevent = np.array([[10.0], [40.0]]), np.array([[40.0], [40.0]])
    lumps = Lumps(np.array([[0.0]]), np.array([[30.0]]))
    rules = PartitionRules(50.0, 110.0, min_bin_size=60.0, lumps=lumps)
    (found,) = solve_partition(event, nonevent, rules, "none")
    assert found.cuts.tolist() == [1]
    assert found.joins == (0,)
    (alone,) = solve_partition(
        event, nonevent, dataclasses.replace(rules, lumps=None), "none"
    )
    assert alone.status == "single_bin"


def test_a_lump_without_accounts_changes_nothing():
    for seed in range(20):
        event, nonevent, rules = random_problem(seed, 1)
        plain = dataclasses.replace(rules, lumps=None)
        empty = dataclasses.replace(
            rules, lumps=Lumps(np.zeros((1, 2)), np.zeros((1, 2)))
        )
        for trend in TRENDS:
            a = solve_partition(event, nonevent, plain, trend)
            b = solve_partition(event, nonevent, empty, trend)
            for left, right in zip(a, b, strict=True):
                assert left.cuts.tolist() == right.cuts.tolist()
                assert left.value == right.value


def test_more_lumps_than_the_exact_search_takes_keep_every_rule():
    n_joined = 0
    for seed, trend in itertools.product(
        range(40), ("none", "auto", "peak", "concave")
    ):
        event, nonevent, rules = random_problem(seed, 5)
        for f, partition in enumerate(solve_with_lumps(event, nonevent, rules, trend)):
            if partition.status == "infeasible":
                continue
            one = one_feature(rules, f)
            lumps = lumps_of(rules, f)
            placed = [k for k, b in enumerate(partition.joins) if b >= 0]
            bins = bins_of(event[:, f], nonevent[:, f], partition.cuts)
            pooled = with_joined(
                bins, [lumps[k] for k in placed], [partition.joins[k] for k in placed]
            )
            assert admissible(pooled, one, partition.trend)
            total = math.fsum(bin_term(*counts, one) for counts in pooled)
            assert total == pytest.approx(partition.value, abs=1e-11)
            assert len(placed) >= (2 if trend == "concave" else 3)
            n_joined += len(placed) == 5
    assert n_joined > 100


def test_batches_and_features_do_not_matter():
    event, nonevent, rules = random_problem(3, 2, n_features=40)
    together = solve_partition(event, nonevent, rules, "auto")
    for f in range(0, 40, 7):
        (alone,) = solve_partition(
            event[:, [f]], nonevent[:, [f]], rules.of_features([f]), "auto"
        )
        assert alone.cuts.tolist() == together[f].cuts.tolist()
        assert alone.joins == together[f].joins
        assert alone.value == together[f].value


def test_a_lump_in_the_way_is_named():
    event, nonevent = np.array([[10.0], [30.0]]), np.array([[50.0], [30.0]])
    lumps = Lumps(np.array([[40.0]]), np.array([[60.0]]))
    rules = PartitionRules(80.0, 140.0, max_bin_size=90.0, lumps=lumps)
    found = solve_partition(event, nonevent, rules, "none")
    assert found[0].status == "infeasible"
    (reason,) = explain_partition(event, nonevent, rules, "none", found)
    assert "max_bin_size" in reason
    assert "merging missing or special values" in reason
