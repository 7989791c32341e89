"""AUC and log-loss on held-out loans, beside optbinning with logistic regression.

The embedded SBA loans are split by time (learned from approvals of 1997-2003, judged
on 2004-2006). German, Taiwan, HELOC and GMSC are split into five stratified folds; they
are looked for in the folder RISKKIT_DATA, by default ../shared/data, and skipped when
absent; German has 1000 rows only, so its folds are drawn ten times. Both libraries get
the same columns, rows and special codes, and nothing else: optbinning has its defaults,
with missing and special values by their empirical WoE, riskkit has none changed.
Differences are paired over the same rows: the error of the AUC by a bootstrap of the
rows that is the same in every fold, that of the log-loss by the rows' own differences.

    python benchmarks/bench_scorecard_auc.py --seed 0
"""

from __future__ import annotations

import argparse
import logging
import os
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from riskkit.datasets import load_sba_loans
from riskkit.exceptions import SingleBinWarning
from riskkit.scorecard import ScorecardClassifier

if TYPE_CHECKING:
    from numpy.typing import NDArray

logging.getLogger("__cvxpy__").setLevel(logging.CRITICAL)

DATA = Path(os.environ.get("RISKKIT_DATA", Path(__file__).parents[2] / "shared/data"))
SETS = {
    "german_credit": ("bad", [], None),
    "taiwan_default": ("default_next_month", ["ID"], None),
    "heloc": ("bad", [], [-9, -8, -7]),
    "gmsc": ("SeriousDlqin2yrs", ["Id"], None),
}
N_BOOTSTRAP = 200
FEW_ROWS = 5_000  # below, folds are drawn ten times


class Task(NamedTuple):
    """A table with its outcomes, the splits to judge on, and its special codes."""

    X: pd.DataFrame
    y: NDArray[np.intp]
    splits: list[tuple[NDArray[np.intp], NDArray[np.intp]]]
    codes: list[int] | None


def sba() -> Task:
    loans = load_sba_loans()
    year = loans.dates.astype("datetime64[Y]").astype(int) + 1970
    train = np.flatnonzero(year <= 2003)
    test = np.flatnonzero((year >= 2004) & (year <= 2006))
    return Task(loans.data, loans.target, [(train, test)], None)


def shared(name: str, seed: int = 0) -> Task | None:
    path = DATA / f"{name}.parquet"
    if not path.exists():
        return None
    target, left_out, codes = SETS[name]
    X = pd.read_parquet(path).drop(columns=left_out)
    y = X.pop(target).to_numpy().astype(int)
    X = X.astype({n: float for n in X if str(X[n].dtype) == "Int16"})
    splits = []
    for repeat in range(10 if len(y) < FEW_ROWS else 1):
        folds = StratifiedKFold(5, shuffle=True, random_state=seed + 1000 * repeat)
        splits += folds.split(X, y)
    return Task(X, y, splits, codes)


def ours(task: Task, train: Any, test: Any) -> NDArray[np.float64]:
    card = ScorecardClassifier(special_codes=task.codes)
    card.fit(task.X.iloc[train], task.y[train])
    return card.predict_proba(task.X.iloc[test])[:, 1]


def theirs(task: Task, train: Any, test: Any) -> NDArray[np.float64]:
    from optbinning import BinningProcess

    names = list(task.X.columns)
    categorical = [n for n in names if not is_numeric_dtype(task.X[n].dtype)]
    X = task.X.astype(dict.fromkeys(categorical, object))
    options = {"metric_missing": "empirical", "metric_special": "empirical"}
    process = BinningProcess(
        names, categorical_variables=categorical, special_codes=task.codes
    )
    woe = process.fit(X.iloc[train], task.y[train]).transform(X.iloc[train], **options)
    model = LogisticRegression(max_iter=1000).fit(woe, task.y[train])
    return model.predict_proba(process.transform(X.iloc[test], **options))[:, 1]


def judge(task: Task) -> dict[str, Any]:
    scores, seconds = [], np.zeros(2)
    for train, test in task.splits:
        both = []
        for k, fit in enumerate((ours, theirs)):
            start = time.perf_counter()
            both.append(fit(task, train, test))
            seconds[k] += time.perf_counter() - start
        scores.append(np.array(both))

    def mean_auc(times: NDArray[np.int64] | None) -> NDArray[np.float64]:
        found = []
        for (_, test), both in zip(task.splits, scores, strict=True):
            weight = None if times is None else times[test]
            y = task.y[test]
            found.append([roc_auc_score(y, p, sample_weight=weight) for p in both])
        return np.mean(found, axis=0)

    rng = np.random.default_rng(0)
    n = task.y.size
    draws = [
        mean_auc(np.bincount(rng.integers(0, n, n), minlength=n))
        for _ in range(N_BOOTSTRAP)
    ]
    loss, gap, times = [], np.zeros(n), np.zeros(n)
    for (_, test), both in zip(task.splits, scores, strict=True):
        y = task.y[test]
        rows = -np.where(y == 1, np.log(both), np.log1p(-both))
        loss.append(rows.mean(axis=1))
        gap[test] += rows[0] - rows[1]
        times[test] += 1
    by_row = gap[times > 0] / times[times > 0]
    auc = mean_auc(None)
    return {
        "auc": auc,
        "loss": np.mean(loss, axis=0),
        "gap": auc[0] - auc[1],
        "gap_error": np.std(np.subtract(*np.transpose(draws))),
        "loss_gap": by_row.mean(),
        "loss_error": by_row.std() / np.sqrt(by_row.size),
        "seconds": seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the folds")
    seed = parser.parse_args().seed
    warnings.simplefilter("ignore", SingleBinWarning)
    header = (
        f"{'set':16s}{'AUC ours':>9s}{'theirs':>9s}{'difference (se)':>20s}"
        f"{'loss ours':>11s}{'theirs':>9s}{'difference (se)':>20s}{'seconds':>14s}"
    )
    print(header)
    for name in ("sba out of time", *SETS):
        task = sba() if name.startswith("sba") else shared(name, seed)
        if task is None:
            print(f"{name:16s} skipped: {DATA} does not hold it")
            continue
        r = judge(task)
        print(
            f"{name:16s}{r['auc'][0]:9.4f}{r['auc'][1]:9.4f}"
            f"{r['gap']:+12.4f} ({r['gap_error']:.4f})"
            f"{r['loss'][0]:11.4f}{r['loss'][1]:9.4f}"
            f"{r['loss_gap']:+12.4f} ({r['loss_error']:.4f})"
            f"{r['seconds'][0]:7.1f}{r['seconds'][1]:7.1f}"
        )


if __name__ == "__main__":
    main()
