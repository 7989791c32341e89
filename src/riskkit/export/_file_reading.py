"""Part of a generated file: how a field of a record is read, and the bin it falls in.

The files ``_file_*.py`` are copied into what :func:`riskkit.export.to_python` writes,
without their imports from riskkit: they need the standard library alone.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping
from numbers import Real
from typing import Any

from riskkit._core.levels import is_missing, level_key
from riskkit.exceptions import InvalidInputError, InvalidTypeError

__all__ = ["find_bin", "read_level", "read_number", "read_record"]

# NumPy's truth values are no numbers.Real, decimals neither.
_OTHER_NUMBERS = frozenset({"bool", "bool_", "Decimal"})


def read_record(record: Any, fields: tuple[str, ...]) -> dict[str, Any]:
    """Return a record that has all fields of the model."""
    if not isinstance(record, Mapping):
        msg = (
            "A record must be a mapping of field names to values; got "
            f"{type(record).__name__}."
        )
        raise InvalidTypeError(msg)
    plain = dict(record)
    absent = [name for name in fields if name not in plain]
    if absent:
        msg = (
            f"A record must have all {len(fields)} fields of the model; {len(absent)} "
            f"are absent: {', '.join(map(repr, absent))}. Give None where nothing is "
            "known."
        )
        raise InvalidInputError(msg)
    return plain


def read_number(value: Any, name: str) -> float:
    """Return a field's value as a number, NaN where it is missing."""
    if value is None or is_missing(value):
        return math.nan
    if isinstance(value, Real) or type(value).__name__ in _OTHER_NUMBERS:
        try:
            return float(value)
        except (OverflowError, ValueError):
            msg = (
                f"Field {name!r} must be a number that a float can hold; got one "
                "beyond its range. Send a number below 1.8e308, or None."
            )
            raise InvalidInputError(msg) from None
    msg = (
        f"Field {name!r} must be a number, True, False or None; got a value of type "
        f"{type(value).__name__}. Convert it before scoring."
    )
    raise InvalidTypeError(msg)


def read_level(value: Any, name: str) -> str | None:
    """Return the text of a field's level, None where it is missing."""
    try:
        return level_key(value)
    except InvalidTypeError:
        msg = (
            f"Field {name!r} must be text, a number, True, False or None; got a value "
            f"of type {type(value).__name__}. Convert it before scoring."
        )
        raise InvalidTypeError(msg) from None
    except (OverflowError, ValueError):
        msg = (
            f"Field {name!r} must be a level of modest length; got a number of too "
            "many digits. Send the level as it was in training."
        )
        raise InvalidInputError(msg) from None


def find_bin(feature: dict[str, Any], record: dict[str, Any]) -> int:
    """Return the bin of a record: regular, special, missing, or unseen.

    Bins of numbers are (a, b]; codes come before edges, because they stand for reasons,
    not amounts.
    """
    name, known = feature["name"], feature["known"]
    missing: int = feature["missing"]
    if feature["kind"] == "numeric":
        number = read_number(record[name], name)
        if number in known:
            return int(known[number])
        if number != number:
            return missing
        return bisect_left(feature["edges"], number)
    level = read_level(record[name], name)
    if level is None:
        return missing
    if level in known:
        return int(known[level])
    if feature["refuse_unseen"]:
        msg = (
            f"Field {name!r} accepts only the levels known from training; got another. "
            "Map it to a known level, or train with another policy for unseen levels."
        )
        raise InvalidInputError(msg)
    return missing + 1
