"""A report as a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskkit._core.output import check_file, whole_file
from riskkit.exceptions import InvalidTypeError, MissingExtraError, OutputError
from riskkit.export._excel_bytes import workbook_bytes
from riskkit.export._excel_cells import cell_value
from riskkit.export._excel_sheets import fill_sheet, read_sheets, sheet_names

if TYPE_CHECKING:
    import os

    from riskkit.export._excel_sheets import Report

__all__ = ["to_excel"]

_PARTS = ("title", "facts", "tables", "version")


def to_excel(
    document: Any, path: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write a model document, or another report, as an Excel workbook.

    One sheet a section, with the same tables and words as the page. Numbers are
    numbers, of 16 digits and shown in the format of the page; columns that the page
    keeps in its data only, such as the exact edges of bins, are there too. Text is
    never a formula, whatever it begins with.

    Parameters
    ----------
    document : ModelDocument or ReportResult
        From :func:`riskkit.reporting.model_document` or another function of
        :mod:`riskkit.reporting`.

    path : path
        Where to; the name ends in ``.xlsx``. Folders are made where they are missing.

    overwrite : bool, default=False
        Whether a file at `path` is replaced.

    Returns
    -------
    path : Path
        What was written.

    Raises
    ------
    InvalidTypeError
        If `document` is no report.
    MissingExtraError
        If openpyxl is not installed; it comes with ``riskkit[excel]``.
    OutputError
        If the name ends otherwise, something is there already, or the system refuses
        to write.

    See Also
    --------
    riskkit.reporting.model_document : Makes the document.

    Notes
    -----
    Equal documents give equal bytes: no time, user or machine is written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from riskkit.export import to_excel
    >>> from riskkit.reporting import model_document
    >>> from riskkit.scorecard import ExpertScorecard
    >>> card = ExpertScorecard({
    ...     "age": {"edges": [25, 40], "points": [10, 25, 40], "missing": 10},
    ... }).fit()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = to_excel(model_document(card), Path(folder) / "card.xlsx")
    ...     path.name
    'card.xlsx'
    """
    report = _read_report(document)
    if Path(path).suffix.lower() != ".xlsx":
        msg = f"path must end in .xlsx; got {str(path)!r}. Change the ending."
        raise OutputError(msg)
    check_file(path, overwrite=overwrite)
    content = _workbook(report)
    with whole_file(path, overwrite=overwrite) as place:
        place.write_bytes(content)
    return Path(path)


def _read_report(document: Any) -> Report:
    report = getattr(document, "data", document)
    if isinstance(document, type) or any(not hasattr(report, p) for p in _PARTS):
        hint = (
            " Write to_excel(model_document(model), path)."
            if hasattr(document, "predict_proba")
            else ""
        )
        msg = (
            "document must be a report of riskkit.reporting, such as model_document("
            f"model); got {type(document).__name__}.{hint}"
        )
        raise InvalidTypeError(msg)
    data: Report = report
    return data


def _workbook(report: Report) -> bytes:
    try:
        from openpyxl import Workbook
    except ImportError as error:
        msg = (
            "Workbooks need openpyxl, which is not installed. Install it with "
            "pip install 'riskkit[excel]'."
        )
        raise MissingExtraError(msg) from error
    workbook = Workbook()
    workbook.remove(workbook.active)
    workbook.properties.title = cell_value(report.title)
    workbook.properties.creator = f"riskkit {report.version}"
    sheets = read_sheets(report)
    for sheet, name in zip(sheets, sheet_names(sheets), strict=True):
        fill_sheet(workbook.create_sheet(name), sheet, report.title)
    return workbook_bytes(workbook)
