"""StabilityMonitor beside plain NumPy: CPU time and memory of a PSI of every column.

The yardstick is what one would write by hand: quantile edges of the reference, then
searchsorted and bincount of both samples. Every figure comes from a process of its own;
times are CPU seconds, the least of several processes.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from riskkit.monitoring import StabilityResult

JOBS = (
    "yardstick",
    "two samples",
    "two samples, no frame",
    "two samples, report",
    "stored baseline",
    "month",
)


def make_frame(n_rows: int, n_features: int, seed: int, shift: float) -> pd.DataFrame:
    """Return nine tenths numbers, a third of them with missing values, and levels."""
    rng = np.random.default_rng(seed)
    n_numeric = n_features * 9 // 10
    values = np.empty((n_rows, n_numeric), order="F")
    for j in range(n_numeric):
        column = values[:, j]
        moved = shift * (j % 5 == 0)
        kind = j % 4
        if kind == 0:
            column[:] = rng.normal(moved, 1.0, n_rows)
        elif kind == 1:
            column[:] = rng.lognormal(moved, 1.0, n_rows)
        elif kind == 2:
            column[:] = rng.poisson(3.0 + moved, n_rows)
        else:
            column[:] = rng.gamma(2.0, 1.0 + moved, n_rows)
        if j % 3 == 0:
            column[rng.random(n_rows) < 0.1] = np.nan
    frame = pd.DataFrame(values, columns=[f"x{j}" for j in range(n_numeric)])
    levels = [f"level {k}" for k in range(8)]
    chances = np.array([30, 20, 15, 12, 10, 7, 4, 2]) / 100
    codes = {
        f"c{j}": pd.Categorical.from_codes(
            rng.choice(8, n_rows, p=chances).astype(np.int8), levels
        )
        for j in range(n_features - n_numeric)
    }
    return pd.concat([frame, pd.DataFrame(codes)], axis=1)


def yardstick(reference: pd.DataFrame, current: pd.DataFrame) -> float:
    """PSI of every column as one would write it with NumPy; return the sum."""
    total = 0.0
    steps = np.linspace(0, 1, 11)[1:-1]
    for name in reference:
        if reference[name].dtype == "category":
            before, now = (
                np.bincount(f[name].cat.codes + 1, minlength=9)
                for f in (reference, current)
            )
        else:
            x, a = reference[name].to_numpy(), current[name].to_numpy()
            edges = np.unique(np.quantile(x[~np.isnan(x)], steps))
            before, now = (count(v, edges) for v in (x, a))
        p = (before + 0.5) / (before.sum() + 0.5 * before.size)
        q = (now + 0.5) / (now.sum() + 0.5 * now.size)
        total += float(((q - p) * np.log(q / p)).sum())
    return total


def count(x: np.ndarray, edges: np.ndarray) -> np.ndarray:
    known = x[~np.isnan(x)]
    bins = np.searchsorted(edges, known)
    return np.append(np.bincount(bins, minlength=edges.size + 1), x.size - known.size)


def job(name: str, n_rows: int, n_features: int) -> dict:
    """Time one job and watch the memory that it adds."""
    from riskkit.monitoring import Baseline, StabilityMonitor

    reference = make_frame(n_rows, n_features, 0, 0.0)
    current = make_frame(n_rows, n_features, 1, 0.1)
    small = Baseline.fit(reference.head(1000))  # imports are not what is measured
    StabilityMonitor(small).compare(current.head(1000)).frame()
    if name == "two samples, report":
        report_of(StabilityMonitor(small).compare(current.head(1000)))
    baseline = Baseline.fit(reference) if name in JOBS[4:] else None
    outcome = (np.random.default_rng(2).random(n_rows) < 0.04).astype(float)
    months = np.arange(n_rows) % 12 + 1
    before = peak_memory(restart=True)
    start = time.process_time()
    if name == "yardstick":
        yardstick(reference, current)
    elif name == "two samples":
        StabilityMonitor(Baseline.fit(reference)).compare(current).frame()
    elif name == "two samples, no frame":
        StabilityMonitor(Baseline.fit(reference)).compare(current)
    elif name == "two samples, report":
        report_of(StabilityMonitor(Baseline.fit(reference)).compare(current))
    elif name == "stored baseline":
        StabilityMonitor(baseline).compare(current).frame()
    else:
        labels = np.array([f"2024-{m:02d}" for m in months])
        monitor = StabilityMonitor(baseline)
        monitor.update(current, period=labels, y=outcome).result().frame()
    seconds = time.process_time() - start
    extra = peak_memory() - before
    return {"seconds": seconds, "extra_mb": extra}


def report_of(result: StabilityResult) -> str:
    """Judge the result and lay the page out, as a nightly job does."""
    from riskkit.monitoring import EarlyWarning
    from riskkit.reporting import monitoring_report

    warning = EarlyWarning().evaluate(result, as_of="2024-01-31")
    return monitoring_report(warning, result).html


def peak_memory(*, restart: bool = False) -> float:
    """Return the largest memory in use since the last restart, in MB (Linux)."""
    if restart:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--features", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--job", choices=JOBS)
    parser.add_argument("--quick", action="store_true", help="50 features, once")
    given = parser.parse_args()
    if given.quick:
        given.features, given.repeats = 50, 1
    if given.job:
        print(json.dumps(job(given.job, given.rows, given.features)))
        return
    print(f"{given.features} features, {given.rows:,} + {given.rows:,} rows")
    print(f"{'job':<24}{'CPU s':>8}{'yardstick / it':>16}{'extra MB':>10}")
    unit = None
    for name in JOBS:
        found = []
        for _ in range(given.repeats):
            done = subprocess.run(
                [sys.executable, __file__, "--job", name, "--rows", str(given.rows),
                 "--features", str(given.features)],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            found.append(json.loads(done.stdout.splitlines()[-1]))
        least = min(one["seconds"] for one in found)
        unit = least if unit is None else unit
        most = max(one["extra_mb"] for one in found)
        print(f"{name:<24}{least:>8.2f}{unit / least:>16.1f}{most:>10.0f}")


if __name__ == "__main__":
    main()
