"""What a table of moves says: shares, products, and how far they are off."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.columns import plain
from riskkit._core.params import check_bool, check_int, check_option
from riskkit._kernels.intervals import jeffreys_interval
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    import pandas as pd

    from riskkit.typing import FloatArray

__all__ = ["TransitionResult"]

_OVER = ("step", "horizon")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TransitionResult:
    """What :func:`transition_matrix` returns.

    Parameters
    ----------
    states : tuple of str
        From the best to the worst; accounts that have left come last.

    step, horizon : int
        Months of a step and of the horizon.

    months : tuple of (str, str)
        First and last month observed.

    level : float
        Level of the intervals.

    absorbing : str or None
        Name of the state of accounts that have left.

    counts : dict of str to ndarray of shape (n_states, n_states)
        Moves over ``step`` and ``horizon``, states at the start down; and the balances
        that moved, ``step_amount`` and ``horizon_amount``, if there were any.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.backtest import transition_matrix
    >>> dates = np.tile(np.arange("2024-01", "2024-04", dtype="datetime64[M]"), 2)
    >>> result = transition_matrix(
    ...     [1, 1, 1, 2, 2, 2], dates, ["A", "A", "A", "A", "B", "A"],
    ...     order=["A", "B"], horizon=2)
    >>> result.compare()[["from", "to", "n", "product", "empirical"]].round(3)
      from to    n  product  empirical
    0    A  A  2.0    0.778        1.0
    1    A  B  2.0    0.222        0.0
    2    B  A  0.0    0.667        NaN
    3    B  B  0.0    0.333        NaN
    """

    states: tuple[str, ...]
    step: int
    horizon: int
    months: tuple[str, str]
    level: float
    absorbing: str | None
    counts: dict[str, FloatArray]

    def frame(self, over: str = "step", *, by_amount: bool = False) -> pd.DataFrame:
        """Return one row for each pair of states.

        Parameters
        ----------
        over : {"step", "horizon"}, default="step"
            How long a move takes.

        by_amount : bool, default=False
            Whether balances are counted instead of accounts.

        Returns
        -------
        frame : DataFrame
            Columns from, to, n (that started in the state), n_moved, share and, of
            accounts, its Jeffreys interval.

        Raises
        ------
        InvalidParameterError
            If there were no amounts.
        """
        import pandas as pd

        moved = self._moves(over, by_amount)
        n = np.broadcast_to(moved.sum(axis=1, keepdims=True), moved.shape)
        columns = self._pairs() | {
            "n": n.ravel(),
            "n_moved": moved.ravel(),
            "share": _shares(moved).ravel(),
        }
        if not by_amount:
            low, high = jeffreys_interval(moved, n, self.level)
            columns |= {
                "low": np.where(n > 0, low, np.nan).ravel(),
                "high": np.where(n > 0, high, np.nan).ravel(),
            }
        return pd.DataFrame(columns)

    def matrix(self, over: str = "step", *, by_amount: bool = False) -> pd.DataFrame:
        """Return the share of the moves from each state (down) to each state.

        Parameters
        ----------
        over, by_amount : str and bool, default="step" and False
            As in :meth:`frame`.

        Returns
        -------
        frame : DataFrame
            Rows add up to 1; they are missing where no move began.

        Raises
        ------
        InvalidParameterError
            If there were no amounts.
        """
        return self._wide(_shares(self._moves(over, by_amount)))

    def product(
        self, n_steps: int | None = None, *, by_amount: bool = False
    ) -> pd.DataFrame:
        """Return where accounts will be if the matrix of a step goes on holding.

        Parameters
        ----------
        n_steps : int or None, default=None
            Number of steps; None takes those of the horizon.

        by_amount : bool, default=False
            As in :meth:`frame`.

        Returns
        -------
        frame : DataFrame
            The matrix of a step to that power; a state from which no move was seen is
            taken to keep its accounts.

        Raises
        ------
        InvalidParameterError
            If `n_steps` is not a positive integer, or there were no amounts.
        """
        check_int("n_steps", n_steps, low=1, none_allowed=True)
        n_steps = self.horizon // self.step if n_steps is None else n_steps
        moved = self._moves("step", by_amount)
        stays = np.eye(len(self.states), dtype=bool) & (moved.sum(axis=1) == 0)
        step = np.where(stays, 1.0, np.nan_to_num(_shares(moved)))
        return self._wide(np.linalg.matrix_power(step, n_steps))

    def compare(self, *, by_amount: bool = False) -> pd.DataFrame:
        """Hold the product of the steps against what was seen over the horizon.

        Parameters
        ----------
        by_amount : bool, default=False
            As in :meth:`frame`.

        Returns
        -------
        frame : DataFrame
            Columns from, to, n (seen at both ends), product, empirical, its interval if
            accounts are counted, and difference, product minus empirical.

        Raises
        ------
        InvalidParameterError
            If there were no amounts.
        """
        seen = self.frame("horizon", by_amount=by_amount)
        seen = seen.rename(columns={"share": "empirical"}).drop(columns="n_moved")
        product = self.product(by_amount=by_amount).to_numpy().ravel()
        seen.insert(3, "product", product)
        return seen.assign(difference=product - seen["empirical"])

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "states": list(self.states),
            "step": self.step,
            "horizon": self.horizon,
            "months": list(self.months),
            "level": self.level,
            "absorbing": self.absorbing,
            "counts": {
                name: [[plain(v) for v in row] for row in table.tolist()]
                for name, table in self.counts.items()
            },
        }

    def __repr__(self) -> str:
        return (
            f"<TransitionResult {self.months[0]} to {self.months[1]}: "
            f"{len(self.states)} states, {self.counts['step'].sum():,.0f} moves>"
        )

    def _repr_html_(self) -> str:
        table = self.matrix().to_html(na_rep="", float_format="{:.2%}".format)
        return f"<p>{html.escape(repr(self)[1:-1])}</p>{table}"

    def _moves(self, over: str, by_amount: bool) -> FloatArray:
        check_option("over", over, _OVER)
        check_bool("by_amount", by_amount)
        name = f"{over}_amount" if by_amount else over
        if name not in self.counts:
            msg = "There are no amounts; give amount to transition_matrix."
            raise InvalidParameterError(msg)
        return self.counts[name]

    def _pairs(self) -> dict[str, Any]:
        return {
            "from": np.repeat(self.states, len(self.states)),
            "to": np.tile(self.states, len(self.states)),
        }

    def _wide(self, values: FloatArray) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(
            values,
            index=pd.Index(self.states, name="from"),
            columns=pd.Index(self.states, name="to"),
        )


def _shares(moved: FloatArray) -> FloatArray:
    total = moved.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.asarray(moved / total)
