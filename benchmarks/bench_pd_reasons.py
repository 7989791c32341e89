"""How firm the first reason is when the accounts that it compares with are others.

A boosted model keeps the mean contribution of each feature over 1,024 training
accounts, in equal steps along the scores of 4,096, and a reason is what an account has
beyond that mean. Here these accounts are drawn anew many times, once in the same way
from other accounts and once wholly at random: for each draw the share of test accounts
whose first reason stays the one that the model gives. Accounts without any loss count
as one more reason.
"""

from __future__ import annotations

import argparse
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from pd_tasks import SETS, load_task

from riskkit.boosting import LGBMPDClassifier, PDBlendClassifier, XGBPDClassifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

N_SCORED, N_REFERENCE = 4096, 1024  # as the models draw them
N_POOL = 6000  # training accounts that are drawn from
MODELS: dict[str, Any] = {
    "LGBMPDClassifier": LGBMPDClassifier,
    "XGBPDClassifier": XGBPDClassifier,
    "PDBlendClassifier": PDBlendClassifier,
}


def first_reasons(
    values: NDArray[np.float64], reference: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Return the place of the largest loss of each row, -1 where nothing is lost."""
    losses = values - reference
    return np.where(losses.max(axis=1) > 0, losses.argmax(axis=1), -1)


def stability(
    model: Any, X_train: Any, X_test: Any, n_draws: int
) -> dict[str, NDArray[np.float64]]:
    """Return for each draw the share of rows that keep their first reason."""
    rng = np.random.default_rng(2026)
    found = model.predict_contributions(X_test)
    stored = first_reasons(found.values, found.reference)
    pool = rng.choice(len(X_train), min(len(X_train), N_POOL), replace=False)
    scores = model.decision_function(X_train.iloc[pool])
    values = model.predict_contributions(X_train.iloc[pool]).values
    shares: dict[str, list[float]] = {"as the model draws": [], "at random": []}
    for _ in range(n_draws):
        some = rng.choice(pool.size, min(N_SCORED, pool.size // 2), replace=False)
        some = some[np.argsort(scores[some], kind="stable")]
        n = min(N_REFERENCE, some.size)
        steps = ((np.arange(n) + 0.5) / n * some.size).astype(int)
        for way, drawn in (
            ("as the model draws", some[steps]),
            ("at random", rng.choice(pool.size, n, replace=False)),
        ):
            other = first_reasons(found.values, values[drawn].mean(axis=0))
            shares[way].append(float(np.mean(other == stored)))
    return {way: np.array(each) for way, each in shares.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--rows", type=int, default=1000, help="test rows explained")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    print(f"{'set':13s}{'model':20s}mean and least share of {given.draws} draws")
    for name in given.sets:
        task = load_task(name)
        if task is None:
            print(f"{name}: skipped, RISKKIT_DATA does not hold it")
            continue
        X, y, X_test, _ = next(task.folds())
        for kind in given.models:
            model = MODELS[kind](special_codes=task.special_codes, n_jobs=given.threads)
            model.fit(X, y)
            shares = stability(model, X, X_test.head(given.rows), given.draws)
            figures = "".join(
                f"   {way} {each.mean():.2%} {each.min():.2%}"
                for way, each in shares.items()
            )
            print(f"{name:13s}{kind:20s}{figures}", flush=True)


if __name__ == "__main__":
    main()
