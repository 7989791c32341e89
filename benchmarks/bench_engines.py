"""Counting, bins, scorecard, baseline and scores of a Parquet book, engine by engine.

The book is written in pieces to a temporary folder, which is deleted afterwards. Every
figure comes from a process of its own; memory is the most that the process ever held
(VmHWM). Run as ``python benchmarks/bench_engines.py --rows 1000000``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ENGINES = ("arrow", "polars", "duckdb")
JOBS = ("stats", "fit", "score", "sql", "monitor")
PIECE = 1_000_000
N_CARD = 6  # features of the scorecard: patterns, not rows, fill its memory


def make_piece(n_rows: int, n_features: int, seed: int) -> pa.Table:
    """Return numbers of several shapes, a fifth of them levels, and an outcome."""
    rng = np.random.default_rng(seed)
    columns, log_odds = {}, np.full(n_rows, -3.0)
    for j in range(n_features):
        kind = j % 5
        z = rng.normal(0, 1, n_rows)
        if j < N_CARD:
            log_odds += 0.4 * z * (-1) ** j
        if kind == 0:
            x = pa.array(np.exp(8 + 1.2 * z), mask=rng.random(n_rows) < 0.05)
        elif kind == 1:
            x = np.rint(650 + 80 * z)
        elif kind == 2:
            x = np.where(rng.random(n_rows) < 0.02, np.nan, 0.3 + 0.1 * z)
        elif kind == 3:
            x = np.clip(np.rint(3 + 2 * z), 0, 12).astype(np.int32)
        else:
            place = np.clip(np.rint(10 + 4 * z), 0, 20).astype(np.int8)
            levels = pa.array([f"level {k:02d}" for k in range(21)])
            x = pa.DictionaryArray.from_arrays(pa.array(place), levels)
        columns[f"x{j}"] = x
    columns["bad"] = (rng.random(n_rows) < 1 / (1 + np.exp(-log_odds))).astype(np.int8)
    columns["month"] = np.array([f"2026-{m:02d}" for m in range(1, 13)])[
        np.minimum(np.arange(n_rows) * 12 // n_rows, 11)
    ]
    return pa.table(columns)


def write_book(folder: Path, n_rows: int, n_features: int) -> float:
    """Write the pieces; return their size in MB."""
    for k, start in enumerate(range(0, n_rows, PIECE)):
        piece = make_piece(min(PIECE, n_rows - start), n_features, k)
        pq.write_table(piece, folder / f"{k:04d}.parquet")
    return sum(path.stat().st_size for path in folder.glob("*.parquet")) / 1e6


def run(job: str, engine: str, folder: Path, model: Path) -> dict[str, float]:
    """Do one job in this process."""
    from riskkit.binning import OptimalBinner
    from riskkit.engines import (
        collect_stats,
        fit_baseline,
        fit_binner,
        fit_scorecard,
        monitor,
        score,
    )
    from riskkit.export import save_artifact, to_sql
    from riskkit.monitoring import Baseline
    from riskkit.scorecard import ScorecardClassifier

    source = str(folder / "*.parquet")
    told = {"engine": engine}
    if engine == "duckdb":
        told["memory_limit"] = "2GB"
    start = time.perf_counter()
    if job == "stats":
        stats = collect_stats(source, "bad", **told)
        counted = time.perf_counter() - start
        fit_binner(OptimalBinner(), stats, features=stats.features[:-1])
        fit_baseline(stats)
        return {"seconds": time.perf_counter() - start, "count": counted}
    if job == "fit":
        features = [f"x{j}" for j in range(N_CARD)]
        card = ScorecardClassifier(verbose=False)
        card = fit_scorecard(card, source, "bad", features=features, **told)
        seconds = time.perf_counter() - start
        save_artifact(card, model, overwrite=True)
        return {"seconds": seconds}
    if job == "sql":
        import duckdb

        sql = to_sql(model, table="book", reasons=0)
        scan = f"SELECT * FROM read_parquet('{source}', can_have_nan = true)"
        connection = duckdb.connect()
        connection.execute("SET memory_limit = '2GB'")
        total = f"WITH book AS ({scan}) SELECT sum(points), sum(pd) FROM ({sql})"
        connection.execute(total).fetchall()
        return {"seconds": time.perf_counter() - start}
    if job == "score":
        scored = score(source, model, **told)
        if engine == "duckdb":
            scored.aggregate("sum(points), sum(pd)").fetchall()
        elif engine == "polars":
            scored.sum().collect(engine="streaming")
        else:
            sum(batch.num_rows for batch in scored)
        return {"seconds": time.perf_counter() - start}
    from riskkit.artifact import read_artifact

    baseline = Baseline.from_scorecard(read_artifact(model))
    monitor(source, baseline, period="month", model=model, y="bad", **told)
    return {"seconds": time.perf_counter() - start}


def measure(job: str, engine: str, folder: Path, model: Path) -> dict[str, float]:
    """Do one job in a process of its own."""
    command = [sys.executable, __file__, "--job", job, "--engine", engine]
    command += ["--folder", str(folder), "--model", str(model)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def peak_mb() -> float:
    """Return the most memory that this process ever held."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return float("nan")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--features", type=int, default=20)
    parser.add_argument("--engines", nargs="+", default=list(ENGINES))
    parser.add_argument("--jobs", nargs="+", default=list(JOBS))
    parser.add_argument("--temporary", default=None, help="where to write the book")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    parser.add_argument("--engine", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--model", type=Path, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.job:
        found = run(told.job, told.engine, told.folder, told.model)
        print(json.dumps({**found, "peak_mb": peak_mb()}))
        return
    with tempfile.TemporaryDirectory(dir=told.temporary) as name:
        folder, model = Path(name), Path(name) / "model.rk"
        size = write_book(folder, told.rows, told.features)
        print(f"{told.rows:,} rows x {told.features} features, {size:,.0f} MB")
        print(f"{'job':10}{'engine':10}{'seconds':>10}{'ns/row':>10}{'peak MB':>10}")
        jobs = [job for job in JOBS if job in told.jobs]
        if "fit" not in jobs and {"score", "sql", "monitor"} & set(jobs):
            measure("fit", told.engines[0], folder, model)
        for job in jobs:
            for engine in ["duckdb"] if job == "sql" else told.engines:
                row = measure(job, engine, folder, model)
                per_row = row["seconds"] / told.rows * 1e9
                line = f"{job:10}{engine:10}{row['seconds']:10.2f}{per_row:10.0f}"
                print(f"{line}{row['peak_mb']:10.0f}", flush=True)


if __name__ == "__main__":
    main()
