"""PD maps to documents and back; reading trusts nothing.

A step, a point, a segment and a grade are each one object, so that a comparison of two
files shows the border or the PD that moved.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from riskkit.artifact._node import Node
from riskkit.artifact._pd_map import (
    IntervalMapSpec,
    LogOddsMapSpec,
    MasterScaleSpec,
    PDMapSpec,
    SegmentedMapSpec,
    SegmentMap,
    StepMapSpec,
)
from riskkit.exceptions import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskkit.artifact._pd_map import CalibrationSpec, Scale

__all__ = ["decode_map", "decode_pd_map", "encode_map", "encode_pd_map"]

MAX_STEPS = 16
MAX_SEGMENTS = 10_000
MAX_KNOTS = 200_000
MAX_GRADES = 1_000
# Differences of knots below this bound stay finite, so a line between them does too.
MAX_KNOT = 1e150

_SCALES = ("pd", "log_odds")


def encode_pd_map(spec: PDMapSpec) -> dict[str, Any]:
    """Return the document of a PD map."""
    grades = None if spec.grades is None else _encode_grades(spec.grades)
    return {"steps": [_encode_step(step) for step in spec.steps], "grades": grades}


def decode_pd_map(document: Any) -> PDMapSpec:
    """Return the PD map of a document."""
    steps, grades = Node(document, "pd_map.json").record("steps", "grades")
    nodes = steps.items(high=MAX_STEPS)
    decoded = tuple([_decode_step(node) for node in nodes])
    for node, step in list(zip(nodes, decoded, strict=True))[1:]:
        if step.scale != "pd":
            node.refuse("a step that is given the PD of the step before", "log-odds")
    if not decoded and grades.value is None:
        steps.refuse("a step, or else grades", "neither")
    return PDMapSpec(decoded, None if grades.value is None else _decode_grades(grades))


def _encode_step(step: CalibrationSpec | SegmentedMapSpec) -> dict[str, Any]:
    if not isinstance(step, SegmentedMapSpec):
        return encode_map(step)
    return {
        "kind": "segments",
        "column": step.column,
        "pooled": encode_map(step.pooled),
        "segments": [
            {
                "level": segment.level,
                "n": float(segment.n),
                "n_event": float(segment.n_event),
                "own_weight": float(segment.own_weight),
                "own": None if segment.own is None else encode_map(segment.own),
            }
            for segment in step.segments
        ],
    }


def encode_map(spec: CalibrationSpec) -> dict[str, Any]:
    """Return the document of a single map."""
    if isinstance(spec, LogOddsMapSpec):
        numbers = {"a": float(spec.a), "b": float(spec.b), "c": float(spec.c)}
        return {"kind": "log_odds", "scale": spec.scale, **numbers}
    if isinstance(spec, IntervalMapSpec):
        return {
            "kind": "interval",
            "scale": spec.scale,
            "low": _rows("lower", [None, *spec.low_knots], spec.low),
            "high": _rows("upper", [*spec.high_knots, None], spec.high),
        }
    if spec.interpolation == "linear":
        points = _rows("at", spec.knots, spec.values)
        return {"kind": "line", "scale": spec.scale, "points": points}
    bins = _rows("upper", [*spec.knots, None], spec.values)
    return {"kind": "steps", "scale": spec.scale, "bins": bins}


def _rows(
    name: str, knots: Sequence[float | None], values: Sequence[float]
) -> list[dict[str, Any]]:
    if len(knots) != len(values):
        msg = (
            f"A calibration map must have one knot for each of its {len(values)} PDs, "
            f"open ends included; it has {len(knots)}."
        )
        raise ArtifactError(msg)
    return [
        {name: None if knot is None else float(knot), "pd": float(value)}
        for knot, value in zip(knots, values, strict=True)
    ]


def _encode_grades(scale: MasterScaleSpec) -> list[dict[str, Any]]:
    if not len(scale.labels) == len(scale.pds) == len(scale.edges) - 1:
        msg = (
            f"A master scale of {len(scale.labels)} grades must have a PD for each and "
            f"one edge more; it has {len(scale.pds)} PDs and {len(scale.edges)} edges."
        )
        raise ArtifactError(msg)
    parts = zip(scale.labels, pairwise(scale.edges), scale.pds, strict=True)
    return [
        {"grade": label, "lower": float(low), "upper": float(high), "pd": float(pd)}
        for label, (low, high), pd in parts
    ]


def _decode_step(node: Node) -> CalibrationSpec | SegmentedMapSpec:
    kind = node.object().get("kind")
    if kind != "segments":
        return decode_map(node)
    _, column, pooled, rows = node.record("kind", "column", "pooled", "segments")
    shared = decode_map(pooled)
    segments = [_decode_segment(n, shared) for n in rows.items(high=MAX_SEGMENTS)]
    rows.distinct([segment.level for segment in segments], "levels")
    return SegmentedMapSpec(column.text(low=1), tuple(segments), shared)


def _decode_segment(node: Node, pooled: CalibrationSpec) -> SegmentMap:
    level, n, n_event, own_weight, own = node.record(
        "level", "n", "n_event", "own_weight", "own"
    )
    # Sums of weights, taken apart and together, differ in their last bits.
    if not 0 <= n_event.number() <= n.number() * (1 + 1e-9):
        n_event.refuse("a number between 0 and n", "one outside")
    weight = _share(own_weight)
    spec = None if own.value is None else decode_map(own)
    if (spec is None) != (weight == 0):
        own_weight.refuse("0 without a map of the segment's own, else more", "another")
    if spec is not None and (type(spec), spec.scale) != (type(pooled), pooled.scale):
        own.refuse("a map of the kind and scale of the pooled one", "another")
    return SegmentMap(level.text(), n.number(), n_event.number(), weight, spec)


def decode_map(node: Node) -> CalibrationSpec:
    """Return the single map that stands at a node."""
    kind = node.child("kind")
    return _DECODERS[kind.option(list(_DECODERS))](node)


def _decode_log_odds(node: Node) -> LogOddsMapSpec:
    _, scale, a, b, c = node.record("kind", "scale", "a", "b", "c")
    for slope in (a, b):
        if slope.amount() < 0:
            slope.refuse("a number of at least 0, which keeps the order", "one below")
    return LogOddsMapSpec(a.number(), b.number(), c.amount(), _scale(scale))


def _decode_steps(node: Node) -> StepMapSpec:
    _, scale, bins = node.record("kind", "scale", "bins")
    knots, values = _decode_rows(bins, "upper", _scale(scale), open_end=-1)
    return StepMapSpec(knots, values, "step", _scale(scale))


def _decode_line(node: Node) -> StepMapSpec:
    _, scale, points = node.record("kind", "scale", "points")
    knots, values = _decode_rows(points, "at", _scale(scale), open_end=None)
    return StepMapSpec(knots, values, "linear", _scale(scale))


def _decode_interval(node: Node) -> IntervalMapSpec:
    _, scale, low_rows, high_rows = node.record("kind", "scale", "low", "high")
    low_knots, low = _decode_rows(low_rows, "lower", _scale(scale), open_end=0)
    high_knots, high = _decode_rows(high_rows, "upper", _scale(scale), open_end=-1)
    if low[0] != 0:
        low_rows.refuse("0 as the first lower end", "another")
    if high[-1] != 1:
        high_rows.refuse("1 as the last upper end", "another")
    # Both rise, so it is enough to look where the lower end does.
    place = 0
    for knot, end in zip(low_knots, low[1:], strict=True):
        while place < len(high_knots) and high_knots[place] < knot:
            place += 1
        if end > high[place]:
            low_rows.refuse("lower ends that no upper end lies below", "one above")
    return IntervalMapSpec(low_knots, low, high_knots, high, _scale(scale))


_DECODERS: dict[str, Callable[[Node], CalibrationSpec]] = {
    "log_odds": _decode_log_odds,
    "steps": _decode_steps,
    "line": _decode_line,
    "interval": _decode_interval,
}


def _decode_rows(
    node: Node, name: str, scale: Scale, *, open_end: int | None
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the increasing knots and the PDs, which never fall, of a table.

    The row at `open_end` has null for a knot: its step goes on without end.
    """
    rows = [row.record(name, "pd") for row in node.items(low=1, high=MAX_KNOTS)]
    values = tuple([_share(pd) for _, pd in rows])
    for (_, pd), (before, after) in zip(rows[1:], pairwise(values), strict=True):
        if after < before:
            pd.refuse("a PD not below the one before", "one below")
    if open_end is not None:
        end, _ = rows.pop(open_end)
        if end.value is not None:
            end.refuse("null, because the step has no border on this side")
    low, high = (0.0, 1.0) if scale == "pd" else (-MAX_KNOT, MAX_KNOT)
    for knot, _ in rows:
        if not low <= knot.number() <= high:
            knot.refuse("a knot on the scale of the map", "one beyond it")
    return node.increasing(tuple([knot.number() for knot, _ in rows])), values


def _decode_grades(node: Node) -> MasterScaleSpec:
    rows = [
        row.record("grade", "lower", "upper", "pd")
        for row in node.items(low=1, high=MAX_GRADES)
    ]
    edges = (rows[0][1].number(), *[upper.number() for _, _, upper, _ in rows])
    if (edges[0], edges[-1]) != (0, 1):
        node.refuse("grades that cover all PDs from 0 to 1", "others")
    node.increasing(edges)
    for (_, lower, _, pd), (low, high) in zip(rows, pairwise(edges), strict=True):
        if lower.number() != low:
            lower.refuse("the upper border of the grade before", "another")
        if not low <= pd.number() <= high:
            pd.refuse("a PD within the grade", "one outside")
    labels = tuple([label.text(low=1) for label, *_ in rows])
    node.distinct(labels, "grades")
    return MasterScaleSpec(edges, tuple([pd.number() for *_, pd in rows]), labels)


def _share(node: Node) -> float:
    value = node.number()
    if not 0 <= value <= 1:
        node.refuse("a number between 0 and 1", "one outside")
    return value


def _scale(node: Node) -> Scale:
    return cast("Scale", node.option(_SCALES))
