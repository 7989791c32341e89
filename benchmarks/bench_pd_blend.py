"""The blend of PD models against every library's default, on the same folds.

Sets and folds are those of ``pd_tasks``. Each model takes the table the way its library
wants it: categories for LightGBM, XGBoost and CatBoost, codes for scikit-learn's
trees, raw columns for the blend. Ranks are among one riskkit model and all rivals (1 is
best), averaged over the sets; differences to each rival are paired over the same rows.

Calibration errors come with what they would be if the PDs were true, which on small
sets is most of them, and with a bootstrap interval of the difference to each rival.
With ``--store`` the PDs are kept in a folder, and a run that was stopped goes on there.
"""

from __future__ import annotations

import argparse
import json
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bench_pd_boosting as boosting
import numpy as np
import pandas as pd
from bench_pd_boosting import Fitted
from pd_tasks import SETS, load_task

from riskkit.boosting import PDBlendClassifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from pd_tasks import Task

EFFORTS = ("fast", "standard", "high")


class Coded:
    """A model of scikit-learn on a table whose text columns are codes."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def fit(self, X: pd.DataFrame, y: Any) -> Coded:
        self._levels = {
            n: X[n].astype("category").cat.categories
            for n in X
            if not pd.api.types.is_numeric_dtype(X[n].dtype)
        }
        self._model.fit(self._codes(X), y)
        return self

    def predict_proba(self, X: pd.DataFrame) -> Any:
        return self._model.predict_proba(self._codes(X))

    def _codes(self, X: pd.DataFrame) -> Any:
        coded = {
            n: pd.Categorical(X[n], categories=levels).codes
            for n, levels in self._levels.items()
        }
        return X.assign(**coded).to_numpy(dtype=float)


class WoeRegression:
    """Weights of evidence by optbinning, and a logistic regression on them."""

    def fit(self, X: pd.DataFrame, y: Any) -> WoeRegression:
        from optbinning import BinningProcess
        from sklearn.linear_model import LogisticRegression

        text = [n for n in X if not pd.api.types.is_numeric_dtype(X[n].dtype)]
        self._bins = BinningProcess(list(X), categorical_variables=text)
        self._bins.fit(_text(X), y)
        self._model = LogisticRegression(max_iter=1000).fit(self._woe(X), y)
        return self

    def predict_proba(self, X: pd.DataFrame) -> Any:
        return self._model.predict_proba(self._woe(X))

    def _woe(self, X: pd.DataFrame) -> Any:
        return np.asarray(self._bins.transform(_text(X), metric="woe"))


def _text(X: pd.DataFrame) -> pd.DataFrame:
    text = [n for n in X if not pd.api.types.is_numeric_dtype(X[n].dtype)]
    return X.astype(dict.fromkeys(text, object))


def hist_gradient_boosting(_: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return Coded(HistGradientBoostingClassifier())


def random_forest(n_threads: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return Coded(RandomForestClassifier(n_jobs=n_threads, random_state=0))


class CatBoost:
    """CatBoost with its defaults, told which columns are text."""

    def __init__(self, n_threads: int) -> None:
        self._n_threads = n_threads

    def fit(self, X: pd.DataFrame, y: Any) -> CatBoost:
        from catboost import CatBoostClassifier

        self._model = CatBoostClassifier(
            thread_count=self._n_threads,
            cat_features=_text_columns(X),
            verbose=False,
            allow_writing_files=False,
        ).fit(self._filled(X), y)
        return self

    def predict_proba(self, X: pd.DataFrame) -> Any:
        return self._model.predict_proba(self._filled(X))

    def _filled(self, X: pd.DataFrame) -> pd.DataFrame:
        text = {n: X[n].astype(object).fillna("missing") for n in _text_columns(X)}
        return X.assign(**text)


def _text_columns(X: pd.DataFrame) -> list[str]:
    return [n for n in X if not pd.api.types.is_numeric_dtype(X[n].dtype)]


def ebm(n_threads: int) -> Any:
    from interpret.glassbox import ExplainableBoostingClassifier

    return ExplainableBoostingClassifier(n_jobs=n_threads)


# How to make a rival, whether it takes categories, and the package it needs.
RIVALS: dict[str, tuple[Callable[[int], Any], bool, str]] = {
    "lightgbm": (boosting.lightgbm_default, True, "lightgbm"),
    "xgboost": (boosting.xgboost_default, True, "xgboost"),
    "hist gradient boosting": (hist_gradient_boosting, False, "sklearn"),
    "random forest": (random_forest, False, "sklearn"),
    "woe + regression": (lambda _: WoeRegression(), False, "optbinning"),
    "catboost": (CatBoost, False, "catboost"),
    "ebm": (ebm, False, "interpret"),
}


def blend(effort: str) -> Callable[[int], Any]:
    """Return how to make the blend of an effort."""
    return lambda n_threads: PDBlendClassifier(effort, n_jobs=n_threads)


def race(
    name: str, n_folds: int | None, rivals: Sequence[str], given: argparse.Namespace
) -> list[dict[str, Any]]:
    """Fit all models to one set."""
    task = load_task(name)
    if task is None:
        print(f"{name}: skipped, RISKKIT_DATA does not hold it")
        return []
    task = task._replace(splits=task.splits[:n_folds])
    models = {rival: (*RIVALS[rival][:2], None) for rival in rivals}
    models |= {effort: (blend(effort), False, None) for effort in given.efforts}
    boosting.MODELS = models
    fits, rows = {}, []
    for model in models:
        fits[model] = fit_or_read(model, task, given)
        figures = boosting.measure(task, fits[model])
        row = {"set": name, "folds": len(task.splits), "model": model, **figures}
        row["ece_if_true"] = error_if_true(task, fits[model])
        cost = figures["cpu"] / rows[0]["cpu"] if rows else 1.0
        print(
            f"{name:13s}{model:24s}{figures['auc']:8.4f}{figures['loss']:9.4f}"
            f"{figures['ece']:8.4f}{row['ece_if_true']:9.4f}{cost:8.1f}",
            flush=True,
        )
        if model in given.efforts:
            for rival in rivals:
                draws = error_gaps(task, fits[model], fits[rival])
                given.gaps.setdefault(model, {}).setdefault(rival, []).append(draws)
            row["versus"] = {
                rival: boosting.compare(task, fits[model], fits[rival])
                for rival in rivals
            }
            for rival, gap in row["versus"].items():
                print(
                    f"{'':15s}against {rival:24s}{gap['auc']:+8.4f} "
                    f"({gap['auc_se']:.4f}){gap['loss']:+9.4f} ({gap['loss_se']:.4f})"
                )
        rows.append({**row, "cpu_ratio": cost})
    return rows


def fit_or_read(model: str, task: Task, given: argparse.Namespace) -> list[Fitted]:
    """Return the test PDs of every fold, from the store where they are there."""
    if given.store is None:
        return boosting.fit(model, task, given.threads)
    path = given.store / f"{task.name} {len(task.splits)} {model}.npz"
    if not path.exists():
        fits = boosting.fit(model, task, given.threads)
        folds = {f"fold{k}": one.pd for k, one in enumerate(fits)}
        given.store.mkdir(parents=True, exist_ok=True)
        np.savez(path, seconds=[one.seconds for one in fits], **folds)
    with np.load(path) as kept:
        return [
            Fitted(kept[f"fold{k}"], float(seconds))
            for k, seconds in enumerate(kept["seconds"])
        ]


def error_if_true(task: Task, fits: Sequence[Fitted], n_draws: int = 50) -> float:
    """Return the mean calibration error of outcomes drawn with the very PDs."""
    rng = np.random.default_rng(0)
    found = [
        boosting.calibration_error((rng.random(one.pd.size) < one.pd) * 1, one.pd)
        for one in fits
        for _ in range(n_draws)
    ]
    return float(np.mean(found))


def error_gaps(
    task: Task, ours: Sequence[Fitted], theirs: Sequence[Fitted], n_draws: int = 100
) -> NDArray[np.float64]:
    """Return bootstrap draws of the difference in calibration error, ours less theirs.

    Both are judged on the same drawn rows. Drawing rows again adds the same noise to
    both errors, so that the difference keeps its mean.
    """
    rng = np.random.default_rng(1)
    gaps = np.zeros(n_draws)
    for (_, test), a, b in zip(task.splits, ours, theirs, strict=True):
        y = task.y[test]
        for draw in range(n_draws):
            rows = rng.integers(0, y.size, y.size)
            gaps[draw] += boosting.calibration_error(y[rows], a.pd[rows])
            gaps[draw] -= boosting.calibration_error(y[rows], b.pd[rows])
    return gaps / len(task.splits)


def average_errors(
    rows: Sequence[dict[str, Any]], gaps: dict[str, dict[str, list[Any]]]
) -> None:
    """Print the calibration error of each model over the sets, and its intervals."""
    table = pd.DataFrame(rows).groupby("model", sort=False)[["ece", "ece_if_true"]]
    print(f"\n{'calibration':24s}{'ECE':>8s}{'if true':>9s}")
    for model, row in table.mean().iterrows():
        print(f"{model:24s}{row['ece']:8.4f}{row['ece_if_true']:9.4f}")
    for effort, against in gaps.items():
        for rival, of_sets in against.items():
            mean = np.mean(of_sets, axis=0)
            low, high = np.quantile(mean, [0.025, 0.975])
            print(
                f"{effort} less {rival:24s}{mean.mean():+8.4f}"
                f"  95 % {low:+.4f} to {high:+.4f}"
            )


def average_ranks(
    rows: Sequence[dict[str, Any]], field: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return the mean rank of each model of a field, each set counted once."""
    table = pd.DataFrame(rows)
    table = table[table["model"].isin(field)]
    ranks = pd.DataFrame({"model": table["model"]})
    ranks["auc"] = table.groupby("set")["auc"].rank(ascending=False)
    ranks["loss"] = table.groupby("set")["loss"].rank()
    means = ranks.groupby("model").mean().loc[list(field)]
    means["both"] = means.mean(axis=1)
    return {str(model): dict(row) for model, row in means.iterrows()}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--efforts", nargs="+", default=EFFORTS, choices=EFFORTS)
    parser.add_argument("--folds", type=int, help="at most so many folds of a set")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="a JSON file for all figures")
    parser.add_argument("--store", type=Path, help="a folder that keeps all PDs")
    given = parser.parse_args(arguments)
    given.gaps = {}
    # What the libraries warn of is not what is measured here.
    warnings.simplefilter("ignore")
    absent = [
        name for name, (_, _, package) in RIVALS.items() if not find_spec(package)
    ]
    rivals = [name for name in RIVALS if name not in absent]
    if absent:
        print(f"absent, and not compared with: {', '.join(absent)}")
    print(
        f"{'set':13s}{'model':24s}{'AUC':>8s}{'loss':>9s}{'ECE':>8s}"
        f"{'if true':>9s}{'x CPU':>8s}"
    )
    rows = []
    for name in given.sets:
        rows += race(name, given.folds, rivals, given)
    ranks = {}
    for effort in given.efforts if rows else ():
        ranks[effort] = average_ranks(rows, [effort, *rivals])
        print(f"\naverage rank  {'model':24s}{'AUC':>8s}{'loss':>9s}{'both':>8s}")
        for model, rank in ranks[effort].items():
            print(
                f"{'':14s}{model:24s}{rank['auc']:8.2f}{rank['loss']:9.2f}"
                f"{rank['both']:8.2f}"
            )
    if rows:
        average_errors(rows, given.gaps)
    if given.out is not None:
        given.out.write_text(json.dumps({"rows": rows, "ranks": ranks}, indent=1))


if __name__ == "__main__":
    main()
