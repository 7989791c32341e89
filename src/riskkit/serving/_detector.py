"""Coded rows through a detector, one or many, by NumPy alone."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.field_values import read_level, read_number
from riskkit._kernels.field_units import FieldUnits, read_units, sum_fields
from riskkit._kernels.log_scale import LogScale, on_log_scale, stack_scales
from riskkit._kernels.members import combine_members, combine_parts
from riskkit.artifact import field_codes
from riskkit.exceptions import InvalidInputError
from riskkit.serving._detector_states import plan_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskkit._core.frames import Table
    from riskkit.artifact import DetectorSpec, UnitColumnSpec
    from riskkit.serving._detector_states import DetectorState
    from riskkit.typing import FloatArray

__all__ = ["DetectorPlan"]


class DetectorPlan:
    """A detector laid out for rows; it never changes."""

    def __init__(self, spec: DetectorSpec) -> None:
        self._fields = spec.fields
        self._known = [
            None
            if field.levels is None
            else {level: float(code) for code, level in enumerate(field.levels)}
            for field in spec.fields
        ]
        self._units = [_units(columns) for columns in spec.units]
        self._members = [(m.units, plan_state(m.state)) for m in spec.members]
        scales = [
            LogScale(m.scale.low, m.scale.add, m.scale.mean, m.scale.spread)
            for m in spec.members
            if m.scale is not None
        ]
        # A single detector has none.
        self._scales = stack_scales(scales) if scales else None
        self._combine = spec.combine
        self.threshold = spec.threshold
        # A single detector has nobody beside it to be compared with.
        self.names = (
            () if self._combine is None else tuple(m.name for m in spec.members)
        )

    def read_record(self, record: dict[str, Any]) -> FloatArray:
        """Return a record as a row of codes; KeyError if a field is absent."""
        row = []
        for field, known in zip(self._fields, self._known, strict=True):
            value = record[field.name]
            if known is None:
                if type(value) is not float:
                    value = read_number(value, field.name)
            else:
                level = read_level(value, field.name)
                value = nan if level is None else known.get(level, -1.0)
            row.append(value)
        return np.array([row])

    def read_table(self, table: Table) -> FloatArray:
        """Return a table's rows as codes."""
        codes = np.empty((table.n_rows, len(self._fields)), order="F")
        for j, field in enumerate(self._fields):
            try:
                codes[:, j] = field_codes(field, table.column(field.name))
            except OverflowError:
                msg = (
                    f"Column {field.name!r} must hold numbers that a float can hold; "
                    "some are beyond its range. Use numbers below 1.8e308, or missing "
                    "values."
                )
                raise InvalidInputError(msg) from None
        return codes

    def said(self, codes: FloatArray) -> FloatArray:
        """Return what each member says, shape (n_rows, n_members)."""
        scores = [state.score(rows) for _, state, rows in self._with_rows(codes)]
        return self._on_scales(np.array(scores))

    def combined(self, said: FloatArray) -> FloatArray:
        """Return the anomaly score of rows from what members say."""
        if self._combine is None:
            return said[:, 0]
        return combine_members(said, self._combine)

    def explained(self, codes: FloatArray) -> tuple[FloatArray, Any, FloatArray]:
        """Return what members say, offsets, and contributions by field.

        Offset and contributions add up to the score.
        """
        scores, starts, by_field = [], [], []
        for units, state, rows in self._with_rows(codes):
            score, start, parts = state.explain(rows)
            if not state.sees_codes:
                parts = sum_fields(units, parts, codes.shape[1])
            scores.append(score)
            starts.append(start)
            by_field.append(parts)
        said = self._on_scales(np.array(scores))
        if self._scales is None:
            return said, starts[0], by_field[0]
        start_of = np.array(starts)[:, None]
        combine = str(self._combine)
        offset, total = combine_parts(
            self._scales, start_of, np.array(by_field), combine
        )
        return said, offset, total

    def _on_scales(self, scores: FloatArray) -> FloatArray:
        """Return scores of shape (n_members, n_rows) as members say them, by row."""
        if self._scales is not None:
            scores = on_log_scale(self._scales, scores)
        return scores.T

    def _with_rows(
        self, codes: FloatArray
    ) -> Iterator[tuple[FieldUnits, DetectorState, FloatArray]]:
        """Yield each member with its units, and the rows as it sees them."""
        made: dict[int, FloatArray] = {}
        for place, state in self._members:
            units = self._units[place]
            if state.sees_codes:
                yield units, state, codes
                continue
            if place not in made:
                made[place] = read_units(units, codes)
            yield units, state, made[place]


def _units(columns: Sequence[UnitColumnSpec]) -> FieldUnits:
    return FieldUnits(
        field=np.array([column.field for column in columns], dtype=np.intp),
        says_missing=np.array([column.kind == "missing" for column in columns]),
        fill=np.array([column.fill for column in columns], dtype=np.float64),
        centre=np.array([column.centre for column in columns], dtype=np.float64),
        scale=np.array([column.scale for column in columns], dtype=np.float64),
        rarity=tuple(column.rarity for column in columns),
    )
