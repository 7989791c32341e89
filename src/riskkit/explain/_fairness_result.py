"""How groups fare under a model and a cut-off, as a table."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FairnessResult", "GroupOutcome"]


@dataclass(frozen=True, slots=True)
class GroupOutcome:
    """One group of accounts; NaN stands where a number cannot be had."""

    group: str
    n: int
    n_event: int
    n_approved: int
    approval_rate: float = math.nan
    approval_low: float = math.nan
    approval_high: float = math.nan
    adverse_impact_ratio: float = math.nan
    ratio_low: float = math.nan
    ratio_high: float = math.nan
    mean_points: float = math.nan
    smd: float = math.nan
    auc: float = math.nan
    nonevent_approval_rate: float = math.nan
    opportunity_difference: float = math.nan
    opportunity_low: float = math.nan
    opportunity_high: float = math.nan
    event_rate: float = math.nan
    event_rate_low: float = math.nan
    event_rate_high: float = math.nan
    mean_pd: float = math.nan
    note: str = ""


@dataclass(frozen=True, slots=True)
class FairnessResult:
    """What :func:`fairness_report` returns.

    Parameters
    ----------
    groups : tuple of GroupOutcome
        One for each group, in the order of their names; "missing" last.

    reference : str
        The group that others are compared with.

    cutoff_points, cutoff_pd : float or None
        Who is approved: those with at least these points, or at most this PD.

    level : float
        Level of every interval.

    notes : tuple of str
        What to know before reading the table.

    Examples
    --------
    >>> from riskkit.explain import FairnessResult
    >>> result = FairnessResult((), "a", 600.0, None, 0.95, ())
    >>> result.to_dict()["reference"]
    'a'
    """

    groups: tuple[GroupOutcome, ...]
    reference: str
    cutoff_points: float | None
    cutoff_pd: float | None
    level: float
    notes: tuple[str, ...]

    def frame(self) -> pd.DataFrame:
        """Return one row for each group.

        Returns
        -------
        frame : DataFrame
            Columns group, n, n_event, n_approved; approval_rate with approval_low and
            approval_high; adverse_impact_ratio with ratio_low and ratio_high;
            mean_points and smd (in standard deviations, up is safer than the
            reference); auc; nonevent_approval_rate and opportunity_difference with
            opportunity_low and opportunity_high; event_rate with event_rate_low and
            event_rate_high, beside mean_pd; note.
        """
        import pandas as pd

        columns = list(GroupOutcome.__dataclass_fields__)
        records = [asdict(outcome) for outcome in self.groups]
        return pd.DataFrame(records, columns=columns)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON but for NaN."""
        return asdict(self)

    def _repr_html_(self) -> str:
        table = self.frame().to_html(
            index=False, na_rep="", float_format="{:.4g}".format
        )
        return str(table) + "".join(f"<p>{escape(note)}</p>" for note in self.notes)
