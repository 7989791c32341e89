"""What a response score is worth."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from riskkit._core.columns import Columns, plain, plain_rows, table_frame
from riskkit._core.params import check_option

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ResponseGainsResult"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ResponseGainsResult:
    """What :func:`response_gains` returns.

    Parameters
    ----------
    response_rate : float
        Responses for each customer contacted.

    best_depth, best_depth_low, best_depth_high : float
        Share of the customers, best first, whose contact earns most, and its interval;
        NaN without amounts.

    best_score : float
        Score from which on customers are contacted; infinite if nobody is to be.

    profit, profit_low, profit_high : float
        Profit at the best depth, and its interval.

    profit_corrected : float
        The same without what the choice of the best of many depths adds to it.

    qini, qini_low, qini_high : float
        Qini coefficient, in responses for each customer treated; NaN without a control
        group.

    concerns : tuple of str
        What speaks against the numbers.

    level : float
        Level of the intervals.

    tables : dict of str to dict
        Columns of ``bands`` and ``curve``.

    Examples
    --------
    >>> from riskkit.decision import response_gains
    >>> result = response_gains([1, 1, 0, 1, 0, 0], [6, 5, 4, 3, 2, 1], n_bands=2,
    ...                         value=10, contact_cost=4)
    >>> result.frame()[["band", "n", "n_response", "response_rate", "lift", "profit"]]
       band    n  n_response  response_rate      lift  profit
    0     1  3.0         2.0       0.666667  1.333333     8.0
    1     2  3.0         1.0       0.333333  0.666667     6.0
    >>> round(result.best_depth, 2), result.best_score, result.profit
    (0.67, 3.0, 14.0)
    """

    response_rate: float
    best_depth: float
    best_depth_low: float
    best_depth_high: float
    best_score: float
    profit: float
    profit_low: float
    profit_high: float
    profit_corrected: float
    qini: float
    qini_low: float
    qini_high: float
    concerns: tuple[str, ...]
    level: float
    tables: dict[str, Columns]

    def frame(self, table: str = "bands") -> pd.DataFrame:
        """Return one of the tables.

        Parameters
        ----------
        table : {"bands", "curve"}, default="bands"
            Equal bands of the score, the best first; or the cumulative curve at each
            cut of the score.

        Returns
        -------
        frame : DataFrame
            ``bands``: band, min_score, depth (share down to its end), n, n_response,
            response_rate and lift with intervals; cum_response, cum_gain (share of all
            responses) and cum_lift; with amounts cost_per_response and profit of the
            band and all before it. With a control group in their place n_treated,
            n_control, treated_rate, control_rate, uplift with its interval, and
            cum_brought, the responses that contacts would bring about among all
            customers so far.

            ``curve``: score, depth, gain with its interval, profit with its interval;
            with a control group qini with its interval in place of the gain.

        Raises
        ------
        InvalidParameterError
            If there is no such table.
        """
        check_option("table", table, tuple(self.tables))
        return table_frame(self.tables[table])

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; numbers that are not finite become None."""
        names = [
            n for n in self.__dataclass_fields__ if n not in {"tables", "concerns"}
        ]
        return {name: plain(getattr(self, name)) for name in names} | {
            "concerns": list(self.concerns),
            "tables": {name: plain_rows(t) for name, t in self.tables.items()},
        }

    def __repr__(self) -> str:
        parts = [f"response rate {self.response_rate:.2%}"]
        if self.best_depth == self.best_depth:  # not NaN
            parts.append(
                f"best depth {self.best_depth:.0%} [{self.best_depth_low:.0%}, "
                f"{self.best_depth_high:.0%}]"
            )
        if self.qini == self.qini:
            parts.append(
                f"Qini {self.qini:.4f} [{self.qini_low:.4f}, {self.qini_high:.4f}]"
            )
        return f"<ResponseGainsResult {', '.join(parts)}>"

    def _repr_html_(self) -> str:
        said = "".join(f"<li>{html.escape(text)}</li>" for text in self.concerns)
        return (
            f"<p>{html.escape(repr(self)[1:-1])}</p>"
            + (f"<ul>{said}</ul>" if said else "")
            + str(self.frame().to_html(index=False, na_rep=""))
        )
