"""The text key of a category level; standard library only.

A level reaches riskkit as text from a file, as a number from a code column, as a
NumPy scalar from a frame or as JSON in a request. Training, the artifact, SQL and the
scorer must all see the same level, so each value is reduced to one text: ``3``,
``3.0``, ``"3"`` and ``numpy.int64(3)`` are the level ``"3"``.
"""

from __future__ import annotations

from numbers import Integral, Real

from riskkit.exceptions import InvalidTypeError

__all__ = ["is_missing", "level_key"]

_MISSING_TYPES = frozenset({"NoneType", "NAType", "NaTType"})


def is_missing(value: object) -> bool:
    """Return whether `value` stands for a missing entry: None, NaN, NA or NaT."""
    if isinstance(value, Real):
        return bool(value != value)  # only NaN differs from itself
    return type(value).__name__ in _MISSING_TYPES


def level_key(value: object) -> str | None:
    """Return the text of a level, or None for a missing value."""
    if isinstance(value, str):
        return str(value)
    if is_missing(value):
        return None
    if isinstance(value, bool) or type(value).__name__ == "bool":  # and numpy.bool
        return "True" if value else "False"
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, Real):
        number = float(value)
        return str(int(number)) if number.is_integer() else repr(number)
    msg = (
        "A category must be text, a number, True, False or missing; "
        f"got a value of type {type(value).__name__}."
    )
    raise InvalidTypeError(msg)
