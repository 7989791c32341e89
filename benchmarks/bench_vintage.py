"""Vintage and transition tables of millions of rows: seconds and memory.

Every figure comes from a process of its own; memory is the most that the process used,
Python, the libraries and the data it is given included.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import subprocess
import sys
import time

import numpy as np

JOBS = ("vintage_table", "transition_matrix", "roll_rates")
ORDER = ["0", "30", "60", "90"]


def make_loans(n_rows: int) -> dict[str, np.ndarray]:
    """Return ten years of loans, a sixth of which default."""
    rng = np.random.default_rng(0)
    start = np.datetime64("2010-01-01") + rng.integers(0, 3_650, n_rows)
    life = rng.exponential(6_000, n_rows).astype(int)
    event = np.where(life < 1_100, start + life, np.datetime64("NaT"))
    return {"dates": start, "event_dates": event, "amount": rng.lognormal(9, 1, n_rows)}


def make_tape(n_rows: int) -> dict[str, np.ndarray]:
    """Return two years of accounts, a row for each month, in no order."""
    rng = np.random.default_rng(0)
    n_accounts = n_rows // 24
    account = np.repeat(rng.permutation(n_accounts), 24)
    month = np.tile(np.arange("2022-01", "2024-01", dtype="datetime64[M]"), n_accounts)
    state = np.array(ORDER)[rng.choice(4, account.size, p=[0.9, 0.05, 0.03, 0.02])]
    order = rng.permutation(account.size)
    return {
        "accounts": account[order],
        "dates": month.astype("datetime64[D]")[order],
        "states": state[order],
        "amount": rng.lognormal(8, 1, account.size),
    }


def run(job: str, n_rows: int) -> None:
    """Do one job and print its figures."""
    from riskkit import backtest

    if job == "vintage_table":
        given = make_loans(n_rows) | {"as_of": "2020-06-30"}
    else:
        given = make_tape(n_rows) | {"order": ORDER}
    compute = getattr(backtest, job)
    small = {k: v[:0] if isinstance(v, np.ndarray) else v for k, v in given.items()}
    with contextlib.suppress(ValueError):  # loads what is loaded on first use
        compute(**small)
    start = time.perf_counter()
    compute(**given)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{job:<18} {n_rows:>10,} rows  {seconds:6.2f} s  {peak:5.2f} GB in all")


def main() -> None:
    """Run every job in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--quick", action="store_true", help="half a million rows")
    parser.add_argument("--job", choices=JOBS, help="this one, in this process")
    given = parser.parse_args()
    n_rows = 500_000 if given.quick else given.rows
    if given.job:
        run(given.job, n_rows)
        return
    for job in JOBS:
        subprocess.run(
            [sys.executable, __file__, "--job", job, "--rows", str(n_rows)], check=True
        )


if __name__ == "__main__":
    main()
