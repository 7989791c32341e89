"""The order in time of the training rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.exceptions import InvalidInputError, InvalidTypeError

if TYPE_CHECKING:
    from riskkit.typing import IntArray

__all__ = ["read_dates"]


def read_dates(dates: Any, n_rows: int) -> IntArray:
    """Return the rank of each row's date, from 0; rows of one date share it.

    Dates are dates, periods, text in the form of ISO 8601, or numbers such as years.
    """
    import pandas as pd

    native = dates.to_pandas() if hasattr(dates, "to_pandas") else dates
    column = pd.Series(native).reset_index(drop=True)
    if len(column) != n_rows:
        msg = (
            f"dates must hold one date for each of the {n_rows} rows; got "
            f"{len(column)}."
        )
        raise InvalidInputError(msg)
    n_missing = int(column.isna().sum())
    if n_missing:
        msg = (
            f"dates must be known in every row; {n_missing} of {n_rows} are missing. "
            "Leave those rows out, or fit without dates."
        )
        raise InvalidInputError(msg)
    kind = column.dtype
    if not (
        pd.api.types.is_numeric_dtype(kind)
        or pd.api.types.is_datetime64_any_dtype(kind)
        or isinstance(kind, pd.PeriodDtype)
    ):
        column = _parsed(column)
    codes, _ = pd.factorize(column, sort=True)
    return np.asarray(codes, dtype=np.intp)


def _parsed(column: Any) -> Any:
    import pandas as pd

    try:
        return pd.to_datetime(column, format="ISO8601")
    except (TypeError, ValueError) as error:
        msg = (
            "dates must hold dates, numbers, or text like '2024-01-31' of one time "
            "zone; got text or objects that cannot be read as such without guessing. "
            "Convert them first, for example by pandas.to_datetime(dates, "
            "format='%d.%m.%Y')."
        )
        raise InvalidTypeError(msg) from error
