"""A finished report: one HTML page, and the data it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from riskkit.reporting._page import Page

if TYPE_CHECKING:
    from riskkit.reporting._data import ReportData, Verdict

__all__ = ["ReportResult"]


@dataclass(frozen=True, slots=True)
class ReportResult(Page):
    """What a report function returns; a notebook shows the page.

    Parameters
    ----------
    data : ReportData
        Everything the page says, as plain data.

    html : str
        One page that needs no other file, no script and no network. Equal data give
        equal text.

    Examples
    --------
    >>> from riskkit.reporting import ReportData, ReportResult
    >>> from riskkit.reporting import ReportThresholds, Verdict
    >>> verdict = Verdict("No action", "green", "All checks are green.", "None.")
    >>> limits = ReportThresholds()
    >>> data = ReportData("validation", "T", (), verdict, (), (), limits, "1")
    >>> ReportResult(data, "<!doctype html>").verdict.word
    'No action'
    """

    data: ReportData
    html: str
    _first_table: ClassVar[str] = "performance"

    @property
    def verdict(self) -> Verdict:
        """What the checks come to."""
        return self.data.verdict
