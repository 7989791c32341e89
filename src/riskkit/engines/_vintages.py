"""Vintages and moves between states, counted on any engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from riskkit._core.frames import Table
from riskkit._core.params import check_int
from riskkit.backtest import TransitionCounts, VintageCounts
from riskkit.engines._collect import open_table
from riskkit.engines._engine import check_columns
from riskkit.engines._shown import fold_shown
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskkit.engines._engine import Engine

__all__ = ["collect_transitions", "collect_vintages"]

_MOST_SHARES = 1024  # passes over a table, far beyond what anyone would wait for


@dataclass(frozen=True)
class _Vintages:
    """Counts parts of a table into :class:`VintageCounts`."""

    rules: Mapping[str, Any]
    columns: Mapping[str, str]

    def start(self) -> VintageCounts:
        return VintageCounts(**self.rules)

    def update(self, state: VintageCounts, part: Any) -> VintageCounts:
        return state.update(**_taken(part, self.columns))

    def merge(self, one: VintageCounts, other: VintageCounts) -> VintageCounts:
        return one + other


@dataclass(frozen=True)
class _Transitions:
    """Gathers rows of one share of the accounts; of the first pass, as large as fits.

    Where too many rows wait, the share is halved, until it fits: the rows that have a
    place do not depend on the order of the parts.
    """

    rules: Mapping[str, Any]
    columns: Mapping[str, str]
    max_rows: int
    share: tuple[int, int]
    may_narrow: bool

    def start(self) -> TransitionCounts:
        return TransitionCounts(**self.rules, share=self.share)

    def update(self, state: TransitionCounts, part: Any) -> TransitionCounts:
        return self._fitting(state.update(**_taken(part, self.columns)))

    def merge(self, one: TransitionCounts, other: TransitionCounts) -> TransitionCounts:
        n_shares = max(one.share[1], other.share[1])
        return self._fitting(_narrow(one, n_shares) + _narrow(other, n_shares))

    def _fitting(self, state: TransitionCounts) -> TransitionCounts:
        while self.may_narrow and state.n_waiting > self.max_rows:
            n_shares = 2 * state.share[1]
            if n_shares > _MOST_SHARES:
                msg = (
                    f"max_rows={self.max_rows} is too few for a table that would be "
                    f"read more than {_MOST_SHARES} times. Raise max_rows."
                )
                raise InvalidParameterError(msg)
            state = state.narrow(n_shares)
        return state


def collect_vintages(
    source: Any,
    dates: str,
    event_dates: str,
    *,
    as_of: Any,
    freq: str = "month",
    reporting_delay: int = 0,
    close_dates: str | None = None,
    amount: str | None = None,
    event_amount: str | None = None,
    sample_weight: str | None = None,
    engine: str | None = None,
    memory_limit: str | None = None,
    batch_rows: int = 500_000,
    verbose: bool | str = False,
) -> VintageCounts:
    """Count loans by vintage and month on book, in one pass over a table of any size.

    Parameters
    ----------
    source : table, chunks, relation or path
        As for :func:`collect_stats`: one row for each loan.

    dates, event_dates : str
        Columns with the day on which each loan began, and the day of its event.

    as_of, freq, reporting_delay
        As for :func:`~riskkit.backtest.vintage_table`.

    close_dates, amount, event_amount, sample_weight : str, default=None
        Columns with what :func:`~riskkit.backtest.vintage_table` takes by these names.

    engine, memory_limit, batch_rows, verbose
        As for :func:`collect_stats`.

    Returns
    -------
    counts : VintageCounts
        Whose ``table()`` equals the vintage table of all rows in memory. Counts of
        further files or months are added with ``+``.

    Raises
    ------
    InvalidInputError, InvalidTypeError, MissingExtraError
        If a column is missing, or the rows cannot be used.
    InvalidParameterError
        If a parameter is outside its domain, or the memory is too little.

    See Also
    --------
    collect_transitions : Moves between states of delinquency.

    Examples
    --------
    >>> import pandas as pd
    >>> from riskkit.engines import collect_vintages
    >>> loans = pd.DataFrame({"opened": pd.to_datetime(["2020-01-10", "2020-02-05"]),
    ...                       "defaulted": pd.to_datetime(["2020-02-15", None])})
    >>> counts = collect_vintages(
    ...     [loans[:1], loans[1:]], "opened", "defaulted", as_of="2020-04-15")
    >>> counts.table(n_months=2).triangle()
    month      1    2
    vintage
    2020-01  0.0  1.0
    2020-02  0.0  0.0
    """
    rules: dict[str, Any] = {
        "as_of": as_of,
        "freq": freq,
        "reporting_delay": reporting_delay,
    }
    VintageCounts(**rules)  # before rows are read
    columns = {
        "dates": dates,
        "event_dates": event_dates,
        "close_dates": close_dates,
        "amount": amount,
        "event_amount": event_amount,
        "sample_weight": sample_weight,
    }
    opened = open_table(source, engine, memory_limit, batch_rows)
    given, names = _given(columns, opened)
    return fold_shown(
        opened,
        _Vintages(rules, given),
        names,
        verbose=verbose,
        stage="Counting vintages",
    )


def collect_transitions(
    source: Any,
    accounts: str,
    dates: str,
    states: str,
    *,
    order: Sequence[str],
    horizon: int = 12,
    step: int = 1,
    amount: str | None = None,
    sample_weight: str | None = None,
    max_rows: int = 10_000_000,
    engine: str | None = None,
    memory_limit: str | None = None,
    batch_rows: int = 500_000,
    verbose: bool | str = False,
) -> TransitionCounts:
    """Count moves of accounts between states, of a table of any size and order.

    Parameters
    ----------
    source : table, chunks, relation or path
        As for :func:`collect_stats`: one row for each account and month, in any order.

    accounts, dates, states : str
        Columns with the account, a day of the month, and the state in that month.

    order, horizon, step
        As for :func:`~riskkit.backtest.transition_matrix`.

    amount, sample_weight : str, default=None
        Columns with the balance of each row, and with weights.

    max_rows : int, default=10000000
        Rows to hold at a time, in 14 to 38 bytes each, and some 80 while they are
        counted. A table with more is read several times, each time for other accounts.

    engine, memory_limit, batch_rows, verbose
        As for :func:`collect_stats`.

    Returns
    -------
    counts : TransitionCounts
        Whose ``matrix()`` and ``roll_rates()`` equal those of all rows in memory.
        Counts of other accounts are added with ``+``; further months of the same ones
        are not, since a move needs both of its ends.

    Raises
    ------
    InvalidInputError, InvalidTypeError, MissingExtraError
        If a column is missing, the rows cannot be used, or there are more than
        `max_rows` of a source that can be read once.
    InvalidParameterError
        If a parameter is outside its domain, or the memory is too little.

    See Also
    --------
    collect_vintages : Loans that began together.

    Notes
    -----
    The first pass keeps the accounts of a share that fits, by a hash of the account;
    the further passes take the other shares. On Dask and Spark the rows of a share,
    four columns of them, are brought to this process.

    Examples
    --------
    >>> import pandas as pd
    >>> from riskkit.engines import collect_transitions
    >>> tape = pd.DataFrame({"account": [7, 8, 7, 8], "state": ["0", "30", "0", "0"],
    ...                      "month": pd.to_datetime(["2024-02-01"] * 2
    ...                                              + ["2024-01-01"] * 2)})
    >>> counts = collect_transitions([tape[:1], tape[1:]], "account", "month", "state",
    ...                              order=["0", "30"], horizon=1)
    >>> counts.roll_rates().frame()[["month", "state", "n", "worse"]].head(1)
         month state    n  worse
    0  2024-02     0  2.0    0.5
    """
    check_int("max_rows", max_rows, low=1)
    rules: dict[str, Any] = {"order": order, "horizon": horizon, "step": step}
    TransitionCounts(**rules)  # before rows are read
    columns = {
        "accounts": accounts,
        "dates": dates,
        "states": states,
        "amount": amount,
        "sample_weight": sample_weight,
    }
    opened = open_table(source, engine, memory_limit, batch_rows)
    given, names = _given(columns, opened)
    job = _Transitions(rules, given, int(max_rows), (0, 1), may_narrow=True)
    total = _pass(opened, job, names, verbose)
    n_shares = total.share[1]
    if n_shares > 1:
        _check_again(source, max_rows)
    total.settle()
    for number in range(1, n_shares):
        further = replace(job, share=(number, n_shares), may_narrow=False)
        total = total + _pass(opened, further, names, verbose).settle()
    return total


def _given(
    columns: Mapping[str, str | None], opened: Engine
) -> tuple[dict[str, str], list[str]]:
    """Return the columns that are given, by what they are, and which ones to read."""
    given = {word: name for word, name in columns.items() if name is not None}
    check_columns(given.values(), opened.columns)
    return given, list(dict.fromkeys(given.values()))


def _pass(
    opened: Engine, job: _Transitions, names: list[str], verbose: bool | str
) -> TransitionCounts:
    number, n_shares = job.share
    which = f" (accounts {number + 1} of {n_shares})" if number else ""
    return fold_shown(
        opened, job, names, verbose=verbose, stage=f"Gathering moves{which}"
    )


def _narrow(state: TransitionCounts, n_shares: int) -> TransitionCounts:
    return state if state.share[1] == n_shares else state.narrow(n_shares)


def _taken(part: Any, columns: Mapping[str, str]) -> dict[str, Any]:
    """Return the columns of a part by what they are, in the form of their library."""
    table = Table.read(part).select(list(dict.fromkeys(columns.values())))
    found = {}
    for word, name in columns.items():
        column = table.column(name)
        found[word] = column.to_native() if hasattr(column, "to_native") else column
    return found


def _check_again(source: Any, max_rows: int) -> None:
    if hasattr(source, "__next__") or hasattr(source, "read_next_batch"):
        msg = (
            "source must be one that can be read again where it has more than "
            f"max_rows={max_rows} rows; got a {type(source).__name__}, which is used "
            "up. Give the files, a list of chunks or a lazy frame, or raise max_rows."
        )
        raise InvalidInputError(msg)
