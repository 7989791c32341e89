"""Fields as comparable numbers, for detectors that measure distances.

A numeric field becomes its z-score; a missing value stands at the median, and a column
of its own says that it is missing, provided training knows missing values there. A
categorical field becomes the rarity of its level, ``-log(share of training rows)``: one
column however many levels it has, in which common levels are near each other and a
level that was never seen lies beyond all others. A column without spread in training
has no unit of distance and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from riskkit._kernels.field_units import (
    FieldUnits,
    in_units,
    rarity_of,
    read_units,
    sum_fields,
)
from riskkit._kernels.normal_scores import quantile_grid
from riskkit.artifact import UnitColumnSpec

if TYPE_CHECKING:
    from riskkit.fraud._fields import FieldCoder
    from riskkit.typing import FloatArray

__all__ = ["Embedding"]


@dataclass(frozen=True)
class _Column:
    """One column of the embedding: which field it reads, how, and its unit."""

    field: int
    kind: Literal["value", "missing", "rarity"]
    fill: float  # value: the median
    rarity: FloatArray | None  # by code of the level; then unseen, then missing
    centre: float
    scale: float

    def raw(self, x: FloatArray) -> FloatArray:
        if self.kind == "missing":
            return np.isnan(x).astype(np.float64)
        if self.rarity is None:
            return np.where(np.isnan(x), self.fill, x)
        return rarity_of(self.rarity, x)

    def read(self, x: FloatArray) -> FloatArray:
        return in_units(self.raw(x), self.centre, self.scale)


@dataclass(frozen=True)
class Embedding:
    """The columns learned from a matrix of codes."""

    columns: tuple[_Column, ...]
    n_fields: int

    @classmethod
    def learn(
        cls, coder: FieldCoder, codes: FloatArray, weight: FloatArray | None
    ) -> Embedding:
        """Learn fills, rarities and units."""
        columns: list[_Column | None] = []
        for j, field in enumerate(coder.fields):
            x = codes[:, j]
            if field.levels is not None:
                rarity = _rarities(x, len(field.levels), weight)
                columns.append(
                    _scaled(_Column(j, "rarity", 0, rarity, 0, 1), x, weight)
                )
                continue
            known = np.isfinite(x)
            if known.any():
                part = None if weight is None else weight[known]
                fill = float(quantile_grid(x[known], part, 1)[0])
                value = _Column(j, "value", fill, None, 0, 1)
                columns.append(_scaled(value, x, weight))
            columns.append(_scaled(_Column(j, "missing", 0, None, 0, 1), x, weight))
        return cls(tuple(c for c in columns if c is not None), codes.shape[1])

    @cached_property
    def units(self) -> FieldUnits:
        """The columns laid out for reading all of them at once."""
        columns = self.columns
        return FieldUnits(
            field=np.array([column.field for column in columns], dtype=np.intp),
            says_missing=np.array([column.kind == "missing" for column in columns]),
            fill=np.array([column.fill for column in columns], dtype=np.float64),
            centre=np.array([column.centre for column in columns], dtype=np.float64),
            scale=np.array([column.scale for column in columns], dtype=np.float64),
            rarity=tuple(column.rarity for column in columns),
        )

    def to_spec(self) -> tuple[UnitColumnSpec, ...]:
        """Return the columns as plain data."""
        return tuple(
            UnitColumnSpec(
                column.field,
                column.kind,
                float(column.fill),
                float(column.centre),
                float(column.scale),
                column.rarity,
            )
            for column in self.columns
        )

    def read(self, codes: FloatArray) -> FloatArray:
        """Return the columns of coded rows, shape (n_rows, n_columns)."""
        return read_units(self.units, codes)

    def by_field(self, parts: FloatArray) -> FloatArray:
        """Add up what the columns of each field contribute."""
        return sum_fields(self.units, parts, self.n_fields)


def _rarities(x: FloatArray, n_levels: int, weight: FloatArray | None) -> FloatArray:
    known = ~np.isnan(x)
    # Unseen has the code -1 and so the first place; it belongs behind the levels.
    mass = np.bincount(
        (x[known] + 1).astype(np.intp),
        None if weight is None else weight[known],
        minlength=n_levels + 1,
    )
    total = float(x.size if weight is None else weight.sum())
    missing = total - mass.sum()
    # Half a row for what did not occur. Levels too rare to keep are rows each of their
    # own, however many they are together.
    shares = np.concatenate([mass[1:], [0.0, missing]])
    return np.asarray(np.log(total + 0.5) - np.log(np.maximum(shares, 0.5)))


def _scaled(
    column: _Column, x: FloatArray, weight: FloatArray | None
) -> _Column | None:
    """Return the column with mean and standard deviation, None without spread."""
    values = column.raw(x)
    finite = np.isfinite(values)
    values = values[finite]
    if values.size == 0 or values.min() == values.max():
        return None
    mass = np.ones(values.size) if weight is None else weight[finite]
    unit = float(np.abs(values).max())  # so that no square overflows
    values = values / unit
    centre = float(mass @ values / mass.sum())
    spread = float(np.sqrt(mass @ np.square(values - centre) / mass.sum()))
    if spread <= 0:
        return None
    return _Column(
        column.field,
        column.kind,
        column.fill,
        column.rarity,
        centre * unit,
        max(spread * unit, float(np.finfo(np.float64).tiny)),
    )
