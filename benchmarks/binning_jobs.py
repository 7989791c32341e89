"""One measured job of the binning benchmark in a process of its own; prints JSON.

Usage: python binning_jobs.py JOB FOLDER ARGUMENTS...
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from binning_tables import information_value, read_real

MAX_BINS = 8
MIN_SIZE = 0.05
TRENDS = ("auto", "ascending", "descending", "peak", "valley")


def read_table(folder: Path, name: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Return features and target; arrays are wrapped, so that loading has no peak."""
    if (folder / f"{name}.npy").exists():
        values = np.load(folder / f"{name}.npy")
        target = np.load(folder / f"{name}_y.npy")
        names = [f"x{k}" for k in range(values.shape[1])]
        return pd.DataFrame(values, columns=names, copy=False), target
    if (folder / f"{name}.parquet").exists():
        frame = pd.read_parquet(folder / f"{name}.parquet")
    else:
        frame = read_real(name)
    return frame, frame.pop("y").to_numpy()


def peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss of a child starts from its parent's on Linux
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ready_memory() -> None:
    """Touch and free a gigabyte, and begin to measure the peak anew.

    A host may take back the memory of a guest that does not use it; the first touch of
    a page then costs up to ten times the work done in it, by turns for either library.
    """
    np.ones(1 << 27)
    resets = Path("/proc/self/clear_refs")
    if resets.exists():
        resets.write_text("5")


def clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def our_binner(margin: float):
    from riskkit.binning import OptimalBinner

    return OptimalBinner(
        max_n_bins=MAX_BINS, min_bin_size=MIN_SIZE, trend_margin=margin
    )


def our_edges(binner) -> dict[str, np.ndarray]:
    tables = binner.binning_tables_.items()
    return {name: np.array(table.feature.edges) for name, table in tables}


def import_optbinning():
    """Import it without what its own dependencies print."""
    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        import optbinning
    warnings.simplefilter("ignore")
    return optbinning


def job_fit(folder: Path, library: str, name: str) -> dict[str, float]:
    """Fit and transform once, from the first call of a fresh process."""
    X, y = read_table(folder, name)
    if library == "riskkit":
        import narwhals  # noqa: F401  (an import is no part of a fit)

        model, options = our_binner(0.0), {}
    else:
        process = import_optbinning().BinningProcess
        model = process(list(X), max_n_bins=MAX_BINS, min_bin_size=MIN_SIZE)
        options = {"metric": "woe"}
    ready_memory()
    before, start = peak_mb(), clocks()
    model.fit(X, y)
    fitted, peak = clocks(), peak_mb()
    times = []
    for _ in range(2):
        ready_memory()
        began = clocks()
        model.transform(X, **options)
        times.append(clocks()[0] - began[0])
    return {
        "fit": fitted[0] - start[0],
        "fit_cpu": fitted[1] - start[1],
        "transform": times[0],
        "transform_again": times[1],
        "peak": peak - before,
    }


def job_iv(folder: Path, library: str, name: str, split: str) -> dict[str, object]:
    """Return each column's IV of training and of hold-out rows, by way of binning."""
    X, y = read_table(folder, name)
    is_event = y == 1
    train = np.ones(len(y), dtype=bool)
    if split != "all":
        train = np.random.default_rng(int(split)).random(len(y)) < 0.7
    ways = _our_ways(X[train], y[train])
    side = "left"
    if library == "optbinning":
        ways, side = _their_ways(X[train], y[train]), "right"
    out: dict[str, object] = {}
    for way, edges in ways.items():
        out[way] = {
            column: [
                information_value(x[rows], is_event[rows], edges[column], side)
                for rows in ((train,) if split == "all" else (train, ~train))
            ]
            for column, x in ((c, X[c].to_numpy()) for c in X)
        }
    return out


def _our_ways(X: pd.DataFrame, y: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    return {
        "margin 0": our_edges(our_binner(0.0).fit(X, y)),
        "default": our_edges(our_binner(0.05).fit(X, y)),
    }


def _their_ways(X: pd.DataFrame, y: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    binning = import_optbinning().OptimalBinning
    return {
        trend: {
            column: np.asarray(
                binning(
                    dtype="numerical",
                    monotonic_trend=trend,
                    max_n_bins=MAX_BINS,
                    min_bin_size=MIN_SIZE,
                )
                .fit(X[column].to_numpy(), y)
                .splits,
                dtype=float,
            )
            for column in X
        }
        for trend in TRENDS
    }


def job_levels(folder: Path, library: str, name: str) -> dict[str, float]:
    """Fit one column of categories."""
    X, y = read_table(folder, name)
    X = X.astype(object)
    if library == "riskkit":
        model = our_binner(0.05)
    else:
        process = import_optbinning().BinningProcess
        model = process(list(X), categorical_variables=list(X), max_n_bins=MAX_BINS)
    wall, _ = clocks()
    model.fit(X, y)
    return {"fit": clocks()[0] - wall}


def job_wide(folder: Path, name: str) -> dict[str, float]:
    """Fit thousands of float32 columns."""
    X, y = read_table(folder, name)
    model, before, (wall, cpu) = our_binner(0.05), peak_mb(), clocks()
    model.fit(X, y)
    fitted = clocks()
    return {
        "fit": fitted[0] - wall,
        "fit_cpu": fitted[1] - cpu,
        "frame": before,
        "peak": peak_mb(),
    }


def main() -> None:
    job, folder, *arguments = sys.argv[1:]
    warnings.filterwarnings("ignore", message=".*ended in one bin.*")
    found = globals()[f"job_{job}"](Path(folder), *arguments)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
