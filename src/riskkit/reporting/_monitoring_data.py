"""A monitoring report as plain data, and the finished page."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from riskkit.reporting._data import NamedTables
from riskkit.reporting._page import Page

if TYPE_CHECKING:
    from riskkit.reporting._data import Check, ReportTable, Verdict
    from riskkit.reporting._document_data import DocumentSection

__all__ = ["MonitoringData", "MonitoringReport"]


@dataclass(frozen=True, slots=True)
class MonitoringData(NamedTables):
    """All that a monitoring report says.

    Parameters
    ----------
    title : str
        Heading.

    facts : tuple of (str, str)
        What was watched: the model, the day, the periods.

    verdict : Verdict
        What the lights come to, and what to do.

    notes : tuple of str
        What belongs to the verdict: what is waited for, and how many lights may be
        false.

    checks : tuple of Check
        The lights by what they stand for, worst first within each.

    sections : tuple of DocumentSection
        The text, in order, and which tables belong to it.

    tables : tuple of ReportTable
        The tables of all sections.

    version : str
        Version of riskkit.

    Examples
    --------
    >>> from riskkit.reporting import MonitoringData, Verdict
    >>> verdict = Verdict("No action", "green", "Nothing else holds.", "Go on.")
    >>> data = MonitoringData("T", (("Model", "M"),), verdict, (), (), (), (), "1")
    >>> data.to_dict()["facts"]
    {'Model': 'M'}
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    verdict: Verdict
    notes: tuple[str, ...]
    checks: tuple[Check, ...]
    sections: tuple[DocumentSection, ...]
    tables: tuple[ReportTable, ...]
    version: str

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data; a number that is not finite is None."""
        return {
            "kind": "monitoring",
            "title": self.title,
            "riskkit_version": self.version,
            "facts": dict(self.facts),
            "verdict": asdict(self.verdict),
            "notes": list(self.notes),
            "checks": [asdict(check) for check in self.checks],
            "sections": [
                {"name": s.name, "title": s.title, "text": list(s.text)}
                | {"tables": list(s.tables)}
                for s in self.sections
            ],
            "tables": self.plain_tables(),
        }


@dataclass(frozen=True, slots=True)
class MonitoringReport(Page):
    """What :func:`monitoring_report` returns; a notebook shows the page.

    Parameters
    ----------
    data : MonitoringData
        Everything the page says, as plain data.

    html : str
        One page that needs no other file, no script and no network. Equal data give
        equal text.

    Examples
    --------
    >>> from riskkit.reporting import MonitoringData, MonitoringReport, Verdict
    >>> verdict = Verdict("No action", "green", "Nothing else holds.", "Go on.")
    >>> data = MonitoringData("T", (), verdict, (), (), (), (), "1")
    >>> MonitoringReport(data, "<!doctype html>").verdict.word
    'No action'
    """

    data: MonitoringData
    html: str = field(repr=False)
    _first_table: ClassVar[str] = "measures"

    @property
    def verdict(self) -> Verdict:
        """What the lights come to."""
        return self.data.verdict
