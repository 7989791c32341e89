"""Accepts and rejects in one table: read, checked, and put together for a fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from riskkit._core.frames import Table, is_frame, level_column, numeric_column
from riskkit._core.inputs import read_training, read_weight
from riskkit._core.target import known_outcomes
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from riskkit.scorecard._reject_rows import AddedRows
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["RejectSample", "fit_model", "pd_of", "read_sample", "take_rows"]


@dataclass(frozen=True)
class RejectSample:
    """Labelled and unlabelled rows with positive weight; `is_event` counts if known.

    `labelled` rows have an outcome: accepts, and rejects that another lender saw.
    """

    X: Any
    labelled: IntArray
    unlabelled: IntArray
    accepted: BoolArray
    is_event: BoolArray
    weight: FloatArray
    weighted: bool
    classes: NDArray[Any]

    def labels(self, is_event: BoolArray) -> NDArray[Any]:
        """Return events and non-events in the words of the target."""
        return np.asarray(self.classes[is_event.astype(np.intp)])

    def without(self, rows: IntArray) -> RejectSample:
        """Return the sample without some labelled rows."""
        return replace(self, labelled=np.setdiff1d(self.labelled, rows))

    def fit_labelled(self, estimator: Any, weight: FloatArray | None = None) -> Any:
        """Fit a clone to the labelled rows, with their weights times `weight`."""
        rows = self.labelled
        mass = self.weight[rows] if weight is None else self.weight[rows] * weight
        plain = weight is None and not self.weighted
        return fit_model(
            estimator,
            self.X if rows.size == len(self.weight) else take_rows(self.X, rows),
            self.labels(self.is_event[rows]),
            None if plain else mass,
        )

    def fit_with(self, estimator: Any, added: AddedRows) -> Any:
        """Fit a clone to the labelled rows and the rejects as they are assumed."""
        rows = np.concatenate([self.labelled, self.unlabelled[added.place]])
        is_event = np.concatenate([self.is_event[self.labelled], added.is_event])
        weight = np.concatenate([self.weight[self.labelled], added.weight])
        kept = weight > 0
        return fit_model(
            estimator,
            take_rows(self.X, rows[kept]),
            self.labels(is_event[kept]),
            weight[kept],
        )


def fit_model(estimator: Any, X: Any, y: Any, weight: FloatArray | None) -> Any:
    """Return a fitted clone."""
    if weight is None:
        return clone(estimator).fit(X, y)
    if not has_fit_parameter(estimator, "sample_weight"):
        msg = (
            "Reject inference works by weights, but "
            f"{type(estimator).__name__}.fit takes no sample_weight. Give an estimator "
            "that does."
        )
        raise InvalidParameterError(msg)
    return clone(estimator).fit(X, y, sample_weight=weight)


def pd_of(model: Any, X: Any) -> FloatArray:
    """Return the PD of each row."""
    return np.ascontiguousarray(model.predict_proba(X)[:, 1], dtype=np.float64)


def take_rows(X: Any, rows: IntArray) -> Any:
    """Return rows of a frame or an array, in the order asked for."""
    if is_frame(X):
        import narwhals as nw

        return nw.from_native(X, eager_only=True)[rows].to_native()
    return np.asarray(X)[rows]


def read_sample(
    estimator: Any,
    X: Any,
    y: ArrayLike | None,
    accepted: ArrayLike | None,
    sample_weight: ArrayLike | None,
    bureau: ArrayLike | None,
) -> RejectSample:
    """Check a table of accepts and rejects; a row of weight 0 is dropped."""
    missing = None if y is None else np.asarray(pd.isna(np.asarray(y))).ravel()
    if accepted is None and (missing is None or not missing.any()):
        # No reject: the usual checks of a classifier say what is wrong.
        training = read_training(estimator, X, y, sample_weight)
        n_given = training.is_event.size
        if missing is not None and n_given < missing.size:
            weight = read_weight(sample_weight, missing.size)
            X = take_rows(X, np.flatnonzero(np.asarray(weight)))
        mass = np.ones(n_given) if training.weight is None else training.weight
        return RejectSample(
            X,
            np.arange(n_given),
            np.arange(0),
            np.ones(n_given, np.bool_),
            training.is_event,
            mass,
            training.weight is not None,
            training.classes,
        )
    if y is None or missing is None:
        msg = "This estimator requires y to be passed, but the target y is None."
        raise InvalidInputError(msg)
    n_rows = missing.size
    mask = ~missing if accepted is None else _mask(accepted, n_rows)
    if _n_rows(X) != n_rows:
        msg = (
            f"X must hold the features of all {n_rows} applications, rejects included; "
            f"it has {_n_rows(X)} rows. Rejects without features cannot be inferred: "
            "leave them out of y and accepted as well."
        )
        raise InvalidInputError(msg)
    weight = read_weight(sample_weight, n_rows)
    mass = np.ones(n_rows) if weight is None else weight
    rows = np.flatnonzero(mask)
    values = np.asarray(y)
    training = read_training(
        estimator,
        take_rows(X, rows),
        # Missing outcomes of rejects turn whole numbers into floats or objects.
        _own_type(values[mask]),
        None if weight is None else weight[mask],
    )
    is_event = np.zeros(n_rows, dtype=np.bool_)
    is_event[rows[mass[rows] > 0]] = training.is_event
    known = mask.copy()
    if bureau is not None:
        seen = _known_bureau(bureau, n_rows) & ~mask
        outcome = np.asarray(bureau)[seen]
        classes = (training.classes[0], training.classes[1])
        is_event[seen] = known_outcomes(outcome, classes, int(seen.sum()))
        known |= seen
    unlabelled = np.flatnonzero(~known & (mass > 0))
    _check_features(X, unlabelled)
    return RejectSample(
        X,
        np.flatnonzero(known & (mass > 0)),
        unlabelled,
        mask,
        is_event,
        mass,
        weight is not None,
        training.classes,
    )


def _n_rows(X: Any) -> int:
    shape = getattr(X, "shape", None)
    return int(shape[0]) if shape else len(X)


def _own_type(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype.kind == "O" and len({type(value) for value in values}) == 1:
        values = np.asarray(values.tolist())
    if values.dtype.kind == "f" and np.isfinite(values).all():
        whole = values.astype(np.intp)
        return whole if (whole == values).all() else values
    return values


def _mask(accepted: ArrayLike, n_rows: int) -> BoolArray:
    values = np.asarray(accepted)
    if values.shape != (n_rows,):
        msg = (
            f"accepted must hold True or False for each of the {n_rows} rows; got "
            f"shape {values.shape}."
        )
        raise InvalidInputError(msg)
    mask = np.asarray(values == 1)
    n_odd = int(np.count_nonzero(~mask & (values != 0)))
    if n_odd:
        msg = (
            "accepted must be True or False (or 1 and 0) in every row; "
            f"{n_odd} of {n_rows} rows hold something else or nothing."
        )
        raise InvalidInputError(msg)
    if not mask.any():
        msg = "accepted must be True somewhere: without accepts nothing is learned."
        raise InvalidInputError(msg)
    return mask


def _known_bureau(bureau: ArrayLike, n_rows: int) -> BoolArray:
    values = np.asarray(bureau)
    if values.shape != (n_rows,):
        msg = (
            f"bureau_outcome must hold an outcome, or a missing value, for each of the "
            f"{n_rows} rows; got shape {values.shape}."
        )
        raise InvalidInputError(msg)
    return ~np.asarray(pd.isna(values))


def _check_features(X: Any, rejects: IntArray) -> None:
    """Refuse rejects of whom nothing is known."""
    if not rejects.size:
        return
    table = Table.read(take_rows(X, rejects))
    blank = np.ones(rejects.size, dtype=np.bool_)
    for name in table.names:
        column = table.column(name)
        if table.kind(name) == "numeric":
            blank &= np.isnan(numeric_column(column, name))
        else:
            blank &= level_column(column, name).codes < 0
        if not blank.any():
            return
    msg = (
        "Every reject needs features: inference continues what the accepts show of "
        f"them; {int(blank.sum())} of {rejects.size} rejects have none. Leave those "
        "rows out, and report how many they were."
    )
    raise InvalidInputError(msg)
