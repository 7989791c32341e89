"""Loans as counts: of each vintage and month, how many were at risk and defaulted.

Everything that a vintage table says follows from these counts, so that books add up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.dates import (
    add_months,
    full_months,
    month_numbers,
    read_date,
    read_dates,
    read_event_dates,
    read_start_dates,
)
from riskkit._core.frames import numeric_column
from riskkit._core.params import check_int, check_option
from riskkit.backtest._windows import window_label
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.typing import BoolArray, FloatArray, IntArray

    Days = NDArray[np.datetime64]

__all__ = ["SPANS", "VintageCounts", "count_vintages", "read_amounts"]

SPANS = {"month": 1, "quarter": 3, "year": 12}
_NEVER = np.iinfo(np.intp).max


@dataclass(frozen=True, eq=False)
class VintageCounts:
    """Sums by vintage (rows) and month on book from 1 (columns).

    `at_risk` and `event` hold loans that were watched for the whole month, `seen` all
    events by the month in which they came, those of a month still running included.
    Closed loans stay at risk, as they stay in the denominator of a default rate; not
    so in `open_at_risk` and `open_event`.
    """

    labels: tuple[str, ...]
    n: FloatArray  # of the vintage
    amount: FloatArray
    at_risk: FloatArray
    event: FloatArray
    open_at_risk: FloatArray
    open_event: FloatArray
    seen: FloatArray
    seen_amount: FloatArray
    alive: FloatArray  # loans without an event so far, by whole months from 0
    mature_months: IntArray  # of the vintage: watched in whole for all its loans
    begun_months: IntArray  # of its oldest loan, the running month included
    n_event_later: float  # not known yet as of the day


@dataclass(frozen=True, eq=False)
class _Calendar:
    """The days from the first loan to the last: few, however many loans there are."""

    days: Days
    of_row: IntArray
    vintage: IntArray  # of each day, among `vintages`
    vintages: IntArray  # whole months, quarters or years since 1970

    @classmethod
    def of(cls, starts: Days, span: int) -> _Calendar:
        """Lay the days out; `span` are the months of a vintage."""
        days = np.arange(starts.min(), starts.max() + np.timedelta64(1, "D"))
        of_row = (starts - days[0]).astype(np.intp)
        numbers = month_numbers(days) // span
        is_held = np.bincount(of_row, minlength=days.size) > 0
        held = np.unique(numbers[is_held])
        return cls(days, of_row, np.searchsorted(held, numbers), held)

    def vintage_of_row(self) -> IntArray:
        """Return the place of each loan's vintage."""
        return np.asarray(self.vintage[self.of_row])

    def first_days(self) -> Days:
        """Return the first day of each vintage on which a loan began."""
        held = np.flatnonzero(np.bincount(self.of_row))
        _, first = np.unique(self.vintage[held], return_index=True)
        return np.asarray(self.days[held[first]])


def count_vintages(
    dates: Any,
    event_dates: Any,
    *,
    as_of: Any,
    reporting_delay: int,
    freq: str,
    n_months: int | None,
    close_dates: Any,
    amount: Any,
    event_amount: Any,
    sample_weight: Any,
) -> VintageCounts:
    """Check the loans and count them."""
    check_option("freq", freq, tuple(SPANS))
    check_int("reporting_delay", reporting_delay, low=0)
    check_int("n_months", n_months, low=1, none_allowed=True)
    day = read_date("as_of", as_of)
    starts = read_start_dates(dates, np.shape(dates)[0], day)
    n_rows = starts.size
    if not n_rows:
        msg = "dates must hold at least one loan; got none."
        raise InvalidInputError(msg)
    events = read_event_dates(event_dates, starts)
    weight = read_amounts("sample_weight", sample_weight, n_rows)
    value = _weighted("amount", amount, weight)
    lost = value
    if event_amount is not None:
        lost = _lost(event_amount, events, weight)

    known_until = add_months(day, -reporting_delay)
    calendar = _Calendar.of(starts, SPANS[freq])
    # Loans of the last months before that day have begun, but nothing is known of them.
    age_of_day = np.maximum(full_months(calendar.days, known_until), 0)
    age = age_of_day[calendar.of_row]
    longest = int(age_of_day[0])
    _check_months(n_months, longest, known_until)
    n_columns = longest if n_months is None else n_months
    is_known = events < known_until
    event_month = np.full(n_rows, _NEVER, dtype=np.intp)
    event_month[is_known] = full_months(starts[is_known], events[is_known]) + 1
    watched = np.minimum(age, event_month)
    is_open = watched
    if close_dates is not None:
        is_open = np.minimum(watched, _closed_after(close_dates, starts))

    vintage, held = calendar.vintage_of_row(), calendar.vintages
    shape = (held.size, n_columns)
    begins, ends = (
        ((held + k) * SPANS[freq]).astype("datetime64[M]").astype("datetime64[D]")
        for k in (0, 1)
    )
    in_month = is_known & (event_month <= n_columns)
    whole = in_month & (event_month == watched)
    while_open = in_month & (event_month == is_open)
    reached = np.minimum(age, n_columns)

    def sums(rows: BoolArray, values: FloatArray) -> FloatArray:
        place = vintage[rows] * n_columns + event_month[rows] - 1
        return _sums(place, values[rows], shape[0] * n_columns).reshape(shape)

    return VintageCounts(
        labels=tuple(map(window_label, begins, ends)),
        n=_sums(vintage, weight, held.size),
        amount=_sums(vintage, value, held.size),
        at_risk=_at_risk(vintage, watched, weight, shape),
        event=sums(whole, weight),
        open_at_risk=_at_risk(vintage, is_open, weight, shape),
        open_event=sums(while_open, weight),
        seen=sums(in_month, weight),
        seen_amount=sums(in_month, lost),
        alive=_by_month(vintage, reached, np.where(in_month, 0.0, weight), shape),
        # The last loan of a vintage may begin on the day before its end.
        mature_months=np.maximum(full_months(ends, known_until), 0),
        begun_months=_begun(calendar, known_until),
        n_event_later=float(weight[~np.isnat(events) & ~is_known].sum()),
    )


def read_amounts(name: str, values: Any, n_rows: int) -> FloatArray:
    """Return one number for each row, finite and not negative; 1 if none are given."""
    if values is None:
        return np.ones(n_rows)
    column = values if hasattr(values, "dtype") else np.asarray(values)
    numbers = numeric_column(column, name)
    if numbers.shape != (n_rows,):
        msg = (
            f"{name} must hold one number for each of the {n_rows} rows; got shape "
            f"{numbers.shape}."
        )
        raise InvalidInputError(msg)
    n_wrong = int(np.count_nonzero(~np.isfinite(numbers) | (numbers < 0)))
    if n_wrong:
        msg = (
            f"{name} must be known, finite and not negative; {n_wrong} of {n_rows} "
            "values are not. Leave such rows out, or find out what they mean."
        )
        raise InvalidInputError(msg)
    return numbers


def _weighted(name: str, values: Any, weight: FloatArray) -> FloatArray:
    if values is None:
        return weight
    return read_amounts(name, values, weight.size) * weight


def _lost(event_amount: Any, events: Days, weight: FloatArray) -> FloatArray:
    """Return the amounts of the events; of loans without one none need be known."""
    column = (
        event_amount
        if hasattr(event_amount, "dtype")
        else np.asarray(event_amount, dtype=object)
    )
    amounts = numeric_column(column, "event_amount")
    if amounts.shape == events.shape:
        amounts = np.where(np.isnat(events), 0.0, amounts)
    return _weighted("event_amount", amounts, weight)


def _check_months(
    n_months: int | None, longest: int, known_until: np.datetime64
) -> None:
    if longest == 0:
        msg = (
            "At least one loan must have been watched for a month; as of "
            f"{known_until} none has. Give a later as_of."
        )
        raise InvalidInputError(msg)
    if n_months is not None and n_months > longest:
        msg = (
            f"n_months must be at most {longest}, the months on book of the oldest "
            f"loan on {known_until}; got {n_months}. Nothing was observed beyond."
        )
        raise InvalidParameterError(msg)


def _closed_after(close_dates: Any, starts: Days) -> IntArray:
    """Return the last month on book of each loan; a huge number while it is open."""
    closed = read_dates("close_dates", close_dates, starts.size, missing_allowed=True)
    n_before = int(np.count_nonzero(closed < starts))
    if n_before:
        msg = (
            "close_dates must not lie before the loan began; "
            f"{n_before} of {starts.size} do. Check which date is which."
        )
        raise InvalidInputError(msg)
    months = np.full(starts.size, _NEVER, dtype=np.intp)
    held = ~np.isnat(closed)
    # In the month of its closing a loan was at risk for a part only.
    months[held] = full_months(starts[held], closed[held])
    return months


def _begun(calendar: _Calendar, known_until: np.datetime64) -> IntArray:
    """Return the months on book of the oldest loan of each vintage, one begun too."""
    first = calendar.first_days()
    months = full_months(first, known_until)
    running = add_months(first, months) < known_until
    return np.asarray(np.maximum(months + running, 0), dtype=np.intp)


def _at_risk(
    vintage: IntArray, watched: IntArray, weight: FloatArray, shape: tuple[int, int]
) -> FloatArray:
    """Return the loans that were watched up to each month, or longer."""
    last = np.minimum(watched, shape[1])
    table = _by_month(vintage, last, weight, shape)
    # Backwards, so that the small counts of late months are added up exactly.
    return np.ascontiguousarray(np.cumsum(table[:, ::-1], axis=1)[:, ::-1][:, 1:])


def _by_month(
    vintage: IntArray, month: IntArray, weight: FloatArray, shape: tuple[int, int]
) -> FloatArray:
    """Return the loans by a month from 0."""
    n_columns = shape[1] + 1
    place = vintage * n_columns + month
    return _sums(place, weight, shape[0] * n_columns).reshape(-1, n_columns)


def _sums(place: IntArray, weight: FloatArray, size: int) -> FloatArray:
    return np.asarray(np.bincount(place, weight, size), dtype=np.float64)
