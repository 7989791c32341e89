"""Customers from contact to contract: the day of each stage, checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.dates import (
    full_months,
    month_numbers,
    read_date,
    read_dates,
    read_start_dates,
)
from riskkit._core.frames import Table
from riskkit.decision._rows import read_groups, read_masses
from riskkit.decision._stages import read_stages
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.typing import FloatArray, IntArray

    Days = NDArray[np.datetime64]

__all__ = ["Followed", "read_followed", "whole_periods"]

_EPOCH = np.datetime64("1970-01-01")  # a Thursday
_MONDAY = 3  # days by which its week had begun


@dataclass(frozen=True, eq=False)
class Followed:
    """One entry for each customer; `days` of each stage, NaT where it did not come."""

    stages: tuple[str, ...]
    days: tuple[Days, ...]
    as_of: np.datetime64
    freq: str
    cohorts: tuple[str, ...]
    cohort: IntArray
    cohort_ends: Days  # first day after each
    groups: tuple[str, ...]
    group: IntArray
    weight: FloatArray
    n_later: dict[str, int]  # dates on as_of or after it, which were not known

    @property
    def starts(self) -> Days:
        """Day of the first contact."""
        return self.days[0]


def read_followed(
    table: Any,
    stages: Any,
    *,
    as_of: Any,
    freq: str,
    by: Any,
    units: Any,
    sample_weight: Any,
) -> Followed:
    """Read and check the dates."""
    columns = _read_stages(stages)
    day = read_date("as_of", as_of)
    rows = Table.read(table)
    if rows.n_rows == 0:
        msg = "table must hold at least one contact; got none."
        raise InvalidInputError(msg)
    named = [name for name in (by, units) if isinstance(name, str)]
    rows.select(list(dict.fromkeys([*columns.values(), *named])))  # names the absent
    names = list(columns)
    first = columns[names[0]]
    # Named as the column is, so that the message tells which one.
    starts = read_dates(first, rows.column(first), rows.n_rows)
    read_start_dates(starts, rows.n_rows, day)
    later = [
        read_dates(c, rows.column(c), rows.n_rows, missing_allowed=True)
        for c in list(columns.values())[1:]
    ]
    _check_order(names, [starts, *later])
    if units is not None:
        _check_units(rows.column(units) if isinstance(units, str) else units, rows)
    groups: list[str] = []
    group = np.zeros(rows.n_rows, dtype=np.intp)
    if by is not None:
        values = rows.column(by) if isinstance(by, str) else by
        groups, group = read_groups(
            by if isinstance(by, str) else "by", values, rows.n_rows
        )
    known = [np.where(d < day, d, np.datetime64("NaT", "D")) for d in later]
    weight = read_masses(rows.n_rows, sample_weight)
    # Not at all, rather than 0 times: they would lengthen their cohort's time.
    held = weight > 0
    days = tuple(d[held] for d in (starts, *known))
    cohorts, cohort, ends = _cut_cohorts(days[0], freq)
    return Followed(
        stages=tuple(names),
        days=days,
        as_of=day,
        freq=freq,
        cohorts=cohorts,
        cohort=cohort,
        cohort_ends=ends,
        groups=tuple(groups),
        group=group[held],
        weight=weight[held],
        n_later={
            name: int(np.count_nonzero(d[held] >= day))
            for name, d in zip(names[1:], later, strict=True)
        },
    )


def whole_periods(start: Any, end: Any, freq: str) -> IntArray:
    """Return the whole weeks or months from start to end."""
    if freq == "month":
        return full_months(start, end)
    weeks: IntArray = ((end - start).astype(np.intp) // 7).astype(np.intp)
    return weeks


def _read_stages(stages: Any) -> dict[str, str]:
    columns = read_stages(stages)
    if len(columns) < 2:
        msg = (
            "stages must name at least two columns of dates, the first contact and "
            f"what came of it; got {len(columns)}."
        )
        raise InvalidParameterError(msg)
    return columns


def _check_order(names: list[str], days: list[Days]) -> None:
    n_rows = days[0].size
    for k in range(1, len(days)):
        before, after = days[k - 1], days[k]
        n_early = int(np.count_nonzero(after < before))
        if n_early:
            msg = (
                f"{names[k]} must not lie before {names[k - 1]}; in {n_early} of "
                f"{n_rows} rows it does. Check which date is which, or leave out "
                "contacts with customers who had come before."
            )
            raise InvalidInputError(msg)
        n_skipped = int(np.count_nonzero(np.isnat(before) & ~np.isnat(after)))
        if n_skipped:
            msg = (
                f"Who comes to {names[k]} must have come to {names[k - 1]}; "
                f"{n_skipped} of {n_rows} rows have no date of it. Put the stages in "
                "order, or fill in the day."
            )
            raise InvalidInputError(msg)


def _check_units(units: Any, rows: Table) -> None:
    import pandas as pd

    values = np.asarray(units, dtype=object)
    if values.shape != (rows.n_rows,):
        msg = (
            f"units must hold one value for each of the {rows.n_rows} rows; got shape "
            f"{values.shape}."
        )
        raise InvalidInputError(msg)
    codes, found = pd.factorize(values)
    n_missing = int(np.count_nonzero(codes < 0))
    if n_missing:
        msg = (
            f"units must be known in every row; {n_missing} of {rows.n_rows} are "
            "missing. Find out who they are, or leave units out."
        )
        raise InvalidInputError(msg)
    n_twice = int(np.count_nonzero(np.bincount(codes) > 1))
    if n_twice:
        msg = (
            f"units must stand once each; {n_twice} of {len(found)} stand in several "
            "rows. Keep the first contact of each, or every customer is counted, and "
            "converts, several times."
        )
        raise InvalidInputError(msg)


def _cut_cohorts(starts: Days, freq: str) -> tuple[tuple[str, ...], IntArray, Days]:
    """Return labels, the place of each row's cohort, and the day after each."""
    if freq == "month":
        held, codes = np.unique(month_numbers(starts), return_inverse=True)
        first = held.astype("datetime64[M]")
        ends = (first + 1).astype("datetime64[D]")
        return tuple(map(str, first)), codes, ends
    numbers = ((starts - _EPOCH).astype(np.intp) + _MONDAY) // 7
    held, codes = np.unique(numbers, return_inverse=True)
    mondays = [date(1970, 1, 1) + timedelta(int(n) * 7 - _MONDAY) for n in held]
    weeks = [monday.isocalendar() for monday in mondays]
    labels = tuple(f"{week.year:04d}-W{week.week:02d}" for week in weeks)
    after = [monday + timedelta(7) for monday in mondays]
    return labels, codes, np.array(after, dtype="datetime64[D]")
