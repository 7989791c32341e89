"""From monitoring data to one HTML page."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from riskkit.reporting._document_render import shape_of
from riskkit.reporting._format import Cell, cells
from riskkit.reporting._monitoring_data import MonitoringReport
from riskkit.reporting._monitoring_early import early_pictures
from riskkit.reporting._monitoring_performance import performance_pictures
from riskkit.reporting._monitoring_population import (
    N_SHOWN,
    population_pictures,
    psi_lines,
)
from riskkit.reporting._monitoring_quality import alert_pictures
from riskkit.reporting._render import environment

if TYPE_CHECKING:
    from riskkit.monitoring import WarningResult
    from riskkit.reporting._data import ReportTable
    from riskkit.reporting._monitoring_data import MonitoringData
    from riskkit.reporting._monitoring_lights import LightGrid
    from riskkit.reporting._monitoring_sources import Sources

__all__ = ["render_monitoring"]

_PLAIN = ",;:()[]|!*/?@$"  # signs that an address may hold as they are
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render_monitoring(
    data: MonitoringData,
    grids: list[LightGrid],
    sources: Sources,
    warning: WarningResult,
) -> MonitoringReport:
    """Lay the report out."""
    tables = {table.name: table for table in data.tables}
    anchors = {section.name for section in data.sections}
    html = (
        environment()
        .get_template("monitoring.html.j2")
        .render(
            report=data,
            grids=grids,
            anchors=anchors,
            pictures=_pictures(sources, warning),
            tables=tables,
            rows={name: _rows(table, sources) for name, table in tables.items()},
            n_shown=N_SHOWN,
            shape={name: shape_of(table) for name, table in tables.items()},
            json={name: _as_json(table) for name, table in tables.items()},
            csv={name: _as_csv(table) for name, table in tables.items()},
            summary=_summary(data),
        )
    )
    return MonitoringReport(data, html)


def _pictures(
    sources: Sources, warning: WarningResult
) -> dict[str, list[tuple[str, str]]]:
    pictures: dict[str, list[tuple[str, str]]] = {}
    if sources.stability is not None:
        pictures["population"] = population_pictures(
            sources.stability, warning.thresholds
        )
    if sources.performance is not None:
        pictures["performance"] = performance_pictures(sources.performance)
    if sources.early is not None or sources.estimate is not None:
        pictures["early"] = early_pictures(sources.early, sources.estimate)
    if sources.alerts is not None:
        pictures["fraud"] = alert_pictures(sources.alerts)
    return pictures


def _rows(table: ReportTable, sources: Sources) -> list[list[Cell]]:
    """Return the visible cells, with a line of the last periods for each feature."""
    rows = cells(table)
    if table.name != "features" or sources.stability is None:
        return rows
    from markupsafe import Markup

    lines = psi_lines(sources.stability)
    place = [c.key for c in table.columns if not c.hidden].index("history")
    for row, name in zip(rows, table.column("feature"), strict=True):
        row[place] = Cell(Markup(lines[name]), "drawn")
    return rows


def _as_json(table: ReportTable) -> str:
    """Return names and rows; a record for each row would repeat every name."""
    plain = {"columns": [c.key for c in table.columns], "rows": table.rows}
    return _in_script(plain)


def _summary(data: MonitoringData) -> str:
    plain = data.to_dict()
    del plain["tables"]
    return _in_script(plain)


def _in_script(plain: Any) -> str:
    text = json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # No text of the data may end the script, or open another.
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _as_csv(table: ReportTable) -> str:
    """Return the table as an address that holds it whole."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([_guarded(c.key) for c in table.columns])
    for row in table.rows:
        writer.writerow(["" if v is None else _guarded(v) for v in row])
    text = stream.getvalue().encode("utf-8", "replace")
    return f"data:text/csv;charset=utf-8,{quote(text, safe=_PLAIN)}"


def _guarded(value: Any) -> Any:
    """Return text that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
