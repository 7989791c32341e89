"""Raw tables as one matrix of numbers and codes of levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.frames import level_column
from riskkit.artifact import DetectorFieldSpec, field_codes

if TYPE_CHECKING:
    from riskkit._core.frames import Table
    from riskkit.typing import FloatArray

__all__ = ["FieldCoder"]

# A column of identifiers has as many levels as rows; all of its rare levels are alike.
_MOST_LEVELS = 1000


@dataclass(frozen=True)
class FieldCoder:
    """What training knows of the columns; reads tables as matrices.

    Numbers stay as they are, levels become their place in the levels of the
    field, a level that is not among them a negative number, and a missing value NaN.
    """

    fields: tuple[DetectorFieldSpec, ...]

    @classmethod
    def learn(
        cls, table: Table, weight: FloatArray | None
    ) -> tuple[FieldCoder, FloatArray]:
        """Return the coder of a training table, and the table as a matrix."""
        codes = np.empty((table.n_rows, len(table.names)), order="F")
        fields = []
        for j, (name, column) in enumerate(
            zip(table.names, table.columns, strict=True)
        ):
            levels = None
            if table.kind(name) == "categorical":
                levels = _common_levels(column, name, weight)
            fields.append(DetectorFieldSpec(name, levels))
            codes[:, j] = field_codes(fields[-1], column)
        return cls(tuple(fields)), codes

    def read(self, table: Table) -> FloatArray:
        """Return a table whose columns stand in the order of the fields."""
        codes = np.empty((table.n_rows, len(self.fields)), order="F")
        for j, (field, column) in enumerate(
            zip(self.fields, table.columns, strict=True)
        ):
            codes[:, j] = field_codes(field, column)
        return codes


def _common_levels(
    column: object, name: str, weight: FloatArray | None
) -> tuple[str, ...]:
    coded = level_column(column, name)
    known = coded.codes >= 0
    mass = np.bincount(
        coded.codes[known],
        None if weight is None else weight[known],
        minlength=len(coded.levels),
    )
    # Stable, so that ties are settled by the text of the levels.
    common = np.sort(np.argsort(-mass, kind="stable")[:_MOST_LEVELS])
    return tuple(coded.levels[k] for k in common)
