"""What outcomes that are still developing say."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from riskkit._core.columns import (
    Columns,
    plain,
    plain_rows,
    table_frame,
)
from riskkit._core.params import check_option
from riskkit.monitoring._warning_measurement import Measurement

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from riskkit.monitoring._early_curve import DevelopmentCurve

__all__ = ["EarlyPerformanceResult"]

_TABLES = ("total", "periods", "ages", "segments")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class EarlyPerformanceResult:
    """Events so far against those expected by now.

    Made by :func:`early_performance`.

    Parameters
    ----------
    as_of : datetime64
        The day of the tape.

    reporting_delay : int
        Months until the events of a day are known.

    freq : {"month", "quarter", "year"}
        What a cohort is.

    alternative : {"greater", "less", "two-sided"}
        Which departures make p-values small.

    level : float
        Confidence of the intervals.

    curve : DevelopmentCurve
        How events come in over the window.

    tables : dict of str to dict
        Columns of the tables; see :meth:`frame`.

    next_maturity : tuple of (str, datetime64), or None
        The cohort whose outcomes will be complete next, and when.

    Notes
    -----
    Columns of all tables:

    ``n``, ``mean_pd``
        Accounts that are a month old at least, and their mean PD.
    ``developed``
        Share of the events of the window that should have shown by now.
    ``expected``, ``n_event``, ``actual_expected``, ``low``, ``high``
        Events expected by now and seen, their ratio and its interval.
    ``p_value``
        Chance of a ratio so large (or small) if PDs and curve still hold.
    ``projected_rate``, ``projected_rate_low``, ``projected_rate_high``
        Event rate at the end of the window if the ratio stays what it is.
    ``reference_events``
        The events that the expectation is worth as a sample; infinite of a curve that
        was given without counts.
    """

    sees: ClassVar[str] = (
        "a change of the level of risk at given PDs (concept drift, a worse economy) "
        "in accounts that are a month old or more"
    )
    cannot_see: ClassVar[str] = (
        "whether there are more events or only earlier ones, a change of the ranking, "
        "what will come after the months observed, and accounts not a month old"
    )

    as_of: np.datetime64
    reporting_delay: int
    freq: str
    alternative: str
    level: float
    curve: DevelopmentCurve
    tables: dict[str, Columns]
    next_maturity: tuple[str, np.datetime64] | None

    @property
    def actual_expected(self) -> float:
        """Events over expected events in all developing cohorts; NaN without any."""
        return float(self.tables["total"]["actual_expected"][0])

    @property
    def p_value(self) -> float:
        """Chance of such a ratio, of all developing cohorts, if nothing has changed."""
        return float(self.tables["total"]["p_value"][0])

    def frame(self, table: str = "periods") -> pd.DataFrame:
        """Return a table.

        Parameters
        ----------
        table : str, default="periods"
            ``"total"`` all developing cohorts together; ``"periods"`` one row a
            cohort, with p-values adjusted for their number (Holm); ``"ages"`` accounts
            of developing cohorts by months on book, so that young cohorts are not
            hidden behind older ones; ``"segments"``.

        Returns
        -------
        frame : DataFrame
            The table.

        Raises
        ------
        InvalidParameterError
            If there is no such table.
        """
        check_option("table", table, _TABLES)
        return table_frame(self.tables[table])

    def measurements(self) -> tuple[Measurement, ...]:
        """Return what a warning can be raised on."""
        found = []
        for table, name, of in (
            ("total", "early_actual_expected", None),
            ("ages", "early_actual_expected_by_age", "months_on_book"),
            ("segments", "early_actual_expected_by_segment", "segment"),
        ):
            columns = self.tables[table]
            for i, ratio in enumerate(columns["actual_expected"]):
                row = {key: values[i] for key, values in columns.items()}
                part = "all" if of is None else str(row[of])
                if of == "segment":
                    part = f"{row['by']}={part}"
                elif of is not None:
                    part = f"{part} months on book"
                found.append(
                    Measurement(
                        name,
                        ratio,
                        row["p_value"],
                        of=part,
                        n=row["n"],
                        n_event=max(row["n_event"], row["expected"]),
                        reason=row["reason"],
                    )
                )
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; numbers that are not finite become None."""
        cohort, day = self.next_maturity or (None, None)
        return {
            "as_of": plain(self.as_of),
            "window": self.curve.window,
            "reporting_delay": self.reporting_delay,
            "freq": self.freq,
            "alternative": self.alternative,
            "level": self.level,
            "sees": self.sees,
            "cannot_see": self.cannot_see,
            "curve": self.curve.to_dict(),
            "next_maturity": {"period": cohort, "on": plain(day)},
            "tables": {key: plain_rows(v) for key, v in self.tables.items()},
        }

    def __repr__(self) -> str:
        total = {name: values[0] for name, values in self.tables["total"].items()}
        if total["reason"]:
            return f"<EarlyPerformanceResult as of {self.as_of}: {total['reason']}>"
        return (
            f"<EarlyPerformanceResult as of {self.as_of}: {total['n_event']:g} events, "
            f"{total['expected']:.1f} expected, A/E {total['actual_expected']:.2f}, "
            f"p-value {total['p_value']:.2g}>"
        )

    def _repr_html_(self) -> str:
        text = f"{self!r}"[1:-1]
        return (
            f"<p>{html.escape(text)}. Not to be seen: {html.escape(self.cannot_see)}."
            f"</p>{self.frame().to_html(index=False)}"
        )
