"""Periods: which month, quarter or year each row belongs to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.levels import is_missing
from riskkit._core.params import check_option
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from riskkit.typing import IntArray

__all__ = ["FREQUENCIES", "find_gaps", "read_periods"]

FREQUENCIES = ("month", "quarter", "year")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# Labels as they are written here, and the number of such periods in a year.
_LABELS = {
    1: re.compile(r"(\d{4})()"),
    4: re.compile(r"(\d{4}) Q([1-4])"),
    12: re.compile(r"(\d{4})-(0[1-9]|1[0-2])"),
}


def read_periods(
    period: Any, n_rows: int, freq: str
) -> tuple[tuple[str, ...], IntArray]:
    """Return the labels in order, and the position of each row's label among them.

    A date becomes ``2024-01``, ``2024 Q1`` or ``2024``; other text is a label as it is.
    """
    check_option("freq", freq, FREQUENCIES)
    if isinstance(period, str) or np.ndim(period) == 0:
        return (_labels([period], freq)[0],), np.zeros(n_rows, dtype=np.intp)
    given = period.to_numpy() if hasattr(period, "to_numpy") else np.asarray(period)
    if given.shape != (n_rows,):
        msg = (
            f"period must be one label or date, or one for each of the {n_rows} rows; "
            f"got shape {given.shape}."
        )
        raise InvalidInputError(msg)
    if given.dtype.kind == "M":
        given = given.astype("datetime64[D]")
    values = given.tolist()
    n_missing = sum(map(is_missing, values))
    if n_missing:
        msg = (
            f"period must be known in every row; it is missing in {n_missing} of "
            f"{n_rows}. Leave those rows out, or find out why they have none."
        )
        raise InvalidInputError(msg)
    # Few different dates and labels stand for many rows.
    different = list(dict.fromkeys(values))
    label_of = dict(zip(different, _labels(different, freq), strict=True))
    labels = tuple(sorted(set(label_of.values())))
    place = {label: i for i, label in enumerate(labels)}
    code_of = {value: place[label] for value, label in label_of.items()}
    return labels, np.fromiter(map(code_of.__getitem__, values), np.intp, n_rows)


def find_gaps(labels: Iterable[str]) -> tuple[str, ...]:
    """Return the months, quarters or years between the first and last that are absent.

    Nothing is known of labels of another form.
    """
    present = sorted(labels)
    for per_year, pattern in _LABELS.items():
        found = [pattern.fullmatch(label) for label in present]
        if found and all(found):
            numbers = [_number(m, per_year) for m in found if m is not None]
            absent = sorted(set(range(numbers[0], numbers[-1])) - set(numbers))
            return tuple(_label(number, per_year) for number in absent)
    return ()


def _labels(period: Any, freq: str) -> list[str]:
    values = list(period)
    if values and all(
        isinstance(value, str) and not _DATE.match(value) for value in values
    ):
        return [str(value) for value in values]
    days = _days(values)
    if freq == "year":
        return [f"{year:04d}" for year in days.year]
    if freq == "quarter":
        return [f"{y:04d} Q{q}" for y, q in zip(days.year, days.quarter, strict=True)]
    return [f"{y:04d}-{m:02d}" for y, m in zip(days.year, days.month, strict=True)]


def _days(values: list[Any]) -> Any:
    import pandas as pd

    msg = (
        "period must be labels, or dates of one time zone (text as '2024-01-31'); got "
        "entries that are neither. Bring all dates to one zone first."
    )
    if any(isinstance(value, int | float | np.number) for value in values):
        raise InvalidInputError(msg)
    try:
        days = pd.DatetimeIndex(pd.to_datetime(values))
    except (TypeError, ValueError) as error:
        raise InvalidInputError(msg) from error
    if days.hasnans:
        raise InvalidInputError(msg)
    # The calendar of the zone itself: midnight of the first is that month's.
    return days if days.tz is None else days.tz_localize(None)


def _number(match: re.Match[str], per_year: int) -> int:
    year, part = match.groups()
    return int(year) * per_year + (int(part) - 1 if part else 0)


def _label(number: int, per_year: int) -> str:
    year, part = divmod(number, per_year)
    if per_year == 1:
        return f"{year:04d}"
    return f"{year:04d} Q{part + 1}" if per_year == 4 else f"{year:04d}-{part + 1:02d}"
