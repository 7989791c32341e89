"""A finished model document: one HTML page, and the data it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from riskkit.reporting._page import Page

if TYPE_CHECKING:
    from riskkit.reporting._document_data import DocumentData

__all__ = ["ModelDocument"]


@dataclass(frozen=True, slots=True)
class ModelDocument(Page):
    """What :func:`model_document` returns; a notebook shows the page.

    Parameters
    ----------
    data : DocumentData
        Everything the page says, as plain data.

    html : str
        One page that needs no other file, no script and no network. Equal data give
        equal text.

    See Also
    --------
    riskkit.export.to_excel : The same content as a workbook.

    Examples
    --------
    >>> from riskkit.reporting import DocumentData, ModelDocument
    >>> data = DocumentData("model_document", "My card", (), (), (), "1")
    >>> ModelDocument(data, "<!doctype html>").to_dict()["title"]
    'My card'
    """

    data: DocumentData
    html: str
    _first_table: ClassVar[str] = "bins"
