"""Which rows have had the time to be found out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from riskkit._core.inputs import read_weight
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit._core.inputs import Training
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["check_labels", "mature_rows", "read_times", "times_that_count"]

_DAY = 86_400.0


def read_times(dates: Any, n_rows: int, name: str = "dates") -> FloatArray:
    """Return dates as numbers: days since 1970, or the numbers that were given."""
    native = dates.to_pandas() if hasattr(dates, "to_pandas") else dates
    column = pd.Series(native).reset_index(drop=True)
    if len(column) != n_rows:
        msg = (
            f"{name} must hold one date for each of the {n_rows} rows; got "
            f"{len(column)}."
        )
        raise InvalidInputError(msg)
    n_missing = int(column.isna().sum())
    if n_missing:
        msg = (
            f"{name} must be known in every row; {n_missing} of {n_rows} are missing. "
            "Leave those rows out."
        )
        raise InvalidInputError(msg)
    if pd.api.types.is_numeric_dtype(column.dtype):
        times = column.to_numpy(dtype=np.float64)
        if not np.isfinite(times).all():
            msg = f"{name} must be finite; {int((~np.isfinite(times)).sum())} are not."
            raise InvalidInputError(msg)
        return times
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    try:
        # Times with a zone and without are all taken for UTC.
        stamps = pd.DatetimeIndex(pd.to_datetime(column, format="ISO8601", utc=True))
    except (TypeError, ValueError) as error:
        msg = (
            f"{name} must hold dates, numbers, or text like '2024-01-31'; got "
            "something else. Convert it first, for example by pandas.to_datetime."
        )
        raise InvalidInputError(msg) from error
    seconds = stamps.as_unit("ns").asi8 / 1e9
    return np.asarray(seconds / _DAY)


def mature_rows(times: FloatArray, delay: float, as_of: Any) -> BoolArray:
    """Return which rows are at least `delay` old at `as_of`, by default the last."""
    now = float(times.max()) if as_of is None else float(read_times([as_of], 1)[0])
    n_later = int(np.count_nonzero(times > now))
    if n_later:
        msg = (
            f"No row may lie after as_of; {n_later} of {times.size} do. Leave out what "
            "was not known on that day, or give a later one."
        )
        raise InvalidInputError(msg)
    mature = times <= now - delay
    if not mature.any():
        msg = (
            f"label_delay={delay:g} leaves no row whose outcome is known: the oldest "
            f"is {now - float(times.min()):g} old. Give older rows or a shorter delay."
        )
        raise InvalidParameterError(msg)
    return np.asarray(mature)


def check_labels(is_event: BoolArray, is_known: BoolArray) -> None:
    """Raise unless both labels are among the rows old enough to carry one."""
    n_event = int(np.count_nonzero(is_event & is_known))
    n_known = int(np.count_nonzero(is_known))
    if 0 < n_event < n_known:
        return
    msg = (
        "Frauds and other rows must be among the rows that are old enough to carry a "
        f"label; got {n_event} frauds in {n_known} rows. Give older rows, or use a "
        "detector, which needs no labels."
    )
    raise InvalidParameterError(msg)


def times_that_count(
    dates: Any, sample_weight: ArrayLike | None, training: Training
) -> FloatArray | None:
    """Return the times of the rows that count."""
    if dates is None:
        return None
    n_given = training.is_event.size
    if sample_weight is None or training.weight is None:
        return read_times(dates, n_given)
    n_given = np.size(sample_weight) if np.ndim(sample_weight) else n_given
    weight = read_weight(sample_weight, n_given)
    times = read_times(dates, n_given)
    return times if weight is None else times[weight > 0]
