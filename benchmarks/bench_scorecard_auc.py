"""AUC and log-loss on held-out loans, beside optbinning with logistic regression.

The embedded SBA loans are split by time (learned from approvals of 1997-2003, judged
on 2004-2006). German, Taiwan, HELOC and GMSC are split into five stratified folds; they
are looked for in the folder RISKKIT_DATA, by default ../shared/data, and skipped when
absent. Both libraries get the same columns, rows and special codes. optbinning has its
defaults, missing and special values by their empirical WoE. Differences are paired over
the same rows: AUC by bootstrap of the rows of each fold, log-loss by the rows' own
differences.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from riskkit.binning import OptimalBinner
from riskkit.datasets import load_sba_loans
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


def shared(name: str) -> Task | None:
    path = DATA / f"{name}.parquet"
    if not path.exists():
        return None
    target, left_out, codes = SETS[name]
    X = pd.read_parquet(path).drop(columns=left_out)
    y = X.pop(target).to_numpy().astype(int)
    X = X.astype({n: float for n in X if str(X[n].dtype) == "Int16"})
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return Task(X, y, list(folds.split(X, y)), codes)


def ours(task: Task, train: Any, test: Any) -> NDArray[np.float64]:
    card = ScorecardClassifier(OptimalBinner(special_codes=task.codes))
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
    rng = np.random.default_rng(0)
    auc, loss, gaps, gap_draws, loss_rows, seconds = [], [], [], [], [], []
    for train, test in task.splits:
        scores = []
        for fit in (ours, theirs):
            start = time.perf_counter()
            scores.append(fit(task, train, test))
            seconds.append(time.perf_counter() - start)
        y = task.y[test]
        auc.append([roc_auc_score(y, p) for p in scores])
        loss.append([log_loss(y, p) for p in scores])
        gaps.append(auc[-1][0] - auc[-1][1])
        draws = []
        for _ in range(N_BOOTSTRAP):
            rows = rng.integers(0, y.size, y.size)
            a, b = (roc_auc_score(y[rows], p[rows]) for p in scores)
            draws.append(a - b)
        gap_draws.append(draws)
        a, b = (-np.where(y == 1, np.log(p), np.log1p(-p)) for p in scores)
        loss_rows.append(a - b)
    rows = np.concatenate(loss_rows)
    return {
        "auc": np.mean(auc, axis=0),
        "loss": np.mean(loss, axis=0),
        "gap": np.mean(gaps),
        "gap_error": np.std(np.mean(gap_draws, axis=0)),
        "loss_gap": rows.mean(),
        "loss_error": rows.std() / np.sqrt(rows.size),
        "seconds": np.reshape(seconds, (-1, 2)).sum(axis=0),
    }


def main() -> None:
    header = (
        f"{'set':16s}{'AUC ours':>9s}{'theirs':>9s}{'difference (se)':>20s}"
        f"{'loss ours':>11s}{'theirs':>9s}{'difference (se)':>20s}{'seconds':>14s}"
    )
    print(header)
    for name in ("sba out of time", *SETS):
        task = sba() if name.startswith("sba") else shared(name)
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
