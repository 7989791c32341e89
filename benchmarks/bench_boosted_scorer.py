"""How fast saved boosted models score: one record, with and without reasons, a table.

Models of 200 trees, as LightGBM and XGBoost grow them by riskkit's defaults, and blends
are fitted to 30 columns of a synthetic loan book, saved, and loaded again. One record
is scored many times over; the median and the 99th percentile are shown. The library's
own one-row prediction, through the same fine bins, stands beside. Tables for reasons
are made for the first record that asks for them: what that takes is shown too.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from riskkit.boosting import LGBMPDClassifier, PDBlendClassifier, XGBPDClassifier
from riskkit.export import save_artifact
from riskkit.serving import load_scorer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

N_NUMERIC, N_TEXT = 24, 6
MODELS: dict[str, Callable[[], Any]] = {
    "lightgbm, 200 trees": lambda: LGBMPDClassifier(n_rounds=200),
    "xgboost, 200 trees": lambda: XGBPDClassifier(n_rounds=200),
    "blend, fast": lambda: PDBlendClassifier("fast"),
    "blend, standard": PDBlendClassifier,
}


def make_table(n_rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return 30 columns, of which some are missing, and outcomes that go with them."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(n_rows, N_NUMERIC)).round(3)
    levels = rng.integers(0, 8, size=(n_rows, N_TEXT))
    log_odds = -2.0 + 0.4 * numbers[:, :8].sum(axis=1) + 0.2 * (levels == 3).sum(axis=1)
    y = (rng.random(n_rows) < 1 / (1 + np.exp(-log_odds))).astype(int)
    numbers[rng.random(numbers.shape) < 0.05] = np.nan
    table = {f"x{k}": numbers[:, k] for k in range(N_NUMERIC)}
    words = np.array([f"level {k}" for k in range(8)], dtype=object)
    table |= {f"c{k}": words[levels[:, k]] for k in range(N_TEXT)}
    return pd.DataFrame(table), y


def microseconds(run: Callable[[Any], object], records: Sequence[Any]) -> str:
    """Return the median and the 99th percentile of single calls."""
    for record in records[:50]:
        run(record)
    taken = []
    for record in records:
        start = time.perf_counter_ns()
        run(record)
        taken.append(time.perf_counter_ns() - start)
    return "{:8.1f}{:8.1f}".format(*np.percentile(taken, [50, 99]) / 1e3)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the table")
    given = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    X, y = make_table(20_000, 0)
    table, _ = make_table(given.rows, 1)
    records = table.head(given.records).to_dict("records")
    print(
        f"{'':22s}{'PD, us':>16s}{'4 reasons, us':>16s}{'estimator, us':>16s}"
        f"{'load, ms':>10s}{'first, ms':>10s}{'kB':>8s}{'rows/s':>10s}"
        "   (us: median, 99 %)"
    )
    for name in given.models:
        model = MODELS[name]().fit(X, y)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.rk"
            save_artifact(model, path)
            size = path.stat().st_size / 1e3
            start = time.perf_counter()
            scorer = load_scorer(path)
            load = (time.perf_counter() - start) * 1e3
        start = time.perf_counter()
        scorer.score(records[0], n_reasons=4)
        first = (time.perf_counter() - start) * 1e3
        alone = microseconds(lambda r, s=scorer: s.score(r, n_reasons=0), records)
        reasons = microseconds(lambda r, s=scorer: s.score(r, n_reasons=4), records)
        frames = [table.iloc[[k]] for k in range(60)]
        own = microseconds(model.predict_proba, frames)
        start = time.perf_counter()
        scorer.score_batch(table)
        rate = given.rows / (time.perf_counter() - start)
        print(
            f"{name:22s}{alone}{reasons}{own}{load:10.1f}{first:10.1f}{size:8.0f}"
            f"{rate:10,.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
