"""What a vintage table says: cells, triangles, hazards, projections."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from riskkit._core.columns import plain_rows
from riskkit._core.params import check_option
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["VintageResult"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class VintageResult:
    """What :func:`vintage_table` returns.

    Parameters
    ----------
    as_of : str
        Day of the tape.

    freq : {"month", "quarter", "year"}
        Length of a vintage.

    level : float
        Level of the intervals.

    n_event_later : float
        Events that were given, but not known yet as of the day.

    tables : dict of str to dict
        Columns of ``cells``, ``hazard`` and ``projection``.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.backtest import vintage_table
    >>> dates = np.array(["2020-01-10"] * 4 + ["2020-02-10"] * 4, "datetime64[D]")
    >>> events = np.full(8, "NaT", "datetime64[D]")
    >>> events[0] = np.datetime64("2020-03-01")
    >>> result = vintage_table(dates, events, as_of="2020-04-10")
    >>> result
    <VintageResult as of 2020-04-10: 2 vintages of a month, 3 months on book>
    >>> result.hazard()[["month", "n_at_risk", "n_event", "hazard"]]
       month  n_at_risk  n_event  hazard
    0      1        8.0      0.0   0.000
    1      2        8.0      1.0   0.125
    2      3        3.0      0.0   0.000
    """

    as_of: str
    freq: str
    level: float
    n_event_later: float
    tables: dict[str, dict[str, Any]]

    @property
    def vintages(self) -> tuple[str, ...]:
        """The vintages in order of time."""
        return tuple(dict.fromkeys(self.tables["cells"]["vintage"]))

    @property
    def n_months(self) -> int:
        """Months on book."""
        return len(self.tables["hazard"]["month"])

    def frame(self) -> pd.DataFrame:
        """Return one row for each vintage and month on book that has begun.

        Returns
        -------
        frame : DataFrame
            Columns vintage, month, n, n_event and event_rate (so far), its Jeffreys
            interval where the cell is mature, n_at_risk, n_new and hazard of the month,
            amounts if there were any, and status: mature or immature.
        """
        return _frame(self.tables["cells"])

    def triangle(
        self, value: str = "event_rate", *, mature_only: bool = False
    ) -> pd.DataFrame:
        """Return one value, vintages down and months on book across.

        Parameters
        ----------
        value : str, default="event_rate"
            A column of :meth:`frame`.

        mature_only : bool, default=False
            Whether immature cells are left empty.

        Returns
        -------
        frame : DataFrame
            Missing where a month has not begun.

        Raises
        ------
        InvalidParameterError
            If there is no such column.
        """
        cells = self.frame()
        check_option("value", value, tuple(cells.columns[2:]))
        if mature_only:
            cells = cells[cells["status"] == "mature"]
        wide = cells.pivot(index="vintage", columns="month", values=value)  # noqa: PD010
        return wide.reindex(list(self.vintages))

    def hazard(self) -> pd.DataFrame:
        """Return the hazard of each month on book, over all vintages.

        Returns
        -------
        frame : DataFrame
            Columns month, n_at_risk and n_event of loans watched for the whole month
            and open until then, hazard with its Jeffreys interval, and event_rate, the
            cumulative rate that all vintages together make.
        """
        return _frame(self.tables["hazard"])

    def projection(self) -> pd.DataFrame:
        """Return what each vintage will come to at the last month on book.

        Returns
        -------
        frame : DataFrame
            Columns vintage, n, n_event, mature_months, event_rate (so far), factor (the
            level of the vintage), projected, low and high; the same by amount if there
            were any.

        Raises
        ------
        InvalidParameterError
            If it was made without.
        """
        if not self.tables["projection"]:
            msg = "The vintages were not projected; give projection=True."
            raise InvalidParameterError(msg)
        return _frame(self.tables["projection"])

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; numbers that are not finite become None."""
        return {
            "as_of": self.as_of,
            "freq": self.freq,
            "level": self.level,
            "n_event_later": self.n_event_later,
            "tables": {name: plain_rows(t) for name, t in self.tables.items()},
        }

    def __repr__(self) -> str:
        return (
            f"<VintageResult as of {self.as_of}: {len(self.vintages)} vintages of a "
            f"{self.freq}, {self.n_months} months on book>"
        )

    def _repr_html_(self) -> str:
        table = self.triangle().to_html(na_rep="", float_format="{:.2%}".format)
        return f"<p>{html.escape(repr(self)[1:-1])}</p>{table}"


def _frame(columns: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns)
