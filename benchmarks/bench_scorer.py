"""How fast saved models answer: one record, a table, and from a cold start.

A scorecard of 30 characteristics is fitted to a synthetic loan book, saved and loaded
again; its single answers (points, PD and four reasons) stand beside those of the same
card in optbinning, its table of a million rows beside optbinning, DuckDB's SQL and
Polars' expressions. Boosted trees follow. A new process shows what it costs to load the
scorer. All is measured in one run, so that ratios hold on a busy machine too.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from riskkit.artifact import read_artifact
from riskkit.binning import OptimalBinner
from riskkit.boosting import LGBMPDClassifier, XGBPDClassifier
from riskkit.export import save_artifact, to_python, to_sql
from riskkit.scorecard import ScorecardClassifier
from riskkit.serving import load_scorer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

N_NUMERIC, N_TEXT = 24, 6
COLD = """
import sys, time
start = time.perf_counter()
from riskkit.serving import load_scorer
scorer = load_scorer(sys.argv[1])
took = time.perf_counter() - start
with open('/proc/self/status') as status:
    resident = next(int(line.split()[1]) for line in status if 'VmRSS' in line)
cpu = time.process_time()
print(took * 1e3, resident / 1024, 'numpy' in sys.modules, cpu * 1e3)
"""


def make_table(n_rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return 30 columns, of which some are missing, and outcomes that go with them."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(n_rows, N_NUMERIC)).round(3)
    levels = rng.integers(0, 8, size=(n_rows, N_TEXT))
    slopes = rng.uniform(0.1, 0.4, N_NUMERIC) if seed else np.linspace(0.1, 0.4, 24)
    log_odds = -2.0 + numbers @ slopes + 0.3 * (levels < 3).sum(axis=1)
    y = (rng.random(n_rows) < 1 / (1 + np.exp(-log_odds))).astype(int)
    numbers[rng.random(numbers.shape) < 0.05] = np.nan
    words = np.array([f"level {k}" for k in range(8)], dtype=object)
    table = {f"x{k}": numbers[:, k] for k in range(N_NUMERIC)}
    table |= {f"c{k}": words[levels[:, k]] for k in range(N_TEXT)}
    return pd.DataFrame(table), y


def microseconds(run: Callable[[Any], object], rows: Sequence[Any]) -> list[float]:
    """Return the median and the 99th percentile of single calls."""
    for row in rows[: max(1, len(rows) // 20)]:
        run(row)
    taken = []
    for row in rows:
        start = time.perf_counter_ns()
        run(row)
        taken.append(time.perf_counter_ns() - start)
    return (np.percentile(taken, [50, 99]) / 1e3).tolist()


def rate(run: Callable[[], object], n_rows: int, repeats: int = 3) -> float:
    """Return rows a second, the best of a few runs."""
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return n_rows / best


def fit_theirs(X: pd.DataFrame, y: np.ndarray) -> Any:
    """Return optbinning's scorecard of the same columns."""
    from optbinning import BinningProcess, Scorecard
    from sklearn.linear_model import LogisticRegression

    texts = [name for name in X if name.startswith("c")]
    process = BinningProcess(list(X), categorical_variables=texts)
    card = Scorecard(
        process,
        LogisticRegression(max_iter=500),
        scaling_method="pdo_odds",
        scaling_method_params={"pdo": 20, "odds": 50, "scorecard_points": 600},
    )
    return card.fit(X, y)


def show_singles(scorer: Any, theirs: Any, table: pd.DataFrame, n: int) -> None:
    records = table.head(n).to_dict("records")
    ours = microseconds(lambda r: scorer.score(r, n_reasons=4), records)
    print(f"scorecard, points + PD + 4 reasons   {ours[0]:9.1f} {ours[1]:9.1f} us")
    file: dict[str, Any] = {"__name__": "card"}
    exec(to_python(scorer._artifact), file)  # noqa: SLF001
    alone = microseconds(file["score"], records)
    print(f"the same, generated Python file      {alone[0]:9.1f} {alone[1]:9.1f} us")
    frames = [table.iloc[[k]] for k in range(min(n, 60))]
    points = microseconds(theirs.score, frames)
    print(
        f"optbinning, points of a frame        {points[0]:9.1f} {points[1]:9.1f} us"
        f"   {points[0] / ours[0]:,.0f} x"
    )
    both = microseconds(lambda f: (theirs.score(f), theirs.predict_proba(f)), frames)
    print(
        f"optbinning, points + PD              {both[0]:9.1f} {both[1]:9.1f} us"
        f"   {both[0] / ours[0]:,.0f} x"
    )


def show_table(scorer: Any, theirs: Any, path: Path, table: pd.DataFrame) -> None:
    import duckdb
    import polars as pl

    n_rows = len(table)
    frame = pl.from_pandas(table, nan_to_null=True)
    ours = rate(lambda: scorer.score_batch(table), n_rows)
    print(f"score_batch, pandas                  {ours:14,.0f} rows/s")
    print(
        "score_batch, Polars                  "
        f"{rate(lambda: scorer.score_batch(frame), n_rows):14,.0f} rows/s"
    )
    few = table.head(min(n_rows, 100_000))
    slow = rate(lambda: theirs.score(few), len(few), repeats=2)
    print(f"optbinning, points   {slow:30,.0f} rows/s   {ours / slow:.1f} x")
    slow = rate(lambda: (theirs.score(few), theirs.predict_proba(few)), len(few), 2)
    print(f"optbinning, points + PD {slow:27,.0f} rows/s   {ours / slow:.1f} x")
    statement = to_sql(path, reasons=0)
    with duckdb.connect() as connection:
        connection.register("arrow", frame.to_arrow())
        connection.execute("CREATE TABLE applications AS SELECT * FROM arrow")
        sql = rate(lambda: connection.execute(statement).to_arrow_table(), n_rows)
    print(f"DuckDB, to_sql       {sql:30,.0f} rows/s   {ours / sql:.1f} x")
    expressions = polars_expressions(path)
    fast = rate(lambda: frame.select(**expressions), n_rows)
    print(f"Polars expressions   {fast:30,.0f} rows/s   {ours / fast:.1f} x")


def polars_expressions(path: Path) -> dict[str, Any]:
    """Return the card as Polars expressions, written out by hand for comparison."""
    import polars as pl

    card = read_artifact(path).model
    totals = {"log_odds": pl.lit(card.intercept), "points": pl.lit(card.offset_points)}
    for item in card.characteristics:
        feature = item.feature
        column = pl.col(feature.name)
        for name, values in (("log_odds", item.log_odds), ("points", item.points)):
            if feature.kind == "numeric":
                chain: Any = pl.when(column.is_null()).then(values[feature.missing_bin])
                for edge, value in zip(feature.edges, values, strict=False):
                    chain = chain.when(column <= edge).then(value)
                part = chain.otherwise(values[len(feature.edges)])
            else:
                bins = {lv: values[k] for lv, k in feature.level_bins().items()}
                known = column.replace_strict(bins, default=values[feature.unseen_bin])
                part = (
                    pl.when(column.is_null())
                    .then(values[feature.missing_bin])
                    .otherwise(known)
                )
            totals[name] = totals[name] + part
    return {**totals, "pd": 1 / (1 + (-totals["log_odds"]).exp())}


def show_trees(X: pd.DataFrame, y: np.ndarray, table: pd.DataFrame, n: int) -> None:
    records = table.head(n).to_dict("records")
    for name, model in (
        ("lightgbm", LGBMPDClassifier(n_rounds=200)),
        ("xgboost", XGBPDClassifier(n_rounds=200)),
    ):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.rk"
            save_artifact(model.fit(X, y), path)
            scorer = load_scorer(path)
        pd_ = microseconds(lambda r, s=scorer: s.score(r, n_reasons=0), records)
        why = microseconds(lambda r, s=scorer: s.score(r, n_reasons=4), records)
        print(f"{name}, 200 trees, PD             {pd_[0]:9.1f} {pd_[1]:9.1f} us")
        print(f"{name}, 200 trees, PD + 4 reasons {why[0]:9.1f} {why[1]:9.1f} us")


def show_cold(path: Path, n_runs: int) -> None:
    runs = []
    # As a package manager leaves it, with bytecode: the first run may write it.
    surroundings = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    for _ in range(n_runs + 1):
        done = subprocess.run(
            [sys.executable, "-c", COLD, str(path)],
            capture_output=True,
            check=True,
            encoding="utf-8",
            env=surroundings,
        )
        took, resident, has_numpy, cpu = done.stdout.split()
        runs.append((float(took), float(resident), has_numpy, float(cpu)))
    del runs[0]
    took, cpu = [run[0] for run in runs], [run[3] for run in runs]
    print(
        f"cold import + load: {min(took):.1f} ms at best, "
        f"{statistics.median(took):.1f} ms median of {n_runs}; {min(cpu):.1f} ms CPU "
        f"of the process; {runs[0][1]:.1f} MB; NumPy loaded: {runs[0][2]}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=3_000)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the table")
    parser.add_argument("--cold", type=int, default=20, help="new processes")
    given = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    X, y = make_table(20_000, 0)
    table, _ = make_table(given.rows, 1)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; median, 99 %")
    card = ScorecardClassifier(OptimalBinner(), min_iv=0.0).fit(X, y)
    theirs = fit_theirs(X, y)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "card.rk"
        save_artifact(card, path)
        scorer = load_scorer(path)
        print(f"{len(scorer.features)} features")
        show_singles(scorer, theirs, table, given.records)
        show_cold(path, given.cold)
        show_trees(X, y, table, given.records)
        show_table(scorer, theirs, path, table)
    print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
