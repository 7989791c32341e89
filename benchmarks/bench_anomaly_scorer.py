"""How long does a saved anomaly ensemble need for one record, and how large is it?

The default ``AnomalyEnsemble`` is fitted on synthetic tables of 15 and 30 numbers, and
on one that has text and missing values, saved, loaded, and asked for one record at a
time: the score alone, and the score with four reasons. The least and the middle of many
calls are printed; on a busy machine the least says what the code costs.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from riskkit.export import save_artifact
from riskkit.fraud import AnomalyEnsemble
from riskkit.serving import load_scorer

N_RECORDS = 200


def numbers(n_rows, n_columns):
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(n_columns, n_columns)) / np.sqrt(n_columns)
    values = np.exp(rng.normal(size=(n_rows, n_columns)) @ mixed)
    return pd.DataFrame(values, columns=[f"x{j}" for j in range(n_columns)])


def mixed(n_rows):
    table = numbers(n_rows, 10)
    rng = np.random.default_rng(1)
    table = table.mask(rng.random(table.shape) < 0.05)
    for j in range(5):
        levels = [f"level {k}" for k in range(4**j)]
        table[f"c{j}"] = rng.choice(levels, n_rows)
    return table


def clock(call, records, n_rounds):
    times = []
    for _ in range(n_rounds):
        for record in records:
            start = time.perf_counter_ns()
            call(record)
            times.append(time.perf_counter_ns() - start)
    return f"{min(times) / 1e6:.3f} / {np.median(times) / 1e6:.3f} ms"


def measure(name, table, n_rounds):
    detector = AnomalyEnsemble().fit(table)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ensemble.rk"
        save_artifact(detector, path)
        size = path.stat().st_size / 1e6
        start = time.perf_counter()
        scorer = load_scorer(path)
        loading = time.perf_counter() - start
    rows = table[:N_RECORDS]
    records = rows.to_dict("records")
    alone = [scorer.score(record, n_reasons=0).anomaly_score for record in records]
    same = np.array_equal(alone, detector.anomaly_score(rows))
    scored = clock(lambda r: scorer.score(r, n_reasons=0), records, n_rounds)
    explained = clock(lambda r: scorer.score(r, n_reasons=4), records, n_rounds)
    print(
        f"{name:22} {size:.2f} MB, loaded in {loading:.2f} s; scored {scored}, "
        f"explained {explained} (least / middle); the estimator's bits: {same}",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rows and calls")
    quick = parser.parse_args().quick
    n_rows, n_rounds = (3000, 2) if quick else (50_000, 10)
    measure("15 numbers", numbers(n_rows, 15), n_rounds)
    measure("30 numbers", numbers(n_rows, 30), n_rounds)
    measure("10 numbers, 5 texts", mixed(n_rows), n_rounds)
