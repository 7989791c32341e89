"""A finished model document: one HTML page, and the data it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskkit._core.output import whole_file
from riskkit.reporting._result import in_frame

if TYPE_CHECKING:
    import os

    import pandas as pd

    from riskkit.reporting._document_data import DocumentData

__all__ = ["ModelDocument"]


@dataclass(frozen=True, slots=True)
class ModelDocument:
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

    def to_dict(self) -> dict[str, Any]:
        """Return everything the page says as plain data, ready for JSON."""
        return self.data.to_dict()

    def frame(self, name: str = "bins") -> pd.DataFrame:
        """Return one table.

        Parameters
        ----------
        name : str, default="bins"
            Its key under ``"tables"`` in :meth:`to_dict`.

        Returns
        -------
        frame : DataFrame
            One row a record.

        Raises
        ------
        InvalidParameterError
            If there is no such table.
        """
        return self.data.table(name).frame()

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> Path:
        """Write the page, whole or not at all.

        Parameters
        ----------
        path : path
            Where to; folders are made where they are missing.

        overwrite : bool, default=False
            Whether a file already there is replaced.

        Returns
        -------
        path : Path
            What was written.

        Raises
        ------
        OutputError
            If something is there already, or the system refuses to write.
        """
        with whole_file(path, overwrite=overwrite) as place:
            # What UTF-8 cannot hold becomes a reference, which a browser shows as such.
            place.write_bytes(self.html.encode("utf-8", "xmlcharrefreplace"))
        return Path(path)

    def _repr_html_(self) -> str:
        return in_frame(self.data.title, self.html)
