"""The monitoring report: size of the page, CPU time and memory of making it.

Results are made first; what is timed is the page alone, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time

import numpy as np
import pandas as pd
from bench_monitoring import peak_memory

N_MONTHS = 24
SHARE = np.array([1, 3, 7, 13, 21, 31, 41, 50, 58, 65, 71, 76]) / 76
AS_OF = "2023-01-01"
LIMITS = {30: 300_000, 500: 1_000_000}  # bytes


def results(n_features: int, n_rows: int) -> tuple:
    """Return every kind of result; the first of three years is the reference."""
    from riskkit.monitoring import (
        Baseline,
        DevelopmentCurve,
        EarlyWarning,
        PerformanceMonitor,
        StabilityMonitor,
        check_feeds,
        check_scores,
        early_performance,
        estimate_performance,
    )

    rng = np.random.default_rng(0)
    dates = np.datetime64("2020-01-01") + rng.integers(0, 1096, n_rows)
    pd_of = rng.beta(1.2, 16, n_rows)
    reached = np.log(rng.random(n_rows)) * (1 - pd_of) / -pd_of
    month = np.searchsorted(SHARE, reached) + 1
    events = dates + (30.4 * (month - 0.5)).astype("timedelta64[D]")
    events[month > 12] = np.datetime64("NaT")
    then = dates < np.datetime64("2021-01-01")
    age = (dates - dates.min()).astype(int) / 365
    X = pd.DataFrame(
        {
            f"bureau_attribute_{j:03d}": rng.normal(0.3 * (j % 7 == 0) * age)
            for j in range(n_features)
        }
    )
    baseline = Baseline.fit(X[then], pd=pd_of[then], y=month[then] <= 12)
    curve = DevelopmentCurve.fit(dates[then], events[then], as_of=AS_OF)
    monitor = PerformanceMonitor(baseline)
    monitor.update(pd=pd_of, dates=dates, event_dates=events, as_of=AS_OF)
    stability = StabilityMonitor(baseline).update(
        X[~then], pd=pd_of[~then], period=dates[~then]
    )
    made = (
        stability.result(),
        monitor.result(),
        early_performance(
            pd_of[~then],
            dates=dates[~then],
            event_dates=events[~then],
            curve=curve,
            as_of=AS_OF,
        ),
        estimate_performance(pd_of[~then], baseline=baseline, dates=dates[~then]),
        check_feeds(X[dates >= np.datetime64("2022-12-01")], baseline, min_n=1),
        check_scores(pd_of[~then], pd_of[~then], period=dates[~then]),
    )
    assert len(made[0].periods) == N_MONTHS
    return EarlyWarning().evaluate(*made), made


def job(n_features: int, n_rows: int) -> dict:
    """Make one page in a process that has made none before."""
    from riskkit.reporting import monitoring_report

    warning, made = results(n_features, n_rows)
    before = peak_memory(restart=True)
    wall, cpu = time.perf_counter(), time.process_time()
    page = monitoring_report(warning, *made)
    return {
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        "bytes": len(page.html.encode()),
        "extra_mb": peak_memory() - before,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--features", type=int, help="one job alone")
    parser.add_argument("--quick", action="store_true", help="once")
    given = parser.parse_args()
    if given.features:
        print(json.dumps(job(given.features, given.rows)))
        return
    repeats = 1 if given.quick else given.repeats
    print(f"{N_MONTHS} months, least of {repeats} processes")
    heads = ("features", 8), ("bytes", 11), ("limit", 11), ("CPU s", 8), ("wall s", 8)
    print("".join(f"{head:>{width}}" for head, width in (*heads, ("MB", 6))))
    for n_features, limit in LIMITS.items():
        found = []
        for _ in range(repeats):
            done = subprocess.run(
                [sys.executable, __file__, "--features", str(n_features), "--rows",
                 str(given.rows)],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            found.append(json.loads(done.stdout.splitlines()[-1]))
        cpu, wall = (min(one[key] for one in found) for key in ("cpu", "wall"))
        memory = max(one["extra_mb"] for one in found)
        print(
            f"{n_features:>8}{found[0]['bytes']:>11,}{limit:>11,}{cpu:>8.2f}"
            f"{wall:>8.2f}{memory:>6.0f}"
        )


if __name__ == "__main__":
    main()
