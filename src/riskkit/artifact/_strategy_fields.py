"""The fields of one record, or the columns of a table, read alike.

A number is a float with NaN where nothing is known; a level is its text with None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit._core.field_values import read_level, read_number
from riskkit._core.levels import is_missing

if TYPE_CHECKING:
    from riskkit._core.frames import Table
    from riskkit.artifact._strategy_conditions import Kind
    from riskkit.artifact._strategy_sets import FieldSet
    from riskkit.typing import BoolArray

__all__ = ["Columns", "read_value"]


def read_value(field: str, value: object, kind: Kind | None) -> float | str | None:
    """Return a number, a level, or merely whether there is a value."""
    if kind == "numeric":
        return read_number(value, field)
    if kind == "categorical":
        return read_level(value, field)
    return None if value is None or is_missing(value) else ""


class Columns:
    """Columns of a table, each read once; says for which rows a set holds."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._numbers: dict[str, Any] = {}
        self._levels: dict[str, Any] = {}

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self._table.n_rows

    def number(self, field: str) -> Any:
        """Return a column as float64, NaN where nothing is known."""
        from riskkit._core.frames import numeric_column

        if field not in self._numbers:
            self._numbers[field] = numeric_column(self._table.column(field), field)
        return self._numbers[field]

    def level(self, field: str) -> Any:
        """Return a column as coded levels."""
        from riskkit._core.frames import level_column

        if field not in self._levels:
            self._levels[field] = level_column(self._table.column(field), field)
        return self._levels[field]

    def held_by(self, field: str, values: FieldSet, kind: Kind | None) -> BoolArray:
        """Return the rows whose value belongs to the set."""
        import numpy as np

        if kind is None:
            absent = self._absent(field)
            return absent if values.missing else ~absent
        if kind == "categorical":
            coded = self.level(field)
            held = [values.holds(level) for level in coded.levels]
            # The last entry serves the code -1 of a missing value.
            table = np.array([*held, values.missing], dtype=np.bool_)
            return np.asarray(table[coded.codes])
        x = self.number(field)
        rows = np.isnan(x) if values.missing else np.zeros(x.size, dtype=np.bool_)
        cuts = values.cuts  # type: ignore[union-attr]
        for (low, after_low), (high, after_high) in zip(
            cuts[::2], cuts[1::2], strict=True
        ):
            above = x > low if after_low else x >= low
            below = x <= high if after_high else x < high
            rows |= above & below
        return np.asarray(rows)

    def _absent(self, field: str) -> BoolArray:
        """Return the rows without a value, whatever the type of the others."""
        import numpy as np

        from riskkit._core.frames import is_series

        column = self._table.column(field)
        values = np.asarray(column.to_numpy() if is_series(column) else column)
        if values.dtype.kind == "O":
            known = [not is_missing(value) for value in values.tolist()]
            return ~np.array(known, dtype=np.bool_)
        # Numbers and times that are missing differ from themselves.
        return np.asarray(values != values)
