"""A workbook as bytes that are the same for equal content."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

if TYPE_CHECKING:
    import os

__all__ = ["workbook_bytes"]

_NO_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say
_PLAIN_FILE = 0o600 << 16


class _TimelessZip(ZipFile):
    """A zip whose members carry neither the time nor the machine they come from."""

    def writestr(
        self, zinfo_or_arcname: Any, data: Any, *args: Any, **kwargs: Any
    ) -> None:
        """Write a member."""
        info = ZipInfo(str(zinfo_or_arcname), _NO_TIME)
        info.compress_type = ZIP_DEFLATED
        info.external_attr = _PLAIN_FILE
        info.create_system = 3
        super().writestr(info, data)

    def write(
        self,
        filename: str | os.PathLike[str],
        arcname: str | os.PathLike[str] | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Write a file as a member."""
        self.writestr(arcname or filename, Path(filename).read_bytes())


def workbook_bytes(workbook: Any) -> bytes:
    """Return the bytes of a workbook of openpyxl."""
    from openpyxl.writer.excel import ExcelWriter

    # Workbook.save would write the present time.
    start = datetime(*_NO_TIME)
    workbook.properties.created = workbook.properties.modified = start
    buffer = io.BytesIO()
    with _TimelessZip(buffer, "w", ZIP_DEFLATED) as archive:
        ExcelWriter(workbook, archive).write_data()
    return buffer.getvalue()
