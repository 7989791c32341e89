"""Values as people read them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from riskkit.reporting._data import ReportTable

__all__ = ["STATUS_WORDS", "Cell", "cells", "write"]

STATUS_WORDS = {
    "green": "Good",
    "amber": "Watch",
    "red": "Act",
    "not_evaluable": "Too little data",
}
_BLANK = "–"
_MINUS = "\N{MINUS SIGN}"
_SPECS = {
    "count": ",.0f",
    "percent": ".1%",
    "bar-expected": ".1%",
    "bar-actual": ".1%",
    "rate": ".2%",
    "pd": ".3%",
    "number2": ".2f",
    "number3": ".3f",
    "number4": ".4f",
    "p_value": ".3f",
    "points": ",.0f",
    "amount": ",.1f",
    "woe": "+.2f",
    "deviation": "+.2f",
    "coefficient": "+.4f",
    "signed": "+.2f",
    "change-rate": "+.2f",
    "change-number3": "+.3f",
    "change-number4": "+.4f",
    "change-points": "+.1f",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as text, with what the style sheet needs to know."""

    text: str
    kind: str
    width: float | None = None


def write(value: Any, kind: str) -> str:
    """Return a value as text in one of the formats of the report."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return _BLANK
    if kind == "light":
        return STATUS_WORDS[value]
    if kind not in _SPECS:
        return str(value)
    spec = _SPECS[kind]
    if kind == "p_value" and value < 0.001:
        return "< 0.001"
    if spec == ",.0f" and value != round(value):
        spec = ",.1f"  # a sum of weights, or points that are not rounded
    if kind == "change-rate":
        return f"{_signed(format(100 * value, spec))} pp"
    return _signed(format(value, spec))


def cells(table: ReportTable) -> list[list[Cell]]:
    """Return the visible cells of each row; the longest bar has length 1."""
    bars = [c.key for c in table.columns if c.kind.startswith("bar")]
    longest = max((value for key in bars for value in table.column(key)), default=1)
    return [_row(table, row, longest or 1) for row in table.rows]


def _row(table: ReportTable, row: tuple[Any, ...], longest: float) -> list[Cell]:
    keys = [column.key for column in table.columns]
    out = []
    for column, value in zip(table.columns, row, strict=True):
        kind = column.kind
        if kind.startswith("unit"):
            unit = row[keys.index("unit")]
            kind = f"change-{unit}" if kind == "unit-change" else unit
        if not column.hidden:
            out.append(_cell(value, kind, longest))
    return out


def _cell(value: Any, kind: str, longest: float) -> Cell:
    text = write(value, kind)
    if kind == "light":
        return Cell(text, f"light {value}")
    if kind.startswith("bar"):
        return Cell(text, kind, round(value / longest, 3))
    if kind in ("text", "link", "words"):
        return Cell(text, kind)
    return Cell(text, "minus" if kind == "signed" and value < 0 else "")


def _signed(text: str) -> str:
    """Set a true minus sign, and no sign before a zero."""
    is_zero = not any(digit in text for digit in "123456789")
    return text.lstrip("-+") if is_zero else text.replace("-", _MINUS)
