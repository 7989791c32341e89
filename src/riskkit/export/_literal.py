"""Plain data as Python literals; a text can only ever become a quoted text."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["literal"]

_WIDTH = 88


def literal(value: Any, indent: int = 0, taken: int = 0) -> str:
    """Return the source of a value, on one line if it fits.

    It stands behind `indent` spaces and `taken` other characters. Floats are the
    shortest that read back as the same bits, texts are what ``repr`` makes of them: it
    escapes quotes, line ends and every character that does not print.
    """
    flat = _flat(value)
    fits = indent + taken + len(flat) < _WIDTH
    if fits or not isinstance(value, (dict, tuple, list)):
        return flat
    inner, pad = indent + 4, " " * (indent + 4)
    if isinstance(value, dict):
        opening, closing = "{", "}"
        keys = [f"{_flat(key)}: " for key in value]
        lines = [
            key + literal(item, inner, len(key))
            for key, item in zip(keys, value.values(), strict=True)
        ]
    else:
        opening, closing = ("(", ")") if isinstance(value, tuple) else ("[", "]")
        if any(isinstance(item, (dict, tuple, list)) for item in value):
            lines = [literal(item, inner) for item in value]
        else:
            lines = _filled([_flat(item) for item in value], _WIDTH - inner)
    body = "".join(f"{pad}{line},\n" for line in lines)
    return f"{opening}\n{body}{' ' * indent}{closing}"


def _filled(items: list[str], width: int) -> list[str]:
    """Return short items side by side."""
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(item) + 3 <= width:
            lines[-1] += f", {item}"
        else:
            lines.append(item)
    return lines


def _flat(value: Any) -> str:
    if value is None or isinstance(value, (bool, str)):
        return repr(value)
    if isinstance(value, int):
        return repr(int(value))
    if isinstance(value, float):
        if math.isfinite(value):
            return repr(float(value))
        return f"float({str(value)!r})"
    if isinstance(value, dict):
        items = ", ".join(f"{_flat(k)}: {_flat(v)}" for k, v in value.items())
        return f"{{{items}}}"
    if isinstance(value, tuple):
        items = ", ".join(map(_flat, value))
        return f"({items},)" if len(value) == 1 else f"({items})"
    if isinstance(value, list):
        return f"[{', '.join(map(_flat, value))}]"
    msg = f"Plain data was expected; got {type(value).__name__}."
    raise TypeError(msg)
