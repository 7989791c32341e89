"""What PDs alone say about performance."""

from __future__ import annotations

import html
from dataclasses import dataclass
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

__all__ = ["EstimateResult"]

_TABLES = ("total", "periods", "segments")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class EstimateResult:
    """Performance that is to be expected if the PDs are right.

    Made by :func:`estimate_performance`.

    Parameters
    ----------
    level : float
        Confidence of the intervals.

    recalibrated : bool
        Whether the PDs were first recalibrated on reference outcomes.

    effective_n : float
        Accounts that the weighted reference outcomes are worth; NaN without any.

    reference : dict of str to float
        ``gini`` and ``event_rate`` of the baseline by the same method, and of its
        bands; NaN without a baseline.

    tables : dict of str to dict
        Columns of the tables; see :meth:`frame`.

    Notes
    -----
    Columns of all tables: ``n``; ``event_rate``, ``auc``, ``gini``, ``ks``, and
    ``profit`` (the sum over the accounts), each with ``_low`` and ``_high``, where the
    realised figure will lie if the PDs are right; ``profit_per_account``.
    """

    sees: ClassVar[str] = (
        "a change of the population that the PDs know of: other applicants, another "
        "mix, scores closer together"
    )
    cannot_see: ClassVar[str] = (
        "a change of risk at given PDs (concept drift, a worse economy), and accounts "
        "unlike any in the reference: it repeats what the PDs say"
    )

    level: float
    recalibrated: bool
    effective_n: float
    reference: dict[str, float]
    tables: dict[str, Columns]

    def frame(self, table: str = "total") -> pd.DataFrame:
        """Return a table.

        Parameters
        ----------
        table : {"total", "periods", "segments"}, default="total"
            All accounts together, by period, or by segment.

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
        """Return what a warning can be raised on: changes since the baseline."""
        total = {name: values[0] for name, values in self.tables["total"].items()}
        gini, rate = self.reference["gini"], self.reference["event_rate"]
        reason = "there is no baseline" if np.isnan(rate) else ""
        drop = 1.0 - total["banded_gini"] / gini if gini > 0 else np.nan
        return (
            Measurement(
                "estimated_event_rate",
                total["event_rate"] / rate if rate > 0 else np.nan,
                n=total["n"],
                reason=reason,
            ),
            Measurement("estimated_gini_drop", drop, n=total["n"], reason=reason),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; numbers that are not finite become None."""
        return {
            "level": self.level,
            "recalibrated": self.recalibrated,
            "effective_n": plain(self.effective_n),
            "sees": self.sees,
            "cannot_see": self.cannot_see,
            "reference": {key: plain(v) for key, v in self.reference.items()},
            "tables": {key: plain_rows(v) for key, v in self.tables.items()},
        }

    def __repr__(self) -> str:
        total = {name: values[0] for name, values in self.tables["total"].items()}
        return (
            f"<EstimateResult of {total['n']:g} accounts: event rate "
            f"{total['event_rate']:.2%}, Gini {total['gini']:.3f}, KS "
            f"{total['ks']:.3f}>"
        )

    def _repr_html_(self) -> str:
        text = f"{self!r}"[1:-1]
        return (
            f"<p>{html.escape(text)}. Not to be seen: {html.escape(self.cannot_see)}."
            f"</p>{self.frame().to_html(index=False)}"
        )
