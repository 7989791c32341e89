"""Checks of the binary target; NumPy only, so that metrics stay light."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.exceptions import InvalidTargetError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from riskkit.typing import BoolArray

__all__ = ["encode_event", "known_outcomes"]


def encode_event(y: ArrayLike) -> tuple[BoolArray, NDArray[Any]]:
    """Return the event mask and the two sorted classes; the last is the event."""
    y = np.asarray(y)
    if y.ndim != 1:
        msg = f"The target must be one-dimensional; got shape {y.shape}."
        raise InvalidTargetError(msg)
    n_missing = _count_missing(y)
    if n_missing:
        msg = (
            f"The target must be known in every row; {n_missing} of {y.size} rows "
            "have none. Leave those rows out, or treat them by reject inference."
        )
        raise InvalidTargetError(msg)
    if y.size and y.dtype.kind in "biuf":
        # Far cheaper than sorting; whatever is not two numbers is named below.
        low, high = y.min(), y.max()
        is_event = y == high
        if low != high and np.all(is_event | (y == low)):
            return is_event, np.array([low, high], dtype=y.dtype)
    try:
        classes, codes = np.unique(y, return_inverse=True)
    except TypeError as error:
        msg = "The target must hold labels of one type; got a mixture of types."
        raise InvalidTargetError(msg) from error
    if classes.size > 2 and y.dtype.kind == "f" and (classes % 1 != 0).any():
        msg = (
            "The target must hold two classes; got continuous numbers. Turn the "
            "outcome into event and non-event first."
        )
        raise InvalidTargetError(msg)
    if classes.size != 2:
        found = f"{classes.size} class{'es' * (classes.size != 1)}"
        hint = "" if classes.size > 2 else " Both outcomes are needed to learn from."
        msg = (
            "Only binary classification is supported: the target must hold events "
            f"and non-events; got {found} in {y.size} rows.{hint}"
        )
        raise InvalidTargetError(msg)
    return codes == 1, classes


def known_outcomes(y: ArrayLike, classes: tuple[Any, Any], n_rows: int) -> BoolArray:
    """Return the event mask of outcomes that carry the labels seen in training."""
    values = np.asarray(y)
    if values.shape != (n_rows,):
        msg = f"y must hold {n_rows} outcomes, one for each row; got {values.shape}."
        raise InvalidTargetError(msg)
    is_event = np.asarray(values == classes[1])
    n_unknown = int(np.count_nonzero(~is_event & (values != classes[0])))
    if n_unknown:
        msg = (
            "Outcomes must be labelled as in training; "
            f"{n_unknown} of {n_rows} rows hold another label or none."
        )
        raise InvalidTargetError(msg)
    return is_event


def _count_missing(y: NDArray[Any]) -> int:
    if y.dtype.kind == "f":
        return int(np.isnan(y).sum())
    if y.dtype.kind == "O":
        # None, NaN and pandas' NA all differ from themselves or are None; NA refuses
        # to answer, which only a missing value does.
        return sum(_is_missing(value) for value in y)
    return 0


def _is_missing(value: object) -> bool:
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(value, float) and value != value
