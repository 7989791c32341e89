"""What a look at the alerts of a detector says."""

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
from riskkit.monitoring._warning_measurement import Measurement

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["COLUMNS", "AlertPerformanceResult"]

COLUMNS = (
    "period", "status", "complete", "matures_on", "n", "n_alert", "alert_rate",
    "n_reviewed", "n_known", "n_event", "precision", "low", "high", "captured",
    "amount_captured", "days_to_label", "late_labels", "n_labelled", "reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AlertPerformanceResult:
    """Alerts, precision at capacity, capture and days to the label.

    Made by :func:`alert_performance`.

    Parameters
    ----------
    as_of : datetime64
        The day of the tape.

    label_days : int
        Days after which labels should be in.

    expected_rate, expected_precision : float
        What the detector was taken into use with; NaN if that was not said.

    periods : dict of str to tuple
        The columns of :meth:`frame`.

    total : dict of str to float
        Outcomes of all mature periods together.

    p_values : dict of str to float
        Of the alert rate and of the precision, against what was expected.

    Notes
    -----
    ``captured`` is the share of all known fraud that was reviewed, ``amount_captured``
    the share of its money; ``days_to_label`` the median of the known fraud and
    ``late_labels`` the share of it labelled after `label_days`. They are NaN until the
    period is mature.
    """

    sees: ClassVar[str] = "alerts and, once labels are in, how many of them were fraud"
    cannot_see: ClassVar[str] = (
        "fraud that nobody reviewed and nobody reported, and younger periods than "
        "labels take to come in"
    )

    as_of: np.datetime64
    label_days: int
    expected_rate: float
    expected_precision: float
    periods: Columns
    total: dict[str, float]
    p_values: dict[str, float]

    def frame(self) -> pd.DataFrame:
        """Return a table, one row a period."""
        return table_frame(self.periods)

    def measurements(self) -> tuple[Measurement, ...]:
        """Return what a warning can be raised on.

        The alert rate of the last whole period over the expected one, the precision of
        the mature periods over the expected one, and the share of late labels.
        """
        found = []
        if self.expected_rate > 0:
            at = [i for i, whole in enumerate(self.periods["complete"]) if whole]
            found.append(
                Measurement(
                    "alert_rate",
                    self.periods["alert_rate"][at[-1]] / self.expected_rate
                    if at
                    else float("nan"),
                    self.p_values["alert_rate"],
                    n=self.periods["n"][at[-1]] if at else 0.0,
                    reason="" if at else "no period is whole",
                )
            )
        n_known = self.total["n_known"]
        reason = "" if n_known > 0 else "no mature period has a known label"
        if self.expected_precision > 0:
            expected = self.expected_precision * n_known
            found.append(
                Measurement(
                    "alert_precision",
                    self.total["precision"] / self.expected_precision,
                    self.p_values["alert_precision"],
                    n=n_known,
                    n_event=max(self.total["n_event"], expected),
                    reason=reason,
                )
            )
        n_labelled = self.total["n_labelled"]
        if n_labelled > 0:
            late = self.total["late_labels"]
            found.append(Measurement("late_labels", late, n_event=n_labelled))
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; numbers that are not finite become None."""
        return {
            "as_of": plain(self.as_of),
            "label_days": self.label_days,
            "expected_rate": plain(self.expected_rate),
            "expected_precision": plain(self.expected_precision),
            "sees": self.sees,
            "cannot_see": self.cannot_see,
            "total": {name: plain(value) for name, value in self.total.items()},
            "p_values": {name: plain(v) for name, v in self.p_values.items()},
            "periods": plain_rows(self.periods),
        }

    def __repr__(self) -> str:
        words = self.periods["status"]
        return (
            f"<AlertPerformanceResult as of {self.as_of}: {words.count('mature')} of "
            f"{len(words)} periods mature, precision {self.total['precision']:.2f}>"
        )

    def _repr_html_(self) -> str:
        text = html.escape(f"{self!r}"[1:-1])
        return (
            f"<p>{text}. Not to be seen: {html.escape(self.cannot_see)}.</p>"
            f"{self.frame().to_html(index=False)}"
        )
