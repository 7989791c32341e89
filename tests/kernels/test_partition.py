from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

from riskkit._kernels.partition import (
    PartitionRules,
    choose_trend,
    solve_partition,
    trends_tried,
)
from riskkit._kernels.partition_explain import explain_infeasible, explain_partition
from riskkit._kernels.partition_relaxed import relaxed_value
from riskkit._kernels.partition_rules import divergence_value, may_follow

sys.path.insert(0, str(Path(__file__).parent))
from partition_oracle import (
    admissible,
    bin_term,
    bins_of,
    brute_force,
    z_statistic,
)

SINGLE_TRENDS = (
    "none",
    "ascending",
    "descending",
    "peak",
    "valley",
    "concave",
    "convex",
)


def random_problem(seed: int):
    """One problem set of three features; rates with structure, ties and holes."""
    rng = np.random.default_rng(seed)
    n_cells = int(rng.integers(1, 11))
    shape = (n_cells, 3)
    size = rng.integers(2, 40, shape).astype(float)
    slope = rng.uniform(-0.08, 0.08, 3) * np.arange(n_cells)[:, None]
    rate = np.clip(0.3 + slope + rng.normal(0, 0.15, shape), 0, 1)
    event = np.minimum(rng.binomial(size.astype(int), rate), size).astype(float)
    if rng.random() < 0.2:
        size[rng.integers(n_cells), :] = event[rng.integers(n_cells), :] = 0.0
    event = np.minimum(event, size)
    if rng.random() < 0.3:
        factor = rng.uniform(0.2, 3.0, shape)
        size, event = size * factor, event * factor
    nonevent = size - event
    total_event = event.sum(axis=0) + rng.integers(1, 10)
    total_nonevent = nonevent.sum(axis=0) + rng.integers(1, 30)
    n_rows = float(np.mean(total_event + total_nonevent))
    limits: dict[str, object] = {
        "smoothing": float(rng.choice([0.0, 0.5, 2.0])),
        "divergence": str(rng.choice(["iv", "iv", "js", "hellinger"])),
    }
    choices = {
        "max_n_bins": int(rng.integers(1, 7)),
        "min_n_bins": int(rng.integers(1, 4)),
        "min_bin_size": n_rows * rng.uniform(0, 0.2),
        "max_bin_size": n_rows * rng.uniform(0.3, 0.9),
        "min_n_event": float(rng.integers(0, 6)),
        "max_n_event": n_rows * 0.25,
        "min_n_nonevent": float(rng.integers(0, 8)),
        "max_n_nonevent": n_rows * 0.5,
        "min_event_rate_diff": float(rng.choice([0.01, 0.04])),
        "z_critical": float(rng.choice([0.5, 1.0, 1.645])),
    }
    rare = ("max_bin_size", "max_n_event", "max_n_nonevent")
    limits |= {
        name: value
        for name, value in choices.items()
        if rng.random() < (0.12 if name in rare else 0.35)
    }
    must_cut = None
    if n_cells > 2 and rng.random() < 0.2:
        must_cut = np.zeros(shape, dtype=bool)
        must_cut[rng.integers(1, n_cells), rng.integers(3)] = True
    rules = PartitionRules(total_event, total_nonevent, must_cut=must_cut, **limits)
    return event, nonevent, rules


def rules_of_feature(rules: PartitionRules, feature: int) -> PartitionRules:
    return dataclasses.replace(
        rules,
        total_event=float(rules.total_event[feature]),
        total_nonevent=float(rules.total_nonevent[feature]),
        must_cut=None,
    )


def check_against_brute_force(seed: int, trends=SINGLE_TRENDS) -> int:
    event, nonevent, rules = random_problem(seed)
    n_large = 0
    for trend in trends:
        found = solve_partition(event, nonevent, rules, trend)
        bound = relaxed_value(event, nonevent, rules)
        for feature, partition in enumerate(found):
            one = rules_of_feature(rules, feature)
            must = (
                ()
                if rules.must_cut is None
                else tuple(np.flatnonzero(rules.must_cut[:, feature]))
            )
            e, m = event[:, feature], nonevent[:, feature]
            value, n_bins = brute_force(e, m, one, trend, must)
            message = f"seed {seed}, {trend}, feature {feature}"
            if value == -np.inf:
                assert partition.status == "infeasible", message
                continue
            assert partition.value == pytest.approx(value, rel=1e-11, abs=1e-11), (
                message
            )
            bins = bins_of(e, m, partition.cuts)
            assert len(bins) == n_bins, message
            assert admissible(bins, one, trend), message
            total = sum(bin_term(*counts, one) for counts in bins)
            assert total == pytest.approx(value, rel=1e-11, abs=1e-11), message
            assert set(must) <= set(partition.cuts.tolist()), message
            assert bound[feature] >= value - 1e-12, message
            expected = "optimal" if n_bins > 1 else "single_bin"
            assert partition.status == expected, message
            n_large += n_bins > 2
    return n_large


@pytest.mark.parametrize("block", range(10))
def test_equals_brute_force(block):
    n_large = sum(check_against_brute_force(seed) for seed in range(block, 110, 10))
    assert n_large > 10  # otherwise the problems would be trivial


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_equals_brute_force_on_many(block):
    for seed in range(1000 + block, 2000, 20):
        check_against_brute_force(seed)


def test_hand_computed_monotone_partition():
    # Rates 0.1, 0.3, 0.2, 0.5: ascending must pool the middle cells.
    event = np.array([[1.0], [3.0], [2.0], [5.0]])
    nonevent = 10.0 - event
    rules = PartitionRules(11.0, 29.0, smoothing=0.0)
    (found,) = solve_partition(event, nonevent, rules, "ascending")
    assert found.cuts.tolist() == [1, 3]
    p = np.array([1, 5, 5]) / 11
    q = np.array([9, 15, 5]) / 29
    assert found.value == pytest.approx(float(((q - p) * np.log(q / p)).sum()))
    (free,) = solve_partition(event, nonevent, rules, "none")
    assert free.cuts.tolist() == [1, 2, 3]


def test_pure_bin_needs_smoothing():
    event = np.array([[10.0], [0.0]])
    nonevent = np.array([[0.0], [30.0]])
    smoothed = PartitionRules(10.0, 30.0, smoothing=0.5)
    (found,) = solve_partition(event, nonevent, smoothed, "auto")
    assert found.status == "optimal"
    assert found.trend == "descending"
    assert found.cuts.tolist() == [1]
    plain = dataclasses.replace(smoothed, smoothing=0.0)
    (refused,) = solve_partition(event, nonevent, plain, "auto")
    assert refused.status == "single_bin"
    reasons = explain_partition(event, nonevent, plain, "auto", [refused])
    assert reasons == ["no split satisfies smoothing"]


def test_equal_rates_need_one_bin_only():
    event = np.full((4, 1), 5.0)
    rules = PartitionRules(20.0, 60.0)
    (found,) = solve_partition(event, 3 * event, rules, "none")
    assert found.status == "single_bin"
    reasons = explain_partition(event, 3 * event, rules, "none", [found])
    assert reasons == ["no split raises the iv"]


def test_padding_with_empty_cells_changes_nothing():
    event, nonevent, rules = random_problem(5)
    pad = np.zeros((4, 3))
    rules = dataclasses.replace(rules, must_cut=None)
    for trend in ("auto", "concave", "none"):
        plain = solve_partition(event, nonevent, rules, trend)
        padded = solve_partition(
            np.concatenate((event, pad)), np.concatenate((nonevent, pad)), rules, trend
        )
        for a, b in zip(plain, padded, strict=True):
            assert a.cuts.tolist() == b.cuts.tolist()
            assert (a.value, a.trend, a.status) == (b.value, b.trend, b.status)


def test_batch_equals_one_by_one():
    rng = np.random.default_rng(0)
    event = rng.integers(1, 50, (24, 150)).astype(float)
    nonevent = rng.integers(1, 200, (24, 150)).astype(float)
    rules = PartitionRules(event.sum(0), nonevent.sum(0), max_n_bins=6)
    together = solve_partition(event, nonevent, rules, "auto")
    for k in range(0, 150, 7):
        one = PartitionRules(event[:, k].sum(), nonevent[:, k].sum(), max_n_bins=6)
        (alone,) = solve_partition(event[:, [k]], nonevent[:, [k]], one, "auto")
        assert alone.cuts.tolist() == together[k].cuts.tolist()
        assert alone.value == together[k].value


def test_auto_prefers_monotone_unless_the_turn_pays():
    values = np.array([[1.0, 1.0, -np.inf], [0.2, 0.2, -np.inf], [1.01, 1.1, 0.3]])
    values = np.concatenate((values, [[0.0, 0.0, 0.2]]))
    n_bins = np.full(values.shape, 3)
    chosen = choose_trend(values, n_bins, "auto", 0.02)
    names = trends_tried("auto")
    assert [names[k] for k in chosen] == ["ascending", "peak", "peak"]
    eager = choose_trend(values, n_bins, "auto", 0.0)
    assert names[eager[0]] == "peak"


def test_ties_go_to_fewer_bins_then_to_the_first_trend():
    values = np.array([[0.5, 0.5], [0.5 + 1e-16, 0.5]])
    n_bins = np.array([[3, 2], [2, 2]])
    assert choose_trend(values, n_bins, "monotonic", 0.0).tolist() == [1, 0]


def test_leftmost_cuts_win_ties():
    event = np.array([[4.0], [2.0], [2.0], [0.0]])
    nonevent = np.array([[0.0], [2.0], [2.0], [4.0]])
    rules = PartitionRules(8.0, 8.0, max_n_bins=2, smoothing=1.0)
    (found,) = solve_partition(event, nonevent, rules, "none")
    # Cuts 1 and 3 mirror each other and beat the cut in the middle or tie with it.
    (mirror,) = solve_partition(event[::-1], nonevent[::-1], rules, "none")
    assert found.cuts.tolist() == mirror.cuts.tolist()


@pytest.mark.parametrize(
    ("change", "trend", "name"),
    [
        ({"min_bin_size": 35.0}, "none", "min_bin_size"),
        ({"min_n_event": 12.0}, "none", "min_n_event"),
        ({"min_n_nonevent": 30.0}, "none", "min_n_nonevent"),
        ({"min_event_rate_diff": 0.9}, "none", "min_event_rate_diff"),
        ({"z_critical": 9.0}, "none", "max_pvalue"),
        ({"max_n_bins": 1}, "none", "max_n_bins"),
        ({"min_n_bins": 4}, "descending", "trend"),
        ({"max_bin_size": 14.0}, "none", "max_bin_size"),
        ({"max_n_event": 8.0}, "none", "max_n_event"),
    ],
)
def test_names_the_rule_in_the_way(change, trend, name):
    event = np.array([[1.0], [3.0], [5.0], [9.0]])
    nonevent = np.array([[14.0], [12.0], [10.0], [6.0]])
    rules = PartitionRules(18.0, 42.0, **change)
    (found,) = solve_partition(event, nonevent, rules, trend)
    assert found.status in ("single_bin", "infeasible")
    (causes,) = explain_infeasible(event, nonevent, rules, trend)
    assert name in causes


def test_constant_and_empty_features_say_so():
    event = np.array([[3.0, 0.0], [0.0, 0.0]])
    nonevent = np.array([[7.0, 0.0], [0.0, 0.0]])
    rules = PartitionRules(5.0, 20.0)
    found = solve_partition(event, nonevent, rules, "auto")
    reasons = explain_partition(event, nonevent, rules, "auto", found)
    assert reasons == ["constant", "no observed value"]
    assert [p.status for p in found] == ["single_bin", "infeasible"]


def test_pairs_follow_the_z_test():
    rng = np.random.default_rng(3)
    rules = PartitionRules(1.0, 1.0, z_critical=1.3)
    for _ in range(300):
        e1, m1, e2, m2 = rng.integers(0, 12, 4) + np.array([0, 1, 0, 1])
        allowed = may_follow(
            np.float64(e1 / (e1 + m1)),
            np.float64(e1 + m1),
            np.float64(e2 / (e2 + m2)),
            np.float64(e2 + m2),
            0,
            rules,
        )
        assert allowed == (z_statistic(e1, m1, e2, m2) >= 1.3)


@pytest.mark.parametrize("divergence", ["iv", "js", "hellinger"])
def test_divergences(divergence):
    rules = PartitionRules(20.0, 80.0, divergence=divergence, smoothing=0.5)
    event, nonevent = np.array([0.0, 3.0, 12.0, 5.0]), np.array([10.0, 0.0, 30.0, 40.0])
    got = divergence_value(event, nonevent, rules, 20.0, 80.0)
    expected = [bin_term(e, m, rules) for e, m in zip(event, nonevent, strict=True)]
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-15)
