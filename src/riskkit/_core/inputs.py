"""What every estimator does with X, y and weights before any formula sees them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.validation import check_consistent_length, validate_data

from riskkit._core.frames import Table, is_frame
from riskkit._core.target import encode_event
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from riskkit.typing import BoolArray, FloatArray

__all__ = ["Training", "read_features", "read_training", "read_weight"]


@dataclass(frozen=True)
class Training:
    """What a supervised fit learns from; every weight is above 0."""

    table: Table
    is_event: BoolArray
    weight: FloatArray | None
    classes: NDArray[Any]

    @property
    def n_rows(self) -> float:
        """Rows, as a sum of weights."""
        return float(self.is_event.size if self.weight is None else self.weight.sum())

    @property
    def n_events(self) -> float:
        """Events, as a sum of weights."""
        if self.weight is None:
            return float(np.count_nonzero(self.is_event))
        return float(self.weight[self.is_event].sum())

    def with_event_of(self, classes: NDArray[Any]) -> Training:
        """Return the same rows with the event of these classes, if they are the same.

        Where outcomes are read, the larger label is the event; somebody may have said
        otherwise before.
        """
        if self.classes.tolist() != classes.tolist()[::-1]:
            return self
        return replace(self, is_event=~self.is_event, classes=classes)


def read_training(
    estimator: Any, X: Any, y: ArrayLike | None, sample_weight: ArrayLike | None
) -> Training:
    """Check features, target and weights of a fit; a weight of 0 drops its row."""
    table = read_features(estimator, X, reset=True)
    weight = read_weight(sample_weight, table.n_rows)
    values = _target_values(y, table.n_rows)
    if weight is not None and not weight.all():
        kept = weight > 0
        table, values, weight = table.take(kept), values[kept], weight[kept]
    is_event, classes = encode_event(values)
    return Training(table, is_event, weight, classes)


def read_features(
    estimator: Any, X: Any, *, reset: bool, names: Sequence[str] | None = None
) -> Table:
    """Check `X` and take it apart; columns of a frame are matched by name.

    With `reset` the feature names and their number are learned. Otherwise the columns
    seen in ``fit``, or those of them given as `names`, are picked from a frame in their
    order, extra ones are ignored, and an array must have as many columns as were seen.
    """
    if hasattr(X, "collect_schema") and not is_frame(X):
        msg = (
            "X must be a table in memory; got a lazy one of type "
            f"{type(X).__name__}. Collect it first."
        )
        raise InvalidTypeError(msg)
    if not is_frame(X):
        if getattr(getattr(X, "dtype", None), "kind", "") == "c":
            # Said here, because scikit-learn's message shows the values.
            msg = "Complex data not supported: X must hold real numbers or text."
            raise InvalidInputError(msg)
        X = validate_data(
            estimator, X, reset=reset, dtype=None, ensure_all_finite=False
        )
        table = Table.read(X)
        if not reset and hasattr(estimator, "feature_names_in_"):
            # scikit-learn has warned: an array after a frame is taken by position.
            return replace(table, names=tuple(estimator.feature_names_in_))
        return table
    table = Table.read(X)
    if table.n_rows == 0 or not table.names:
        what = "sample(s)" if table.n_rows == 0 else "feature(s)"
        msg = (
            f"Found array with 0 {what} (shape=({table.n_rows}, {len(table.names)})) "
            "while a minimum of 1 is required."
        )
        raise InvalidInputError(msg)
    if not reset and hasattr(estimator, "feature_names_in_"):
        return table.select(names or list(estimator.feature_names_in_))
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    return table


def _target_values(y: ArrayLike | None, n_rows: int) -> NDArray[Any]:
    if y is None:
        msg = "This estimator requires y to be passed, but the target y is None."
        raise InvalidInputError(msg)
    if not hasattr(y, "dtype") or getattr(y, "ndim", 1) != 1:
        y = column_or_1d(np.asarray(y), warn=True)
    values = y.to_numpy() if hasattr(y, "to_numpy") else np.asarray(y)
    check_consistent_length(values, np.empty(n_rows))
    if values.dtype.kind == "f" and np.isinf(values).any():
        check_array(values, ensure_2d=False, input_name="y")
    return values


def read_weight(sample_weight: ArrayLike | None, n_rows: int) -> FloatArray | None:
    """Check the weights: one finite number of at least 0 for each row, not all 0."""
    if sample_weight is None:
        return None
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.ndim == 0:
        weight = np.full(n_rows, float(weight))
    if weight.shape != (n_rows,):
        msg = (
            f"sample_weight must hold one number for each of the {n_rows} rows; "
            f"got shape {weight.shape}. Sample weights must be 1D array or scalar."
        )
        raise InvalidParameterError(msg)
    n_bad = int(np.count_nonzero(~np.isfinite(weight) | (weight < 0)))
    if n_bad:
        msg = (
            "sample_weight must be finite and not negative; "
            f"{n_bad} of {n_rows} weights are not."
        )
        raise InvalidParameterError(msg)
    if not weight.any():
        msg = "sample_weight must not be zero in every row; got only zeros."
        raise InvalidParameterError(msg)
    return weight
