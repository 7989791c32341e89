"""Models as a backtest runs them: fitted anew, as they are, or a score alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from riskkit._core.frames import is_frame, numeric_column
from riskkit._core.params import check_option
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from riskkit.typing import FloatArray, IntArray

__all__ = ["GivenScore", "Scored", "Task", "check_model", "read_models", "run"]

_KINDS = ("pd", "riskier", "safer")


class GivenScore:
    """A score that every row has already: of a bureau, or of a model not at hand.

    Parameters
    ----------
    score : array-like of shape (n_rows,)
        One number for each row of the backtest.

    kind : {"pd", "riskier", "safer"}, default="pd"
        Whether it is a PD, whose level is judged too; or a score of which up is
        riskier, or safer.

    Raises
    ------
    InvalidParameterError
        If there is no such kind.
    InvalidInputError
        If scores are missing, infinite, or no PDs though they should be.

    Examples
    --------
    >>> from riskkit.backtest import GivenScore
    >>> GivenScore([620, 580, 700], kind="safer")
    GivenScore(3 rows, kind='safer')
    """

    def __init__(self, score: ArrayLike, *, kind: str = "pd") -> None:
        check_option("kind", kind, _KINDS)
        column: Any = score if hasattr(score, "dtype") else np.asarray(score)
        numbers = numeric_column(column, "score")
        is_wrong = ~np.isfinite(numbers)
        if kind == "pd":
            is_wrong |= (numbers < 0) | (numbers > 1)
        n_wrong = int(np.count_nonzero(is_wrong))
        if numbers.ndim != 1 or n_wrong:
            msg = (
                f"score must hold one {'PD' if kind == 'pd' else 'finite number'} for "
                f"each row; {n_wrong} of {numbers.size} are none. Leave such rows out, "
                "or say by kind which way the score goes."
            )
            raise InvalidInputError(msg)
        self.score = numbers
        self.kind = kind

    def __repr__(self) -> str:
        return f"GivenScore({self.score.size} rows, kind={self.kind!r})"


@dataclass(frozen=True)
class Task:
    """One model in one window."""

    model: Any
    train: IntArray
    test: IntArray


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores of both parts, up is riskier; and what the model took from its columns."""

    train: FloatArray
    test: FloatArray
    is_pd: bool
    importance: dict[str, float]


def read_models(models: Any, n_rows: int) -> dict[str, Any]:
    """Return the models by name."""
    if not isinstance(models, Mapping):
        models = {type(models).__name__: models}
    if not models:
        msg = "models must hold at least one model; got none."
        raise InvalidParameterError(msg)
    for name, model in models.items():
        if not isinstance(name, str) or not name.strip():
            msg = f"models must be named by text; got a {type(name).__name__}."
            raise InvalidParameterError(msg)
        check_model(name, model, n_rows)
    return dict(models)


def check_model(name: str, model: Any, n_rows: int) -> None:
    """Raise unless a backtest knows what to do with the model."""
    if isinstance(model, GivenScore):
        if model.score.size != n_rows:
            msg = (
                f"The score of {name!r} must be that of the {n_rows} rows; it has "
                f"{model.score.size}."
            )
            raise InvalidInputError(msg)
        return
    if isinstance(model, type) or not (
        hasattr(model, "score_batch")
        or (hasattr(model, "fit") and hasattr(model, "predict_proba"))
    ):
        what = (
            f"the class {model.__name__}"
            if isinstance(model, type)
            else (f"a {type(model).__name__}")
        )
        msg = (
            f"Model {name!r} must be an estimator with fit and predict_proba, a scorer "
            f"that load_scorer returned, or a GivenScore; got {what}. Put a fitted "
            "model that is to stay as it is into sklearn.frozen.FrozenEstimator."
        )
        raise InvalidTypeError(msg)


def run(
    task: Task,
    X: Any,
    y: NDArray[np.intp],
    weight: FloatArray | None,
    dates: Any,
) -> Scored:
    """Fit the model if it is one that fits, and score both parts."""
    if isinstance(task.model, GivenScore):
        sign = -1.0 if task.model.kind == "safer" else 1.0
        score = sign * task.model.score
        return Scored(score[task.train], score[task.test], task.model.kind == "pd", {})
    X_train, X_test = rows_of(X, task.train), rows_of(X, task.test)
    if hasattr(task.model, "score_batch"):
        train, test = (
            np.asarray(task.model.score_batch(part).pd, dtype=np.float64)
            for part in (X_train, X_test)
        )
        return Scored(train, test, True, {})
    model = clone(task.model)
    given: dict[str, Any] = {}
    if weight is not None:
        given["sample_weight"] = weight[task.train]
    if has_fit_parameter(model, "dates"):
        given["dates"] = dates[task.train]
    model.fit(X_train, y[task.train], **given)
    train, test = (
        np.asarray(model.predict_proba(part), dtype=np.float64)[:, 1]
        for part in (X_train, X_test)
    )
    return Scored(train, test, True, _importance(model))


def rows_of(X: Any, rows: IntArray) -> Any:
    """Return some rows of an array or frame, in the form it has."""
    if not is_frame(X):
        return np.asarray(X)[rows]
    import narwhals as nw

    if nw.dependencies.is_pandas_dataframe(X):
        return X.iloc[rows]
    frame = nw.from_native(X, eager_only=True)
    return frame[rows.tolist()].to_native()


def _importance(model: Any) -> dict[str, float]:
    """Return how far each column moves the log-odds on average, or what is known."""
    if hasattr(model, "points_table"):
        return _of_points(model.points_table())
    values = getattr(model, "feature_importances_", None)
    if values is None:
        return {}
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        names = [f"x{j}" for j in range(len(values))]
    return {
        str(name): float(value)
        for name, value in zip(names, values, strict=True)
        if np.isfinite(value)
    }


def _of_points(table: Any) -> dict[str, float]:
    """Return the mean absolute deviation of the log-odds of each characteristic."""
    found = {}
    for name, bins in table.groupby("characteristic", sort=False):
        n = bins["n"].to_numpy(dtype=np.float64)
        log_odds = bins["log_odds"].to_numpy(dtype=np.float64)
        known = np.isfinite(n) & np.isfinite(log_odds)
        if known.any() and n[known].sum() > 0 and len(bins) > 1:
            mean = np.average(log_odds[known], weights=n[known])
            away = np.abs(log_odds[known] - mean)
            found[str(name)] = float(np.average(away, weights=n[known]))
    return found
