"""What a performance monitor says."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from riskkit._core.columns import (
    Columns,
    plain,
    plain_rows,
    table_frame,
)
from riskkit._core.params import check_option
from riskkit.monitoring._warning_measurement import Measurement

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PerformanceResult"]

_TABLES = (
    "total", "periods", "bands", "band_periods", "segments", "segment_periods", "trend",
)  # fmt: skip

_OF_TOTAL = (
    ("gini_drop", "gini_drop", "gini_drop_p_value"),
    ("ks_drop", "ks_drop", "ks_drop_p_value"),
    ("actual_expected", "actual_expected", "p_value"),
    ("calibration_slope", "calibration_slope", "calibration_slope_p_value"),
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PerformanceResult:
    """Performance of the cohorts whose outcomes are complete.

    Made by :meth:`PerformanceMonitor.result`.

    Parameters
    ----------
    as_of : datetime64
        The last day on which outcomes were counted.

    window, reporting_delay : int
        Months of performance, and months until outcomes are known.

    freq : {"month", "quarter", "year"}
        What a cohort is.

    level : float
        Confidence of the intervals.

    expected_from : {"pd", "reference"}
        Whether expected event rates are mean PDs, or event rates of the bands of the
        reference because there are no PDs.

    reference : dict of str to float
        ``auc``, ``gini`` and ``ks`` of the reference by the same bands, and its
        ``event_rate``; NaN where its outcomes are not known.

    tables : dict of str to dict
        Columns of the tables; see :meth:`frame`.

    next_maturity : tuple of (str, datetime64), or None
        The cohort whose outcomes will be complete next, and when; None if all are.

    gaps : tuple of str
        Cohorts between the first and the last that have no accounts.

    Notes
    -----
    A cohort is ``"mature"``, ``"immature"``, ``"outdated"`` (it has matured since, but
    was last counted before), or ``"empty"`` (a gap). Measures of a cohort are NaN until
    its outcomes are complete; what is known so far stands in columns of its own
    (``n_event_so_far``, ``event_rate_so_far``: a share of all accounts, which only
    rises), to be drawn and not to be averaged.

    In the bands, ``break_size`` is the event rate of a band less that of the next
    riskier one; above 0 the order breaks, with ``break_p_value`` one-sided. Slopes of
    trends are per month.
    """

    sees: ClassVar[str] = (
        "any change of ranking, level or order, in the cohorts whose outcomes are "
        "complete"
    )
    cannot_see: ClassVar[str] = (
        "anything in younger cohorts: every loan made within the performance window "
        "and the reporting delay"
    )

    as_of: np.datetime64
    window: int
    reporting_delay: int
    freq: str
    level: float
    expected_from: str
    reference: dict[str, float]
    tables: dict[str, Columns]
    next_maturity: tuple[str, np.datetime64] | None
    gaps: tuple[str, ...] = field(default=())

    def frame(self, table: str = "periods") -> pd.DataFrame:
        """Return a table.

        Parameters
        ----------
        table : str, default="periods"
            ``"total"`` all mature cohorts together; ``"periods"`` one row a cohort,
            immature ones included; ``"bands"`` the bands of the score, safest first;
            ``"band_periods"`` the same by cohort; ``"segments"`` and
            ``"segment_periods"``; ``"trend"`` of the mature cohorts.

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

    def status_of(self, status: str) -> tuple[str, ...]:
        """Return the cohorts of a status: mature, immature, outdated or empty."""
        columns = self.tables["periods"]
        pairs = zip(columns["period"], columns["status"], strict=True)
        return tuple([period for period, word in pairs if word == status])

    def measurements(self) -> tuple[Measurement, ...]:
        """Return what a warning can be raised on."""
        return (*self._of_total(), *self._of_bands(), *self._of_segments())

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; numbers that are not finite become None."""
        cohort, day = self.next_maturity or (None, None)
        return {
            "as_of": plain(self.as_of),
            "window": self.window,
            "reporting_delay": self.reporting_delay,
            "freq": self.freq,
            "level": self.level,
            "expected_from": self.expected_from,
            "sees": self.sees,
            "cannot_see": self.cannot_see,
            "reference": {key: plain(v) for key, v in self.reference.items()},
            "next_maturity": {"period": cohort, "on": plain(day)},
            "gaps": list(self.gaps),
            "tables": {key: plain_rows(v) for key, v in self.tables.items()},
        }

    def __repr__(self) -> str:
        n_mature, n_all = len(self.status_of("mature")), len(self._periods)
        return (
            f"<PerformanceResult as of {self.as_of}: {n_mature} of {n_all} cohorts "
            f"mature, {self.maturity_note()}>"
        )

    def maturity_note(self) -> str:
        """Say in words when the next cohort matures."""
        if self.next_maturity is None:
            return "none is waiting"
        cohort, day = self.next_maturity
        return f"next {cohort} on {day}"

    def _repr_html_(self) -> str:
        text = f"{self!r}"[1:-1]
        total, periods = (self.frame(name) for name in ("total", "periods"))
        return (
            f"<p>{html.escape(text)}. Not to be seen: {html.escape(self.cannot_see)}."
            f"</p>{total.to_html(index=False)}{periods.to_html(index=False)}"
        )

    @property
    def _periods(self) -> tuple[str, ...]:
        return self.tables["periods"]["period"]

    def _of_total(self) -> list[Measurement]:
        row = {name: values[0] for name, values in self.tables["total"].items()}
        found = [
            Measurement(
                name,
                row[value],
                row[chance],
                n=row["n_known"],
                n_event=_weight_of(row),
                reason=row["reason"],
            )
            for name, value, chance in _OF_TOTAL
        ]
        unknown = Measurement(
            "unknown_outcomes",
            1.0 - row["n_known"] / row["n_scored"] if row["n_scored"] else np.nan,
            n=row["n_scored"],
            reason="" if row["n_scored"] else row["reason"],
        )
        return [*found, *self._of_trend(), unknown]

    def _of_trend(self) -> list[Measurement]:
        columns = self.tables["trend"]
        at = columns["measure"].index("gini")
        return [
            Measurement(
                "gini_trend",
                12.0 * columns["slope"][at],
                columns["p_value"][at],
                reason=columns["reason"][at],
            )
        ]

    def _of_bands(self) -> list[Measurement]:
        found = []
        columns = self.tables["bands"]
        for i, band in enumerate(columns["band"]):
            row = {name: values[i] for name, values in columns.items()}
            events = _weight_of(row)
            reason = "" if row["n_known"] else "the band holds no known outcome"
            found.append(
                Measurement(
                    "band_actual_expected",
                    row["actual_expected"],
                    row["p_value"],
                    of=f"band {band}",
                    n=row["n_known"],
                    n_event=events,
                    reason=reason,
                )
            )
            if not np.isnan(row["break_size"]):
                found.append(
                    Measurement(
                        "rank_order_break",
                        row["break_size"],
                        row["break_p_value"],
                        of=f"band {band}",
                        n=row["n_known"],
                        n_event=events,
                    )
                )
        return found

    def _of_segments(self) -> list[Measurement]:
        columns = self.tables["segments"]
        found = []
        for i in range(len(columns["by"])):
            row = {name: values[i] for name, values in columns.items()}
            found.append(
                Measurement(
                    "segment_actual_expected",
                    row["actual_expected"],
                    row["p_value"],
                    of=f"{row['by']}={row['segment']}",
                    n=row["n_known"],
                    n_event=_weight_of(row),
                    reason=row["reason"],
                )
            )
        return found


def _weight_of(row: dict[str, Any]) -> float:
    """Return the events, or the expected ones if these are more."""
    expected = row["expected"] * row["n_known"]
    return float(np.nanmax([row["n_event"], expected]))
