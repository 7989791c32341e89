"""Dates in whatever form they come, as days; and months between them.

A month later is the same day of the next month, or its last day where it is shorter.
The ``k``-th month on book are the days from ``k - 1`` months after the start until
before ``k`` months after it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.levels import is_missing
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.typing import IntArray

    Days = NDArray[np.datetime64]

__all__ = [
    "add_months",
    "full_months",
    "month_numbers",
    "read_date",
    "read_dates",
    "read_event_dates",
    "read_start_dates",
]

_ADVICE = "Read the column as dates first, all in one time zone or without any."


def read_date(name: str, value: Any) -> np.datetime64:
    """Return one day; text must be written as 2024-01-31."""
    msg = (
        f"{name} must be a day without a time zone, such as '2024-01-31'; got a value "
        f"of type {type(value).__name__} that is none."
    )
    if isinstance(value, str):
        try:
            return np.datetime64(date.fromisoformat(value), "D")
        except ValueError as error:
            raise InvalidParameterError(msg) from error
    if isinstance(value, datetime) and value.tzinfo is not None:
        raise InvalidParameterError(msg)
    if isinstance(value, date | np.datetime64) and not is_missing(value):
        day: np.datetime64 = np.datetime64(value).astype("datetime64[D]")
        if not np.isnat(day):
            return day
    raise InvalidParameterError(msg)


def read_dates(
    name: str, values: Any, n_rows: int, *, missing_allowed: bool = False
) -> Days:
    """Return a day for each row; NaT where none is known, if that is allowed.

    A moment in a time zone has the day of that zone.
    """
    days = _as_days(name, values)
    if days.shape != (n_rows,):
        msg = (
            f"{name} must hold one date for each of the {n_rows} rows; got shape "
            f"{days.shape}."
        )
        raise InvalidInputError(msg)
    n_missing = int(np.count_nonzero(np.isnat(days)))
    if n_missing and not missing_allowed:
        msg = (
            f"{name} must be known in every row; {n_missing} of {n_rows} dates are "
            "missing. Leave those rows out, or find out why they have none."
        )
        raise InvalidInputError(msg)
    return days


def month_numbers(days: Days) -> IntArray:
    """Return the calendar month of each day, counted from January 1970."""
    return days.astype("datetime64[M]").astype(np.intp)


def add_months(days: Any, n_months: Any) -> Any:
    """Return the days that many months later."""
    months = days.astype("datetime64[M]")
    offset = days - months.astype("datetime64[D]")
    later = months + n_months
    last = (later + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
    return np.minimum(later.astype("datetime64[D]") + offset, last)


def full_months(start: Days, end: Any) -> IntArray:
    """Return the whole months from start to end, below 0 if it lies before."""
    months = end.astype("datetime64[M]") - start.astype("datetime64[M]")
    whole: IntArray = (months - (add_months(start, months) > end)).astype(np.intp)
    return whole


def _as_days(name: str, values: Any) -> Days:
    if hasattr(values, "to_numpy") or hasattr(values, "dictionary_encode"):
        values = _without_zone(values)
    given = values if isinstance(values, np.ndarray) else np.asarray(values, object)
    if given.dtype.kind == "M":
        return np.asarray(given.astype("datetime64[D]"))
    if given.dtype.kind != "O" or given.ndim != 1:
        kind = {"U": "text", "S": "text"}.get(given.dtype.kind, str(given.dtype))
        msg = f"{name} must hold dates; got {kind}. {_ADVICE}"
        raise InvalidInputError(msg)
    return _days_of_objects(name, given)


def _without_zone(column: Any) -> Any:
    """Return an array; moments of one zone as the clocks of that zone show them."""
    import narwhals as nw

    if hasattr(column, "tz_localize") and getattr(column, "tz", None) is not None:
        column = column.tz_localize(None)  # an index of pandas
    series = nw.from_native(column, series_only=True, pass_through=True)
    if isinstance(series, nw.Series):
        if getattr(series.dtype, "time_zone", None) is not None:
            series = series.dt.replace_time_zone(None)
        column = series.to_native()
    return np.asarray(column)


def _days_of_objects(name: str, values: Any) -> Days:
    zones: set[str | None] = set()
    days = np.full(values.size, "NaT", dtype="datetime64[D]")
    n_odd = 0
    for row, value in enumerate(values.tolist()):
        if is_missing(value) or (isinstance(value, np.datetime64) and np.isnat(value)):
            continue
        if isinstance(value, date):  # a moment is one, too
            zone = value.tzinfo if isinstance(value, datetime) else None
            zones.add(None if zone is None else str(zone))
            days[row] = date(value.year, value.month, value.day)
        elif isinstance(value, np.datetime64):
            zones.add(None)
            days[row] = value.astype("datetime64[D]")
        else:
            n_odd += 1
    if n_odd:
        msg = (
            f"{name} must hold dates; {n_odd} of {values.size} rows hold text or "
            f"numbers. {_ADVICE}"
        )
        raise InvalidInputError(msg)
    if len(zones) > 1:
        msg = (
            f"{name} must be of one time zone; got {len(zones)} of them, or dates with "
            f"and without. {_ADVICE}"
        )
        raise InvalidInputError(msg)
    return days


def read_start_dates(dates: Any, n_rows: int, as_of: np.datetime64) -> Days:
    """Return the day on which each account began; none may lie after `as_of`."""
    days = read_dates("dates", dates, n_rows)
    n_later = int(np.count_nonzero(days >= as_of))
    if n_later:
        msg = (
            f"dates must lie before as_of, {as_of}; {n_later} of {n_rows} accounts "
            "begin on it or later. Leave them out, or give the day of the tape."
        )
        raise InvalidInputError(msg)
    return days


def read_event_dates(event_dates: Any, starts: Days) -> Days:
    """Return the day of each event, NaT without one; none may precede the account."""
    events = read_dates("event_dates", event_dates, starts.size, missing_allowed=True)
    n_before = int(np.count_nonzero(events < starts))
    if n_before:
        msg = (
            "event_dates must not lie before the account began; "
            f"{n_before} of {starts.size} do. Check which date is which."
        )
        raise InvalidInputError(msg)
    return events
