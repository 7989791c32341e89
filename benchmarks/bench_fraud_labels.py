"""How well does the few-label classifier find card frauds, and does it know it?

The card transactions of Worldline and ULB are split 70/30 in the order of time. A
share of the frauds of the first part is labelled, drawn at random by seed; all other
rows of it are trained on as if they were no frauds. Rivals learn the same labels:
XGBoost and LightGBM by their defaults, and XGBoost regularised (200 trees of depth 3,
learning rate 0.05, half of the columns, no least leaf, events weighted by the square
root of the odds), which is the floor the classifier must not fall below.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.metrics import average_precision_score
from xgboost import XGBClassifier

from riskkit.fraud import FraudClassifier

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("RISKKIT_DATA", ROOT.parent / "shared" / "data"))
REGULARISED = {
    "n_estimators": 200,
    "max_depth": 3,
    "learning_rate": 0.05,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
    "min_child_weight": 0,
    "tree_method": "hist",
    "random_state": 0,
}


def run(n_labels, seed, n_jobs):
    table = pd.read_parquet(DATA / "ulb_creditcard.parquet")
    table = table.sort_values("Time", kind="stable")
    y = table["Class"].to_numpy().astype(int)
    X = table.drop(columns=["Time", "Class"])
    dates = table["Time"].to_numpy()
    n = int(0.7 * len(X))
    frauds = np.flatnonzero(y[:n])
    known = np.zeros(n, dtype=int)
    if n_labels is None or n_labels >= frauds.size:
        known[frauds] = 1
    else:
        drawn = np.random.default_rng(seed).choice(frauds, n_labels, replace=False)
        known[drawn] = 1
    odds = (n - known.sum()) / known.sum()
    models = {
        "FraudClassifier": FraudClassifier(n_jobs=n_jobs),
        "FraudClassifier, dates": FraudClassifier(n_jobs=n_jobs),
        "XGBoost regularised": XGBClassifier(
            **REGULARISED, scale_pos_weight=np.sqrt(odds), n_jobs=n_jobs
        ),
        "XGBoost defaults": XGBClassifier(n_jobs=n_jobs, random_state=0),
        "LightGBM defaults": LGBMClassifier(
            n_jobs=n_jobs, random_state=0, verbosity=-1
        ),
    }
    rows = []
    for name, model in models.items():
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if name.endswith("dates"):
                model.fit(X[:n], known, dates=dates[:n])
            else:
                model.fit(X[:n], known)
        taken = time.perf_counter() - start
        pd_event = model.predict_proba(X[n:])[:, 1]
        top = np.argsort(-pd_event, kind="stable")[:100]
        share = getattr(model, "blend_share_", np.nan)
        rows.append(
            (
                name,
                int(known.sum()),
                seed,
                average_precision_score(y[n:], pd_event),
                y[n:][top].mean(),
                pd_event.mean() / y[n:].mean(),
                share,
                taken,
            )
        )
        print(
            "{:24} {:4} labels, seed {}: AP {:.3f}, P@100 {:.2f}, mean predicted over "
            "observed {:.2f}, learned share {:.2f}, fit {:.0f} s".format(*rows[-1]),
            flush=True,
        )
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, nargs="+", default=[5, 19, 96, 10**6])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    for n_labels in options.labels:
        for seed in range(1 if n_labels > 384 else options.seeds):
            run(n_labels, seed, options.jobs)
