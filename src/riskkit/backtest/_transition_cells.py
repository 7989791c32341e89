"""Moves of accounts as counts by month and state, which add up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit.backtest._exact_sums import PIECES, exact_sums, rounded
from riskkit.backtest._snapshots import pair_up

if TYPE_CHECKING:
    from collections.abc import Iterable

    from riskkit.backtest._snapshots import Panel
    from riskkit.typing import FloatArray, IntArray

__all__ = ["LEFT", "TransitionCells", "count_panel"]

# Behind the states in which a move can end: gone for good, or back after a gap.
LEFT, _ENDS = 0, 2


@dataclass(frozen=True, eq=False)
class TransitionCells:
    """Sums in pieces, which add up exactly: of accounts and, if given, of amounts.

    ``moves`` has by name of the sum and length of the move a table of month and state
    at its start and state at its end; ``stock`` one of month and state.
    """

    first_month: int  # since January 1970
    n_months: int
    moves: dict[tuple[str, int], FloatArray]
    stock: dict[str, FloatArray]

    @property
    def by_amount(self) -> bool:
        """Whether amounts were given."""
        return "amount" in self.stock

    @property
    def labels(self) -> tuple[str, ...]:
        """The months as text."""
        months = np.arange(self.first_month, self.first_month + self.n_months)
        return tuple(map(str, months.astype("datetime64[M]")))

    def add(self, other: TransitionCells) -> TransitionCells:
        """Return the counts of both sets of accounts, of the same kind."""
        first = min(self.first_month, other.first_month)
        end = max(part.first_month + part.n_months for part in (self, other))

        def placed(part: TransitionCells, table: FloatArray) -> FloatArray:
            wide = np.zeros((PIECES, end - first, *table.shape[2:]))
            at = part.first_month - first
            wide[:, at : at + part.n_months] = table
            return wide

        return TransitionCells(
            first,
            end - first,
            {
                name: placed(self, own) + placed(other, other.moves[name])
                for name, own in self.moves.items()
            },
            {
                name: placed(self, own) + placed(other, other.stock[name])
                for name, own in self.stock.items()
            },
        )

    def over_months(self, name: str, months: int) -> FloatArray:
        """Return moves of all months by state at the start and at the end."""
        known = self.moves[name, months][:, : max(self.n_months - months, 0)]
        return np.asarray(rounded(known.sum(axis=1)))

    def by_month(self, name: str) -> FloatArray:
        """Return moves over one month by the month of their start, and states."""
        return np.asarray(rounded(self.moves[name, 1][:, :-1]))

    def stocks(self, name: str) -> FloatArray:
        """Return what was in each state, by month."""
        return np.asarray(rounded(self.stock[name]))


def count_panel(panel: Panel, n_states: int, spans: Iterable[int]) -> TransitionCells:
    """Count the moves of a panel over each of the spans in months."""
    sums = {"n": panel.weight}
    if panel.amount is not None:
        sums["amount"] = panel.amount
    stock_place = panel.month * n_states + panel.state
    n_stocks = panel.n_months * n_states

    def tables(place: IntArray, n_ends: int) -> dict[str, FloatArray]:
        shape = (PIECES, panel.n_months, n_states, n_ends)
        return {
            name: exact_sums(place, mass, n_stocks * n_ends).reshape(shape)
            for name, mass in sums.items()
        }

    moves = {}
    for months in sorted(set(spans)):
        pairs = pair_up(panel, months)
        gone = n_states + np.where(pairs.has_left, LEFT, LEFT + 1)
        end = np.where(pairs.end < 0, gone, panel.state[pairs.end])
        n_ends = n_states + _ENDS
        for name, table in tables(stock_place * n_ends + end, n_ends).items():
            moves[name, months] = table
    stock = {name: t[..., 0] for name, t in tables(stock_place, 1).items()}
    return TransitionCells(panel.first_month, panel.n_months, moves, stock)
