"""How well, and at what price, do the detectors rank frauds and anomalies?

Every ADBench table that is present is cut to 10,000 rows at its share of anomalies,
split 70/30 by class and scaled to [0, 1] on the training part; detectors see no
labels. The card transactions are split 70/30 in the order of time. Detectors of PyOD
run beside ours where it is installed, on the same rows; the ensemble is compared with
each of them table by table. ``--store FILE`` keeps every result as a line of JSON, and
a run that was stopped goes on from there. Run with ``--quick`` for the cost alone.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import pickle
import resource
import time
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import ttest_rel, wilcoxon
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
    """Return scores, and the share of those that the detector gave as finite."""
    detector.fit(train)
    if hasattr(detector, "anomaly_score"):
        found = detector.anomaly_score(test)
    else:
        found = detector.decision_function(test)
    finite = np.isfinite(found)
    # An infinite score still ranks; where there is none, all rows are alike.
    return np.nan_to_num(found), float(finite.mean())


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


def on_adbench(seeds, store, tables):
    classes = {**OURS, **rivals()}
    paths = sorted((DATA / "adbench").glob("*.parquet"))
    paths = [p for p in paths if not tables or p.stem in tables]
    if not paths:
        print(f"No ADBench tables in {DATA / 'adbench'}: skipped.")
        return
    rows = known(store)
    done = {(row["table"], row["seed"], row["detector"]) for row in rows}
    for seed in seeds:
        for path in paths:
            names = [n for n in classes if (path.stem, seed, n) not in done]
            if not names:
                continue
            train, test, outcome = adbench(path, seed)
            for name in names:
                row = {"table": path.stem, "seed": seed, "detector": name}
                detector = seeded(classes[name], seed)
                rows.append(row | measured(detector, train, test, outcome))
                keep(store, rows[-1])
    chosen = {path.stem for path in paths}
    rows = [r for r in rows if r["table"] in chosen and r["seed"] in seeds]
    compare(pd.DataFrame([row for row in rows if row["detector"] in classes]))


def seeded(make, seed):
    """Return a detector with its defaults; where it draws, from the seed."""
    draws = "random_state" in inspect.signature(make.__init__).parameters
    return make(random_state=seed) if draws else make()


def measured(detector, train, test, outcome):
    start = time.process_time()
    try:
        found, finite = score(detector, train, test)
    except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
        # A detector that refuses a table ranks its rows at random.
        found, finite = np.zeros(len(outcome)), 0.0
        print(f"{type(detector).__name__}: {type(error).__name__}", flush=True)
    return {
        "auc": float(roc_auc_score(outcome, found)),
        "ap": float(average_precision_score(outcome, found)),
        "finite": finite,
        "cpu": time.process_time() - start,
    }


def known(store):
    """Return the results of an earlier run; a line that was cut off is left out."""
    rows = []
    if store is not None and store.exists():
        for line in store.read_text("utf-8").splitlines():
            try:
                rows += [json.loads(line)] if line else []
            except json.JSONDecodeError:
                print("A line of the store was cut off; it is measured again.")
    return rows


def keep(store, row):
    if store is None:
        return
    with store.open("a", encoding="utf-8") as stream:
        # In front, so that a line that was cut off stays alone.
        stream.write("\n" + json.dumps(row))


def compare(table):
    """Print means over tables, and paired tests of the ensemble against the others."""
    per_table = table.pivot_table(
        index="table", columns="detector", values=["auc", "ap"]
    )
    whole = per_table.notna().all(axis=1)
    per_table = per_table[whole]
    out = pd.DataFrame({m: per_table[m].mean() for m in ("auc", "ap")})
    out["CPU s"] = table.groupby("detector")["cpu"].sum()
    out["not finite"] = 1.0 - table.groupby("detector")["finite"].mean()
    for measure in ("auc", "ap"):
        wide = per_table[measure]
        for name in out.index.drop("ensemble"):
            gap = wide["ensemble"] - wide[name]
            out.loc[name, f"{measure} gap"] = gap.mean()
            out.loc[name, f"{measure} won"] = (gap > 0).sum()
            if len(gap) > 1 and gap.any():
                pair = wide["ensemble"], wide[name]
                out.loc[name, f"{measure} p(t)"] = ttest_rel(*pair).pvalue
                out.loc[name, f"{measure} p(W)"] = wilcoxon(*pair).pvalue
    seeds = sorted(table["seed"].unique().tolist())
    print(
        f"\n{len(per_table)} ADBench tables, means over seeds {seeds}. Gap, tables won "
        "and two-sided paired p (t test, Wilcoxon) are of the ensemble against the row."
    )
    with pd.option_context("display.width", 200):
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
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--store", type=Path, help="file of JSON lines to go on from")
    parser.add_argument("--tables", nargs="+", help="ADBench tables, all by default")
    parser.add_argument("--only-adbench", action="store_true")
    options = parser.parse_args()
    # PyOD's and scikit-learn's remarks about single tables; nothing of ours warns here.
    warnings.simplefilter("ignore")
    if not options.only_adbench:
        cost(options.rows)
    if not options.quick:
        if not options.only_adbench:
            on_cards()
        on_adbench(options.seeds, options.store, options.tables)
