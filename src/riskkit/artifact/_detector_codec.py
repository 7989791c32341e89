"""Detectors to documents and back; reading trusts nothing.

What a reviewer reads stands in ``model.json``: fields and their levels, units, scales,
the combination. Arrays are in ``detector.bin``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from riskkit.artifact._arrays import ArraysReader, encode_arrays
from riskkit.artifact._codec import MAX_FEATURES
from riskkit.artifact._detector import (
    DetectorFieldSpec,
    DetectorMemberSpec,
    DetectorSpec,
    LogScaleSpec,
    UnitColumnSpec,
)
from riskkit.artifact._detector_state_codec import (
    STATES,
    decode_state,
    encode_state,
    state_arrays,
)
from riskkit.artifact._members import ARRAYS
from riskkit.artifact._node import Node

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["decode_detector", "decode_detector_at", "encode_detector"]

MAX_MEMBERS = 100
MAX_LEVELS = 100_000
# Far beyond what any score or value in units reaches, and far below where sums of
# squares overflow.
LARGEST = 1e100


def encode_detector(spec: DetectorSpec) -> dict[str, Any]:
    """Return the documents of a detector by member."""
    arrays = [
        entry
        for member in spec.members
        if member.state is not None
        for entry in state_arrays(member.state)
    ]
    model = {
        "combine": spec.combine,
        "threshold": float(spec.threshold),
        "fields": [
            {
                "name": field.name,
                "levels": None if field.levels is None else list(field.levels),
            }
            for field in spec.fields
        ],
        "units": [
            {"columns": [_encode_column(column) for column in columns]}
            for columns in spec.units
        ],
        "members": [_encode_member(member) for member in spec.members],
    }
    return {"model.json": model, ARRAYS: encode_arrays(arrays)}


def decode_detector(documents: dict[str, Any]) -> DetectorSpec:
    """Return the detector of an artifact's documents."""
    root = Node(documents["model.json"], "model.json")
    return decode_detector_at(root, documents.get(ARRAYS))


def decode_detector_at(root: Node, raw: bytes | None) -> DetectorSpec:
    """Return the detector that stands at a node, with its arrays."""
    combine, threshold, fields, units, members = root.record(
        "combine", "threshold", "fields", "units", "members"
    )
    known = tuple([_decode_field(row) for row in fields.items(high=MAX_FEATURES)])
    fields.distinct([field.name for field in known], "names")
    if not known:
        fields.refuse("at least one field", "none")
    ways = tuple([_decode_units(row, known) for row in units.items(high=MAX_MEMBERS)])
    is_single = combine.value is None
    word = None if is_single else combine.option(["mean", "top_two", "max"])
    rows = members.items(low=1, high=1 if is_single else MAX_MEMBERS)
    reader = ArraysReader(raw)
    found = tuple(
        [_decode_member(row, ways, len(known), reader, is_single) for row in rows]
    )
    reader.finish()
    members.distinct([member.name for member in found], "names of members")
    return DetectorSpec(
        known,
        ways,
        found,
        cast("Literal['mean', 'top_two', 'max'] | None", word),
        _bounded(threshold),
    )


def _decode_field(node: Node) -> DetectorFieldSpec:
    name, levels = node.record("name", "levels")
    if levels.value is None:
        return DetectorFieldSpec(name.text(low=1), None)
    texts = tuple([level.text() for level in levels.items(high=MAX_LEVELS)])
    levels.distinct(texts, "levels")
    return DetectorFieldSpec(name.text(low=1), texts)


def _encode_column(column: UnitColumnSpec) -> dict[str, Any]:
    rarity = None if column.rarity is None else [float(x) for x in column.rarity]
    return {
        "field": int(column.field),
        "kind": column.kind,
        "fill": float(column.fill),
        "centre": float(column.centre),
        "scale": float(column.scale),
        "rarity": rarity,
    }


def _decode_units(
    node: Node, fields: Sequence[DetectorFieldSpec]
) -> tuple[UnitColumnSpec, ...]:
    (columns,) = node.record("columns")
    rows = columns.items(high=2 * MAX_FEATURES)
    return tuple([_decode_column(row, fields) for row in rows])


def _decode_column(node: Node, fields: Sequence[DetectorFieldSpec]) -> UnitColumnSpec:
    field_, kind, fill, centre, scale, rarity = node.record(
        "field", "kind", "fill", "centre", "scale", "rarity"
    )
    field = field_.whole(0, len(fields) - 1)
    levels = fields[field].levels
    word = kind.option(["value", "missing"] if levels is None else ["rarity"])
    if not scale.number() > 0:
        scale.refuse("a number above 0", "another")
    if levels is None and rarity.value is not None:
        rarity.refuse("null for a field of numbers")
    by_level = None
    if levels is not None:
        import numpy as np

        n = len(levels) + 2
        by_level = np.array([_bounded(x) for x in rarity.items(low=n, high=n)])
    return UnitColumnSpec(
        field,
        cast("Literal['value', 'missing', 'rarity']", word),
        fill.number(),
        centre.number(),
        scale.number(),
        by_level,
    )


def _encode_member(member: DetectorMemberSpec) -> dict[str, Any]:
    scale = member.scale
    return {
        "name": member.name,
        "units": member.units,
        "scale": None
        if scale is None
        else {
            "low": float(scale.low),
            "add": float(scale.add),
            "mean": float(scale.mean),
            "spread": float(scale.spread),
        },
        **encode_state(member.state),
    }


def _decode_member(
    node: Node,
    ways: Sequence[tuple[UnitColumnSpec, ...]],
    n_fields: int,
    reader: ArraysReader,
    is_single: bool,
) -> DetectorMemberSpec:
    kind = node.child("kind").option(list(STATES))
    name, units, scale, _, *own = node.record(
        "name", "units", "scale", "kind", *STATES[kind]
    )
    place = units.whole(0, len(ways) - 1)
    if is_single != (scale.value is None):
        scale.refuse("a scale for a member of an ensemble, null for a single detector")
    state = decode_state(kind, own, len(ways[place]), n_fields, reader)
    return DetectorMemberSpec(
        name.text(low=1, high=200),
        place,
        None if is_single else _decode_scale(scale),
        state,
    )


def _decode_scale(node: Node) -> LogScaleSpec:
    low, add, mean, spread = node.record("low", "add", "mean", "spread")
    for positive in (add, spread):
        # Far from where a quotient by it overflows.
        if not positive.number() > 1 / LARGEST:
            positive.refuse("a number above 0", "another")
    return LogScaleSpec(_bounded(low), _bounded(add), _bounded(mean), _bounded(spread))


def _bounded(node: Node) -> float:
    value = node.number()
    if abs(value) > LARGEST:
        node.refuse(f"a number of at most {LARGEST:g}", "a larger one")
    return value
