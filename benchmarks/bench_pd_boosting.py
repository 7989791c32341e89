"""PD models on public loan sets: how well they rank, how sharp they are, at what cost.

Every model of `MODELS` is fitted to the same folds in the same process: German credit
(10 folds), Taiwan (5), HELOC and Give Me Some Credit (3), SBA loans and Lending Club
out of time. Differences are paired over the same test rows: log-loss by the rows' own
differences, AUC by DeLong's test, folds taken together as if they were independent.

Columns of text are given to the libraries as categories, and to riskkit as they are;
nobody is told special codes. Time is CPU time, and a ratio to the model's own rival.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pd_tasks import SETS, load_task, native_categories
from sklearn.metrics import log_loss, roc_auc_score

from riskkit.boosting import LGBMPDClassifier, XGBPDClassifier
from riskkit.metrics import auc_delong_test

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from pd_tasks import Task

N_BINS = 15  # of equal size, for the expected calibration error


class Fitted(NamedTuple):
    """Test PDs of one model on one fold."""

    pd: NDArray[np.float64]
    seconds: float


def lightgbm_default(n_threads: int) -> Any:
    from lightgbm import LGBMClassifier

    return LGBMClassifier(n_jobs=n_threads, verbosity=-1)


def xgboost_default(n_threads: int) -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier(n_jobs=n_threads, enable_categorical=True)


# How to make a model, whether it takes categories as the libraries do, and its rival.
MODELS: dict[str, tuple[Callable[[int], Any], bool, str | None]] = {
    "lightgbm default": (lightgbm_default, True, None),
    "LGBMPDClassifier": (
        lambda n: LGBMPDClassifier(n_jobs=n),
        False,
        "lightgbm default",
    ),
    "xgboost default": (xgboost_default, True, None),
    "XGBPDClassifier": (
        lambda n: XGBPDClassifier(n_jobs=n),
        False,
        "xgboost default",
    ),
}


def fit(name: str, task: Task, n_threads: int) -> list[Fitted]:
    """Fit a model to every fold."""
    make, takes_categories, _ = MODELS[name]
    out = []
    X = native_categories(task.X) if takes_categories else task.X
    for train, test in task.splits:
        model = make(n_threads)
        start = time.process_time()
        model.fit(X.iloc[train], task.y[train])
        seconds = time.process_time() - start
        out.append(
            Fitted(model.predict_proba(X.iloc[test])[:, 1].astype(float), seconds)
        )
    return out


def calibration_error(y: NDArray[np.intp], pd_: NDArray[np.float64]) -> float:
    """Return the mean distance between PD and event rate over bins of equal size."""
    bins = np.array_split(np.argsort(pd_, kind="stable"), N_BINS)
    gaps = [abs(y[rows].mean() - pd_[rows].mean()) * rows.size for rows in bins]
    return float(np.sum(gaps) / y.size)


def measure(task: Task, fits: Sequence[Fitted]) -> dict[str, float]:
    """Return the mean figures of a model over the folds."""
    rows = []
    for (_, test), fitted in zip(task.splits, fits, strict=True):
        y = task.y[test]
        rows.append(
            (
                roc_auc_score(y, fitted.pd),
                log_loss(y, fitted.pd),
                calibration_error(y, fitted.pd),
                fitted.seconds,
            )
        )
    return dict(zip(("auc", "loss", "ece", "cpu"), np.mean(rows, axis=0), strict=True))


def compare(
    task: Task, ours: Sequence[Fitted], theirs: Sequence[Fitted]
) -> dict[str, float]:
    """Return the paired differences, ours less theirs, with their standard errors."""
    auc, auc_var, loss, loss_var = [], [], [], []
    for (_, test), a, b in zip(task.splits, ours, theirs, strict=True):
        y = task.y[test]
        gap = roc_auc_score(y, a.pd) - roc_auc_score(y, b.pd)
        z = auc_delong_test(y, a.pd, b.pd).statistic
        auc.append(gap)
        auc_var.append((gap / z) ** 2 if z else 0.0)
        rows = row_losses(y, a.pd) - row_losses(y, b.pd)
        loss.append(rows.mean())
        loss_var.append(rows.var() / rows.size)
    n = len(auc)
    return {
        "auc": float(np.mean(auc)),
        "auc_se": float(np.sqrt(np.sum(auc_var)) / n),
        "loss": float(np.mean(loss)),
        "loss_se": float(np.sqrt(np.sum(loss_var)) / n),
        "cpu_ratio": float(
            np.mean([f.seconds for f in ours]) / np.mean([f.seconds for f in theirs])
        ),
    }


def row_losses(y: NDArray[np.intp], pd_: NDArray[np.float64]) -> NDArray[np.float64]:
    p = np.clip(pd_, 1e-15, 1 - 1e-15)
    return -np.where(y == 1, np.log(p), np.log1p(-p))


def race(task: Task, names: Sequence[str], n_threads: int) -> list[dict[str, Any]]:
    """Fit, measure and compare the models on one set."""
    fits = {}
    rows = []
    for name in names:
        fits[name] = fit(name, task, n_threads)
        figures = measure(task, fits[name])
        row = {"set": task.name, "folds": len(task.splits), "model": name, **figures}
        rival = MODELS[name][2]
        line = (
            f"{task.name:13s}{name:20s}{figures['auc']:8.4f}{figures['loss']:9.4f}"
            f"{figures['ece']:8.4f}{figures['cpu']:8.2f}"
        )
        if rival in fits:
            versus = compare(task, fits[name], fits[rival])
            row["versus"] = {"model": rival, **versus}
            line += (
                f"{versus['auc']:+10.4f} ({versus['auc_se']:.4f})"
                f"{versus['loss']:+10.4f} ({versus['loss_se']:.4f})"
                f"{versus['cpu_ratio']:7.1f}"
            )
        print(line, flush=True)
        rows.append(row)
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, help="a JSON file for all figures")
    given = parser.parse_args(arguments)
    # What the libraries warn of is not what is measured here.
    warnings.simplefilter("ignore")
    results: dict[str, Any] = {"threads": given.threads, "race": []}
    tasks = {name: load_task(name) for name in given.sets}
    for name in [name for name, task in tasks.items() if task is None]:
        print(f"{name}: skipped, RISKKIT_DATA does not hold it")
    present = [task for task in tasks.values() if task is not None]
    print(
        f"{'set':13s}{'model':20s}{'AUC':>8s}{'log-loss':>9s}{'ECE':>8s}"
        f"{'CPU s':>8s}{'AUC gap (se)':>19s}{'loss gap (se)':>19s}{'x CPU':>7s}"
    )
    for task in present:
        results["race"] += race(task, given.models, given.threads)
    if given.out is not None:
        given.out.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
