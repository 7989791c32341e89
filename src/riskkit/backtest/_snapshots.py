"""A panel of accounts, one row for each month, as pairs of states some months apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.dates import month_numbers, read_dates
from riskkit._core.frames import LevelColumn, level_column
from riskkit._core.levels import level_key
from riskkit._core.params import did_you_mean
from riskkit.backtest._vintage_book import read_amounts
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "Pairs",
    "Panel",
    "Snapshots",
    "pair_up",
    "panel_of",
    "read_panel",
    "read_snapshots",
    "read_states",
]


@dataclass(frozen=True, eq=False)
class Snapshots:
    """What accounts were in some months, one row each, as they came."""

    month: IntArray  # since January 1970
    state: IntArray
    weight: FloatArray | None
    amount: FloatArray | None  # times the weight

    @classmethod
    def joined(cls, parts: Sequence[Snapshots]) -> Snapshots:
        """Return the rows of all parts, which have the same columns."""
        return cls(
            np.concatenate([part.month for part in parts]),
            np.concatenate([part.state for part in parts]),
            _joined([part.weight for part in parts]),
            _joined([part.amount for part in parts]),
        )

    def take(self, kept: BoolArray) -> Snapshots:
        """Return some of the rows."""
        weight, amount = (
            None if given is None else given[kept]
            for given in (self.weight, self.amount)
        )
        return Snapshots(self.month[kept], self.state[kept], weight, amount)


@dataclass(frozen=True, eq=False)
class Panel:
    """Rows in the order of account and month; at most one for each of them."""

    account: IntArray
    month: IntArray  # from 0
    state: IntArray
    weight: FloatArray | None  # None stands for 1
    amount: FloatArray | None  # times the weight
    first_month: int  # since January 1970
    n_months: int


@dataclass(frozen=True, eq=False)
class Pairs:
    """Where an account was (`start`), and where some months later (-1: not there)."""

    start: IntArray  # rows of the panel
    end: IntArray  # rows of the panel, -1 where there is none
    has_left: BoolArray  # not there, and never again


def read_states(states: Any) -> tuple[str, ...]:
    """Return the states in their order, as text."""
    names = (
        ()
        if isinstance(states, str)
        else tuple(key for key in map(level_key, states) if key is not None)
    )
    if len(names) < 2 or len(set(names)) < len(names):
        msg = (
            "order must name at least two different states, from the best to the "
            f"worst; got {len(set(names))} different ones in {len(names)}."
        )
        raise InvalidParameterError(msg)
    return names


def read_panel(
    accounts: Any,
    dates: Any,
    states: Any,
    order: Sequence[str],
    *,
    amount: Any,
    sample_weight: Any,
) -> Panel:
    """Check a panel and sort it."""
    n_rows = int(np.shape(accounts)[0])
    if not n_rows:
        msg = "accounts must hold at least one row; got none."
        raise InvalidInputError(msg)
    rows = read_snapshots(
        dates, states, order, n_rows, amount=amount, sample_weight=sample_weight
    )
    return panel_of(_account_codes(accounts, n_rows), rows)


def read_snapshots(
    dates: Any,
    states: Any,
    order: Sequence[str],
    n_rows: int,
    *,
    amount: Any,
    sample_weight: Any,
) -> Snapshots:
    """Check the rows of a panel, all but for their accounts."""
    days = read_dates("dates", dates, n_rows)
    state = _state_codes(states, order, n_rows)
    weight = value = None
    if sample_weight is not None:
        weight = read_amounts("sample_weight", sample_weight, n_rows)
    if amount is not None:
        value = read_amounts("amount", amount, n_rows)
        value = value if weight is None else value * weight
    return Snapshots(month_numbers(days), state, weight, value)


def panel_of(account: IntArray, rows: Snapshots) -> Panel:
    """Sort rows by account, a number from 0, and month; none may be there twice."""
    first = int(rows.month.min())
    month = np.asarray(rows.month - first, dtype=np.intp)
    n_months = int(month.max()) + 1
    key = account * n_months + month
    # Tapes mostly come sorted by account or by month; a stable sort sees the runs.
    at = np.argsort(key, kind="stable")
    key = key[at]
    n_twice = int(np.count_nonzero(key[1:] == key[:-1]))
    if n_twice:
        msg = (
            "Every account must have at most one row for each month; "
            f"{n_twice} of {key.size} rows repeat one. Keep the last row of the month."
        )
        raise InvalidInputError(msg)
    return Panel(
        account=account[at],
        month=month[at],
        state=np.asarray(rows.state[at], dtype=np.intp),
        weight=None if rows.weight is None else rows.weight[at],
        amount=None if rows.amount is None else rows.amount[at],
        first_month=first,
        n_months=n_months,
    )


def pair_up(panel: Panel, horizon: int) -> Pairs:
    """Return where every row's account is `horizon` months later.

    If it is not there, it has left the tape, or there is a gap in it, or the tape ends
    before: the months that are too late to tell are for the caller to drop.
    """
    start = np.arange(panel.month.size)
    # Room between the accounts, so that no month runs over into the next account.
    key = panel.account * (panel.n_months + horizon) + panel.month
    wanted = key[start] + horizon
    end = np.minimum(start + horizon, key.size - 1)
    # Without a gap in the tape the row is `horizon` further on; else it is looked for.
    astray = key[end] != wanted
    found = np.searchsorted(key, wanted[astray])
    found = np.minimum(found, key.size - 1)
    end[astray] = np.where(key[found] == wanted[astray], found, -1)
    last = panel.month[np.flatnonzero(np.diff(panel.account, append=-1))]
    has_left = last[panel.account[start]] < panel.month[start] + horizon
    return Pairs(start, end, has_left)


def _joined(columns: Sequence[FloatArray | None]) -> FloatArray | None:
    given = [column for column in columns if column is not None]
    return np.concatenate(given) if given else None


def _state_codes(states: Any, order: Sequence[str], n_rows: int) -> IntArray:
    import pandas as pd

    column = states if hasattr(states, "dtype") else np.asarray(states, dtype=object)
    if isinstance(column, np.ndarray) and column.ndim == 1:
        # Few different states stand for many rows, which pandas counts by hashing.
        codes, different = pd.factorize(column)
        keys = level_column(np.asarray(different, dtype=object), "states")
        coded = LevelColumn(np.append(keys.codes, -1)[codes], keys.levels)
    else:
        coded = level_column(column, "states")
    if coded.codes.shape != (n_rows,):
        msg = (
            f"states must hold one state for each of the {n_rows} rows; got "
            f"{coded.codes.size}."
        )
        raise InvalidInputError(msg)
    n_missing = int(np.count_nonzero(coded.codes < 0))
    if n_missing:
        msg = (
            f"states must be known in every row; {n_missing} of {n_rows} are missing. "
            "Leave such rows out; a month without a row is one not observed."
        )
        raise InvalidInputError(msg)
    strange = [level for level in coded.levels if level not in order]
    if strange:
        hint = did_you_mean(strange[0], order)
        msg = (
            f"states must be among the {len(order)} of order; {len(strange)} others "
            f"occur, such as {strange[0]!r}.{hint} Name every state in order."
        )
        raise InvalidInputError(msg)
    place = np.array([order.index(level) for level in coded.levels], dtype=np.intp)
    return np.asarray(place[coded.codes])


def _account_codes(accounts: Any, n_rows: int) -> IntArray:
    import pandas as pd

    given = accounts.to_numpy() if hasattr(accounts, "to_numpy") else accounts
    values = np.asarray(given)
    if values.shape != (n_rows,):
        msg = f"accounts must be one column; got shape {values.shape}."
        raise InvalidInputError(msg)
    codes, _ = pd.factorize(values)
    n_missing = int(np.count_nonzero(codes < 0))
    if n_missing:
        msg = (
            f"accounts must be known in every row; {n_missing} of {n_rows} are "
            "missing. Leave those rows out."
        )
        raise InvalidInputError(msg)
    return np.asarray(codes, dtype=np.intp)
