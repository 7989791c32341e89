"""Roll rates: how much of each state falls further behind, month by month."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.columns import plain_rows
from riskkit._core.params import check_option
from riskkit._kernels.intervals import jeffreys_interval
from riskkit.backtest._checks import check_level
from riskkit.backtest._snapshots import pair_up, read_panel, read_states
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.backtest._snapshots import Pairs, Panel
    from riskkit.typing import FloatArray

__all__ = ["RollRateResult", "roll_rates"]

_MOVES = ("better", "same", "worse", "left")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RollRateResult:
    """What :func:`roll_rates` returns.

    Parameters
    ----------
    states : tuple of str
        From the best to the worst.

    level : float
        Level of the intervals.

    columns : dict of str to list
        One entry for each month and state; see :meth:`frame`.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.backtest import roll_rates
    >>> dates = np.repeat(np.array(["2024-01", "2024-02"], "datetime64[M]"), 2)
    >>> result = roll_rates([1, 2, 1, 2], dates, ["0", "0", "0", "30"],
    ...                     order=["0", "30"])
    >>> result
    <RollRateResult 2024-02 to 2024-02: 2 states>
    """

    states: tuple[str, ...]
    level: float
    columns: dict[str, Any]

    def frame(self) -> pd.DataFrame:
        """Return one row for each month and state.

        Returns
        -------
        frame : DataFrame
            Columns month (at the end of the move), state (at its start), n (accounts
            that started), better, same, worse and left (shares of them; they add up
            to 1), low and high of worse, and net_flow: the accounts one state further
            on at the end over `n`. With amounts the same by balance, with ``amount_``
            before.
        """
        import pandas as pd

        return pd.DataFrame(self.columns)

    def series(self, value: str = "worse") -> pd.DataFrame:
        """Return one value, months down and states across.

        Parameters
        ----------
        value : str, default="worse"
            A column of :meth:`frame`.

        Returns
        -------
        frame : DataFrame
            States in their order.

        Raises
        ------
        InvalidParameterError
            If there is no such column.
        """
        check_option("value", value, tuple(self.columns)[2:])
        wide = self.frame().pivot(index="month", columns="state", values=value)  # noqa: PD010
        return wide[list(self.states)]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; numbers that are not finite become None."""
        return {
            "states": list(self.states),
            "level": self.level,
            "rates": plain_rows(self.columns),
        }

    def __repr__(self) -> str:
        months = self.columns["month"]
        return (
            f"<RollRateResult {months[0]} to {months[-1]}: {len(self.states)} states>"
        )

    def _repr_html_(self) -> str:
        table = self.series().to_html(na_rep="", float_format="{:.2%}".format)
        return f"<p>{html.escape(repr(self)[1:-1])}, share worse</p>{table}"


def roll_rates(
    accounts: ArrayLike,
    dates: ArrayLike,
    states: ArrayLike,
    *,
    order: Sequence[str],
    amount: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
) -> RollRateResult:
    """Compute from month to month who falls further behind, stays, or recovers.

    Parameters
    ----------
    accounts, dates, states : array-like of shape (n_rows,)
        Account, a day of the month, and state of delinquency in that month, as in
        :func:`transition_matrix`.

    order : sequence of str
        All states, from the best to the worst.

    amount : array-like of shape (n_rows,), default=None
        Balance of each row, for rates by amount: of the balance at the start of a move.

    sample_weight : array-like of shape (n_rows,), default=None
        Weight of each row; a move has the weight of its start.

    level : float, default=0.95
        Level of the intervals.

    Returns
    -------
    result : RollRateResult
        With ``.frame()`` and ``.series(value)``.

    Raises
    ------
    InvalidInputError
        As in :func:`transition_matrix`.
    InvalidParameterError
        If `order` does not name two different states or `level` is none.

    See Also
    --------
    transition_matrix : Where accounts go, over all months together.

    Notes
    -----
    ``worse`` follows accounts: of those in a state last month, the share in any worse
    state now; ``left`` are those that are not there now and never again. ``net_flow``
    follows classes, as bank reports do: what stands in the next worse state now over
    what stood in this state last month, cured or not.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.backtest import roll_rates
    >>> dates = np.repeat(np.array(["2024-01", "2024-02"], "datetime64[M]"), 4)
    >>> result = roll_rates(
    ...     [1, 2, 3, 4] * 2, dates, ["0", "0", "0", "30", "0", "0", "30", "60"],
    ...     order=["0", "30", "60"])
    >>> result.frame()[["month", "state", "n", "same", "worse", "net_flow"]].round(2)
         month state    n  same  worse  net_flow
    0  2024-02     0  3.0  0.67   0.33      0.33
    1  2024-02    30  1.0  0.00   1.00      1.00
    2  2024-02    60  0.0   NaN    NaN       NaN
    """
    names = read_states(order)
    check_level(level)
    panel = read_panel(
        accounts, dates, states, names, amount=amount, sample_weight=sample_weight
    )
    if panel.n_months < 2:
        msg = "dates must span at least two months, for something to roll; got one."
        raise InvalidInputError(msg)
    pairs = pair_up(panel, 1)
    n_states = len(names)
    columns: dict[str, Any] = {
        "month": np.repeat(panel.labels[1:], n_states),
        "state": np.tile(names, panel.n_months - 1),
    }
    n, moved = _moves(panel, pairs, panel.weight, n_states)
    columns["n"] = n
    columns |= {k: _ratio(v, n) for k, v in moved.items()}
    low, high = jeffreys_interval(moved["worse"], n, level)
    columns["low"] = np.where(n > 0, low, np.nan)
    columns["high"] = np.where(n > 0, high, np.nan)
    columns["net_flow"] = _net_flow(panel, panel.weight, n_states)
    if panel.amount is not None:
        mass = panel.weight * panel.amount
        amounts, moved = _moves(panel, pairs, mass, n_states)
        columns["amount"] = amounts
        columns |= {f"amount_{k}": _ratio(v, amounts) for k, v in moved.items()}
        columns["amount_net_flow"] = _net_flow(panel, mass, n_states)
    return RollRateResult(
        states=names,
        level=level,
        columns={name: np.ravel(v).tolist() for name, v in columns.items()},
    )


def _moves(
    panel: Panel, pairs: Pairs, mass: FloatArray, n_states: int
) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Return what started in each month and state, and where it went."""
    start = panel.state[pairs.start]
    step = np.sign(panel.state[pairs.end] - start) + 1
    kind = np.where(pairs.end < 0, _MOVES.index("left"), step)
    # What comes back after a gap is neither here nor gone.
    kept = (pairs.end >= 0) | pairs.has_left
    place = panel.month[pairs.start] * n_states + start
    n_cells = (panel.n_months - 1) * n_states
    total = np.bincount(
        place[kept] * len(_MOVES) + kind[kept],
        mass[pairs.start][kept],
        n_cells * len(_MOVES),
    ).reshape(n_cells, len(_MOVES))
    moved = dict(zip(_MOVES, total.T.astype(np.float64), strict=True))
    return total.sum(axis=1), moved


def _net_flow(panel: Panel, mass: FloatArray, n_states: int) -> FloatArray:
    """Return what stands one state further on now over what stood here last month."""
    place = panel.month * n_states + panel.state
    stock = np.bincount(place, mass, panel.n_months * n_states).astype(np.float64)
    stock = stock.reshape(panel.n_months, n_states)
    flow = np.full((panel.n_months - 1, n_states), np.nan)
    flow[:, :-1] = _ratio(stock[1:, 1:], stock[:-1, :-1])
    return flow.ravel()


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    ratio = np.full_like(whole, np.nan, dtype=np.float64)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio
