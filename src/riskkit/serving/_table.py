"""Tables as a scorer takes them: columns by name, and the bin of every row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import Table, is_frame, is_series
from riskkit.artifact import assign_column
from riskkit.exceptions import InvalidInputError, InvalidTypeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.artifact import Artifact, FeatureSpec

__all__ = ["assign", "read_columns", "read_table"]


def read_table(artifact: Artifact, X: Any) -> Table:
    """Return the columns of the model, in its order."""
    return read_columns(tuple(artifact.fields), X)


def read_columns(names: tuple[str, ...], X: Any) -> Table:
    """Return the columns with these names, in that order."""
    if isinstance(X, Mapping):
        X = {name: _column(X[name], name) for name in names if name in X}
    elif not is_frame(X):
        msg = (
            "A batch must be a pandas, Polars or Arrow frame, or a mapping of names "
            f"to columns; got {type(X).__name__}. Give columns names, collect a lazy "
            "frame, and use score for one record."
        )
        raise InvalidTypeError(msg)
    return Table.read(X).select(names)


def _column(column: Any, name: str) -> Any:
    """Return one column of a mapping as an array, or as the series it is."""
    if is_series(column):
        return column
    if isinstance(column, (str, bytes, Mapping)) or not hasattr(column, "__len__"):
        msg = (
            f"Column {name!r} must be a list, an array or a series; got "
            f"{type(column).__name__}. Use score for one record."
        )
        raise InvalidTypeError(msg)
    # As objects, so that True and 1, text and numbers stay what they are in a record.
    values = (
        column
        if isinstance(column, np.ndarray)
        else np.fromiter(column, dtype=object, count=len(column))
    )
    if values.ndim != 1:
        msg = f"Column {name!r} must have one dimension; it has {values.ndim}."
        raise InvalidInputError(msg)
    return values


def assign(feature: FeatureSpec, column: Any) -> NDArray[Any]:
    """Return each row's bin, in the smallest type that holds it."""
    try:
        codes = assign_column(feature, column)
    except OverflowError:
        msg = (
            f"Column {feature.name!r} must hold numbers that a float can hold; some "
            "are beyond its range. Use numbers below 1.8e308, or missing values."
        )
        raise InvalidInputError(msg) from None
    return codes.astype(np.min_scalar_type(feature.n_bins))
