"""Stepwise scorecards on 100 characteristics and 200,000 rows, binning included."""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
import pandas as pd

from riskkit.scorecard import ScorecardClassifier

RUNS = [
    (selection, criterion)
    for selection in ("forward", "backward", "both")
    for criterion in ("bic", "aic", "pvalue", "auc")
]


def make_table(n_rows: int, n_columns: int, seed: int = 0) -> tuple[pd.DataFrame, ...]:
    """Return correlated columns, a third of which say something of the outcome."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n_rows, 10))
    loadings = rng.normal(size=(10, n_columns)) * 0.5
    X = factors @ loadings + rng.normal(size=(n_rows, n_columns))
    slope = np.where(np.arange(n_columns) % 3 == 0, rng.normal(size=n_columns), 0) * 0.2
    log_odds = X @ slope + 0.2 * np.sin(2 * X[:, 0]) - 2.8
    y = rng.random(n_rows) < 1 / (1 + np.exp(-log_odds))
    names = [f"x{j}" for j in range(n_columns)]
    return pd.DataFrame(X, columns=names), y.astype(int)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--only", help="such as forward:bic")
    options = parser.parse_args()
    X, y = make_table(options.rows, options.columns)
    print(f"{len(X):,} rows x {X.shape[1]} columns, event rate {y.mean():.3f}")
    print("selection  criterion   seconds   CPU  characteristics  steps")
    for selection, criterion in RUNS:
        if options.only not in (None, f"{selection}:{criterion}"):
            continue
        card = ScorecardClassifier(selection=selection, criterion=criterion, min_iv=0.0)
        wall, cpu = time.perf_counter(), time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            card.fit(X, y)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        n_kept, n_steps = len(card.coefficients_), len(card.steps_)
        print(
            f"{selection:9s}  {criterion:9s} {wall:9.1f} {cpu:5.1f}"
            f" {n_kept:16d} {n_steps:6d}",
            flush=True,
        )


if __name__ == "__main__":
    main()
