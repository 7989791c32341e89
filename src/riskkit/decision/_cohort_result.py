"""What became of cohorts: shares by age, times to each stage, comparisons."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.columns import Columns, plain_rows, table_frame
from riskkit._core.params import check_int, check_option
from riskkit._kernels.multiplicity import holm
from riskkit.decision._two_rates import rate_difference_interval, rate_difference_z
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CohortResult"]

_OVER = ("cohort", "group")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CohortResult:
    """What :func:`cohort_followup` returns.

    Parameters
    ----------
    stages : tuple of str
        From the first contact to the last stage.

    groups : tuple of str
        ``"all"``, and the groups if there are any.

    cohorts : tuple of str
        In order of time: ``2024-01``, or ``2024-W05``.

    freq : {"week", "month"}
        Length of a cohort and of a period.

    as_of : str
        Day on which the table was read.

    level : float
        Level of the intervals.

    n_later : dict of str to int
        Dates of each stage on `as_of` or later, which counted as not known.

    tables : dict of str to dict
        Columns of ``cells`` and ``times``.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.decision import cohort_followup
    >>> day = np.datetime64("2024-01-01") + np.arange(0, 60)
    >>> contacts = {"contacted": day, "funded": day + 10}
    >>> result = cohort_followup(contacts, ["contacted", "funded"], as_of="2024-06-01")
    >>> result
    <CohortResult as of 2024-06-01: 2 cohorts of a month, 1 stage after the contact>
    >>> result.frame("times")[["stage", "since", "n", "median_days"]]
        stage      since     n  median_days
    0  funded  contacted  60.0         10.0
    """

    stages: tuple[str, ...]
    groups: tuple[str, ...]
    cohorts: tuple[str, ...]
    freq: str
    as_of: str
    level: float
    n_later: dict[str, int]
    tables: dict[str, Columns]

    def frame(self, table: str = "cells") -> pd.DataFrame:
        """Return one of the tables.

        Parameters
        ----------
        table : {"cells", "times"}, default="cells"
            Shares by age, or days to each stage.

        Returns
        -------
        frame : DataFrame
            ``cells``: group, cohort, stage, period since the contact, n (customers of
            the cohort), n_reached and share of them (so far), its Jeffreys interval
            where the cell is mature, share_previous (of those who came to the stage
            before), and status: mature or immature.

            ``times``: group, stage, since (the contact, or the stage before), n and
            n_reached, median_days with its interval (missing if not half of them come),
            and share_in_the_end: those who will have come by the longest time watched.

        Raises
        ------
        InvalidParameterError
            If there is no such table.
        """
        check_option("table", table, tuple(self.tables))
        return table_frame(self.tables[table])

    def triangle(
        self,
        stage: str,
        *,
        value: str = "share",
        group: str | None = None,
        mature_only: bool = False,
    ) -> pd.DataFrame:
        """Return one value of a stage, cohorts down and periods across.

        Parameters
        ----------
        stage : str
            A stage after the contact.

        value : str, default="share"
            A column of the cells.

        group : str, optional
            One of the groups; everyone by default.

        mature_only : bool, default=False
            Whether immature cells are left empty.

        Returns
        -------
        frame : DataFrame
            Missing where a cohort has not come to the age.

        Raises
        ------
        InvalidParameterError
            If there is no such stage, column or group.
        """
        check_option("stage", stage, self.stages[1:])
        group = self.groups[0] if group is None else group
        check_option("group", group, self.groups)
        cells = self.frame()
        check_option("value", value, tuple(cells.columns[4:]))
        cells = cells[(cells["stage"] == stage) & (cells["group"] == group)]
        if mature_only:
            cells = cells[cells["status"] == "mature"]
        wide = cells.pivot(index="cohort", columns="period", values=value)  # noqa: PD010
        return wide.reindex(list(self.cohorts))

    def compare(
        self,
        stage: str,
        *,
        over: str = "cohort",
        period: int | None = None,
        reference: str | None = None,
    ) -> pd.DataFrame:
        """Compare cohorts, or groups, at one age that they have completed.

        Parameters
        ----------
        stage : str
            A stage after the contact.

        over : {"cohort", "group"}, default="cohort"
            What to compare; groups over the mature cohorts together.

        period : int, optional
            Age; by default the latest at which at least two cohorts are mature, or at
            least one, for groups.

        reference : str, optional
            Which one the others are held against; the first by default.

        Returns
        -------
        frame : DataFrame
            Columns cohort or group, period, n, n_reached, share, difference to the
            reference with Miettinen and Nurminen's interval, p_value, and p_adjusted
            for the number of comparisons (Holm).

        Raises
        ------
        InvalidParameterError
            If there is no such stage, or the reference is none of those compared.
        InvalidInputError
            If fewer than two can be compared at that age.
        """
        check_option("stage", stage, self.stages[1:])
        check_option("over", over, _OVER)
        check_int("period", period, low=1, none_allowed=True)
        cells = self.frame()
        cells = cells[(cells["stage"] == stage) & (cells["status"] == "mature")]
        everyone = cells["group"] == self.groups[0]
        cells = cells[everyone if over == "cohort" else ~everyone]
        n_cohorts = cells.groupby("period")["cohort"].nunique()
        enough = n_cohorts[n_cohorts >= (2 if over == "cohort" else 1)]
        if period is None and len(enough):
            period = int(enough.index.max())
        at_age = cells[cells["period"] == period]
        sums = at_age.groupby(over, sort=False)[["n", "n_reached"]].sum()
        if len(sums) < 2:
            age = "any age" if period is None else f"{self.freq} {period}"
            msg = (
                f"At least two of {over} must be mature to be compared; at {age} "
                f"{len(sums)} are. Compare at an earlier age, or wait."
            )
            raise InvalidInputError(msg)
        names = [str(name) for name in sums.index]
        reference = names[0] if reference is None else reference
        check_option("reference", reference, names)
        return self._against(sums, over, int(at_age["period"].iloc[0]), reference)

    def _against(
        self, sums: pd.DataFrame, over: str, period: int, reference: str
    ) -> pd.DataFrame:
        x, n = sums["n_reached"].to_numpy(), sums["n"].to_numpy()
        place = [str(name) for name in sums.index].index(reference)
        x_0, n_0 = np.full_like(x, x[place]), np.full_like(n, n[place])
        others = np.arange(n.size) != place
        z = rate_difference_z(x, n, x_0, n_0, np.zeros_like(x))
        from scipy.special import ndtr

        p_value = np.where(others, 2.0 * ndtr(-np.abs(z)), np.nan)
        low, high = rate_difference_interval(x, n, x_0, n_0, self.level)
        columns: dict[str, Any] = {
            over: list(sums.index),
            "period": [period] * n.size,
            "n": n,
            "n_reached": x,
            "share": x / n,
            "difference": x / n - x_0 / n_0,
            "low": np.where(others, low, np.nan),
            "high": np.where(others, high, np.nan),
            "p_value": p_value,
            "p_adjusted": holm(p_value),
        }
        return table_frame({name: tuple(c) for name, c in columns.items()})

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; numbers that are not finite become None."""
        return {
            "stages": list(self.stages),
            "groups": list(self.groups),
            "cohorts": list(self.cohorts),
            "freq": self.freq,
            "as_of": self.as_of,
            "level": self.level,
            "n_later": dict(self.n_later),
            "tables": {name: plain_rows(t) for name, t in self.tables.items()},
        }

    def __repr__(self) -> str:
        n_stages = len(self.stages) - 1
        return (
            f"<CohortResult as of {self.as_of}: {len(self.cohorts)} cohorts of a "
            f"{self.freq}, {n_stages} stage{'s' * (n_stages > 1)} after the contact>"
        )

    def _repr_html_(self) -> str:
        last = self.stages[-1]
        table = self.triangle(last).to_html(na_rep="", float_format="{:.2%}".format)
        title = html.escape(f"{repr(self)[1:-1]}; share {last}")
        return f"<p>{title}</p>{table}"
