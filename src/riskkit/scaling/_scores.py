"""Points of accounts, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit.exceptions import InvalidInputError, InvalidTypeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["read_points"]


def read_points(name: str, values: ArrayLike) -> FloatArray:
    """Return one finite number for each account."""
    try:
        points = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"{name} must hold numbers; got values that are none or are missing."
        raise InvalidTypeError(msg) from error
    if points.ndim != 1 or not points.size:
        msg = (
            f"{name} must hold one number for each account, at least one; got shape "
            f"{points.shape}."
        )
        raise InvalidInputError(msg)
    n_unknown = int(np.count_nonzero(~np.isfinite(points)))
    if n_unknown:
        msg = (
            f"{name} must be finite; {n_unknown} of {points.size} are NaN or infinite. "
            "Leave those accounts out."
        )
        raise InvalidInputError(msg)
    return points
