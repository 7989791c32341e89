"""The loans of a vintage table, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.dates import read_dates, read_event_dates, read_start_dates
from riskkit._core.frames import numeric_column
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.typing import FloatArray

    Days = NDArray[np.datetime64]

__all__ = ["Loans", "read_amounts", "read_loans"]


@dataclass(frozen=True, eq=False)
class Loans:
    """Days and, times the weight, amounts of some loans; None where none are given."""

    starts: Days
    events: Days
    closed: Days | None
    weight: FloatArray | None
    amount: FloatArray | None
    event_amount: FloatArray | None


def read_loans(
    dates: Any,
    event_dates: Any,
    *,
    as_of: np.datetime64,
    close_dates: Any,
    amount: Any,
    event_amount: Any,
    sample_weight: Any,
) -> Loans:
    """Check loans as of a day."""
    starts = read_start_dates(dates, np.shape(dates)[0], as_of)
    events = read_event_dates(event_dates, starts)
    weight = None
    if sample_weight is not None:
        weight = read_amounts("sample_weight", sample_weight, starts.size)
    value = lost = None
    if amount is not None:
        value = lost = _weighted("amount", amount, weight, starts.size)
    if event_amount is not None:
        lost = _lost(event_amount, events, weight)
    closed = None if close_dates is None else _read_closed(close_dates, starts)
    return Loans(starts, events, closed, weight, value, lost)


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


def _weighted(
    name: str, values: Any, weight: FloatArray | None, n_rows: int
) -> FloatArray:
    amounts = read_amounts(name, values, n_rows)
    return amounts if weight is None else amounts * weight


def _lost(event_amount: Any, events: Days, weight: FloatArray | None) -> FloatArray:
    """Return the amounts of the events; of loans without one none need be known."""
    column = (
        event_amount
        if hasattr(event_amount, "dtype")
        else np.asarray(event_amount, dtype=object)
    )
    amounts = numeric_column(column, "event_amount")
    if amounts.shape == events.shape:
        amounts = np.where(np.isnat(events), 0.0, amounts)
    return _weighted("event_amount", amounts, weight, events.size)


def _read_closed(close_dates: Any, starts: Days) -> Days:
    closed = read_dates("close_dates", close_dates, starts.size, missing_allowed=True)
    n_before = int(np.count_nonzero(closed < starts))
    if n_before:
        msg = (
            "close_dates must not lie before the loan began; "
            f"{n_before} of {starts.size} do. Check which date is which."
        )
        raise InvalidInputError(msg)
    return closed
