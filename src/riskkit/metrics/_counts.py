"""Checks of counts by bin: what every binned metric takes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit.exceptions import InvalidInputError, InvalidTypeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["read_counts", "read_numbers"]


def read_numbers(name: str, values: ArrayLike) -> FloatArray:
    """Return `values` as a vector of float64, NaN refused."""
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"{name} must hold numbers; got values that are none or are missing."
        raise InvalidTypeError(msg) from error
    if numbers.ndim != 1:
        msg = f"{name} must be one-dimensional; got shape {numbers.shape}."
        if numbers.ndim == 2 and numbers.shape[1] == 2:
            msg += " Of predict_proba give the column of the event, [:, 1]."
        raise InvalidInputError(msg)
    n_nan = int(np.count_nonzero(np.isnan(numbers)))
    if n_nan:
        msg = (
            f"{name} must be known everywhere; {n_nan} of {numbers.size} entries are "
            "NaN. Leave them out, or find out why they are missing."
        )
        raise InvalidInputError(msg)
    return numbers


def read_counts(**counts: ArrayLike) -> tuple[FloatArray, ...]:
    """Return counts over the same bins, each checked under its own name."""
    read = {name: read_numbers(name, values) for name, values in counts.items()}
    sizes = {name: values.size for name, values in read.items()}
    if len(set(sizes.values())) > 1:
        shown = ", ".join(f"{name}: {size}" for name, size in sizes.items())
        msg = (
            f"The counts must be of the same bins in the same order; got {shown}. "
            "Count both samples in one partition, empty bins included."
        )
        raise InvalidInputError(msg)
    for name, values in read.items():
        n_wrong = int(np.count_nonzero(~np.isfinite(values) | (values < 0)))
        if n_wrong:
            msg = (
                f"{name} must be finite and not negative; {n_wrong} of {values.size} "
                "bins are not. Give the accounts of each bin."
            )
            raise InvalidInputError(msg)
        if not values.any():
            msg = (
                f"{name} must hold something in at least one bin; got {values.size} "
                "bins and nothing in them. An empty sample cannot be compared."
            )
            raise InvalidInputError(msg)
    return tuple(read.values())
