"""Rows of accounts that come in parts, counted as moves between states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from riskkit._core.params import check_int
from riskkit.backtest._account_keys import account_codes, read_accounts, share_of
from riskkit.backtest._roll_tables import roll_result
from riskkit.backtest._snapshots import Snapshots, panel_of, read_snapshots, read_states
from riskkit.backtest._transition_cells import count_panel
from riskkit.backtest._transition_tables import check_spans, transition_result
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from riskkit.backtest._account_keys import Words
    from riskkit.backtest._roll_result import RollRateResult
    from riskkit.backtest._transition_cells import TransitionCells
    from riskkit.backtest._transition_result import TransitionResult
    from riskkit.typing import BoolArray

__all__ = ["TransitionCounts"]


@dataclass(frozen=True, eq=False)
class _Waiting:
    """Rows whose accounts may have further ones."""

    words: Words
    kind: str
    rows: Snapshots

    def take(self, kept: BoolArray) -> _Waiting:
        """Return some of the rows."""
        return _Waiting(self.words[kept], self.kind, self.rows.take(kept))


class TransitionCounts:
    """Moves of accounts between states, of rows that come in parts in any order.

    What :func:`transition_matrix` and :func:`roll_rates` make of a tape in memory, this
    makes of one in chunks, files or months: give each part to :meth:`update`, add
    counts with ``+``, and ask for :meth:`matrix` or :meth:`roll_rates`.

    Parameters
    ----------
    order : sequence of str
        All states, from the best to the worst.

    horizon, step : int, default=12 and 1
        Months over which moves are counted, as for :func:`transition_matrix`.

    share : tuple of (int, int), default=(0, 1)
        ``(k, n)`` counts the accounts of the ``k``-th of ``n`` shares alone, from 0: a
        tape that does not fit into memory is counted in ``n`` passes, and the counts
        add up.

    Attributes
    ----------
    n_waiting : int
        Rows that wait for others of their accounts.

    See Also
    --------
    transition_matrix, roll_rates : The same of rows in memory.
    riskkit.engines.collect_transitions : Counts a table of any engine.

    Notes
    -----
    A move needs two rows of an account, which may come in different parts. So rows
    wait, in 14 bytes each (22 where accounts are text), and 8 more for weights and for
    amounts, until they are counted at the end, or by :meth:`settle` when the accounts
    are complete. What is counted takes the room of months by states, however many
    accounts there are.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.backtest import TransitionCounts
    >>> january, february = np.array(["2024-01", "2024-02"], "datetime64[M]")
    >>> counts = TransitionCounts(["0", "30"], horizon=1)
    >>> counts = counts.update([7, 8], np.full(2, february), ["0", "30"])
    >>> counts = counts.update([7, 8], np.full(2, january), ["0", "0"])
    >>> counts.matrix().frame()[["from", "to", "n_moved"]].head(2)
      from  to  n_moved
    0    0   0      1.0
    1    0  30      1.0
    """

    def __init__(
        self,
        order: Sequence[str],
        *,
        horizon: int = 12,
        step: int = 1,
        share: tuple[int, int] = (0, 1),
    ) -> None:
        self._order = read_states(order)
        check_spans(horizon=horizon, step=step)
        number, n_shares = share
        check_int("share[0]", number, low=0)
        check_int("share[1]", n_shares, low=1)
        if number >= n_shares:
            msg = f"share must be (k, n), k from 0 to n - 1; got {(number, n_shares)}."
            raise InvalidParameterError(msg)
        self._horizon, self._step = int(horizon), int(step)
        self._share = (int(number), int(n_shares))
        self._waiting: list[_Waiting] = []
        self._cells: TransitionCells | None = None

    @property
    def share(self) -> tuple[int, int]:
        """Which share of the accounts is counted, of how many."""
        return self._share

    @property
    def n_waiting(self) -> int:
        """Rows that wait for others of their accounts."""
        return sum(len(part.words) for part in self._waiting)

    def update(
        self,
        accounts: ArrayLike,
        dates: ArrayLike,
        states: ArrayLike,
        *,
        amount: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Take further rows, in place.

        Parameters
        ----------
        accounts, dates, states, amount, sample_weight
            As for :func:`transition_matrix`.

        Returns
        -------
        self : TransitionCounts
            With the rows.

        Raises
        ------
        InvalidInputError
            If a column is wrong, as for :func:`transition_matrix`; if accounts are
            numbers in one part and text in another; or if amounts or weights are given
            for some parts only.
        """
        keys = read_accounts(accounts)
        if not len(keys.words):
            return self
        rows = read_snapshots(
            dates,
            states,
            self._order,
            len(keys.words),
            amount=amount,
            sample_weight=sample_weight,
        )
        small = Snapshots(
            rows.month.astype(np.int32),
            rows.state.astype(np.int16),
            rows.weight,
            rows.amount,
        )
        part = _Waiting(keys.words, keys.kind, small)
        number, n_shares = self._share
        if n_shares > 1:
            part = part.take(share_of(keys.words, n_shares) == number)
        self._wait(part)
        return self

    def settle(self) -> Self:
        """Count the rows that wait, in place; their accounts must be complete.

        Returns
        -------
        self : TransitionCounts
            Without rows that wait. Rows of the same accounts that came later would be
            taken for those of others.

        Raises
        ------
        InvalidInputError
            If an account has two rows in a month.
        """
        self._cells, self._waiting = self._counted(), []
        return self

    def narrow(self, n_shares: int) -> TransitionCounts:
        """Return the rows of a smaller share of the accounts.

        Parameters
        ----------
        n_shares : int
            A multiple of the number of shares until now.

        Returns
        -------
        counts : TransitionCounts
            Counts of the share of the same number, for what waits here.

        Raises
        ------
        InvalidParameterError
            If it is no multiple, or rows have been settled already.
        """
        number, known = self._share
        check_int("n_shares", n_shares, low=1)
        if n_shares % known or self._cells is not None:
            msg = (
                f"n_shares must be a multiple of {known}, of rows that were not "
                f"settled; got {n_shares}. Count again with share=(k, n)."
            )
            raise InvalidParameterError(msg)
        smaller = self._like((number, n_shares))
        for part in self._waiting:
            kept = share_of(part.words, n_shares) == number
            smaller._wait(part.take(kept))  # noqa: SLF001 (its own)
        return smaller

    def __add__(self, other: TransitionCounts) -> TransitionCounts:
        if not isinstance(other, TransitionCounts):
            return NotImplemented
        if self._rules != other._rules:
            msg = (
                "Counts must have been made by the same rules to be added: order, "
                "horizon and step. Count again."
            )
            raise InvalidInputError(msg)
        shared = self._share == other._share
        total = self._like(self._share if shared else (0, 1))
        cells = [c for c in (self._cells, other._cells) if c is not None]
        for own in cells:
            total._cells = own if total._cells is None else _added(total._cells, own)
        for part in (*self._waiting, *other._waiting):
            total._wait(part)
        return total

    def __repr__(self) -> str:
        return (
            f"<TransitionCounts of {len(self._order)} states: {self.n_waiting:,} rows "
            "wait>"
        )

    def matrix(
        self, *, left: str | None = None, level: float = 0.95
    ) -> TransitionResult:
        """Return the moves of all months together.

        Parameters
        ----------
        left, level
            As for :func:`transition_matrix`.

        Returns
        -------
        result : TransitionResult
            Equal to that of :func:`transition_matrix` for all rows together.

        Raises
        ------
        InvalidInputError
            If no row was given, an account has two in a month, or no account was
            observed twice.
        InvalidParameterError
            If a parameter is outside its domain.
        """
        return transition_result(
            self._order,
            self._some(),
            horizon=self._horizon,
            step=self._step,
            left=left,
            level=level,
        )

    def roll_rates(self, *, level: float = 0.95) -> RollRateResult:
        """Return the moves from month to month.

        Parameters
        ----------
        level : float, default=0.95
            Level of the intervals.

        Returns
        -------
        result : RollRateResult
            Equal to that of :func:`roll_rates` for all rows together.

        Raises
        ------
        InvalidInputError
            If no row was given, an account has two in a month, or all are of one month.
        InvalidParameterError
            If `level` is none.
        """
        return roll_result(self._order, self._some(), level=level)

    @property
    def _rules(self) -> tuple[Any, ...]:
        return self._order, self._horizon, self._step

    def _like(self, share: tuple[int, int]) -> TransitionCounts:
        return TransitionCounts(
            self._order, horizon=self._horizon, step=self._step, share=share
        )

    def _wait(self, part: _Waiting) -> None:
        if not len(part.words):
            return
        first = self._waiting[0] if self._waiting else part
        if first.kind != part.kind:
            msg = (
                "accounts must be numbers in every part, or text in every part; got "
                "both. Cast the column to one type where the parts are written."
            )
            raise InvalidInputError(msg)
        for name in ("amount", "weight"):
            given = [getattr(p.rows, name) is not None for p in (first, part)]
            if given[0] != given[1]:
                msg = (
                    f"{name} must be given for all parts or for none; got parts with "
                    "and without. Give all of them the same columns."
                )
                raise InvalidInputError(msg)
        self._waiting.append(part)

    def _some(self) -> TransitionCells:
        cells = self._counted()
        if cells is None:
            msg = "accounts must hold at least one row; got none."
            raise InvalidInputError(msg)
        return cells

    def _counted(self) -> TransitionCells | None:
        """Return the counts with those of the rows that wait."""
        if not self._waiting:
            return self._cells
        rows = Snapshots.joined([part.rows for part in self._waiting])
        words = np.concatenate([part.words for part in self._waiting])
        panel = panel_of(account_codes(words), rows)
        spans = (1, self._step, self._horizon)
        cells = count_panel(panel, len(self._order), spans)
        return cells if self._cells is None else _added(self._cells, cells)


def _added(one: TransitionCells, other: TransitionCells) -> TransitionCells:
    if one.by_amount != other.by_amount:
        msg = (
            "amount must be given for all parts or for none; got parts with and "
            "without. Give all of them the same columns."
        )
        raise InvalidInputError(msg)
    return one.add(other)
