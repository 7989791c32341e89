"""What ``monotone="auto"`` holds, whether it holds, and what it costs.

Each booster is fitted to the first fold of each set without constraints and with
automatic directions. The audit sweeps 256 accounts over every value of each constrained
feature; a violation is a step in the wrong direction by any amount. The price of a
constraint is held-out log-loss within the training rows, with it less without it, in
nats an account, and its standard error; the price of all of them is taken on the test
rows as well.

The last column counts violations a second time, from outside: test accounts are scored
through ``predict_proba`` over a grid of raw values.
"""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pd_tasks import SETS, load_task
from sklearn.metrics import log_loss

from riskkit.boosting import LGBMPDClassifier, XGBPDClassifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pd_tasks import Task

KINDS = {"lightgbm": LGBMPDClassifier, "xgboost": XGBPDClassifier}
N_ACCOUNTS, N_VALUES = 100, 60  # of the second count


def outside_violations(model: Any, X: pd.DataFrame, codes: Sequence[int]) -> int:
    """Return the steps in the wrong direction over raw values of real accounts."""
    accounts = X.head(N_ACCOUNTS)
    found = 0
    for row in model.monotone_audit_.rows:
        known = X[row.feature].dropna()
        known = known[~known.isin(list(codes))].astype(float)
        grid = np.unique(np.quantile(known, np.linspace(0, 1, N_VALUES)))
        swept = pd.concat([accounts] * grid.size, ignore_index=True)
        swept[row.feature] = np.repeat(grid, len(accounts))
        log_odds = model.decision_function(swept).reshape(grid.size, -1)
        sign = 1 if row.direction == "ascending" else -1
        found += int(np.sum(sign * np.diff(log_odds, axis=0) < 0))
    return found


def hold(task: Task, name: str, n_threads: int) -> dict[str, Any]:
    """Fit with and without automatic directions, audit, price, and print."""
    train, test = task.splits[0]
    X, y, X_test, y_test = (
        task.X.iloc[train],
        task.y[train],
        task.X.iloc[test],
        task.y[test],
    )
    dates = None if task.dates is None else task.dates[train]
    words = {"special_codes": task.special_codes, "n_jobs": n_threads}
    free = KINDS[name](**words).fit(X, y, dates=dates)
    model = KINDS[name](monotone="auto", **words).fit(X, y, dates=dates)
    audit = model.monotone_audit_
    losses = [log_loss(y_test, m.predict_proba(X_test)[:, 1]) for m in (model, free)]
    row = {
        "set": task.name,
        "model": name,
        "constraints": len(audit.rows),
        "steps": sum(r.n_accounts * (r.n_values - 1) for r in audit.rows),
        "violations": sum(r.n_violations for r in audit.rows),
        "proven": sum(r.proven for r in audit.rows),
        "outside": outside_violations(model, X_test, task.special_codes or ()),
        "price": audit.log_loss_cost,
        "price_se": audit.std_error,
        "test_gap": losses[0] - losses[1],
        "audit": audit.to_dict(),
    }
    print(
        f"{task.name:13s}{name:9s}{row['constraints']:4d} held, "
        f"{row['steps']:8d} steps, {row['violations']} violations, "
        f"{row['proven']} proven; together {row['price']:+.5f} "
        f"({row['price_se']:.5f}), on test rows {row['test_gap']:+.5f}; "
        f"violations from outside: {row['outside']}",
        flush=True,
    )
    for r in sorted(audit.rows, key=lambda r: -r.log_loss_cost):
        print(
            f"{'':15s}{r.direction:11s}{r.feature:38s}"
            f"{r.log_loss_cost:+.5f} ({r.std_error:.5f})"
        )
    return row


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--models", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, help="a JSON file for all figures")
    given = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    rows = []
    for set_ in given.sets:
        task = load_task(set_)
        if task is None:
            print(f"{set_}: skipped, RISKKIT_DATA does not hold it")
            continue
        rows += [hold(task, name, given.threads) for name in given.models]
    n = sum(row["violations"] + row["outside"] for row in rows)
    print(f"{n} violations in {sum(row['steps'] for row in rows):,} audited steps")
    if given.out is not None:
        given.out.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
