"""The exact solver against optbinning's CP and MIP models, on the same prebins.

Random prebins (5 to 20, events and non-events in each) under every trend and every kind
of constraint go straight to the three solvers, so that neither prebinning nor
refinement plays a part. What is compared is the information value recomputed from the
cuts, without smoothing; optbinning's models round each bin's value to 1e-6, so smaller
differences count as equal. A solution of optbinning that breaks a rule once the rates
are not rounded is counted apart.

Run: ``python benchmarks/bench_exact_vs_optbinning.py [--problems N] [--mip N]``.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from riskkit._kernels.partition import PartitionRules, solve_partition, trends_tried
from riskkit.binning._optbinning import load_optbinning

TRENDS = (
    "none",
    "ascending",
    "descending",
    "monotonic",
    "peak",
    "valley",
    "auto",
    "concave",
    "convex",
)
KINDS = ("none", "size", "events", "count", "p-value", "difference", "mixed")
ROUNDING = 1e-6  # of the value of one bin in the CP model
EXACT = 1e-9  # sums of logarithms agree to far less


@dataclass(frozen=True)
class Problem:
    event: np.ndarray
    nonevent: np.ndarray
    trend: str
    kind: str
    limits: dict


@dataclass
class Tally:
    n: int = 0
    equal: int = 0
    gains: list = field(default_factory=list)
    below: int = 0
    breaks: int = 0
    neither: int = 0
    only_ours: int = 0
    only_theirs: int = 0
    stopped: int = 0


def random_problem(seed: int) -> Problem:
    """Make the problem of a seed; trends and kinds take turns."""
    rng = np.random.default_rng(seed)
    trend = TRENDS[seed % len(TRENDS)]
    kind = KINDS[seed // len(TRENDS) % len(KINDS)]
    n = int(rng.integers(5, 21))
    place = np.linspace(-1, 1, n)
    slope, bend = rng.normal(0, 0.8, 2)
    log_odds = -1.5 + slope * place + bend * (place**2 - 0.3) + rng.normal(0, 0.4, n)
    size = rng.integers(20, 400, n)
    event = rng.binomial(size, 1 / (1 + np.exp(-log_odds))).clip(1, size - 1)
    return Problem(event, size - event, trend, kind, _limits(kind, size, event, rng))


def _limits(kind, size, event, rng):
    total, n_event = int(size.sum()), int(event.sum())
    groups = {
        "size": {"min_bin_size": math.ceil(total * rng.uniform(0.05, 0.2))},
        "events": {
            "min_n_event": int(n_event * rng.uniform(0.03, 0.15)) + 1,
            "min_n_nonevent": int((total - n_event) * rng.uniform(0.02, 0.1)) + 1,
        },
        "count": {
            "min_n_bins": int(rng.integers(1, 4)),
            "max_n_bins": int(rng.integers(3, 8)),
        },
        "p-value": {"max_pvalue": float(rng.choice([0.01, 0.05, 0.2]))},
        "difference": {"min_event_rate_diff": float(rng.choice([0.005, 0.02, 0.05]))},
    }
    if rng.random() < 0.3:
        groups["size"]["max_bin_size"] = math.ceil(total * rng.uniform(0.3, 0.6))
    if kind == "none":
        return {}
    if kind != "mixed":
        return groups[kind]
    chosen = rng.choice(list(groups), size=int(rng.integers(2, 4)), replace=False)
    return {k: v for name in chosen for k, v in groups[name].items()}


def solve_ours(problem: Problem) -> tuple | None:
    """Return the cuts, or None if nothing keeps the rules."""
    found = solve_partition(
        problem.event[:, None].astype(float),
        problem.nonevent[:, None].astype(float),
        _rules(problem),
        problem.trend,
    )[0]
    return None if found.status == "infeasible" else tuple(found.cuts.tolist())


def _rules(problem):
    limits = dict(problem.limits)
    max_pvalue = limits.pop("max_pvalue", None)
    z = 0.0 if max_pvalue is None else NormalDist().inv_cdf(1 - max_pvalue / 2)
    return PartitionRules(
        total_event=float(problem.event.sum()),
        total_nonevent=float(problem.nonevent.sum()),
        smoothing=0.0,
        z_critical=z,
        prefer_monotone=0.0,
        **limits,
    )


def solve_theirs(problem: Problem, model: str, time_limit: float):
    """Return their best cuts (or None) over the trends to try, and all statuses."""
    load_optbinning()
    best, statuses = None, []
    for trend in trends_tried(problem.trend):
        status, cuts = _solve_model(problem, trend, model, time_limit)
        statuses.append(status)
        if cuts is not None and (best is None or value(problem, cuts) > best[0]):
            best = value(problem, cuts), cuts, trend
    return best, statuses


def _solve_model(problem, trend, model, time_limit):
    from optbinning.binning.cp import BinningCP
    from optbinning.binning.mip import BinningMIP

    limits = problem.limits
    arguments = [
        None if trend == "none" else trend,
        limits.get("min_n_bins"),
        limits.get("max_n_bins"),
        limits.get("min_bin_size"),
        limits.get("max_bin_size"),
        limits.get("min_n_event"),
        None,
        limits.get("min_n_nonevent"),
        None,
        limits.get("min_event_rate_diff", 0),
        limits.get("max_pvalue"),
        "consecutive",
        0,
        None,
    ]
    if model == "cp":
        solver = BinningCP(*arguments, time_limit)
    else:
        solver = BinningMIP(*arguments, "bop", int(time_limit))
    solver.build_model("iv", problem.nonevent, problem.event, None)
    status, ends = solver.solve()
    if status not in ("OPTIMAL", "FEASIBLE"):
        return status, None
    return status, tuple((np.flatnonzero(ends[:-1]) + 1).tolist())


def bins_of(problem: Problem, cuts) -> list:
    bounds = [0, *cuts, len(problem.event)]
    return [
        (int(problem.event[a:b].sum()), int(problem.nonevent[a:b].sum()))
        for a, b in itertools.pairwise(bounds)
    ]


def value(problem: Problem, cuts) -> float:
    """Return the information value of the cuts, from the definition."""
    n_event, n_nonevent = int(problem.event.sum()), int(problem.nonevent.sum())
    return math.fsum(
        (e / n_event - m / n_nonevent) * math.log((e / n_event) / (m / n_nonevent))
        for e, m in bins_of(problem, cuts)
    )


def keeps_rules(problem: Problem, cuts, trend: str) -> bool:
    """Return whether the cuts keep every rule, without any rounding of the rates."""
    bins, limits = bins_of(problem, cuts), problem.limits
    rates = [e / (e + m) for e, m in bins]
    # Rates of whole counts are equal as doubles if and only if they are equal.
    steps = [b - a for a, b in itertools.pairwise(rates)]
    if not _keeps_trend(rates, steps, trend):
        return False
    if not limits.get("min_n_bins", 1) <= len(bins) <= limits.get("max_n_bins", 99):
        return False
    least = limits.get("min_event_rate_diff", 0.0)
    if any(abs(step) < least for step in steps):
        return False
    z_least = 0.0
    if "max_pvalue" in limits:
        z_least = NormalDist().inv_cdf(1 - limits["max_pvalue"] / 2)
    for (e1, m1), (e2, m2) in itertools.pairwise(bins):
        pooled = (e1 + e2) / (e1 + m1 + e2 + m2)
        spread = pooled * (1 - pooled) * (1 / (e1 + m1) + 1 / (e2 + m2))
        z = abs(e1 / (e1 + m1) - e2 / (e2 + m2)) / math.sqrt(spread)
        if z < z_least:
            return False
    return all(
        limits.get("min_bin_size", 0) <= e + m <= limits.get("max_bin_size", math.inf)
        and e >= limits.get("min_n_event", 0)
        and m >= limits.get("min_n_nonevent", 0)
        for e, m in bins
    )


def _keeps_trend(rates, steps, trend):
    if trend in ("concave", "convex"):
        sign = 1 if trend == "convex" else -1
        triples = zip(rates, rates[1:], rates[2:], strict=False)
        return all(sign * (a + c - 2 * b) >= 0 for a, b, c in triples)
    signs = [s for s, _ in itertools.groupby(np.sign([s for s in steps if s]))]
    allowed = {
        "none": None,
        "ascending": ([], [1]),
        "descending": ([], [-1]),
        "peak": ([], [1], [-1], [1, -1]),
        "valley": ([], [1], [-1], [-1, 1]),
    }[trend]
    return allowed is None or [int(s) for s in signs] in allowed


def compare(problem: Problem, model: str, time_limit: float) -> tuple[str, float]:
    """Return how ours stands to theirs, and the relative gain if it is above."""
    ours = solve_ours(problem)
    theirs, statuses = solve_theirs(problem, model, time_limit)
    if theirs is None:
        if ours is None:
            return "neither", 0.0
        stopped = any(status != "INFEASIBLE" for status in statuses)
        return ("stopped" if stopped else "only_ours"), 0.0
    their_value, cuts, trend = theirs
    admissible = keeps_rules(problem, cuts, trend)
    if ours is None:
        return ("only_theirs" if admissible else "breaks"), 0.0
    gain = value(problem, ours) - their_value
    if gain < -EXACT:
        return ("below" if admissible else "breaks"), gain
    if gain <= ROUNDING * len(problem.event):
        return "equal", 0.0
    return "above", gain / their_value if their_value > 0 else math.inf


def run(seeds, model: str, time_limit: float, progress=None) -> dict:
    """Return tallies by trend and by kind of constraint."""
    tallies = defaultdict(Tally)
    for done, seed in enumerate(seeds, 1):
        problem = random_problem(seed)
        outcome, gain = compare(problem, model, time_limit)
        for key in (("trend", problem.trend), ("kind", problem.kind), ("all", "all")):
            tally = tallies[key]
            tally.n += 1
            if outcome == "above":
                tally.gains.append(gain)
            else:
                setattr(tally, outcome, getattr(tally, outcome) + 1)
        if progress:
            progress(done)
    return tallies


def report(tallies: dict, model: str) -> str:
    """Return the table as text."""
    head = (
        f"{model.upper():24}{'n':>6}{'equal':>7}{'above':>7}{'mean %':>8}{'max %':>8}"
        f"{'below':>7}{'breaks':>8}{'neither':>9}{'only we':>9}{'only they':>11}"
        f"{'stopped':>9}"
    )
    lines = [head]
    order = [("all", "all")]
    order += [("trend", t) for t in TRENDS] + [("kind", k) for k in KINDS]
    for group, name in order:
        t = tallies.get((group, name))
        if t is None:
            continue
        finite = [g for g in t.gains if math.isfinite(g)] or [0.0]
        lines.append(
            f"{group + ' ' + name:24}{t.n:6d}{t.equal:7d}{len(t.gains):7d}"
            f"{100 * np.mean(finite):8.2f}{100 * max(finite):8.2f}{t.below:7d}"
            f"{t.breaks:8d}{t.neither:9d}{t.only_ours:9d}{t.only_theirs:11d}{t.stopped:9d}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", type=int, default=1000, help="for the CP model")
    parser.add_argument("--mip", type=int, default=1000, help="for the MIP model")
    parser.add_argument("--time-limit", type=float, default=5.0, help="seconds")
    options = parser.parse_args()
    for model, n in (("cp", options.problems), ("mip", options.mip)):
        started = time.perf_counter()

        def progress(done: int, n: int = n, model: str = model) -> None:
            if done % 20 == 0 or done == n:
                sys.stderr.write(f"\r{model}: {done} of {n}")

        tallies = run(range(n), model, options.time_limit, progress)
        sys.stderr.write("\n")
        print(report(tallies, model))
        print(f"{time.perf_counter() - started:.0f} s\n")
    print(
        "equal: within 1e-6 a prebin; above, below: ours against theirs; breaks:\n"
        "theirs is above but breaks a rule once rates are not rounded; neither: both\n"
        "call it infeasible; only we, only they: the other does; stopped: theirs\n"
        "found nothing in time."
    )


if __name__ == "__main__":
    main()
