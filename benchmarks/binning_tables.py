"""Tables for the binning benchmark: synthetic ones, real ones, and one yardstick.

The synthetic columns repeat five shapes of risk: concave, U-shaped, a smooth step, a
count that saturates, and pure noise. A tenth of each is missing, which is riskier.
The real sets are not part of the repository: they are read from the folder named by
``RISKKIT_DATA``, by default ``../shared/data`` beside it, and skipped where absent.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

SIZES = {"A": (10_000, 30), "B": (100_000, 100), "C": (1_000_000, 20)}
REAL = {
    # name: (target, columns that are no feature or are known only afterwards)
    "sba_national": ("default", ("Term", "BalanceGross", "ChgOffPrinGr")),
    "taiwan_default": ("default_next_month", ("ID",)),
    "gmsc": ("SeriousDlqin2yrs", ("Id",)),
    "heloc": ("bad", ()),
}
_INTERCEPT = -2.6
_MISSING_SHARE = 0.10


def make_numeric(n_rows: int, n_columns: int, seed: int = 7) -> pd.DataFrame:
    """Return a table of float64 columns and the target ``y``."""
    rng = np.random.default_rng(seed)
    columns = {}
    log_odds = np.full(n_rows, _INTERCEPT)
    share = 1 / np.sqrt(max(1, n_columns / 15))
    for k in range(n_columns):
        x, risk = _shape(k % 5, n_rows, rng)
        log_odds += share * (risk - risk.mean())
        missing = rng.random(n_rows) < _MISSING_SHARE
        log_odds[missing] += 0.3 * share
        columns[f"x{k}"] = np.where(missing, np.nan, x)
    return pd.DataFrame(columns | {"y": _outcome(log_odds, rng)})


def make_levels(n_rows: int, n_levels: int, seed: int = 7) -> pd.DataFrame:
    """Return one column of so many text levels and the target ``y``."""
    rng = np.random.default_rng(seed)
    effect = rng.normal(0, 0.5, n_levels)
    level = rng.choice(n_levels, n_rows, p=rng.dirichlet(np.full(n_levels, 2.0)))
    names = np.array([f"L{k:04d}" for k in range(n_levels)], dtype=object)
    outcome = _outcome(_INTERCEPT + 0.8 * effect[level], rng)
    return pd.DataFrame({f"c{n_levels}": names[level], "y": outcome})


def make_wide(n_rows: int, n_columns: int, seed: int = 7) -> pd.DataFrame:
    """Return a wide table of float32 columns, as wide tables are usually kept."""
    rng = np.random.default_rng(seed)
    values = np.empty((n_rows, n_columns), dtype=np.float32, order="F")
    log_odds = np.full(n_rows, -1.5)
    for k in range(n_columns):
        values[:, k], risk = _shape(k % 5, n_rows, rng)
        if k < 100:
            log_odds += 0.3 * (risk - risk.mean())
        values[rng.random(n_rows) < _MISSING_SHARE, k] = np.nan
    frame = pd.DataFrame(values, columns=[f"x{k}" for k in range(n_columns)])
    frame["y"] = _outcome(log_odds, rng)
    return frame


def _shape(
    kind: int, n_rows: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    if kind == 0:
        x = rng.lognormal(0, 1, n_rows)
        return x, -0.5 * np.log1p(x)
    if kind == 1:
        x = rng.normal(0, 1, n_rows)
        return x, 0.25 * (x**2 - 1)
    if kind == 2:
        x = rng.uniform(0, 100, n_rows)
        return x, 0.8 / (1 + np.exp(-(x - 60) / 8))
    if kind == 3:
        x = rng.poisson(3, n_rows).astype(float)
        return x, 0.12 * np.minimum(x, 6)
    x = rng.normal(0, 1, n_rows)
    return x, np.zeros(n_rows)


def _outcome(log_odds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (rng.random(len(log_odds)) < 1 / (1 + np.exp(-log_odds))).astype(np.int64)


def real_path(name: str) -> Path:
    """Return where a real set would be."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("RISKKIT_DATA", default)) / f"{name}.parquet"


def read_real(name: str) -> pd.DataFrame:
    """Return the numeric columns of a real set as float64, and the target ``y``."""
    target, left_out = REAL[name]
    frame = pd.read_parquet(real_path(name))
    frame = frame[frame[target].notna()]
    numeric = frame.drop(columns=[target, *left_out]).select_dtypes("number")
    table = pd.DataFrame(
        {
            column: numeric[column].to_numpy(np.float64, na_value=np.nan)
            for column in numeric
        }
    )
    table["y"] = frame[target].to_numpy(np.int64)
    return table


def information_value(
    x: np.ndarray, is_event: np.ndarray, edges: np.ndarray, side: str
) -> float:
    """Return the IV of given bins, one formula for all libraries.

    No smoothing, but a class without rows counts as half a row; the missing values
    are one more bin; shares refer to all rows. ``side`` is "left" where bins are
    closed on the right, and "right" where they are closed on the left.
    """
    bins = np.searchsorted(edges, x, side=side)
    bins[np.isnan(x)] = len(edges) + 1
    n = np.bincount(bins, minlength=len(edges) + 2)
    event = np.bincount(bins[is_event], minlength=len(edges) + 2)
    event, nonevent = event[n > 0], (n - event)[n > 0]
    p = np.maximum(event, 0.5) / np.count_nonzero(is_event)
    q = np.maximum(nonevent, 0.5) / np.count_nonzero(~is_event)
    return float(((q - p) * np.log(q / p)).sum())
