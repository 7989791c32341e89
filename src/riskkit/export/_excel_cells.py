"""Values in cells: text that is never a formula, numbers that stay numbers."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LONGEST", "cell_value", "number_format", "write_cell"]

LONGEST = 32_767  # characters that a cell can hold

_CUT = "… (cut)"
# Control characters that XML 1.0 cannot hold, and halves of pairs that UTF-8 cannot.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# What a spreadsheet takes for the start of a formula when text is typed or pasted.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

_PLAIN: Mapping[str, str] = {
    "count": "#,##0.##",
    "percent": "0.0%",
    "bar-expected": "0.0%",
    "bar-actual": "0.0%",
    "rate": "0.00%",
    "pd": "0.000%",
    "number2": "0.00",
    "number3": "0.000",
    "number4": "0.0000",
    "p_value": '[<0.001]"< 0.001";0.000',
    "points": "#,##0.##",
    "amount": "#,##0.0",
}
_SIGNED: Mapping[str, str] = {
    "woe": "0.00",
    "signed": "0.00",
    "deviation": "0.00",
    "coefficient": "0.0000",
    "change-rate": "0.00%",
    "change-number3": "0.000",
    "change-number4": "0.0000",
    "change-points": "0.0",
}


def number_format(kind: str, value: Any) -> str:
    """Return how a number of one of the kinds of a report is shown."""
    if kind in _SIGNED:
        plain = _SIGNED[kind]
        return f"+{plain};-{plain};{plain}"
    shown = _PLAIN.get(kind, "General")
    # An optional decimal would leave whole numbers with a bare point.
    if shown == "#,##0.##":
        return "#,##0" if float(value).is_integer() else "#,##0.0"
    return shown


def cell_value(value: Any) -> str | int | float | None:
    """Return what a cell can hold of a value; what is no finite number is blank."""
    if hasattr(value, "item"):
        value = value.item()
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    text = _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", str(value))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > LONGEST:
        text = text[: LONGEST - len(_CUT)] + _CUT
    return text or None


def write_cell(cell: Any, value: Any, kind: str = "text") -> None:
    """Put a value into a cell of openpyxl."""
    plain = cell_value(value)
    cell.value = plain
    if isinstance(plain, str):
        # Set anew, because openpyxl takes a leading "=" for a formula. The prefix
        # keeps the cell a text when somebody edits it.
        cell.data_type = "s"
        cell.quotePrefix = plain.startswith(_FORMULA)
    elif plain is not None:
        cell.number_format = number_format(kind, plain)
