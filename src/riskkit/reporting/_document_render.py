"""From document data to one HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit.reporting._document_figures import (
    draw_bins,
    draw_document,
    drawn_column,
)
from riskkit.reporting._document_result import ModelDocument
from riskkit.reporting._format import Cell, cells, write
from riskkit.reporting._render import environment, split_by_characteristic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskkit.reporting._data import ReportTable
    from riskkit.reporting._document_data import DocumentData

__all__ = ["render_document", "shape_of"]

_PICTURES = {
    "performance": (
        ("fig-cap", "Events captured, riskiest first"),
        ("fig-points", "Points of events and non-events"),
    ),
    "calibration": (("fig-calibration", "Mean PD against bad rate"),),
}
_FEW_COLUMNS = 5  # that look lost over the whole width


def render_document(document: DocumentData) -> ModelDocument:
    """Lay the document out.

    Parameters
    ----------
    document : DocumentData
        Everything the page will say.

    Returns
    -------
    result : ModelDocument
        The page with its data.
    """
    groups = split_by_characteristic(document)
    bars = iter(draw_bins(document.table("bins")) if groups else [])
    figures = draw_document(document)
    html = (
        environment()
        .get_template(f"{document.kind}.html.j2")
        .render(
            report=document,
            plain=document.to_dict(),
            shown=[s for s in document.sections if s.layout != "data"],
            groups=groups,
            rows={group.title: _with_bars(group, bars) for group in groups},
            says=_sayings(document),
            shape={table.name: shape_of(table) for table in document.tables},
            figures=figures,
            pictures={
                section.name: [
                    picture
                    for picture in _PICTURES.get(section.name, ())
                    if picture[0] in figures
                ]
                for section in document.sections
            },
        )
    )
    return ModelDocument(document, html)


def _with_bars(group: ReportTable, bars: Iterator[str]) -> list[list[Cell]]:
    """Return the cells of a characteristic, with a bar beside what it draws."""
    from markupsafe import Markup, escape

    visible = [column.key for column in group.columns if not column.hidden]
    place = visible.index(drawn_column(group))
    rows = cells(group)
    for row, bar in zip(rows, bars, strict=False):  # the other groups take the rest
        row[place] = Cell(Markup(bar) + escape(row[place].text), "drawn")
    return rows


def shape_of(table: ReportTable) -> str:
    """Return the class of a table: pairs of item and value, narrow, or neither."""
    visible = [column for column in table.columns if not column.hidden]
    if len(visible) == 2 and visible[-1].kind == "unit":
        return "narrow pairs"
    return "narrow" if len(visible) <= _FEW_COLUMNS else ""


def _sayings(document: DocumentData) -> dict[str, str]:
    """Return one line about each characteristic, for the head of its block."""
    if not document.has("characteristics"):
        return {}
    return {
        record["characteristic"]: _saying(record)
        for record in document.table("characteristics").records()
    }


def _saying(record: dict[str, Any]) -> str:
    parts = [
        ", ".join(filter(None, (record["kind"], record["trend"]))),
        f"{write(record['points_low'], 'points')} to "
        f"{write(record['points_high'], 'points')} points",
    ]
    if record["coefficient"] is not None:
        parts.append(f"coefficient {write(record['coefficient'], 'coefficient')}")
    if record["iv"] is not None:
        parts.append(f"IV {write(record['iv'], 'number3')} ({record['strength']})")
    if record["n_edits"]:
        parts.append(f"changed by hand: {record['n_edits']}")
    return " · ".join(parts)
