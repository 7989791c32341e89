"""Roll rates: how much of each state falls further behind, month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit.backtest._checks import check_level
from riskkit.backtest._roll_tables import roll_result
from riskkit.backtest._snapshots import read_panel, read_states
from riskkit.backtest._transition_cells import count_panel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from riskkit.backtest._roll_result import RollRateResult

__all__ = ["roll_rates"]


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
    return roll_result(names, count_panel(panel, len(names), (1,)), level=level)
