"""Roll rates from counts of moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.intervals import jeffreys_interval
from riskkit.backtest._checks import check_level
from riskkit.backtest._roll_result import RollRateResult
from riskkit.backtest._transition_cells import LEFT
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from riskkit.backtest._transition_cells import TransitionCells
    from riskkit.typing import FloatArray

__all__ = ["roll_result"]


def roll_result(
    names: tuple[str, ...], cells: TransitionCells, *, level: float
) -> RollRateResult:
    """Return the rates of each month and state."""
    check_level(level)
    if cells.n_months < 2:
        msg = "dates must span at least two months, for something to roll; got one."
        raise InvalidInputError(msg)
    columns: dict[str, Any] = {
        "month": np.repeat(cells.labels[1:], len(names)),
        "state": np.tile(names, cells.n_months - 1),
    }
    n, moved = _moves(cells, "n", len(names))
    columns["n"] = n
    columns |= {k: _ratio(v, n) for k, v in moved.items()}
    low, high = jeffreys_interval(moved["worse"], n, level)
    columns["low"] = np.where(n > 0, low, np.nan)
    columns["high"] = np.where(n > 0, high, np.nan)
    columns["net_flow"] = _net_flow(cells.stocks("n"))
    if cells.by_amount:
        amounts, moved = _moves(cells, "amount", len(names))
        columns["amount"] = amounts
        columns |= {f"amount_{k}": _ratio(v, amounts) for k, v in moved.items()}
        columns["amount_net_flow"] = _net_flow(cells.stocks("amount"))
    return RollRateResult(
        states=names,
        level=level,
        columns={name: np.ravel(v).tolist() for name, v in columns.items()},
    )


def _moves(
    cells: TransitionCells, name: str, n_states: int
) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Return what started in each month and state, and where it went.

    What comes back after a gap is neither here nor gone.
    """
    moved = cells.by_month(name)
    within = moved[..., :n_states]
    found = {
        "better": np.tril(within, -1).sum(axis=2),
        "same": np.diagonal(within, axis1=1, axis2=2),
        "worse": np.triu(within, 1).sum(axis=2),
        "left": moved[..., n_states + LEFT],
    }
    return sum(found.values(), np.zeros(within.shape[:2])), found


def _net_flow(stock: FloatArray) -> FloatArray:
    """Return what stands one state further on now over what stood here last month."""
    flow = np.full((len(stock) - 1, stock.shape[1]), np.nan)
    flow[:, :-1] = _ratio(stock[1:, 1:], stock[:-1, :-1])
    return flow


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    ratio = np.full_like(whole, np.nan, dtype=np.float64)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio
