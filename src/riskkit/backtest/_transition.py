"""Moves between states of delinquency or grades, and what they come to in a year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit.backtest._snapshots import read_panel, read_states
from riskkit.backtest._transition_cells import count_panel
from riskkit.backtest._transition_tables import check_moves, transition_result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from riskkit.backtest._transition_result import TransitionResult

__all__ = ["transition_matrix"]


def transition_matrix(
    accounts: ArrayLike,
    dates: ArrayLike,
    states: ArrayLike,
    *,
    order: Sequence[str],
    horizon: int = 12,
    step: int = 1,
    left: str | None = None,
    amount: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
) -> TransitionResult:
    """Count moves between states from month to month, and over a longer horizon.

    Parameters
    ----------
    accounts : array-like of shape (n_rows,)
        Account of each row; a row is what an account was in one month.

    dates : array-like of shape (n_rows,)
        A day of the month of each row.

    states : array-like of shape (n_rows,)
        State in that month: days past due in classes, or a grade.

    order : sequence of str
        All states, from the best to the worst.

    horizon : int, default=12
        Months over which moves are counted directly, to be held against what the
        matrix of `step` gives when it is applied again and again.

    step : int, default=1
        Months of one step; `horizon` must be a multiple of it.

    left : str or None, default=None
        Name of a further state for accounts that are not there at the end of a move
        and never come back, such as ``"closed"``. None leaves such moves out. Gaps are
        left out either way.

    amount : array-like of shape (n_rows,), default=None
        Balance of each row, for moves by amount: the balance at the start of a move.

    sample_weight : array-like of shape (n_rows,), default=None
        Weight of each row; a move has the weight of its start.

    level : float, default=0.95
        Level of the intervals.

    Returns
    -------
    result : TransitionResult
        With ``.frame()``, ``.matrix()``, ``.product()`` and ``.compare()``.

    Raises
    ------
    InvalidInputError
        If accounts, dates or states are missing, an account has two rows in a month,
        a state is not in `order`, amounts are negative, or no account was observed
        twice.
    InvalidParameterError
        If a parameter is outside its domain.

    See Also
    --------
    roll_rates : The moves to the next worse state, month by month.
    riskkit.metrics.migration_test : Tests a matrix of grades, as the ECB asks for.

    Notes
    -----
    The cohort method: accounts in state ``i`` at the start of a step, of all months
    together, and the share of them in state ``j`` at its end. A state that no account
    ever leaves absorbs. If only the present state mattered, and every month were alike,
    ``horizon / step`` steps would give the moves over the horizon. They seldom do: who
    was cured yesterday falls back sooner. The comparison says how far the product is
    off.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.backtest import transition_matrix
    >>> accounts = [1, 1, 1, 2, 2, 2]
    >>> dates = np.tile(np.arange("2024-01", "2024-04", dtype="datetime64[M]"), 2)
    >>> states = ["0", "30", "60", "0", "0", "30"]
    >>> result = transition_matrix(
    ...     accounts, dates, states, order=["0", "30", "60"], horizon=2)
    >>> result.matrix().round(3)
    to      0     30   60
    from
    0     0.333  0.667  0.0
    30    0.000  0.000  1.0
    60      NaN    NaN  NaN
    """
    names = read_states(order)
    check_moves(names, horizon=horizon, step=step, left=left, level=level)
    panel = read_panel(
        accounts, dates, states, names, amount=amount, sample_weight=sample_weight
    )
    return transition_result(
        names,
        count_panel(panel, len(names), (step, horizon)),
        horizon=horizon,
        step=step,
        left=left,
        level=level,
    )
