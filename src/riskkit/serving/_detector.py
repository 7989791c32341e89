"""Coded rows through a detector, one or many, by NumPy alone."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.field_units import FieldUnits, read_units, sum_fields
from riskkit._kernels.log_scale import LogScale, on_log_scale
from riskkit._kernels.members import combine_members, member_shares, parts_on_scale
from riskkit.artifact import field_codes
from riskkit.exceptions import InvalidInputError
from riskkit.serving._detector_states import plan_state
from riskkit.serving._plan import read_level, read_number

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
        self._members = [
            (
                None
                if member.scale is None
                else LogScale(
                    member.scale.low,
                    member.scale.add,
                    member.scale.mean,
                    member.scale.spread,
                ),
                member.units,
                plan_state(member.state),
            )
            for member in spec.members
        ]
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
        return np.column_stack(
            [
                state.score(rows)
                if scale is None
                else on_log_scale(scale, state.score(rows))
                for scale, _, state, rows in self._with_rows(codes)
            ]
        )

    def combined(self, said: FloatArray) -> FloatArray:
        """Return the anomaly score of rows from what members say."""
        if self._combine is None:
            return said[:, 0]
        return combine_members(said, self._combine)

    def parts(self, codes: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return offsets and contributions by field, which add up to the score."""
        told = []
        for scale, units, state, rows in self._with_rows(codes):
            start, parts = state.parts(rows)
            if not state.sees_codes:
                parts = sum_fields(units, parts, codes.shape[1])
            if scale is None:
                return np.full(len(codes), start), parts
            told.append(parts_on_scale(scale, start, parts))
        said = np.column_stack([said for said, _, _ in told])
        shares = member_shares(said, str(self._combine))
        offset, total = np.zeros(len(codes)), np.zeros(codes.shape)
        for (_, start_at, own), share in zip(told, shares.T, strict=True):
            offset += start_at * share
            total += own * share[:, None]
        return offset, total

    def _with_rows(
        self, codes: FloatArray
    ) -> Iterator[tuple[LogScale | None, FieldUnits, DetectorState, FloatArray]]:
        """Yield each member with the rows as it sees them."""
        made: dict[int, FloatArray] = {}
        for scale, place, state in self._members:
            if state.sees_codes:
                yield scale, self._units[place], state, codes
                continue
            if place not in made:
                made[place] = read_units(self._units[place], codes)
            yield scale, self._units[place], state, made[place]


def _units(columns: Sequence[UnitColumnSpec]) -> FieldUnits:
    return FieldUnits(
        field=np.array([column.field for column in columns], dtype=np.intp),
        says_missing=np.array([column.kind == "missing" for column in columns]),
        fill=np.array([column.fill for column in columns], dtype=np.float64),
        centre=np.array([column.centre for column in columns], dtype=np.float64),
        scale=np.array([column.scale for column in columns], dtype=np.float64),
        rarity=tuple(column.rarity for column in columns),
    )
