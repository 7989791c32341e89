"""Coded fields as comparable numbers, a column at a time or all at once.

Notation: a column of the result reads one field. It is the field's value, with `fill`
where it is missing; or 1 where the field is missing and 0 elsewhere; or the rarity of
the field's level by its code, behind which stand those of an unseen level (any negative
code) and of a missing one. In units it is ``(raw - centre) / scale``, at most
:data:`FURTHEST` from 0.
"""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "FURTHEST",
    "FieldUnits",
    "in_units",
    "rarity_of",
    "read_units",
    "sum_fields",
]

# Values further out, infinity among them, are taken to be here: squares of it and sums
# of many such squares are far from overflow, and no real value is as strange.
FURTHEST = 1e6


class FieldUnits(NamedTuple):
    """What each column reads, and in which units; all entries are one a column."""

    field: IntArray
    says_missing: BoolArray
    fill: FloatArray
    centre: FloatArray
    scale: FloatArray
    rarity: tuple[FloatArray | None, ...]  # None for a column of numbers


def read_units(units: FieldUnits, codes: FloatArray) -> FloatArray:
    """Return the columns of coded rows, shape (n_rows, n_columns)."""
    if not units.rarity:
        return np.empty((codes.shape[0], 0))
    if len(codes) == 1:
        return np.array([_read_row(units, codes[0].tolist())])
    x = codes[:, units.field]
    unknown = np.isnan(x)
    raw = np.where(unknown, units.fill, x)
    if units.says_missing.any():
        raw = np.where(units.says_missing, unknown, raw)
    for k, rarity in enumerate(units.rarity):
        if rarity is not None:
            raw[:, k] = rarity_of(rarity, x[:, k])
    return in_units(raw, units.centre, units.scale)


def rarity_of(rarity: FloatArray, codes: FloatArray) -> FloatArray:
    """Return the rarity of the level with each code."""
    place = np.where(np.isnan(codes), rarity.size - 1.0, codes)
    place[codes < 0] = rarity.size - 2
    return np.asarray(rarity[place.astype(np.intp)])


def in_units(
    raw: FloatArray, centre: FloatArray | float, scale: FloatArray | float
) -> FloatArray:
    """Return ``(raw - centre) / scale`` within the bounds."""
    # Halves, because a difference of finite doubles can be beyond the largest.
    half = raw / 2 - np.asarray(centre) / 2
    with np.errstate(over="ignore"):  # what overflows is clipped like infinity
        z = half / scale * 2
    return np.clip(z, -FURTHEST, FURTHEST)


def _read_row(units: FieldUnits, row: Sequence[float]) -> list[float]:
    """Return the same for a row alone: plain numbers begin sooner than arrays."""
    out = []
    for field, says_missing, fill, centre, scale, rarity in zip(
        units.field.tolist(),
        units.says_missing.tolist(),
        units.fill.tolist(),
        units.centre.tolist(),
        units.scale.tolist(),
        units.rarity,
        strict=True,
    ):
        x = row[field]
        unknown = isnan(x)
        if says_missing:
            x = float(unknown)
        elif rarity is None:
            x = fill if unknown else x
        else:
            # Behind the levels stand an unseen one and a missing one.
            x = rarity.item(-1 if unknown else -2 if x < 0 else int(x))
        z = (x / 2 - centre / 2) / scale * 2
        out.append(min(max(z, -FURTHEST), FURTHEST))
    return out


def sum_fields(units: FieldUnits, parts: FloatArray, n_fields: int) -> FloatArray:
    """Add up what the columns of each field contribute."""
    if len(parts) == 1:  # counting adds in the same order, in one call
        added = np.bincount(units.field, parts[0], n_fields)
        return added.astype(np.float64)[None]
    out = np.zeros((parts.shape[0], n_fields))
    for k, field in enumerate(units.field.tolist()):
        out[:, field] += parts[:, k]
    return out
