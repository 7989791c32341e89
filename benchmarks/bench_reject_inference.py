"""AUC and PD level by method of reject inference, where rejects' outcomes are known.

A policy accepts the best 60 % of the training applicants and hides the outcomes of the
others; every model is judged on a 30 % hold-out of *all* applicants. "MAR": the policy
used columns that the model has, and noise. "MNAR": it also used a strong column that
the model does not get. The synthetic book brings its own policy. HELOC and GMSC are
read from the folder RISKKIT_DATA, by default ``../shared/data`` beside the repository.

    python benchmarks/bench_reject_inference.py --rows 6000 --seeds 2
"""

from __future__ import annotations

import argparse
import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split

from riskkit.datasets import make_loan_book
from riskkit.exceptions import InvalidInputError, RiskkitWarning
from riskkit.scorecard import RejectInference, ScorecardClassifier

ACCEPTED = 0.6
NOISE = 0.75  # of a standard deviation of the policy's log-odds
BUREAU_SHARE = 0.3  # of the rejects, chosen at random
METHODS = {
    "fuzzy x1": {},
    "fuzzy x1.5": {"bad_rate_multiplier": 1.5},
    "fuzzy x2.5": {"bad_rate_multiplier": 2.5},
    "parcelling x1": {"method": "parcelling", "random_state": 0},
    "parcelling x1.5": {
        "method": "parcelling",
        "bad_rate_multiplier": 1.5,
        "random_state": 0,
    },
    "hard_cutoff": {"method": "hard_cutoff"},
    "reweighting": {"method": "reweighting", "n_bands": 5, "min_overlap": 0.001},
    "extrapolation": {"method": "extrapolation"},
    "bureau 30 %": {"method": "bureau"},
}
REAL = {
    # name: (target, no features, columns of the policy, hidden column of MNAR)
    "heloc": (
        "bad",
        [],
        ["PercentTradesNeverDelq", "AverageMInFile", "NetFractionRevolvingBurden"],
        ["ExternalRiskEstimate"],
    ),
    "gmsc": (
        "SeriousDlqin2yrs",
        ["Id"],
        ["RevolvingUtilizationOfUnsecuredLines", "age"],
        ["NumberOfTimes90DaysLate", "NumberOfTime60-89DaysPastDueNotWorse"],
    ),
}


def books(name: str, n_rows: int, seed: int) -> tuple:
    """Return features, outcomes and the policy's acceptance."""
    if name == "loan_book":
        book = make_loan_book(
            n_rows, default_rate=0.08, reject_rate=1 - ACCEPTED, random_state=seed
        )
        return book.data, book.target, book.accepted
    name, kind = name.split()
    target, drop, visible, hidden = REAL[name]
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("RISKKIT_DATA", default))
    path = folder / f"{name}.parquet"
    if not path.exists():
        return ()
    table = pd.read_parquet(path)
    if len(table) > n_rows:
        table = table.sample(n_rows, random_state=seed)
    table = table.reset_index(drop=True)
    y = table.pop(target).to_numpy()
    table = table.drop(columns=drop).astype(float)
    columns = visible + (hidden if kind == "MNAR" else [])
    rng = np.random.default_rng(seed)
    old = rng.random(len(y)) < 0.5  # the policy was learned on half of the rows
    policy = ScorecardClassifier().fit(table.loc[old, columns], y[old])
    risk = policy.decision_function(table[columns])
    risk += NOISE * risk.std() * rng.normal(size=len(y))
    X = table.drop(columns=hidden) if kind == "MNAR" else table
    return X, y, risk <= np.quantile(risk, ACCEPTED)


def judge(model, X, y) -> tuple[float, float, float]:
    pd_ = model.predict_proba(X)[:, 1]
    return roc_auc_score(y, pd_), log_loss(y, pd_), pd_.mean() - y.mean()


def run(name: str, n_rows: int, seed: int) -> dict[str, tuple] | None:
    book = books(name, n_rows, seed)
    if not book:
        return None
    X, y, accepted = book
    train, test = train_test_split(
        np.arange(len(y)), test_size=0.3, stratify=y, random_state=seed
    )
    X_train, y_train, a = X.iloc[train], y[train], accepted[train]
    X_test, y_test = X.iloc[test], y[test]
    rng = np.random.default_rng(seed)
    seen = np.where(rng.random(len(a)) < BUREAU_SHARE, y_train, np.nan)
    result = {
        "accepts only": judge(
            ScorecardClassifier().fit(X_train[a], y_train[a]), X_test, y_test
        )
    }
    for label, parameters in METHODS.items():
        bureau = seen if label.startswith("bureau") else None
        inference = RejectInference(**parameters)
        try:
            inference.fit(X_train, y_train, a, bureau_outcome=bureau)
        except InvalidInputError:
            result[label] = (np.nan,) * 3  # too little overlap to reweight
            continue
        result[label] = judge(inference, X_test, y_test)
    oracle = ScorecardClassifier().fit(X_train, y_train)
    result["all outcomes known"] = judge(oracle, X_test, y_test)
    return result


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=4)
    given = parser.parse_args()
    warnings.simplefilter("ignore", RiskkitWarning)
    names = ["loan_book", "heloc MAR", "heloc MNAR", "gmsc MAR", "gmsc MNAR"]
    for name in names:
        runs = [run(name, given.rows, seed) for seed in range(given.seeds)]
        if runs[0] is None:
            print(f"{name}: absent; set RISKKIT_DATA\n")
            continue
        print(f"{name}, {given.rows} rows: hold-out of all applicants")
        print("  method               AUC (change)      log-loss  PD bias   by seed:")
        base = np.array([r["accepts only"] for r in runs])
        for label in runs[0]:
            got = np.array([r[label] for r in runs])
            if np.isnan(got).all():
                print(f"  {label:20s} refused: too few accepts like the rejects")
                continue
            auc, loss, bias = np.nanmean(got, axis=0)
            gain = got[:, 0] - base[:, 0]
            each = " ".join(
                f"{g:+.4f}/{b:+.3f}" for g, b in zip(gain, got[:, 2], strict=True)
            )
            print(
                f"  {label:20s} {auc:.4f} ({np.nanmean(gain):+.4f})  {loss:.4f}   "
                f"{bias:+.4f}   {each}"
            )
        print(flush=True)


if __name__ == "__main__":
    main()
