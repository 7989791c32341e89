"""From the columns of a result to a table of the report."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from riskkit.reporting._data import Column, ReportTable, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["numbers", "pick", "short", "tabulate"]

_DIGITS = 6  # finer than any of the measures is known


def tabulate(
    name: str,
    title: str,
    columns: Sequence[Column],
    source: Mapping[str, Sequence[Any]],
    *,
    note: str = "",
) -> ReportTable:
    """Return a table of those columns that the source has and that say anything."""
    held = [
        column
        for column in columns
        if column.key in source and not all(map(_is_empty, source[column.key]))
    ]
    values = [[short(value) for value in source[column.key]] for column in held]
    rows = tuple(zip(*values, strict=True))
    return ReportTable(name, title, tuple(held), rows, note)


def pick(
    source: Mapping[str, Sequence[Any]], places: Sequence[int]
) -> dict[str, list[Any]]:
    """Return the chosen rows of columns."""
    return {name: [values[i] for i in places] for name, values in source.items()}


def numbers(source: Mapping[str, Sequence[Any]], key: str) -> list[float | None]:
    """Return a column of numbers; None where there is none."""
    return [short(value) for value in source.get(key, ())]


def short(value: Any) -> Any:
    """Return a value for the page and its data: six digits tell all that is known."""
    value = plain(value)
    if isinstance(value, float):
        return plain(float(f"{value:.{_DIGITS}g}"))
    if value is None or isinstance(value, str | int | bool):
        return value
    text = str(value)
    return None if text == "NaT" else text


def _is_empty(value: Any) -> bool:
    return (
        value is None or value == "" or (isinstance(value, float) and math.isnan(value))
    )
