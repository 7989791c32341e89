"""The blend of PD models against every library's default, on the same folds.

Sets and folds are those of ``pd_tasks``. Each model takes the table the way its library
wants it: categories for LightGBM, XGBoost and CatBoost, codes for scikit-learn's
trees, raw columns for the blend. Ranks are among one riskkit model and all rivals (1 is
best), averaged over the sets; differences to each rival are paired over the same rows.
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
from pd_tasks import SETS, load_task

from riskkit.boosting import PDBlendClassifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
        fits[model] = boosting.fit(model, task, given.threads)
        figures = boosting.measure(task, fits[model])
        row = {"set": name, "folds": len(task.splits), "model": model, **figures}
        cost = figures["cpu"] / rows[0]["cpu"] if rows else 1.0
        print(
            f"{name:13s}{model:24s}{figures['auc']:8.4f}{figures['loss']:9.4f}"
            f"{figures['ece']:8.4f}{cost:8.1f}",
            flush=True,
        )
        if model in given.efforts:
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
    given = parser.parse_args(arguments)
    # What the libraries warn of is not what is measured here.
    warnings.simplefilter("ignore")
    absent = [
        name for name, (_, _, package) in RIVALS.items() if not find_spec(package)
    ]
    rivals = [name for name in RIVALS if name not in absent]
    if absent:
        print(f"absent, and not compared with: {', '.join(absent)}")
    print(f"{'set':13s}{'model':24s}{'AUC':>8s}{'loss':>9s}{'ECE':>8s}{'x CPU':>8s}")
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
    if given.out is not None:
        given.out.write_text(json.dumps({"rows": rows, "ranks": ranks}, indent=1))


if __name__ == "__main__":
    main()
