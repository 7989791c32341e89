"""How well, and at what price, do the detectors rank frauds and anomalies?

Every ADBench table that is present is cut to 10,000 rows at its share of anomalies,
split 70/30 by class and scaled to [0, 1] on the training part; detectors see no
labels. The card transactions are split 70/30 in the order of time. Detectors of PyOD
run beside ours where it is installed. Run with ``--quick`` for the cost alone.
"""

from __future__ import annotations

import argparse
import os
import pickle
import resource
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import wilcoxon
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import train_test_split

from riskkit.fraud import (
    AnomalyEnsemble,
    CopulaDetector,
    HistogramDetector,
    IsolationForestDetector,
    SubsampledKNNDetector,
    TrimmedMahalanobisDetector,
)

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("RISKKIT_DATA", ROOT.parent / "shared" / "data"))
MOST_ROWS = 10_000
OURS = {
    "ensemble": AnomalyEnsemble,
    "copula": CopulaDetector,
    "forest": IsolationForestDetector,
    "histogram": HistogramDetector,
    "knn": SubsampledKNNDetector,
    "mahalanobis": TrimmedMahalanobisDetector,
}
PYOD = {
    "IForest": "iforest",
    "ECOD": "ecod",
    "COPOD": "copod",
    "HBOS": "hbos",
    "KNN": "knn",
    "PCA": "pca",
    "LOF": "lof",
    "MCD": "mcd",
}


def score(detector, train, test):
    detector.fit(train)
    if hasattr(detector, "anomaly_score"):
        return detector.anomaly_score(test)
    return np.nan_to_num(detector.decision_function(test))


def rivals():
    if find_spec("pyod") is None:
        print("PyOD is not installed: its detectors are left out.")
        return {}
    return {
        f"PyOD {name}": getattr(import_module(f"pyod.models.{module}"), name)
        for name, module in PYOD.items()
    }


def adbench(path, seed):
    table = pd.read_parquet(path)
    y = table.pop("label").to_numpy()
    X = table.to_numpy(dtype=float)
    if len(X) > MOST_ROWS:
        kept, _ = train_test_split(
            np.arange(len(X)), train_size=MOST_ROWS, stratify=y, random_state=seed
        )
        X, y = X[kept], y[kept]
    train, test, _, outcome = train_test_split(
        X, y, test_size=0.3, stratify=y, random_state=seed
    )
    low, width = train.min(axis=0), np.ptp(train, axis=0)
    width = np.where(width > 0, width, 1.0)
    return (train - low) / width, (test - low) / width, outcome


def on_adbench(seed):
    rows = []
    classes = {**OURS, **rivals()}
    paths = sorted((DATA / "adbench").glob("*.parquet"))
    if not paths:
        print(f"No ADBench tables in {DATA / 'adbench'}: skipped.")
        return
    for path in paths:
        train, test, outcome = adbench(path, seed)
        for name, make in classes.items():
            found = score(make(), train, test)
            auc = roc_auc_score(outcome, found)
            ap = average_precision_score(outcome, found)
            rows.append((path.stem, name, auc, ap))
    table = pd.DataFrame(rows, columns=["table", "detector", "auc", "ap"])
    wide = table.pivot_table(index="table", columns="detector", values=["auc", "ap"])
    out = table.groupby("detector")[["auc", "ap"]].mean()
    for measure in ("auc", "ap"):
        for name in out.index.drop("ensemble"):
            gap = wide[measure]["ensemble"] - wide[measure][name]
            out.loc[name, f"p ({measure})"] = wilcoxon(gap).pvalue
    print(
        f"\n{len(paths)} ADBench tables, seed {seed}; p: Wilcoxon against the ensemble"
    )
    print(out.sort_values("auc", ascending=False).round(4).to_string())


def on_cards():
    path = DATA / "ulb_creditcard.parquet"
    if not path.exists():
        print("No card transactions: skipped.")
        return
    table = pd.read_parquet(path).sort_values("Time", kind="stable")
    y = table["Class"].to_numpy()
    X = table.drop(columns=["Time", "Class"])
    n = int(0.7 * len(X))
    detector = AnomalyEnsemble().fit(X[:n])
    found = detector.member_scores(X[n:])
    found["ensemble"] = detector.anomaly_score(X[n:])
    rows = {}
    for name, values in found.items():
        top = np.argsort(-values.to_numpy(), kind="stable")[:100]
        auc = roc_auc_score(y[n:], values)
        rows[name] = (auc, average_precision_score(y[n:], values), y[n:][top].mean())
    print("\nCard transactions, first 70 % of time -> last 30 %")
    print(pd.DataFrame(rows, index=["auc", "ap", "P@100"]).T.round(3).to_string())
    queue = detector.alert_queue(X[n:], 100)
    print(f"queue shared among the members: P@100 {y[n:][queue].mean():.2f}")


def cost(n_rows, n_columns=15):
    X = np.random.default_rng(0).lognormal(size=(n_rows, n_columns))
    one = X[:1].copy()
    for name, make in OURS.items():
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.process_time()
        detector = make().fit(X)
        fit = time.process_time() - start
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak
        times = []
        for method in (detector.anomaly_score, detector.explain):
            start = time.process_time()
            for _ in range(50):
                method(one)
            times.append((time.process_time() - start) / 50 * 1000)
        size = len(pickle.dumps(detector)) / 1e6
        print(
            f"{name:12} {n_rows:,} rows: fit {fit:.1f} CPU s, "
            f"peak +{grown / 1024:.0f} MB, one row {times[0]:.2f} ms, "
            f"explained {times[1]:.2f} ms, {size:.2f} MB",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="cost alone")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    cost(options.rows)
    if not options.quick:
        on_cards()
        on_adbench(options.seed)
