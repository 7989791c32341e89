"""What every finished page can do: be saved, be shown, give its tables."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from riskkit._core.output import whole_file

if TYPE_CHECKING:
    import os

    import pandas as pd

__all__ = ["Page"]


class Page:
    """One HTML page and the data it was made from; subclasses hold both."""

    __slots__ = ()
    data: Any
    html: str
    _first_table: ClassVar[str]

    def to_dict(self) -> dict[str, Any]:
        """Return everything the page says as plain data, ready for JSON."""
        plain: dict[str, Any] = self.data.to_dict()
        return plain

    def frame(self, name: str | None = None) -> pd.DataFrame:
        """Return one table.

        Parameters
        ----------
        name : str, optional
            Its key under ``"tables"`` in :meth:`to_dict`; the main table without one.

        Returns
        -------
        frame : DataFrame
            One row a record.

        Raises
        ------
        InvalidParameterError
            If there is no such table.
        """
        table = self.data.table(self._first_table if name is None else name)
        frame: pd.DataFrame = table.frame()
        return frame

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
        # A frame keeps the page's style from the notebook's, and back.
        return (
            '<iframe sandbox width="100%" height="720" style="border:0" '
            f'title="{escape(self.data.title)}" srcdoc="{escape(self.html)}"></iframe>'
        )
