"""What people are shown of a boosted model or a blend: members, fields, audits."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from riskkit.artifact import BoostedMemberSpec, ForestMemberSpec
from riskkit.cli._console import plain_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskkit.artifact import BlendSpec, ScorecardMemberSpec

__all__ = ["blend_tables", "plain_blend"]


def blend_tables(spec: BlendSpec) -> Iterator[Any]:
    """Give a table of the members, one of the fields, and one for each audit."""
    members = [_member(member) for member in spec.members]
    rows = [
        (m["name"], m["kind"], f"{m['weight']:.4f}", _count(m["n_trees"]))
        for m in members
    ]
    yield plain_table(("member", "kind", "weight", "trees"), rows, n_text=2)
    reference = zip(spec.kinds.items(), spec.reference, strict=True)
    fields = [(name, kind, f"{mean:+.4f}") for (name, kind), mean in reference]
    yield plain_table(("field", "kind", "reference, log-odds"), fields, n_text=2)
    if spec.calibration is not None:
        values = [(str(k), str(v)) for k, v in asdict(spec.calibration).items()]
        yield plain_table(("calibration", ""), values, n_text=2)
    for name, audit in spec.audits.items():
        rows = [_audited(row) for row in audit.get("rows", ())]
        headers = (f"{name} held to", "direction", "violations", "log-loss cost")
        yield plain_table(headers, rows, n_text=2)


def plain_blend(spec: BlendSpec) -> dict[str, Any]:
    """Return all but the arrays and the bins of a blend as plain data."""
    return {
        "members": [_member(member) for member in spec.members],
        "fields": [
            {"name": name, "kind": kind, "reference": mean}
            for (name, kind), mean in zip(
                spec.kinds.items(), spec.reference, strict=True
            )
        ],
        "scaling": asdict(spec.scaling),
        "calibration": None if spec.calibration is None else asdict(spec.calibration),
        "audits": spec.audits,
    }


def _member(
    member: BoostedMemberSpec | ForestMemberSpec | ScorecardMemberSpec,
) -> dict[str, Any]:
    plain: dict[str, Any] = {"name": member.name, "weight": member.weight}
    features = [feature.name for feature in member.features]
    if isinstance(member, (BoostedMemberSpec, ForestMemberSpec)):
        kind = "boosted" if isinstance(member, BoostedMemberSpec) else "forest"
        n_trees = member.nodes.n_trees
        return {**plain, "kind": kind, "n_trees": n_trees, "features": features}
    return {**plain, "kind": "scorecard", "n_trees": None, "features": features}


def _count(n_trees: int | None) -> str:
    return "" if n_trees is None else f"{n_trees:,}"


def _audited(row: dict[str, Any]) -> tuple[str, str, str, str]:
    cost = row.get("log_loss_cost")
    shown = "not priced" if cost is None else f"{cost:+.5f}"
    return (
        str(row.get("feature")),
        str(row.get("direction")),
        str(row.get("n_violations")),
        shown,
    )
