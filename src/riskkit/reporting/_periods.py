"""Dates cut into quarters, or into years where there would be many quarters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from riskkit.typing import IntArray

__all__ = ["cut_periods"]

_MOST_QUARTERS = 16


def cut_periods(
    dates: Any, n_rows: int
) -> tuple[tuple[IntArray, tuple[str, ...]], tuple[str, str]]:
    """Return the period of each row with the labels, and the first and last date."""
    import pandas as pd

    try:
        days = pd.DatetimeIndex(pd.to_datetime(np.asarray(dates)))
    except (TypeError, ValueError) as error:
        msg = (
            "dates must hold one date for each row, as dates or ISO text of one time "
            "zone; got entries that cannot be read as such."
        )
        raise InvalidInputError(msg) from error
    if len(days) != n_rows:
        msg = (
            f"dates must hold one date for each of the {n_rows} rows; got {len(days)}."
        )
        raise InvalidInputError(msg)
    n_missing = int(np.count_nonzero(days.isna()))
    if n_missing:
        msg = (
            f"dates must be known in every row; {n_missing} of {n_rows} are missing. "
            "Leave those rows out, or report without dates."
        )
        raise InvalidInputError(msg)
    if days.tz is not None:
        days = days.tz_localize(None)
    quarters = (days.year * 4 + days.quarter - 1).to_numpy()
    if quarters.max() - quarters.min() < _MOST_QUARTERS:
        values, codes = np.unique(quarters, return_inverse=True)
        labels = tuple(f"{q // 4} Q{q % 4 + 1}" for q in values.tolist())
    else:
        values, codes = np.unique(days.year.to_numpy(), return_inverse=True)
        labels = tuple(str(year) for year in values.tolist())
    window = (str(days.min().date()), str(days.max().date()))
    return (codes.astype(np.intp), labels), window
