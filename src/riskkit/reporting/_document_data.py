"""A model document as plain data: sections of text and tables, before any layout."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from riskkit.reporting._data import NamedTables

if TYPE_CHECKING:
    from riskkit.reporting._data import ReportTable

__all__ = ["DocumentData", "DocumentSection", "Layout", "Part"]

Layout = Literal["tables", "terms", "bins", "data"]


@dataclass(frozen=True, slots=True)
class DocumentSection:
    """A section of a document: what it says, and which tables belong to it.

    Parameters
    ----------
    name : str
        Anchor of the page.

    title : str
        Heading.

    text : tuple of str
        Paragraphs.

    tables : tuple of str
        Names of its tables, in order.

    layout : {"tables", "terms", "bins", "data"}, default="tables"
        How a page lays it out: as tables, as a list of terms, as a block for each
        characteristic, or as data that only the pictures are drawn from.

    Examples
    --------
    >>> from riskkit.reporting import DocumentSection
    >>> DocumentSection("steps", "Steps", ("There was no search.",)).tables
    ()
    """

    name: str
    title: str
    text: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    layout: Layout = "tables"


Part = tuple[DocumentSection, tuple["ReportTable", ...]]


@dataclass(frozen=True, slots=True)
class DocumentData(NamedTables):
    """All that a model document says.

    Parameters
    ----------
    kind : str
        Kind of page.

    title : str
        Heading.

    facts : tuple of (str, str)
        What the document is about, at a glance.

    sections : tuple of DocumentSection
        The text, in order.

    tables : tuple of ReportTable
        The tables of all sections.

    version : str
        Version of riskkit.

    Examples
    --------
    >>> from riskkit.reporting import DocumentData
    >>> data = DocumentData("model_document", "T", (("Model", "M"),), (), (), "1")
    >>> data.to_dict()["facts"]
    {'Model': 'M'}
    """

    kind: str
    title: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[DocumentSection, ...]
    tables: tuple[ReportTable, ...]
    version: str

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data; a number that is not finite is None."""
        return {
            "kind": self.kind,
            "title": self.title,
            "riskkit_version": self.version,
            "facts": dict(self.facts),
            "sections": [asdict(section) for section in self.sections],
            "tables": self.plain_tables(),
        }
