"""Counts as bytes: a JSON header, then the arrays one after the other.

The header says what the arrays are; numbers are little-endian and 8 bytes wide. Equal
counts give equal bytes, and reading executes nothing::

    magic [8]   length of the header [8]   header (UTF-8 JSON)   arrays
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.level_buckets import n_buckets
from riskkit._kernels.value_bands import ValueBands
from riskkit.engines._columns import NumberCounts
from riskkit.engines._levels import ROUNDING, LevelCounts, NamedLevels
from riskkit.engines._rules import CountRules
from riskkit.exceptions import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskkit.engines._columns import ColumnCounts

__all__ = ["read_stats", "write_stats"]

_MAGIC = b"RKSTATS1"
_MOST_HEADER = 1 << 30
_NO_COUNTS = "they do not begin as counts do"
_NO_FIT = "the header does not fit the arrays"
_TOO_SHORT = "they end too early"
_TOO_LONG = "there is something behind their end"
_NOT_FINITE = "a count is negative or not finite"


def write_stats(
    rules: CountRules, slices: Mapping[str | None, Mapping[str, ColumnCounts]]
) -> bytes:
    """Return the counts as bytes, the periods in the order given."""
    arrays: list[np.ndarray[Any, Any]] = []
    periods = [
        {
            "period": label,
            "columns": [_describe(columns[n], arrays) for n in rules.features],
        }
        for label, columns in slices.items()
    ]
    header = {
        "features": list(rules.features),
        "max_values": rules.max_values,
        "max_levels": rules.max_levels,
        "classes": list(rules.classes),
        "codes": [list(codes) for _, codes in rules.codes],
        "periods": periods,
    }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    size = len(text).to_bytes(8, "little")
    return b"".join([_MAGIC, size, text, *(_packed(array) for array in arrays)])


def read_stats(
    data: bytes,
) -> tuple[CountRules, dict[str | None, dict[str, ColumnCounts]]]:
    """Read what :func:`write_stats` wrote; every number is checked."""
    size = int.from_bytes(data[8:16], "little")
    if data[:8] != _MAGIC or len(data) < 16 + size or size > _MOST_HEADER:
        raise _damaged(_NO_COUNTS)
    try:
        header = json.loads(data[16 : 16 + size])
        return _read(header, _Arrays(data, 16 + size))
    except (KeyError, TypeError, ValueError, UnicodeDecodeError) as error:
        if isinstance(error, ArtifactError):
            raise
        raise _damaged(_NO_FIT) from error


def _read(
    header: dict[str, Any], arrays: _Arrays
) -> tuple[CountRules, dict[str | None, dict[str, ColumnCounts]]]:
    features = tuple(map(str, header["features"]))
    first, second = header["classes"]
    codes = tuple(
        (name, tuple(map(float, own)))
        for name, own in zip(features, header["codes"], strict=True)
    )
    rules = CountRules(
        features,
        int(header["max_values"]),
        int(header["max_levels"]),
        (first, second),
        codes,
    )
    slices = {
        part["period"]: {
            name: _read_column(own, rules, name, arrays)
            for name, own in zip(features, part["columns"], strict=True)
        }
        for part in header["periods"]
    }
    arrays.check_end()
    return rules, slices


def _describe(
    column: ColumnCounts, arrays: list[np.ndarray[Any, Any]]
) -> dict[str, Any]:
    if isinstance(column, LevelCounts):
        arrays += [column.counts, np.array(column.missing)]
        levels = None if column.levels is None else list(column.levels)
        own = {"kind": "categorical", "levels": levels}
        if column.buckets is not None:
            arrays.append(column.buckets)
        if column.named is None:
            return own
        arrays += [column.named.counts, column.named.rest]
        return own | {"named": list(column.named.levels)}
    bands = column.bands
    missing = np.array([bands.missing_event, bands.missing_nonevent])
    arrays += [
        column.code_counts,
        bands.upper,
        bands.n_event,
        bands.n_nonevent,
        missing,
    ]
    return {"kind": "numeric", "n_bits": bands.n_bits, "n_bands": len(bands.upper)}


def _read_column(
    own: dict[str, Any], rules: CountRules, name: str, arrays: _Arrays
) -> ColumnCounts:
    if own["kind"] == "categorical":
        return _read_levels(own, rules.max_levels, name, arrays)
    codes, n_bits, n = rules.codes_of(name), int(own["n_bits"]), int(own["n_bands"])
    if not 0 <= n_bits < 64 or n < 0:
        why = f"the bands of {name!r} are impossible"
        raise _damaged(why)
    code_counts = arrays.numbers(2 * len(codes)).reshape(2, len(codes))
    upper = arrays.take(n, "<u8").astype(np.uint64)
    if (upper[1:] <= upper[:-1]).any():
        why = f"the bands of {name!r} are out of order"
        raise _damaged(why)
    event, nonevent = arrays.numbers(n), arrays.numbers(n)
    missing_event, missing_nonevent = arrays.numbers(2).tolist()
    bands = ValueBands(n_bits, upper, event, nonevent, missing_event, missing_nonevent)
    return NumberCounts(codes, code_counts, bands)


def _read_levels(
    own: dict[str, Any], max_levels: int, name: str, arrays: _Arrays
) -> LevelCounts:
    levels = None if own["levels"] is None else _in_order(own["levels"], name)
    n = 1 if levels is None else len(levels)
    counts = arrays.numbers(2 * n).reshape(2, n)
    event, nonevent = arrays.numbers(2).tolist()
    buckets = None
    if levels is None:
        buckets = arrays.numbers(n_buckets(max_levels))
        if not math.isclose(buckets.sum(), counts.sum(), rel_tol=ROUNDING):
            why = f"the buckets of {name!r} do not add up to its accounts"
            raise _damaged(why)
    elif n > max_levels:
        why = f"{name!r} has more than max_levels levels"
        raise _damaged(why)
    column = LevelCounts(levels, counts, (event, nonevent), buckets)
    if "named" not in own:
        return column
    names = _in_order(own["named"], name)
    of_names = arrays.numbers(2 * len(names)).reshape(2, len(names))
    named = NamedLevels(names, of_names, arrays.numbers(2))
    if column.is_blank or not column.agrees(named, max_levels):
        why = f"the named levels of {name!r} do not fit its counts"
        raise _damaged(why)
    return replace(column, named=named)


def _in_order(given: Any, name: str) -> tuple[str, ...]:
    levels = tuple(map(str, given))
    if list(levels) != sorted(set(levels)):
        why = f"the levels of {name!r} are out of order"
        raise _damaged(why)
    return levels


class _Arrays:
    """Takes arrays from bytes, one after the other."""

    def __init__(self, data: bytes, start: int) -> None:
        self._data, self._at = data, start

    def take(self, n: int, dtype: str) -> np.ndarray[Any, Any]:
        if n > (len(self._data) - self._at) // 8:
            raise _damaged(_TOO_SHORT)
        values = np.frombuffer(self._data, dtype, n, self._at)
        self._at += 8 * n
        return values

    def numbers(self, n: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        values = self.take(n, "<f8").astype(np.float64)
        if not np.isfinite(values).all() or (values < 0).any():
            raise _damaged(_NOT_FINITE)
        return values

    def check_end(self) -> None:
        if self._at != len(self._data):
            raise _damaged(_TOO_LONG)


def _packed(array: np.ndarray[Any, Any]) -> bytes:
    kind = "<u8" if array.dtype.kind == "u" else "<f8"
    size = math.prod(array.shape)
    return np.ascontiguousarray(array, dtype=kind).reshape(size).tobytes()


def _damaged(why: str) -> ArtifactError:
    msg = f"Counts must be bytes as to_bytes wrote them; {why}. Count again."
    return ArtifactError(msg)
