"""Fraud models to documents and back; reading trusts nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit.artifact._blend_codec import decode_blend, encode_blend
from riskkit.artifact._detector_codec import (
    LARGEST,
    decode_detector_at,
    encode_detector,
)
from riskkit.artifact._fraud import FraudSpec, SurpriseSpec
from riskkit.artifact._members import ARRAYS, TREES
from riskkit.artifact._node import Node
from riskkit.artifact._pd_map import LogOddsMapSpec
from riskkit.artifact._pd_map_codec import decode_map, encode_map

if TYPE_CHECKING:
    from riskkit.artifact._detector import DetectorSpec

__all__ = ["decode_fraud", "encode_fraud"]

MAX_KNOTS = 100_000


def encode_fraud(spec: FraudSpec) -> dict[str, Any]:
    """Return the documents of a fraud model by member."""
    booster, detector = encode_blend(spec.booster), encode_detector(spec.detector)
    model = {
        "share": float(spec.share),
        "line": encode_map(spec.line),
        "anomaly_columns": list(spec.anomaly_columns),
        "unseen": list(spec.unseen),
        "learned": _encode_surprise(spec.learned),
        "anomaly": _encode_surprise(spec.anomaly),
        "detector": detector.pop("model.json"),
        "booster": booster.pop("model.json"),
    }
    return {"model.json": model, **booster, **detector}


def decode_fraud(documents: dict[str, Any]) -> FraudSpec:
    """Return the fraud model of an artifact's documents."""
    root = Node(documents["model.json"], "model.json")
    share, line, columns, unseen, learned, anomaly, detector_, booster_ = root.record(
        "share", "line", "anomaly_columns", "unseen", "learned", "anomaly",
        "detector", "booster",
    )  # fmt: skip
    if not 0 <= share.number() <= 1:
        share.refuse("a number from 0 to 1", "one outside")
    detector = decode_detector_at(detector_, documents.get(ARRAYS))
    trees = {TREES: documents[TREES]} if TREES in documents else {}
    booster = decode_blend({"model.json": booster_.object(), **trees})
    if booster.calibration is not None:
        booster_.refuse("trees without a calibration", "trees with one")
    names = _decode_columns(columns, detector)
    given = {**detector.kinds, **dict.fromkeys(names, "numeric")}
    if any(given.get(name) != kind for name, kind in booster.kinds.items()):
        booster_.refuse("fields of the detector, and its scores", "others")
    return FraudSpec(
        detector,
        booster,
        names,
        _decode_unseen(unseen, detector),
        share.number(),
        _decode_surprise(learned),
        _decode_surprise(anomaly),
        _decode_line(line),
    )


def _decode_columns(node: Node, detector: DetectorSpec) -> tuple[str, ...]:
    names = tuple([name.text(low=1) for name in node.items(high=1000)])
    if names and len(names) != len(detector.members):
        node.refuse("a name for each member of the detector, or none", f"{len(names)}")
    node.distinct([*names, *detector.kinds], "names")
    return names


def _decode_unseen(node: Node, detector: DetectorSpec) -> tuple[str | None, ...]:
    n = len(detector.fields)
    found = []
    for entry, field in zip(node.items(low=n, high=n), detector.fields, strict=True):
        if field.levels is None and entry.value is not None:
            entry.refuse("null for a field of numbers")
        found.append(None if field.levels is None else entry.text(low=1))
    return tuple(found)


def _encode_surprise(spec: SurpriseSpec) -> dict[str, Any]:
    return {
        "is_log": bool(spec.is_log),
        "excess": None if spec.excess is None else float(spec.excess),
        "knots": [
            {"score": float(score), "surprise": float(value), "slope": float(slope)}
            for score, value, slope in zip(
                spec.knot, spec.value, spec.slope, strict=True
            )
        ],
    }


def _decode_surprise(node: Node) -> SurpriseSpec:
    import numpy as np

    is_log, excess, knots = node.record("is_log", "excess", "knots")
    if not isinstance(is_log.value, bool):
        is_log.refuse("true or false")
    if excess.value is not None and not 1 / LARGEST < excess.number() < LARGEST:
        excess.refuse("a number above 0, or null", "another")
    rows = [
        row.record("score", "surprise", "slope")
        for row in knots.items(low=1, high=MAX_KNOTS)
    ]
    scores = knots.increasing(tuple([score.number() for score, _, _ in rows]))
    values = tuple([value.number() for _, value, _ in rows])
    slopes = tuple([slope.number() for _, _, slope in rows])
    if values[0] < 0 or min(slopes) < 0 or slopes[-1] != 0:
        knots.refuse("a line that rises, and is level behind the last knot", "another")
    if max(map(abs, (*scores, *values))) > LARGEST or max(slopes) > LARGEST:
        knots.refuse(f"numbers of at most {LARGEST:g}", "larger ones")
    if is_log.value and not scores[-1] > 1 / LARGEST:
        knots.refuse("a last score above 0 for the tail of a power law", "another")
    return SurpriseSpec(
        np.array(scores),
        np.array(values),
        np.array(slopes),
        None if excess.value is None else excess.number(),
        is_log.value,
    )


def _decode_line(node: Node) -> LogOddsMapSpec:
    line = decode_map(node)
    if (
        not isinstance(line, LogOddsMapSpec)
        or line.scale != "log_odds"
        or line.a != line.b
    ):
        node.refuse("a line of log-odds", "another map")
    if max(abs(line.a), abs(line.c)) > LARGEST:
        node.refuse(f"numbers of at most {LARGEST:g}", "larger ones")
    return line
