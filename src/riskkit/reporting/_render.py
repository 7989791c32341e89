"""From report data to one HTML page."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from riskkit.reporting._figures import draw_figures
from riskkit.reporting._format import STATUS_WORDS, cells
from riskkit.reporting._result import ReportResult

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from riskkit.reporting._data import NamedTables, ReportData, ReportTable

__all__ = ["environment", "render", "split_by_characteristic"]

_DATE = re.compile(r"\d{4}-\d{2}(?:-\d{2})?")


def render(report: ReportData) -> ReportResult:
    """Lay the report out.

    Parameters
    ----------
    report : ReportData
        Everything the page will say.

    Returns
    -------
    result : ReportResult
        The page with its data.
    """
    template = environment().get_template(f"{report.kind}.html.j2")
    plain = report.to_dict()
    html = template.render(
        report=report,
        plain=plain,
        tables={table.name: table for table in report.tables if table.rows},
        figures=draw_figures(report),
        groups=split_by_characteristic(report),
    )
    return ReportResult(report, html)


def environment() -> Environment:
    """Return the engine of every page: what is not drawn here is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("riskkit.reporting", "_templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cells"] = cells
    environment.filters["whole_dates"] = whole_dates
    environment.filters["svg"] = Markup  # drawn here, from escaped labels
    environment.globals["words"] = STATUS_WORDS
    return environment


def whole_dates(text: object) -> Markup:
    """Return text, escaped, whose dates no line break divides at a hyphen."""
    from markupsafe import Markup, escape

    return Markup(_DATE.sub(r'<span class="date">\g<0></span>', str(escape(text))))


def split_by_characteristic(report: NamedTables) -> list[ReportTable]:
    """Return the table of bins as one table a characteristic."""
    if not report.has("bins"):
        return []
    table = report.table("bins")
    parts = groupby(table.rows, key=lambda row: row[0])
    return [replace(table, title=name, rows=tuple(rows)) for name, rows in parts]
