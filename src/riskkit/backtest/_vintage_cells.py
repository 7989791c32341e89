"""Loans as counts that add up: all that a vintage table says follows from them.

A loan is seen by its vintage, the whole months it was watched for, the month of its
event and the last month it was open in. These are counted in two tables of vintages, so
that neither the months to show nor the other loans have a say before all are counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.dates import add_months, full_months, month_numbers
from riskkit.backtest._exact_sums import PIECES, exact_sums, rounded, sum_again

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.backtest._vintage_book import Loans
    from riskkit.typing import FloatArray, IntArray

    Days = NDArray[np.datetime64]

__all__ = ["VintageCells", "VintageSums", "count_loans", "first_days"]

_NEVER = np.iinfo(np.intp).max


@dataclass(frozen=True, eq=False)
class VintageSums:
    """Sums by vintage (rows) and month on book from 1 (columns).

    `at_risk` and `event` hold loans that were watched for the whole month, `seen` all
    events by the month in which they came, those of a month still running included.
    Closed loans stay at risk, as they stay in the denominator of a default rate; not
    so in `open_at_risk` and `open_event`. Without amounts, `amount` and `seen_amount`
    are numbers of loans.
    """

    starts: IntArray  # number of the vintage: whole months, quarters or years from 1970
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
class VintageCells:
    """Sums in pieces, which add up exactly.

    ``mass`` has one table for loans and, with amounts, for amounts and what was lost:
    vintage, months watched beyond those of its youngest loan, month of the event (0 for
    none). ``opened`` is by vintage, whether the event came while the loan was open, and
    the last month of that.
    """

    span: int
    known_until: np.datetime64
    starts: IntArray
    first_day: Days
    mass: dict[str, FloatArray]
    opened: FloatArray
    later: FloatArray

    @property
    def longest(self) -> int:
        """Whole months that the oldest loan was watched for."""
        oldest = self.first_day.min(keepdims=True)
        return max(int(full_months(oldest, self.known_until)[0]), 0)

    def add(self, other: VintageCells) -> VintageCells:
        """Return the counts of both sets of loans, of the same kind."""
        starts = np.union1d(self.starts, other.starts)
        placed = [part._placed(starts) for part in (self, other)]  # noqa: SLF001
        return VintageCells(
            self.span,
            self.known_until,
            starts,
            np.fmin(placed[0].first_day, placed[1].first_day),
            {
                name: _padded_sum(own, placed[1].mass[name])
                for name, own in placed[0].mass.items()
            },
            _padded_sum(placed[0].opened, placed[1].opened),
            self.later + other.later,
        )

    def sums(self, n_months: int) -> VintageSums:
        """Return the sums by month on book, up to one the oldest loan was watched."""
        n_vintages = self.starts.size
        mature = _mature(self.starts, self.span, self.known_until)
        loans = self.mass["n"]
        shape = loans.shape[1:]
        vintage, beyond, event = np.indices(shape)
        age = mature[vintage] + beyond
        event_month = np.where(event == 0, _NEVER, event)
        watched = np.minimum(age, event_month)
        in_month = event_month <= n_months
        whole = in_month & (event_month <= age)
        last = np.minimum(event_month, n_months) - 1

        def by_event(table: FloatArray, kept: NDArray[np.bool_]) -> FloatArray:
            size = n_vintages * n_months
            found = sum_again((vintage * n_months + last)[kept], table[:, kept], size)
            return np.asarray(rounded(found)).reshape(n_vintages, n_months)

        def by_month(table: FloatArray, month: IntArray) -> FloatArray:
            n_columns = n_months + 1
            place = np.indices(month.shape)[0] * n_columns + np.minimum(month, n_months)
            found = sum_again(place.ravel(), table, n_vintages * n_columns)
            return np.asarray(rounded(found)).reshape(n_vintages, n_columns)

        amount = self.mass.get("amount", loans)
        lost = self.mass.get("event_amount", loans)
        last_open = np.indices(self.opened.shape[1:])[2]
        while_open = self.opened[:, :, 1, 1 : n_months + 1]
        open_event = np.zeros((n_vintages, n_months))
        open_event[:, : while_open.shape[2]] = rounded(while_open)
        return VintageSums(
            starts=self.starts,
            n=rounded(loans.sum(axis=(2, 3))),
            amount=rounded(amount.sum(axis=(2, 3))),
            at_risk=_reached(by_month(loans, watched)),
            event=by_event(loans, whole),
            open_at_risk=_reached(by_month(self.opened, last_open)),
            open_event=open_event,
            seen=by_event(loans, in_month),
            seen_amount=by_event(lost, in_month),
            alive=by_month(np.where(in_month, 0.0, loans), age),
            mature_months=mature,
            begun_months=_begun(self.first_day, self.known_until),
            n_event_later=float(rounded(self.later)),
        )

    def _placed(self, starts: IntArray) -> VintageCells:
        """Return the counts among further vintages, which are empty here."""
        at = np.searchsorted(starts, self.starts)
        first_day = np.full(starts.size, "NaT", dtype="datetime64[D]")
        first_day[at] = self.first_day

        def placed(table: FloatArray) -> FloatArray:
            wide = np.zeros((PIECES, starts.size, *table.shape[2:]))
            wide[:, at] = table
            return wide

        mass = {name: placed(table) for name, table in self.mass.items()}
        opened = placed(self.opened)
        return VintageCells(
            self.span, self.known_until, starts, first_day, mass, opened, self.later
        )


def count_loans(loans: Loans, known_until: np.datetime64, span: int) -> VintageCells:
    """Count loans, of which what happened before a day is known.

    `span` are the months of a vintage.
    """
    # There are few days from the first loan to the last, however many loans there are.
    days = np.arange(loans.starts.min(), loans.starts.max() + np.timedelta64(1, "D"))
    of_row = (loans.starts - days[0]).astype(np.intp)
    held_days = np.flatnonzero(np.bincount(of_row, minlength=days.size))
    numbers = month_numbers(days) // span
    starts, first = np.unique(numbers[held_days], return_index=True)
    vintage_of_day = np.searchsorted(starts, numbers)
    # Loans of the last months before that day have begun, but nothing is known of them.
    age_of_day = np.maximum(full_months(days, known_until), 0)
    mature = _mature(starts, span, known_until)
    beyond_of_day = age_of_day - mature[np.minimum(vintage_of_day, starts.size - 1)]
    vintage, age = vintage_of_day[of_row], age_of_day[of_row]

    is_known = loans.events < known_until
    event_month = np.zeros(of_row.size, dtype=np.intp)
    event_month[is_known] = (
        full_months(loans.starts[is_known], loans.events[is_known]) + 1
    )
    is_open = np.where(is_known, np.minimum(age, event_month), age)
    if loans.closed is not None:
        held = ~np.isnat(loans.closed)
        # In the month of its closing a loan was at risk for a part only.
        months = full_months(loans.starts[held], loans.closed[held])
        is_open[held] = np.minimum(is_open[held], months)
    n_months = int(age_of_day[0]) + 2  # the running month, and one for none
    shape = (starts.size, span + 1, n_months)
    place = (vintage * shape[1] + beyond_of_day[of_row]) * n_months + event_month
    while_open = is_known & (event_month == is_open)
    open_place = (vintage * 2 + while_open) * n_months + is_open

    def sums(
        at: IntArray, mass: FloatArray | None, shape: tuple[int, ...]
    ) -> FloatArray:
        return exact_sums(at, mass, int(np.prod(shape))).reshape(PIECES, *shape)

    mass = {"n": sums(place, loans.weight, shape)}
    if loans.amount is not None:
        mass["amount"] = sums(place, loans.amount, shape)
        mass["event_amount"] = sums(place, loans.event_amount, shape)
    is_later = ~np.isnat(loans.events) & ~is_known
    weight = None if loans.weight is None else loans.weight[is_later]
    later = exact_sums(np.zeros(int(is_later.sum()), dtype=np.intp), weight, 1)[:, 0]
    return VintageCells(
        span,
        known_until,
        starts,
        days[held_days[first]],
        mass,
        sums(open_place, loans.weight, (starts.size, 2, n_months)),
        later,
    )


def first_days(starts: IntArray, span: int) -> Days:
    """Return the first day of each vintage."""
    months = (starts * span).astype("datetime64[M]")
    return np.asarray(months.astype("datetime64[D]"))


def _mature(starts: IntArray, span: int, known_until: np.datetime64) -> IntArray:
    """Return the whole months that all loans of each vintage were watched for."""
    # The last loan of a vintage may begin on the day before its end.
    ends = first_days(starts + 1, span)
    return np.asarray(np.maximum(full_months(ends, known_until), 0))


def _begun(first_day: Days, known_until: np.datetime64) -> IntArray:
    """Return the months on book of the oldest loan of each vintage, one begun too."""
    months = full_months(first_day, known_until)
    running = add_months(first_day, months) < known_until
    return np.asarray(np.maximum(months + running, 0), dtype=np.intp)


def _reached(table: FloatArray) -> FloatArray:
    """Return from loans by their last month those that reached each month from 1."""
    # Backwards, so that the small counts of late months are added up exactly.
    return np.ascontiguousarray(np.cumsum(table[:, ::-1], axis=1)[:, ::-1][:, 1:])


def _padded_sum(one: FloatArray, other: FloatArray) -> FloatArray:
    """Add tables whose last axis may differ in length."""
    if one.shape[-1] < other.shape[-1]:
        one, other = other, one
    total = one.copy()
    total[..., : other.shape[-1]] += other
    return total
