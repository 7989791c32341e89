"""What roll rates say, month by month and state by state."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from riskkit._core.columns import plain_rows
from riskkit._core.params import check_option

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RollRateResult"]


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
