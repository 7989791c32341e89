"""A slow, independent solver: every contiguous partition, one after the other."""

from __future__ import annotations

import itertools
import math

import numpy as np


def bin_term(e, m, rules):
    te, tm = float(rules.total_event), float(rules.total_nonevent)
    p, q = e / te, m / tm
    if rules.divergence == "hellinger":
        return 0.5 * (math.sqrt(p) - math.sqrt(q)) ** 2
    if rules.divergence == "js":
        total = 0.0
        for share in (p, q):
            if share > 0:
                total += 0.5 * share * math.log(2 * share / (p + q))
        return total
    shift = rules.smoothing / min(te, tm)
    return (q - p) * math.log((q + shift) / (p + shift))


def z_statistic(e1, m1, e2, m2):
    t1, t2 = e1 + m1, e2 + m2
    pooled = (e1 + e2) / (t1 + t2)
    variance = pooled * (1 - pooled) * (1 / t1 + 1 / t2)
    diff = abs(e1 / t1 - e2 / t2)
    return 0.0 if diff == 0 else diff / math.sqrt(variance)


def keeps_trend(rates, trend, eps=1e-12):
    steps = np.diff(rates)
    up, down = bool((steps >= 0).all()), bool((steps <= 0).all())
    if trend == "none":
        return True
    if trend == "ascending":
        return up
    if trend == "descending":
        return down
    if trend in ("concave", "convex"):
        bend = np.diff(rates, 2) * (1 if trend == "convex" else -1)
        return bool((bend >= -eps).all())
    sign = 1 if trend == "peak" else -1
    return any(
        (sign * steps[:turn] >= 0).all() and (sign * steps[turn:] <= 0).all()
        for turn in range(len(steps) + 1)
    )


def admissible(bins, rules, trend):
    for e, m in bins:
        if e + m == 0 or not rules.min_bin_size <= e + m <= rules.max_bin_size:
            return False
        if not rules.min_n_event <= e <= rules.max_n_event:
            return False
        if not rules.min_n_nonevent <= m <= rules.max_n_nonevent:
            return False
        if rules.smoothing == 0 and (e == 0 or m == 0):
            return False
    for (e1, m1), (e2, m2) in itertools.pairwise(bins):
        if abs(e1 / (e1 + m1) - e2 / (e2 + m2)) < rules.min_event_rate_diff:
            return False
        if rules.z_critical and z_statistic(e1, m1, e2, m2) < rules.z_critical:
            return False
    return keeps_trend([e / (e + m) for e, m in bins], trend)


def partitions(n_cells):
    for n_cuts in range(n_cells):
        yield from itertools.combinations(range(1, n_cells), n_cuts)


def bins_of(event, nonevent, cuts):
    bounds = [0, *cuts, len(event)]
    return [
        (math.fsum(event[a:b]), math.fsum(nonevent[a:b]))
        for a, b in itertools.pairwise(bounds)
    ]


def brute_force(event, nonevent, rules, trend, must_cut=()):
    """Return (value, number of bins) of the best partition; (-inf, 0) if none."""
    best = (-math.inf, 0)
    for cuts in partitions(len(event)):
        n_bins = len(cuts) + 1
        too_many = rules.max_n_bins is not None and n_bins > rules.max_n_bins
        if n_bins < rules.min_n_bins or too_many or not set(must_cut) <= set(cuts):
            continue
        bins = bins_of(event, nonevent, cuts)
        if not admissible(bins, rules, trend):
            continue
        value = math.fsum(bin_term(e, m, rules) for e, m in bins)
        if value > best[0] + 1e-12:
            best = (value, n_bins)
    return best
