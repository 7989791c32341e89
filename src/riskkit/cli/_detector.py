"""What people are shown of a detector or a fraud model: fields, members, scales."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from riskkit.artifact import (
    FraudSpec,
    HistogramStateSpec,
    IsolationStateSpec,
    MahalanobisStateSpec,
    NeighbourStateSpec,
)
from riskkit.cli._console import plain_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from riskkit.artifact import DetectorArtifact, DetectorMemberSpec, DetectorSpec
    from riskkit.artifact._detector_state import StateSpec

__all__ = ["detector_tables", "plain_detector"]


def detector_tables(artifact: DetectorArtifact, path: Path) -> Iterator[Any]:
    """Give a table of the whole, one of the members and one of the fields."""
    plain = plain_detector(artifact, path)
    manifest, model = plain["manifest"], plain["model"]
    rows = [
        ("model", f"{manifest['model']} {manifest['model_id']}"),
        ("written by", f"riskkit {manifest['riskkit_version']}"),
        ("protocol", str(manifest["protocol"])),
        ("size", f"{plain['n_bytes'] / 1e6:.2f} MB"),
        ("target", manifest["target"] or "not recorded"),
        ("trained on", f"{manifest['n_rows']:,.0f} rows"),
    ]
    window = manifest["window"]
    rows.append(("window", " to ".join(window) if window else "not recorded"))
    rows.append(("outlier", f"anomaly score above {model['threshold']:.4f}"))
    if model["combine"] is not None:
        rows.append(("anomaly score", f"{model['combine']} of the members"))
    if "labels" in model:
        labels = model["labels"]
        rows += [
            ("frauds known", f"{manifest['n_events']:,.0f}"),
            ("trees", f"{labels['n_trees']:,}"),
            ("share of the labels", f"{labels['share']:.0%}"),
            ("trees see the members", "yes" if labels["sees_members"] else "no"),
        ]
    rows += [(str(name), str(note)) for name, note in manifest["notes"].items()]
    yield plain_table((path.name, ""), rows, n_text=2)
    members = [(m["name"], m["kind"], m["knows"]) for m in model["members"]]
    yield plain_table(("member", "kind", "knows"), members, n_text=3)
    fields = [
        (field["name"], field["kind"], _count(field["n_levels"]))
        for field in model["fields"]
    ]
    yield plain_table(("field", "kind", "levels"), fields, n_text=2)
    if manifest["left_out"]:
        left_out = list(manifest["left_out"].items())
        yield plain_table(("left out", "why"), left_out, n_text=2)


def plain_detector(artifact: DetectorArtifact, path: Path) -> dict[str, Any]:
    """Return all but the arrays and the levels as plain data."""
    model = artifact.model
    detector = model.detector if isinstance(model, FraudSpec) else model
    plain = _plain(detector)
    if isinstance(model, FraudSpec):
        nodes = [getattr(m, "nodes", None) for m in model.booster.members]
        plain["labels"] = {
            "n_trees": sum(node.n_trees for node in nodes if node is not None),
            "share": model.share,
            "sees_members": bool(model.anomaly_columns),
            "calibration": asdict(model.line),
        }
    manifest = asdict(artifact.manifest)
    manifest["model_id"] = artifact.manifest.model_id
    files = path.rglob("*") if path.is_dir() else [path]
    n_bytes = sum(file.stat().st_size for file in files if file.is_file())
    return {
        "manifest": manifest,
        "n_bytes": n_bytes,
        "model": plain,
        "schema": artifact.schema,
    }


def _plain(spec: DetectorSpec) -> dict[str, Any]:
    return {
        "threshold": spec.threshold,
        "combine": spec.combine,
        "members": [_member(member) for member in spec.members],
        "fields": [
            {
                "name": field.name,
                "kind": "numeric" if field.levels is None else "categorical",
                "n_levels": None if field.levels is None else len(field.levels),
            }
            for field in spec.fields
        ],
    }


def _member(member: DetectorMemberSpec) -> dict[str, Any]:
    kind, knows = _state(member.state)
    return {"name": member.name, "kind": kind, "knows": knows}


def _state(state: StateSpec | None) -> tuple[str, str]:
    if state is None:
        return "constant", "nothing varied in training"
    if isinstance(state, IsolationStateSpec):
        return "isolation forest", f"{state.n_trees:,} trees of depth {state.depth}"
    if isinstance(state, HistogramStateSpec):
        return "histogram", f"{state.points.size:,} steps"
    if isinstance(state, NeighbourStateSpec):
        n, size, _ = state.references.shape
        return "neighbours", f"{n:,} x {size:,} references, neighbour {state.k}"
    n_columns = state.centre.size
    if isinstance(state, MahalanobisStateSpec):
        return "mahalanobis", f"{n_columns:,} columns"
    n_quantiles = state.grids.shape[1]
    return "copula", f"{n_columns:,} columns, {n_quantiles:,} quantiles each"


def _count(n: int | None) -> str:
    return "" if n is None else f"{n:,}"
