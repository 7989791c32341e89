"""OptimalBinner beside optbinning: speed, memory, and information value.

Every figure comes from a process of its own, the two libraries in turn, both with at
most 8 bins of at least 5 % of the rows. Times are the least of several processes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from binning_tables import (
    REAL,
    SIZES,
    make_levels,
    make_numeric,
    make_wide,
    real_path,
)

JOBS = Path(__file__).with_name("binning_jobs.py")
LIBRARIES = ("riskkit", "optbinning")
PARTS = ("speed", "levels", "wide", "iv", "holdout")


def run(job: str, folder: Path, *arguments: str) -> dict:
    done = subprocess.run(
        [sys.executable, str(JOBS), job, str(folder), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{job} {' '.join(arguments)} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def write_tables(folder: Path, names: list[str]) -> None:
    for name in names:
        frame = make_numeric(*SIZES[name])
        np.save(folder / f"{name}_y.npy", frame.pop("y").to_numpy())
        np.save(folder / f"{name}.npy", np.asfortranarray(frame.to_numpy()))


def report_speed(folder: Path, names: list[str], repeats: int) -> None:
    print(f"\nFit and transform: least of {repeats} processes each, seconds")
    print("(transform: the first call / the second call; peak: MB above the frame)")
    for name in names:
        found: dict[str, list[dict]] = {library: [] for library in LIBRARIES}
        for _ in range(repeats):
            for library in LIBRARIES:
                found[library].append(run("fit", folder, library, name))
        least = {
            library: {key: min(one[key] for one in all_of) for key in all_of[0]}
            for library, all_of in found.items()
        }
        rows, columns = SIZES[name]
        print(f"  {name}: {rows:,} rows x {columns} columns")
        for library in LIBRARIES:
            one = least[library]
            peak = max(each["peak"] for each in found[library])
            print(
                f"    {library:11s} fit {one['fit']:8.3f} (CPU {one['fit_cpu']:8.3f})"
                f"  transform {one['transform']:7.4f} / {one['transform_again']:7.4f}"
                f"  peak {peak:5.0f}"
            )
        ours, theirs = least["riskkit"], least["optbinning"]
        keys = ("fit", "fit_cpu", "transform", "transform_again")
        ratios = [f"{key} {theirs[key] / ours[key]:.1f}x" for key in keys]
        print(f"    ratio       {'  '.join(ratios)}")


def report_iv(folder: Path, names: list[str]) -> None:
    print("\nInformation value, unsmoothed, missing values a bin of their own")
    print("(best trend: the best of optbinning's trends in each column)")
    for name in names:
        ours = run("iv", folder, "riskkit", name, "all")
        theirs = run("iv", folder, "optbinning", name, "all")
        columns = list(theirs["auto"])
        best = {c: max(way[c][0] for way in theirs.values()) for c in columns}
        own = {c: ours["margin 0"][c][0] for c in columns}
        gaps = {c: own[c] / best[c] - 1 for c in columns}
        worst = min(gaps, key=gaps.__getitem__)
        default, auto = (
            sum(way[c][0] for c in columns) for way in (ours["default"], theirs["auto"])
        )
        total, target = sum(own.values()), sum(best.values())
        n_below = sum(gap < -1e-5 for gap in gaps.values())
        print(
            f"  {name:14s} riskkit {total:.4f} (default margin {default:.4f})"
            f"  optbinning auto {auto:.4f}  best trend {target:.4f}"
            f"  riskkit / best {total / target - 1:+.3%}"
        )
        print(
            f"  {'':14s} {n_below} of {len(columns)} columns below the best trend;"
            f" the worst, {worst} (IV {best[worst]:.4f}), by {gaps[worst]:+.3%}"
        )


def report_holdout(folder: Path, names: list[str], n_splits: int) -> None:
    print(f"\nHold-out IV: mean of {n_splits} splits, 30 % held out")
    for name in names:
        totals = []
        for split in map(str, range(n_splits)):
            ours = run("iv", folder, "riskkit", name, split)
            theirs = run("iv", folder, "optbinning", name, split)
            # The best trend is chosen as one must: on the training rows.
            best = [
                max((way[c] for way in theirs.values()), key=lambda both: both[0])[1]
                for c in theirs["auto"]
            ]
            held_out = [
                sum(both[1] for both in way.values())
                for way in (ours["margin 0"], ours["default"], theirs["auto"])
            ]
            totals.append([*held_out, sum(best)])
        own, default, auto, target = np.mean(totals, axis=0)
        print(
            f"  {name:14s} riskkit {own:.4f} (default margin {default:.4f})"
            f"  optbinning auto {auto:.4f}  best trend {target:.4f}"
            f"  riskkit / best {own / target - 1:+.3%}"
        )


def report_levels(folder: Path, repeats: int) -> None:
    make_levels(100_000, 1000).to_parquet(folder / "K.parquet")
    least = {
        library: min(run("levels", folder, library, "K")["fit"] for _ in range(repeats))
        for library in LIBRARIES
    }
    print("\nOne column of 1,000 levels, 100,000 rows")
    print("  " + "  ".join(f"{name} {took:.3f} s" for name, took in least.items()))


def report_wide(folder: Path, n_columns: int) -> None:
    frame = make_wide(20_000, n_columns)
    np.save(folder / "wide_y.npy", frame.pop("y").to_numpy())
    np.save(folder / "wide.npy", np.asfortranarray(frame.to_numpy()))
    del frame
    found = run("wide", folder, "wide")
    print(f"\n{n_columns:,} columns x 20,000 rows, float32, one call of fit")
    print(
        f"  riskkit {found['fit']:.1f} s (CPU {found['fit_cpu']:.1f} s), peak memory"
        f" of the process {found['peak']:,.0f} MB; after loading {found['frame']:,.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--quick", action="store_true", help="small tables, one process each"
    )
    parser.add_argument("--parts", default=",".join(PARTS), help="some of: %(default)s")
    options = parser.parse_args()
    parts = options.parts.split(",")
    if not set(parts) <= set(PARTS):
        parser.error(f"--parts must be some of {', '.join(PARTS)}")
    quick = options.quick
    repeats = 1 if quick else options.repeats
    names = ["A"] if quick else list(SIZES)
    real = [name for name in REAL if real_path(name).exists()]
    skipped = sorted(set(REAL) - set(real))
    if quick:
        real = [name for name in real if name in ("heloc", "taiwan_default")]
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{os.cpu_count()} cores, load {load:.1f}; NumPy {np.__version__}")
    if skipped:
        print(f"skipped, set RISKKIT_DATA to their folder: {', '.join(skipped)}")
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        write_tables(folder, names)
        if "speed" in parts:
            report_speed(folder, names, repeats)
        if "levels" in parts:
            report_levels(folder, repeats)
        if "wide" in parts:
            report_wide(folder, 200 if quick else 5000)
        if "iv" in parts:
            report_iv(folder, names + real)
        if "holdout" in parts:
            report_holdout(folder, real, 1 if quick else 5)


if __name__ == "__main__":
    main()
