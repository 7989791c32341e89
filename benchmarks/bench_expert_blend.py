"""How many events is an expert card worth?

Four cards were written down from rules of thumb before any outcome was looked at. A
scorecard is fitted to samples with few events and blended with the card at every
weight; log-loss and AUC are those of a third of the rows that nobody saw. HELOC, GMSC
and Taiwan are read from the folder RISKKIT_DATA, by default ``../shared/data`` beside
the repository; the SBA loans come with riskkit.

    python benchmarks/bench_expert_blend.py --seeds 8
"""

from __future__ import annotations

import argparse
import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss, roc_auc_score

from riskkit.datasets import load_sba_loans
from riskkit.scorecard import ExpertScorecard, ScorecardBlend

WEIGHTS = tuple(k / 10 for k in range(11))
EVENTS = (20, 50, 100, 200, 400, 800)
PRIORS = (10, 25, 50, 100, 150, 200, 400)


def numbers(edges, points, missing):
    return {"edges": edges, "points": points, "missing": missing}


def with_codes(edges, points, missing):
    special = {"no record": {"codes": [-9, -8, -7], "points": missing}}
    return {**numbers(edges, points, missing), "special": special}


CARDS = {
    "gmsc": {
        "RevolvingUtilizationOfUnsecuredLines": numbers(
            [0.3, 0.6, 0.9], [30, 20, 10, 0], 10
        ),
        "age": numbers([25, 35, 50], [0, 5, 10, 20], 5),
        "NumberOfTime30-59DaysPastDueNotWorse": numbers([0, 1], [25, 10, 0], 10),
        "NumberOfTimes90DaysLate": numbers([0], [40, 0], 10),
        "NumberOfTime60-89DaysPastDueNotWorse": numbers([0], [30, 0], 10),
        "DebtRatio": numbers([0.35, 0.6], [15, 8, 0], 5),
        "MonthlyIncome": numbers([2000, 5000], [0, 8, 15], 5),
    },
    "taiwan_default": {
        "PAY_1": numbers([0, 1], [40, 20, 0], 20),
        "PAY_2": numbers([0, 1], [20, 10, 0], 10),
        "PAY_3": numbers([0, 1], [10, 5, 0], 5),
        "LIMIT_BAL": numbers([50_000, 200_000], [0, 10, 20], 5),
        "AGE": numbers([25, 35], [0, 5, 10], 5),
        "PAY_AMT1": numbers([0, 2000], [0, 5, 10], 5),
    },
    "heloc": {
        "ExternalRiskEstimate": with_codes([60, 70, 80], [0, 20, 40, 60], 20),
        "AverageMInFile": with_codes([48, 84], [0, 10, 20], 10),
        "NetFractionRevolvingBurden": with_codes([30, 60], [25, 12, 0], 10),
        "NumInqLast6M": with_codes([0, 2], [15, 8, 0], 8),
        "PercentTradesNeverDelq": with_codes([80, 95], [0, 10, 20], 10),
    },
    "sba": {
        "NewExist": {
            "groups": [["existing"], ["new"]],
            "points": [10, 0],
            "missing": 5,
            "unseen": 5,
        },
        "NoEmp": numbers([2, 10], [0, 8, 15], 5),
        "GrAppv": numbers([50_000, 250_000], [0, 8, 15], 5),
        "guaranteed_share": numbers([0.6], [0, 10], 5),
        "same_state": numbers([0.5], [0, 10], 5),
    },
}
TARGETS = {
    "gmsc": ("SeriousDlqin2yrs", ["Id"]),
    "taiwan_default": ("default_next_month", ["ID"]),
    "heloc": ("bad", []),
}


def load(name):
    """Return features and outcomes, or None where the set is absent."""
    if name == "sba":
        return load_sba_loans(return_X_y=True)
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    path = Path(os.environ.get("RISKKIT_DATA", default)) / f"{name}.parquet"
    if not path.exists():
        return None
    target, unused = TARGETS[name]
    frame = pd.read_parquet(path).drop(columns=unused)
    return frame.drop(columns=target), frame[target].to_numpy()


def run(name, n_seeds):
    """Return one row for each number of events, seed and weight."""
    loaded = load(name)
    if loaded is None:
        print(f"{name}: absent; set RISKKIT_DATA")
        return []
    X, y = loaded
    order = np.random.default_rng(0).permutation(len(y))
    test, pool = order[: len(y) // 3], order[len(y) // 3 :]
    expert = ExpertScorecard(CARDS[name], offset_points=500)
    rows = []
    for n_events in EVENTS:
        n_rows = int(n_events / min(y.mean(), 1 - y.mean()))
        if n_rows > len(pool):
            break
        for seed in range(n_seeds):
            train = np.random.default_rng(seed).choice(pool, n_rows, replace=False)
            ends = []
            for weight in (0.0, 1.0):
                blend = ScorecardBlend(expert, weight=weight)
                blend.fit(X.iloc[train], y[train])
                ends.append(blend.decision_function(X.iloc[test]))
            for weight in WEIGHTS:
                z = (1 - weight) * ends[0] + weight * ends[1]
                loss = log_loss(y[test], 1 / (1 + np.exp(-z)))
                auc = roc_auc_score(y[test], z)
                rows.append((name, n_events, seed, weight, loss, auc))
    return rows


def read_at(table, weight):
    """Return each row of a table over WEIGHTS at its own weight."""
    pairs = zip(weight, table, strict=True)
    return np.array([np.interp(w, WEIGHTS, row) for w, row in pairs])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=8)
    arguments = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = [row for name in CARDS for row in run(name, arguments.seeds)]
    columns = ["set", "events", "seed", "weight", "log_loss", "auc"]
    table = pd.DataFrame(rows, columns=columns).set_index(columns[:4])
    mean = table["log_loss"].groupby(["set", "events", "weight"]).mean()
    print("Hold-out log-loss by weight of the fitted card")
    print(mean.unstack("weight").round(4).to_string())  # noqa: PD010
    loss, auc = table["log_loss"].unstack(), table["auc"].unstack()  # noqa: PD010
    events = loss.index.get_level_values("events").to_numpy(float)
    better = np.minimum(loss[0.0], loss[1.0])
    print("\nprior_events  log_loss     auc  most above the better of the two")
    for prior in PRIORS:
        weight = events / (events + prior)
        got = [read_at(part.to_numpy(), weight) for part in (loss, auc)]
        worst = (got[0] - better).max()
        print(f"{prior:12d}  {got[0].mean():8.4f}  {got[1].mean():6.4f}  {worst:.4f}")
    print(f"{'expert':>12}  {loss[0.0].mean():8.4f}  {auc[0.0].mean():6.4f}")
    print(f"{'fitted':>12}  {loss[1.0].mean():8.4f}  {auc[1.0].mean():6.4f}")


if __name__ == "__main__":
    main()
