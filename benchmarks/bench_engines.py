"""Counting, bins, scorecard, baseline and scores of a Parquet book, engine by engine.

The book is written in pieces to a temporary folder, which is deleted afterwards. Every
figure comes from a process of its own; memory is the most that the process and those
it started (the JVM and the workers of Spark) ever held, added up (VmHWM). The job
``ratio`` scores inside DuckDB and by the plain statement in turns, in one process, and
``flat`` counts the first million rows and then all of them in a process that has
imported everything, so that the fixed part is in neither. Run as
``python benchmarks/bench_engines.py --rows 1000000``, with ``--engines arrow polars
duckdb dask spark`` for those on a cluster, here of this machine alone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Callable

    from riskkit.engines import SufficientStats

ENGINES = ("arrow", "polars", "duckdb")
ALL = (*ENGINES, "dask", "spark")
TURNS = 9
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
    """Do one job in this process; return what it took."""
    import riskkit.binning
    import riskkit.engines  # noqa: F401 (which takes time of its own)

    source = str(folder / "*.parquet")
    told = {"engine": engine}
    if engine == "duckdb":
        told["memory_limit"] = "2GB"
    if engine == "spark":
        start_spark()
    start, cpu = time.perf_counter(), cpu_seconds()
    found = JOBS[job](source, model, told)
    found = {"seconds": time.perf_counter() - start, **(found or {})}
    return {"cpu": cpu_seconds() - cpu, **found}


def run_stats(source: str, model: Path, told: dict[str, str]) -> None:
    from riskkit.binning import OptimalBinner
    from riskkit.engines import collect_stats, fit_baseline, fit_binner

    stats = collect_stats(source, "bad", **told)
    fit_binner(OptimalBinner(), stats, features=stats.features[:-1])
    fit_baseline(stats)


def run_flat(source: str, model: Path, told: dict[str, str]) -> dict[str, float]:
    """Compare the cost of a row among a million and among all."""
    from riskkit.engines import collect_stats

    first = str(sorted(Path(source).parent.glob("*.parquet"))[0])
    warm = [cost_of_row(lambda: collect_stats(first, "bad", **told)) for _ in range(4)]
    every = cost_of_row(lambda: collect_stats(source, "bad", **told))
    few = float(np.median(warm[1:]))
    return {"flat": every / few, "few": few, "cpu": every * count_rows(source)}


def cost_of_row(count: Callable[[], SufficientStats]) -> float:
    """Return the CPU seconds of each row that is counted."""
    start = cpu_seconds()
    stats = count()
    return (cpu_seconds() - start) / stats.n


def count_rows(source: str) -> int:
    """Return the rows of all files, by their footers."""
    files = Path(source).parent.glob("*.parquet")
    return sum(pq.read_metadata(path).num_rows for path in files)


def run_fit(source: str, model: Path, told: dict[str, str]) -> None:
    from riskkit.engines import fit_scorecard
    from riskkit.export import save_artifact
    from riskkit.scorecard import ScorecardClassifier

    features = [f"x{j}" for j in range(N_CARD)]
    card = ScorecardClassifier(verbose=False)
    card = fit_scorecard(card, source, "bad", features=features, **told)
    save_artifact(card, model, overwrite=True)


def run_score(source: str, model: Path, told: dict[str, str]) -> None:
    from riskkit.engines import score

    scored = score(source, model, **told)
    if told["engine"] == "duckdb":
        scored.aggregate("sum(points), sum(pd)").fetchall()
    elif told["engine"] == "polars":
        scored.sum().collect(engine="streaming")
    elif told["engine"] == "dask":
        scored[["points", "pd"]].sum().compute()
    elif told["engine"] == "spark":
        scored.selectExpr("sum(points)", "sum(pd)").collect()
    else:
        sum(batch.num_rows for batch in scored)


def run_monitor(source: str, model: Path, told: dict[str, str]) -> None:
    from riskkit.artifact import read_artifact
    from riskkit.engines import monitor
    from riskkit.monitoring import Baseline

    baseline = Baseline.from_scorecard(read_artifact(model))
    monitor(source, baseline, period="month", model=model, y="bad", **told)


def run_ratio(source: str, model: Path, told: dict[str, str]) -> dict[str, float]:
    """Compare in turns, so that what else the machine does falls on both."""
    turns = [
        (run_plain(source, model), run_pushed(source, model)) for _ in range(TURNS)
    ]
    plain, ours = np.median(np.array(turns), axis=0).tolist()
    return {"cpu": ours, "ratio": plain / ours}


def run_plain(source: str, model: Path) -> float:
    """Return the CPU seconds of the statement alone, as DuckDB runs it."""
    import duckdb

    from riskkit.export import to_sql

    start = time.process_time()
    sql = to_sql(model, table="book", reasons=0)
    scan = f"SELECT * FROM read_parquet('{source}', can_have_nan = true)"
    connection = duckdb.connect()
    connection.execute("SET memory_limit = '2GB'")
    total = f"WITH book AS ({scan}) SELECT sum(points), sum(pd) FROM ({sql})"
    connection.execute(total).fetchall()
    return time.process_time() - start


def run_pushed(source: str, model: Path) -> float:
    """Return the CPU seconds of scoring by riskkit."""
    from riskkit.engines import score

    start = time.process_time()
    scored = score(source, model, engine="duckdb", memory_limit="2GB")
    scored.aggregate("sum(points), sum(pd)").fetchall()
    return time.process_time() - start


def start_spark() -> None:
    """Start a session on two threads, which is no part of the job."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    from pyspark.sql import SparkSession

    told = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
    SparkSession.builder.master("local[2]").config(map=told).getOrCreate()


JOBS = {
    "stats": run_stats,
    "fit": run_fit,
    "score": run_score,
    "ratio": run_ratio,
    "flat": run_flat,
    "monitor": run_monitor,
}


def measure(job: str, engine: str, folder: Path, model: Path) -> dict[str, float]:
    """Do one job in a process of its own."""
    command = [sys.executable, __file__, "--job", job, "--engine", engine]
    command += ["--folder", str(folder), "--model", str(model)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def family() -> list[dict[str, str]]:
    """Return what /proc says of this process and of all that it started."""
    told = {}
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = path.read_text().splitlines()
            times = path.with_name("stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        own = dict(line.split(":", 1) for line in lines if ":" in line)
        # Own and, of children that have ended, their time, in ticks.
        own["ticks"] = str(sum(map(int, times[11:15])))
        told[int(own["Pid"])] = own
    found = []
    for own in told.values():
        above = own
        while int(above["Pid"]) != os.getpid() and int(above["PPid"]) in told:
            above = told[int(above["PPid"])]
        if int(above["Pid"]) == os.getpid():
            found.append(own)
    return found


def peak_mb() -> float:
    """Return the most memory that the family ever held, added up."""
    return sum(int(own.get("VmHWM", "0 kB").split()[0]) for own in family()) / 1024


def cpu_seconds() -> float:
    """Return the time of processors that the family has taken."""
    ticks = sum(int(own["ticks"]) for own in family())
    return ticks / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--features", type=int, default=20)
    parser.add_argument("--engines", nargs="+", default=list(ENGINES), choices=ALL)
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
        print(
            f"{'job':10}{'engine':10}{'seconds':>10}{'CPU s':>10}"
            f"{'CPU ns/row':>12}{'peak MB':>10}"
        )
        jobs = [job for job in JOBS if job in told.jobs]
        if "fit" not in jobs and {"score", "ratio", "monitor"} & set(jobs):
            measure("fit", told.engines[0], folder, model)
        for job in jobs:
            for engine in ["duckdb"] if job == "ratio" else told.engines:
                row = measure(job, engine, folder, model)
                per_row = row["cpu"] / told.rows * 1e9
                line = f"{job:10}{engine:10}{row['seconds']:10.2f}{row['cpu']:10.2f}"
                line += f"{per_row:12.0f}"
                ratio = f"  of plain SQL {row['ratio']:.2f}" if "ratio" in row else ""
                if "flat" in row:
                    few = row["few"] * 1e9
                    ratio = f"  of a row among 1M, {few:.0f} ns: {row['flat']:.2f}"
                print(f"{line}{row['peak_mb']:10.0f}{ratio}", flush=True)


if __name__ == "__main__":
    main()
