"""Scores of each row by a model that has not seen it."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import check_cv, cross_val_predict
from sklearn.utils.validation import has_fit_parameter

from riskkit.exceptions import InvalidParameterError, InvalidTargetError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "check_folds",
    "fit_parameters",
    "read_scores_of",
    "response_of",
    "score_out_of_fold",
]


def check_folds(cv: object) -> None:
    """Raise unless `cv` is a number of folds, a splitter, or an iterable of splits."""
    whole = isinstance(cv, Integral) and not isinstance(cv, bool)
    if whole and int(cv) >= 2:  # type: ignore[call-overload]
        return
    if not isinstance(cv, str) and (hasattr(cv, "split") or isinstance(cv, Iterable)):
        return
    msg = (
        "cv must be an integer >= 2, a splitter, or an iterable of pairs (rows to "
        f"train on, rows to score); got {cv!r}."
    )
    raise InvalidParameterError(msg)


def response_of(estimator: Any) -> str:
    """Return the method that scores: probabilities if there are any."""
    for method in ("predict_proba", "decision_function"):
        if hasattr(estimator, method) and hasattr(estimator, "fit"):
            return method
    msg = (
        "estimator must be a classifier with predict_proba or decision_function; got "
        f"{type(estimator).__name__}."
    )
    raise InvalidParameterError(msg)


def fit_parameters(estimator: Any, weight: FloatArray | None) -> dict[str, Any]:
    """Return what else `fit` of the estimator is given."""
    if weight is None or isinstance(estimator, FrozenEstimator):
        return {}
    if not has_fit_parameter(estimator, "sample_weight"):
        msg = (
            f"sample_weight was given, but {type(estimator).__name__}.fit takes none. "
            "Give an estimator that takes weights, or no weights."
        )
        raise InvalidParameterError(msg)
    return {"sample_weight": weight}


def read_scores_of(response: NDArray[Any]) -> FloatArray:
    """Return the column of the event as doubles."""
    event = response if response.ndim == 1 else response[:, 1]
    return np.ascontiguousarray(event, dtype=np.float64)


def score_out_of_fold(
    estimator: Any,
    X: Any,
    y: NDArray[Any],
    is_event: BoolArray,
    weight: FloatArray | None,
    *,
    cv: Any,
    groups: ArrayLike | None,
    n_jobs: int | None,
) -> FloatArray:
    """Return the PD, or the decision value, of each row by the other folds' clone."""
    known = np.ones(is_event.size, dtype=np.bool_) if weight is None else weight > 0
    if isinstance(cv, Integral):
        n_event = int(np.count_nonzero(is_event & known))
        n_nonevent = int(np.count_nonzero(~is_event & known))
        if min(n_event, n_nonevent) < int(cv):
            msg = (
                f"cv={cv} folds need at least {cv} rows of each class; got {n_event} "
                f"events and {n_nonevent} non-events. Use fewer folds or more rows."
            )
            raise InvalidTargetError(msg)
    splitter = check_cv(cv, is_event, classifier=True)
    folds = [
        (_positions(train, is_event.size), _positions(test, is_event.size))
        for train, test in splitter.split(X, is_event.astype(np.intp), groups)
    ]
    _check_partition(folds, is_event, known)
    response = cross_val_predict(
        estimator,
        X,
        y,
        cv=folds,
        n_jobs=n_jobs,
        method=response_of(estimator),
        params=fit_parameters(estimator, weight),
    )
    return read_scores_of(response)


def _positions(rows: Any, n_rows: int) -> IntArray:
    # A mask becomes positions, and a negative position counts from the end.
    positions: IntArray = np.arange(n_rows)[np.asarray(rows)]
    return positions


def _check_partition(
    folds: list[tuple[IntArray, IntArray]], is_event: BoolArray, known: BoolArray
) -> None:
    times = np.zeros(is_event.size, dtype=np.intp)
    for number, (train, test) in enumerate(folds):
        np.add.at(times, test, 1)
        n_shared = int(np.isin(test, train).sum())
        if n_shared:
            msg = (
                "cv must score rows that the fold was not trained on; in fold "
                f"{number} {n_shared} rows are on both sides."
            )
            raise InvalidParameterError(msg)
        learned = is_event[train[known[train]]]
        if learned.all() or not learned.any():
            msg = (
                "Each fold must train on events and non-events; fold "
                f"{number} has {int(learned.sum())} events in {learned.size} rows. "
                "Use fewer folds, or folds that are stratified by outcome."
            )
            raise InvalidTargetError(msg)
    n_odd = int(np.count_nonzero(times != 1))
    if n_odd:
        msg = (
            f"cv must score every row in exactly one fold; {n_odd} of {times.size} "
            "rows are scored in none or in several. To calibrate on later rows, fit "
            "the estimator on the earlier ones, wrap it in "
            "sklearn.frozen.FrozenEstimator and give the later ones."
        )
        raise InvalidParameterError(msg)
