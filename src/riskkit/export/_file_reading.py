"""Part of a generated file: how a field of a record is read, and the bin it falls in.

The files ``_file_*.py`` are copied into what :func:`riskkit.export.to_python` writes,
without their imports from riskkit: they need the standard library alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

from riskkit._core.field_values import read_level, read_number, refuse_level
from riskkit.exceptions import InvalidInputError, InvalidTypeError

__all__ = ["find_bin", "read_record"]


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
        refuse_level(name)
    return missing + 1
