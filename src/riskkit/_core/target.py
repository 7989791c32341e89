"""Checks of the binary target; NumPy only, so that metrics stay light."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.exceptions import InvalidTargetError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from riskkit.typing import BoolArray

__all__ = ["encode_event"]


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
