"""Times, amounts and outcomes of events, by column and one at a time.

Both ways give the same whole numbers; missing is NaN or None, and what is neither
known nor missing is an error that names the column and counts the rows.
"""

from __future__ import annotations

import contextlib
import math
from datetime import UTC, date, datetime, timedelta
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import numeric_column
from riskkit._core.levels import is_missing
from riskkit.exceptions import InvalidInputError, InvalidTargetError, InvalidTypeError
from riskkit.fraud._velocity_plan import MOST_AMOUNT, SECOND, UNITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.typing import BoolArray

__all__ = [
    "amount_column",
    "amount_of",
    "check_past",
    "event_column",
    "moment_of",
    "time_column",
]

_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
_MOST_SECONDS = 1e12  # 30,000 years; microseconds of it stay within 64 bits
_TIME_ADVICE = (
    "Give dates and times of one zone or without any, or numbers of seconds; read text "
    "as dates first."
)


def time_column(column: Any, name: str) -> NDArray[np.int64]:
    """Return microseconds; moments with a zone count from 1970 in UTC."""
    values = _plain_times(column)
    if values.dtype.kind == "M":
        missing = np.isnat(values)
        found = values.astype("datetime64[us]").astype(np.int64)
    elif values.dtype.kind in "biuf":
        seconds = values.astype(np.float64)
        missing = np.isnan(seconds)
        n_far = int(np.count_nonzero(np.abs(seconds) > _MOST_SECONDS))
        if n_far:
            msg = (
                f"Column {name!r} must hold seconds within 30,000 years; {n_far} of "
                f"{values.size} rows are beyond them."
            )
            raise InvalidInputError(msg)
        found = np.rint(np.where(missing, 0.0, seconds) * SECOND).astype(np.int64)
    else:
        return _times_of_objects(values, name)
    _check_none_missing(int(np.count_nonzero(missing)), missing.size, name)
    return found


def moment_of(value: Any, name: str) -> int:
    """Return the microseconds of one moment; text as in ``2024-01-31T12:00:00``."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = datetime.fromisoformat(value)
    found = None if is_missing(value) else _microseconds(value)
    if found is None:
        msg = (
            f"{name!r} must hold a moment: a date and time, its ISO text, or a number "
            f"of seconds; got a value of type {type(value).__name__} that is none."
        )
        raise InvalidInputError(msg)
    return found


def check_past(times: NDArray[np.int64] | int, as_of: Any, name: str) -> None:
    """Raise if an event is later than the moment `as_of`, where that is given."""
    if as_of is None:
        return
    moments = np.atleast_1d(np.asarray(times, dtype=np.int64))
    n_future = int(np.count_nonzero(moments > moment_of(as_of, "as_of")))
    if n_future:
        msg = (
            f"Column {name!r} must hold no moment later than as_of; {n_future} of "
            f"{moments.size} events lie in the future. Check their clock or zone; an "
            "event from the future would push the present out of every window."
        )
        raise InvalidInputError(msg)


def amount_column(
    column: Any, name: str, *, negative_allowed: bool
) -> tuple[NDArray[np.int64], BoolArray]:
    """Return whole units of money, 0 where unknown, and which are known."""
    values = numeric_column(column, name)
    known = ~np.isnan(values)
    n_negative = int(np.count_nonzero(values < 0))
    if n_negative and not negative_allowed:
        raise InvalidInputError(_negative(name, n_negative, values.size))
    n_large = int(np.count_nonzero(np.abs(values) > MOST_AMOUNT))
    if n_large:
        raise InvalidInputError(_large(name, n_large, values.size))
    units = np.rint(np.where(known, values, 0.0) * UNITS).astype(np.int64)
    return units, known


def amount_of(value: Any, name: str, *, negative_allowed: bool) -> int | None:
    """Return whole units of one amount, None where it is unknown."""
    if is_missing(value):
        return None
    number = _number(value)
    if number is None:
        msg = f"{name!r} must hold a number; got a value of type {type(value).__name__}"
        raise InvalidTypeError(msg + ".")
    if number < 0 and not negative_allowed:
        raise InvalidInputError(_negative(name, 1, 1))
    if abs(number) > MOST_AMOUNT:
        raise InvalidInputError(_large(name, 1, 1))
    return round(number * UNITS)


def event_column(column: Any, name: str) -> NDArray[np.int8]:
    """Return 1 for events; what is 0 or not known yet is 0."""
    values = numeric_column(column, name)
    n_odd = int(np.count_nonzero(~np.isnan(values) & (values != 0) & (values != 1)))
    if n_odd:
        msg = (
            f"Column {name!r} must hold 1 for events, 0 for non-events, and missing "
            f"values where nothing is known; {n_odd} of {values.size} rows hold "
            "something else."
        )
        raise InvalidTargetError(msg)
    return np.asarray(values == 1, dtype=np.int8)


def _plain_times(column: Any) -> NDArray[Any]:
    if hasattr(column, "to_native"):
        if getattr(column.dtype, "time_zone", None) is not None:
            column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return np.asarray(column.to_numpy())
    return np.asarray(column)


def _times_of_objects(values: NDArray[Any], name: str) -> NDArray[np.int64]:
    listed = values.tolist()
    found = [None if is_missing(v) else _microseconds(v) for v in listed]
    n_missing = sum(map(is_missing, listed))
    n_odd = found.count(None) - n_missing
    if n_odd:
        msg = (
            f"Column {name!r} must hold times; {n_odd} of {values.size} rows hold "
            f"something else. {_TIME_ADVICE}"
        )
        raise InvalidInputError(msg)
    _check_none_missing(n_missing, values.size, name)
    if len({getattr(value, "tzinfo", None) is None for value in listed}) > 1:
        msg = (
            f"Column {name!r} must hold times with a zone in every row or in none; got "
            f"a mixture. {_TIME_ADVICE}"
        )
        raise InvalidInputError(msg)
    return np.array(found, dtype=np.int64)


def _microseconds(value: Any) -> int | None:
    if isinstance(value, np.datetime64):
        return int(value.astype("datetime64[us]").astype(np.int64))
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            value = value.astimezone(UTC).replace(tzinfo=None)
        return int((value - _EPOCH) // _MICROSECOND)
    if isinstance(value, date):
        return int(
            (datetime(value.year, value.month, value.day) - _EPOCH) // _MICROSECOND
        )
    number = _number(value)
    if number is None or not abs(number) <= _MOST_SECONDS:
        return None
    return round(number * SECOND)


def _number(value: Any) -> float | None:
    decimal = type(value).__name__ == "Decimal"
    if isinstance(value, bool) or not (decimal or isinstance(value, Real)):
        return None
    number = float(value)
    return None if math.isnan(number) else number


def _check_none_missing(n_missing: int, n_rows: int, name: str) -> None:
    if n_missing:
        msg = (
            f"Column {name!r} must hold a time in every row; {n_missing} of {n_rows} "
            "rows have none. Leave those rows out, or find out when they happened."
        )
        raise InvalidInputError(msg)


def _negative(name: str, n_negative: int, n_rows: int) -> str:
    return (
        f"Column {name!r} must hold amounts of at least 0; {n_negative} of {n_rows} "
        "are negative. Leave refunds out, or let them lower the sums with "
        'negative_amounts="net".'
    )


def _large(name: str, n_large: int, n_rows: int) -> str:
    return (
        f"Column {name!r} must hold amounts up to {MOST_AMOUNT:.0e}; {n_large} of "
        f"{n_rows} are larger or infinite."
    )
