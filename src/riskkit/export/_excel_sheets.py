"""The sheets of a workbook: one for each section of a report."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from riskkit.export._excel_cells import LONGEST, write_cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Report", "Sheet", "fill_sheet", "read_sheets", "sheet_names"]

_NAME = 31  # characters that the name of a sheet can have
_NO_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_HEADER = 2  # row of the header of the first table
_NARROW, _WIDE = 9, 60  # columns, in characters
_TEXT_COLUMNS = 8  # that a paragraph runs over
_TEXT_WIDTH = 110  # characters of a paragraph in a line
_LINE = 15.0  # height of a line of text, in points


class _Column(Protocol):
    """A column of a table, as ``riskkit.reporting.Column``."""

    @property
    def key(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def hidden(self) -> bool: ...


class _Table(Protocol):
    """A table, as ``riskkit.reporting.ReportTable``."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def columns(self) -> Sequence[_Column]: ...
    @property
    def rows(self) -> Sequence[Sequence[Any]]: ...
    @property
    def note(self) -> str: ...


class Report(Protocol):
    """The data of a report; what has no sections has a sheet for each table."""

    @property
    def title(self) -> str: ...
    @property
    def facts(self) -> Sequence[tuple[str, str]]: ...
    @property
    def tables(self) -> Sequence[_Table]: ...
    @property
    def version(self) -> str: ...


@dataclass(frozen=True)
class Sheet:
    """What one sheet holds."""

    title: str
    text: tuple[str, ...]
    tables: tuple[_Table, ...]


def read_sheets(report: Report) -> list[Sheet]:
    """Return the sheets in the order of the report."""
    tables = {table.name: table for table in report.tables}
    sections = getattr(report, "sections", None)
    if sections is None:
        facts = tuple(f"{name}: {text}" for name, text in report.facts)
        verdict = getattr(report, "verdict", None)
        said = () if verdict is None else (verdict.word, verdict.reason, verdict.action)
        summary = Sheet("Summary", (*said, *facts), ())
        return [summary, *(Sheet(t.title, (), (t,)) for t in report.tables)]
    return [
        Sheet(section.title, section.text, tuple(tables[n] for n in section.tables))
        for section in sections
    ]


def sheet_names(sheets: Sequence[Sheet]) -> Iterator[str]:
    """Return a name for each sheet that a workbook can have, all different."""
    taken: set[str] = set()
    for sheet in sheets:
        plain = _NO_NAME.sub(" ", sheet.title).strip(" '") or "Sheet"
        name, number = plain[:_NAME], 1
        while name.lower() in taken:
            number += 1
            name = f"{plain[: _NAME - 4]} {number}"
        taken.add(name.lower())
        yield name


def fill_sheet(place: Any, sheet: Sheet, title: str) -> None:
    """Write a sheet: its first table below a heading, the rest below that."""
    from openpyxl.styles import Font

    heading = place.cell(1, 1)
    write_cell(heading, f"{sheet.title} – {title}")
    heading.font = Font(bold=True, size=13)
    row = _HEADER
    for number, table in enumerate(sheet.tables):
        if number:
            write_cell(place.cell(row, 1), table.title)
            place.cell(row, 1).font = Font(bold=True)
            row += 1
        last = _write_table(place, table, row)
        if not number and table.rows:
            place.auto_filter.ref = (
                f"A{row}:{place.cell(last, len(_shown(table))).coordinate}"
            )
        row = last + 1
        if table.note:
            row = _write_text(place, table.note, row)
        row += 1
    for paragraph in sheet.text:
        row = _write_text(place, paragraph, row)
    _set_widths(place, sheet)
    _set_page(place, has_table=bool(sheet.tables))


def _shown(table: _Table) -> list[int]:
    """Return the places of the columns written: all but the one of the units."""
    return [k for k, column in enumerate(table.columns) if column.key != "unit"]


def _write_table(place: Any, table: _Table, row: int) -> int:
    """Write header and rows from `row` on; return the last row."""
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    shown = _shown(table)
    for column, k in enumerate(shown, 1):
        cell = place.cell(row, column)
        write_cell(cell, table.columns[k].label)
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="E9ECF0")
        cell.border = Border(bottom=Side("thin", color="5B6675"))
        cell.alignment = Alignment(wrap_text=True, vertical="bottom")
    wrapped = Alignment(wrap_text=True, vertical="top")
    for values in table.rows:
        row += 1
        for column, k in enumerate(shown, 1):
            cell = place.cell(row, column)
            write_cell(cell, values[k], _kind(table, k, values))
            if cell.data_type == "s":
                cell.alignment = wrapped
    return row


def _kind(table: _Table, place: int, values: Sequence[Any]) -> str:
    """Return the kind of a value; that of a mixed column is in the row's unit."""
    kind = table.columns[place].kind
    if not kind.startswith("unit"):
        return kind
    unit = values[[column.key for column in table.columns].index("unit")]
    return f"change-{unit}" if kind == "unit-change" else str(unit)


def _write_text(place: Any, text: str, row: int) -> int:
    """Write a paragraph over several columns; return the row after it."""
    from openpyxl.styles import Alignment

    cell = place.cell(row, 1)
    write_cell(cell, text)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    place.merge_cells(
        start_row=row, end_row=row, start_column=1, end_column=_TEXT_COLUMNS
    )
    # A merged cell does not stretch its row by itself.
    shown = str(cell.value or "")[:LONGEST]
    lines = sum(1 + len(part) // _TEXT_WIDTH for part in shown.split("\n"))
    place.row_dimensions[row].height = _LINE * lines
    return row + 1


def _set_widths(place: Any, sheet: Sheet) -> None:
    from openpyxl.utils import get_column_letter

    widths: dict[int, int] = {}
    for table in sheet.tables:
        for column, k in enumerate(_shown(table), 1):
            texts = [str(row[k]) for row in table.rows if isinstance(row[k], str)]
            longest = max(map(len, texts), default=0)
            # A label wraps at its words.
            label = max(map(len, table.columns[k].label.split()), default=0)
            needed = min(_WIDE, max(_NARROW, longest, label) + 2)
            widths[column] = max(widths.get(column, 0), needed)
    for column in range(1, max(_TEXT_COLUMNS, *widths, 1) + 1):
        letter = get_column_letter(column)
        place.column_dimensions[letter].width = widths.get(column, 14)


def _set_page(place: Any, *, has_table: bool) -> None:
    """Freeze the header, and let the sheet print on A4 across."""
    place.freeze_panes = f"B{_HEADER + 1}" if has_table else "A2"
    place.sheet_view.showGridLines = False
    place.page_setup.orientation = "landscape"
    place.page_setup.paperSize = place.PAPERSIZE_A4
    place.sheet_properties.pageSetUpPr.fitToPage = True
    place.page_setup.fitToHeight = 0
    if has_table:
        place.print_title_rows = f"1:{_HEADER}"
