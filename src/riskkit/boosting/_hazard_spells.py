"""Which months each row was watched in, and whether the event came at their end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import numeric_column
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["GAPS", "Spells", "read_spells"]

GAPS = ("raise", "allow")


@dataclass(frozen=True, eq=False)
class Spells:
    """Months on book in ``(start, end]``; an event falls in month `end`.

    `account` numbers the accounts; rows of one account share their number.
    """

    start: IntArray
    end: IntArray
    is_event: BoolArray
    account: IntArray

    def until(self, last: int) -> Spells:
        """Return the same, watched until the month `last` at most."""
        return Spells(
            np.minimum(self.start, last),
            np.minimum(self.end, last),
            self.is_event & (self.end <= last),
            self.account,
        )


def read_spells(
    is_event: BoolArray,
    *,
    start: Any,
    end: Any,
    month: Any,
    account: Any,
    gaps: str,
    kept: BoolArray | None = None,
) -> Spells:
    """Check the times of all rows, and keep those where `kept` is true.

    Without any times each row is one period, the first.
    """
    if month is not None and (start is not None or end is not None):
        msg = (
            "Times are given either as month (a row for each month of an account) or "
            "as end, with start where watching began later; got both."
        )
        raise InvalidParameterError(msg)
    if start is not None and end is None:
        msg = "start needs end, the month in which watching ended; got start alone."
        raise InvalidParameterError(msg)
    n_rows = is_event.size if kept is None else kept.size
    chosen = np.ones(n_rows, dtype=bool) if kept is None else kept
    if month is not None:
        last = _months("month", month, n_rows)[chosen]
        _refuse(last < 1, "month must be 1 or later: the first month on book is 1")
        first = last - 1
    elif end is None:
        last = np.ones(is_event.size, dtype=np.intp)
        first = last - 1
    else:
        last = _months("end", end, n_rows)[chosen]
        first = np.zeros_like(last)
        if start is not None:
            first = _months("start", start, n_rows)[chosen]
            _refuse(
                first < 0,
                "start must not be negative: no account is watched before it is opened",
            )
        _refuse(
            is_event & (last < 1),
            "end must be 1 or later where the event came: a default before the "
            "account was opened is none of its own",
        )
        _refuse(
            last < first, "end must not lie before start: a duration cannot be negative"
        )
        _refuse(
            is_event & (last == first),
            "start must lie before end where the event came: an event in month m has "
            "end = m and start < m",
        )
    codes = (
        np.arange(is_event.size)
        if account is None
        else _accounts(account, n_rows)[chosen]
    )
    spells = Spells(first, last, is_event, codes)
    if account is not None:
        _check_order(spells, gaps)
    return spells


def _refuse(wrong: BoolArray, what: str) -> None:
    n_wrong = int(np.count_nonzero(wrong))
    if n_wrong:
        msg = (
            f"{what}; {n_wrong} of {wrong.size} rows break this. Correct or leave out "
            "those rows."
        )
        raise InvalidInputError(msg)


def _months(name: str, values: Any, n_rows: int) -> IntArray:
    column = values if hasattr(values, "dtype") else np.asarray(values)
    if tuple(np.shape(column)) != (n_rows,):
        msg = (
            f"{name} must hold one month on book for each of the {n_rows} rows; got "
            f"shape {np.shape(column)}."
        )
        raise InvalidInputError(msg)
    months: FloatArray = numeric_column(column, name)
    n_wrong = int(np.count_nonzero(~np.isfinite(months) | (months % 1 != 0)))
    if n_wrong:
        msg = (
            f"{name} must hold whole months on book; {n_wrong} of {n_rows} rows hold a "
            "fraction, an infinite number or none. Count the months begun since the "
            "account was opened."
        )
        raise InvalidInputError(msg)
    _refuse(np.abs(months) > 1e6, f"{name} must be a number of months")
    return months.astype(np.intp)


def _accounts(account: Any, n_rows: int) -> IntArray:
    import pandas as pd

    native = account.to_pandas() if hasattr(account, "to_pandas") else account
    column = pd.Series(native).reset_index(drop=True)
    if len(column) != n_rows:
        msg = (
            f"account must hold one key for each of the {n_rows} rows; got "
            f"{len(column)}."
        )
        raise InvalidInputError(msg)
    codes, _ = pd.factorize(column)
    n_missing = int(np.count_nonzero(codes < 0))
    if n_missing:
        msg = (
            f"account must be known in every row; {n_missing} of {n_rows} are missing. "
            "Rows of one account must be recognised as such."
        )
        raise InvalidInputError(msg)
    return np.asarray(codes, dtype=np.intp)


def _check_order(spells: Spells, gaps: str) -> None:
    """Refuse accounts whose rows overlap, go on after the event, or leave gaps."""
    watched = np.flatnonzero(spells.end > spells.start)
    order = watched[np.lexsort((spells.start[watched], spells.account[watched]))]
    same = spells.account[order[1:]] == spells.account[order[:-1]]
    ends, starts = spells.end[order[:-1]], spells.start[order[1:]]
    owners = spells.account[order[1:]]

    def refuse(where: BoolArray, what: str) -> None:
        n_accounts = np.unique(owners[same & where]).size
        if n_accounts:
            n_all = np.unique(spells.account).size
            msg = f"{what}; {n_accounts} of {n_all} accounts do otherwise."
            raise InvalidInputError(msg)

    refuse(
        spells.is_event[order[:-1]],
        "An account must not be watched after its event, nor have two: end its rows "
        "with the first event",
    )
    refuse(
        starts < ends,
        "Rows of one account must not share a month: leave one row for each month",
    )
    if gaps == "raise":
        refuse(
            starts > ends,
            "Rows of one account must follow each other without a gap: add the months "
            "that are missing, or say gaps='allow' if whether a month is missing has "
            "nothing to do with the risk",
        )
