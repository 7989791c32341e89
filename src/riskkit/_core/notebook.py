"""Compact tables for notebooks, by the standard library alone."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["facts_html", "rows_html"]


def facts_html(title: str, facts: Mapping[str, object]) -> str:
    """Return a caption and a line for each fact; those that are None are left out."""
    lines = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th>"
        f"<td style='text-align:left'>{_shown(value)}</td></tr>"
        for name, value in facts.items()
        if value is not None
    )
    return f"<p><b>{escape(title)}</b></p><table><tbody>{lines}</tbody></table>"


def rows_html(
    title: str,
    names: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    n_rows: int | None = None,
    most: int = 10,
) -> str:
    """Return a caption and the first rows of a table, and how many more there are."""
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body, shown = "", 0
    for row in rows:
        if shown == most:
            break
        body += "<tr>" + "".join(f"<td>{_shown(v)}</td>" for v in row) + "</tr>"
        shown += 1
    rest = 0 if n_rows is None else n_rows - shown
    more = f"<p>and {rest:,} more</p>" if rest > 0 else ""
    return (
        f"<p><b>{escape(title)}</b></p><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>{more}"
    )


def _shown(value: object) -> str:
    if isinstance(value, float):
        return escape(f"{value:,.6g}")
    if isinstance(value, bool) or not isinstance(value, int):
        return "" if value is None else escape(str(value))
    return f"{value:,}"
