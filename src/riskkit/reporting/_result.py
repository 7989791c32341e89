"""A finished report: one HTML page, and the data it was made from."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskkit.exceptions import OutputError

if TYPE_CHECKING:
    import pandas as pd

    from riskkit.reporting._data import ReportData, Verdict

__all__ = ["ReportResult", "in_frame"]


@dataclass(frozen=True, slots=True)
class ReportResult:
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

    @property
    def verdict(self) -> Verdict:
        """What the checks come to."""
        return self.data.verdict

    def to_dict(self) -> dict[str, Any]:
        """Return everything the page says as plain data, ready for JSON."""
        return self.data.to_dict()

    def frame(self, name: str = "performance") -> pd.DataFrame:
        """Return one table.

        Parameters
        ----------
        name : str, default="performance"
            Its key under ``"tables"`` in :meth:`to_dict`.

        Returns
        -------
        frame : DataFrame
            One row a record.
        """
        return self.data.table(name).frame()

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> Path:
        """Write the page, whole or not at all.

        Parameters
        ----------
        path : path
            Where to; its folder must exist.

        overwrite : bool, default=False
            Whether a file already there is replaced.

        Returns
        -------
        path : Path
            What was written.

        Raises
        ------
        OutputError
            If the folder is absent, something is there already, or the system
            refuses to write.
        """
        target = Path(path)
        if target.is_dir():
            msg = f"path must name a file; {target} is a folder. Add a file name."
            raise OutputError(msg)
        if not target.parent.is_dir():
            msg = f"The folder of {target} must exist; it does not. Make it first."
            raise OutputError(msg)
        if target.exists() and not overwrite:
            msg = (
                f"path must be free; {target} exists. Choose another, or give "
                "overwrite=True."
            )
            raise OutputError(msg)
        part = None
        try:
            with tempfile.NamedTemporaryFile(
                "w",
                encoding="utf-8",
                newline="\n",
                dir=target.parent,
                prefix=f".{target.name}.",
                suffix=".part",
                delete=False,
            ) as file:
                part = Path(file.name)
                file.write(self.html)
            part.chmod(_usual_mode())
            part.replace(target)
        except OSError as error:
            if part is not None:
                with contextlib.suppress(OSError):
                    part.unlink()
            reason = error.strerror or type(error).__name__
            msg = f"{target} must be writable; the system says: {reason}."
            raise OutputError(msg) from error
        return target

    def _repr_html_(self) -> str:
        return in_frame(self.data.title, self.html)


def in_frame(title: str, html: str) -> str:
    """Return the page in a frame of its own, for a notebook."""
    # It keeps the page's style from the notebook's, and back.
    return (
        '<iframe sandbox width="100%" height="720" style="border:0" '
        f'title="{escape(title)}" srcdoc="{escape(html)}"></iframe>'
    )


def _usual_mode() -> int:
    """Return what a new file may be used for here; a temporary one is private."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
