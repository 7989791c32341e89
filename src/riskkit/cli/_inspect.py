"""``riskkit inspect``: a model file's account of itself, whatever model it is."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from riskkit.artifact import DetectorArtifact, ScorecardSpec, read_model
from riskkit.cli._blend import blend_tables, plain_blend
from riskkit.cli._console import plain_table
from riskkit.cli._detector import detector_tables, plain_detector
from riskkit.cli._pd_map import pd_map_tables
from riskkit.cli._strategy import strategy_tables

if TYPE_CHECKING:
    from pathlib import Path

    from riskkit.artifact import Artifact, CharacteristicSpec

__all__ = ["inspect"]


def inspect(path: Path, *, as_json: bool) -> None:
    """Read and check a model file, and show it on stdout."""
    artifact = read_model(path)
    console = Console(highlight=False)
    if isinstance(artifact, DetectorArtifact):
        if as_json:
            _echo(plain_detector(artifact, path))
            return
        for table in detector_tables(artifact, path):
            console.print(table)
        return
    if as_json:
        _echo(_plain(artifact))
        return
    console.print(plain_table((path.name, ""), _provenance(artifact), n_text=2))
    if isinstance(artifact.model, ScorecardSpec):
        for item in artifact.model.characteristics:
            console.print(_bins(artifact, item))
    else:
        for table in blend_tables(artifact.model):
            console.print(table)
    if artifact.pd_map is not None:
        for table in pd_map_tables(artifact.pd_map):
            console.print(table)
    if artifact.strategy is not None:
        for table in strategy_tables(artifact.strategy, artifact.manifest.strategy_id):
            console.print(table)
    left_out = artifact.manifest.left_out
    if left_out:
        rows = list(left_out.items())
        console.print(plain_table(("Left out", "why"), rows, n_text=2))


def _echo(plain: dict[str, Any]) -> None:
    typer.echo(json.dumps(plain, indent=2, ensure_ascii=False))


def _provenance(artifact: Artifact) -> list[tuple[str, str]]:
    manifest, model = artifact.manifest, artifact.model
    scaling = model.scaling
    rows = [
        ("model", f"{manifest.model} {manifest.model_id}"),
        ("written by", f"riskkit {manifest.riskkit_version}"),
        ("protocol", str(manifest.protocol)),
        ("target", manifest.target or "not recorded"),
        ("trained on", f"{manifest.n_rows:,.0f} rows"),
        ("events", f"{manifest.n_events:,.0f}"),
        ("window", " to ".join(manifest.window) if manifest.window else "not recorded"),
        (
            "points",
            f"{scaling.base_points:g} at odds {scaling.base_odds:g} : 1, "
            f"{scaling.pdo:g} more double the odds",
        ),
        ("characteristics", str(len(model.kinds))),
    ]
    rows.extend((str(name), str(note)) for name, note in manifest.notes.items())
    return rows


def _bins(artifact: Artifact, item: CharacteristicSpec) -> Any:
    feature = item.feature
    baseline = artifact.baseline
    counts = None if baseline is None else baseline.features.get(feature.name)
    rows = []
    for j, label in enumerate(feature.labels):
        if j == feature.unseen_bin and feature.kind == "numeric":
            continue
        n = None if counts is None else counts.n[j]
        n_event = None if counts is None else counts.n_event[j]
        rows.append(
            (
                label,
                "" if n is None else f"{n:,.0f}",
                f"{n_event / n:.2%}" if n and n_event is not None else "",
                f"{item.woe[j]:.4f}",
                f"{item.points[j]:g}",
            )
        )
    headers = (feature.name, "rows", "bad rate", "WoE", "points")
    return plain_table(headers, rows)


def _plain(artifact: Artifact) -> dict[str, Any]:
    model = artifact.model
    if isinstance(model, ScorecardSpec):
        out = asdict(replace(artifact, strategy=None))
        characteristics = out["model"]["characteristics"]
        for plain, item in zip(characteristics, model.characteristics, strict=True):
            plain["bins"] = item.feature.labels
    else:
        # Trees are no reading; the rest of the model goes without its arrays.
        out = asdict(
            replace(
                artifact,
                model=ScorecardSpec((), 0.0, 0.0, model.scaling),
                strategy=None,
            )
        )
        out["model"] = plain_blend(model)
    out["manifest"]["model_id"] = artifact.manifest.model_id
    if artifact.strategy is not None:
        out["strategy"] = artifact.strategy.to_dict()
    return out
