"""A model as the plain data that a generated file holds and its parts read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit._kernels.points import points_line
from riskkit._kernels.tree_shapley import leaf_paths
from riskkit.artifact import (
    ROUNDING,
    BoostedMemberSpec,
    ForestMemberSpec,
    IntervalMapSpec,
    LogOddsMapSpec,
    ScorecardSpec,
    SegmentedMapSpec,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.artifact import (
        BlendSpec,
        CalibrationSpec,
        FeatureSpec,
        NodesSpec,
        PDMapSpec,
        ScoreBandsSpec,
        ScorecardMemberSpec,
        StrategySpec,
    )

    MemberSpec = BoostedMemberSpec | ForestMemberSpec | ScorecardMemberSpec

__all__ = ["blend_data", "card_data", "n_nodes", "pd_map_data", "strategy_data"]


def card_data(spec: ScorecardSpec) -> dict[str, Any]:
    """Return a scorecard, one bin after the other."""
    return {
        "intercept": spec.intercept,
        "offset_points": spec.offset_points,
        "characteristics": tuple(
            {
                **_feature_data(item.feature),
                "reason": item.reason,
                "best_points": item.best_points,
                # What it is, its log-odds (up is riskier), its points (up is safer).
                "bins": tuple(
                    zip(item.feature.labels, item.log_odds, item.points, strict=True)
                ),
            }
            for item in spec.characteristics
        ),
    }


def blend_data(spec: BlendSpec) -> dict[str, Any]:
    """Return a blend: features, then members with the nodes of their trees."""
    places: dict[FeatureSpec, int] = {}
    for member in spec.members:
        for feature in member.features:
            places.setdefault(feature, len(places))
    order = {name: k for k, name in enumerate(spec.names)}
    scaling = spec.scaling
    factor, offset = points_line(scaling.pdo, scaling.base_points, scaling.base_odds)
    calibration = spec.calibration
    return {
        "factor": factor,
        "offset": offset,
        "whole_points": scaling.rounding == "integer",
        "calibration": None if calibration is None else _map_data(calibration),
        "names": spec.names,
        "reference": tuple(map(float, spec.reference)),
        "features": tuple(map(_feature_data, places)),
        "members": tuple(
            _member_data(m, [places[f] for f in m.features], order)
            for m in spec.members
        ),
    }


def pd_map_data(spec: PDMapSpec) -> dict[str, Any]:
    """Return the steps from log-odds to PD, and the grades."""
    grades = None
    if spec.grades is not None:
        pairs = zip(spec.grades.labels, spec.grades.pds, strict=True)
        grades = {"borders": spec.grades.edges[1:-1], "grades": tuple(pairs)}
    steps = tuple(_step_data(step) for step in spec.steps)
    return {"scale": spec.scale, "steps": steps, "grades": grades}


def strategy_data(spec: StrategySpec, outputs: Sequence[str]) -> dict[str, Any]:
    """Return a strategy: its rules as boxes of values, its bands and limits."""
    return {
        "record_fields": tuple(f for f in spec.fields if f not in outputs),
        "kinds": dict(spec.kinds),
        "rules": tuple(
            tuple({name: _held_data(held) for name, held in box.items()} for box in r)
            for r in spec.regions
        ),
        "score": spec.score,
        "bands": _bands_data(spec.score_bands),
        "steps": tuple((s.name, s.decision, s.reason) for s in spec.steps),
        "otherwise": spec.otherwise,
        "limits": _limits_data(spec),
    }


def n_nodes(spec: ScorecardSpec | BlendSpec) -> int:
    """Return how many nodes the trees of a model have."""
    if isinstance(spec, ScorecardSpec):
        return 0
    trees = (BoostedMemberSpec, ForestMemberSpec)
    return sum(m.nodes.column.size for m in spec.members if isinstance(m, trees))


def _feature_data(feature: FeatureSpec) -> dict[str, Any]:
    numeric = feature.kind == "numeric"
    data: dict[str, Any] = {"name": feature.name, "kind": feature.kind}
    if numeric:
        data["edges"] = feature.edges
    data["known"] = feature.special_bins() if numeric else feature.level_bins()
    data["missing"] = feature.missing_bin
    data["refuse_unseen"] = feature.refuse_unseen
    return data


def _member_data(
    member: MemberSpec, places: list[int], order: dict[str, int]
) -> dict[str, Any]:
    data: dict[str, Any] = {"weight": member.weight}
    if not isinstance(member, (BoostedMemberSpec, ForestMemberSpec)):
        items = member.card.characteristics
        return data | {
            "kind": "scorecard",
            "places": tuple(places),
            "fields": tuple(order[f.name] for f in member.features),
            "intercept": member.card.intercept,
            "means": tuple(map(float, member.means)),
            "terms": tuple(item.log_odds for item in items),
        }
    columns = member.coding.columns
    data["fields"] = tuple(order[member.features[c.feature].name] for c in columns)
    data["columns"] = tuple((places[c.feature], tuple(c.codes)) for c in columns)
    if isinstance(member, BoostedMemberSpec):
        data |= {"kind": "boosted", "intercept": member.intercept}
        data["quadrature"] = _quadrature(member.nodes)
    else:
        data |= {"kind": "forest", "floor": member.floor}
    return data | {"trees": _trees_data(member.nodes)}


def _trees_data(nodes: NodesSpec) -> tuple[Any, ...]:
    """Return for each tree what its nodes hold, one tuple for each kind of number.

    Columns (-1 for a leaf), thresholds, whether the unknown goes left, right children,
    values, and covers where there are any.
    """
    trees = []
    for tree, (first, end) in zip(nodes.trees(), nodes.spans(), strict=True):
        parts = (
            tree.column,
            nodes.threshold[first:end],
            tree.missing_left.astype(int),
            tree.right,
            tree.value,
            nodes.cover[first:end],
        )
        trees.append(tuple(tuple(part.tolist()) for part in parts))
    return tuple(trees)


def _quadrature(nodes: NodesSpec) -> dict[int, Any]:
    """Return nodes and weights on (0, 1), by the number of columns of a path."""
    return {
        len(group.column): tuple(
            zip(group.nodes.ravel().tolist(), group.weights.tolist(), strict=True)
        )
        for group in leaf_paths(nodes.trees(), nodes.covers())
        if len(group.column)
    }


def _step_data(step: CalibrationSpec | SegmentedMapSpec) -> dict[str, Any]:
    if not isinstance(step, SegmentedMapSpec):
        return _map_data(step)
    return {
        "map": "segments",
        "column": step.column,
        "pooled": _map_data(step.pooled),
        "segments": {
            segment.level: (_map_data(segment.own), segment.own_weight)
            for segment in step.segments
            if segment.own is not None
        },
    }


def _map_data(spec: CalibrationSpec) -> dict[str, Any]:
    if isinstance(spec, LogOddsMapSpec):
        line = {"a": spec.a, "b": spec.b, "c": spec.c, "scale": spec.scale}
        return {"map": "log_odds", **line}
    if isinstance(spec, IntervalMapSpec):
        names = ("low_knots", "low", "high_knots", "high")
        return {"map": "interval", **{name: getattr(spec, name) for name in names}}
    return {"map": spec.interpolation, "knots": spec.knots, "values": spec.values}


def _held_data(held: Any) -> dict[str, Any]:
    if hasattr(held, "cuts"):
        return {"cuts": held.cuts, "missing": held.missing}
    levels = tuple(sorted(held.levels))
    return {"levels": levels, "all_but": held.all_but, "missing": held.missing}


def _bands_data(bands: ScoreBandsSpec | None) -> dict[str, Any] | None:
    return None if bands is None else {"edges": bands.edges, "best": bands.best}


def _limits_data(spec: StrategySpec) -> dict[str, Any] | None:
    limits = spec.limits
    if limits is None:
        return None
    amounts = ("levels", "limit", "income_multiple", "exposure_cap", "price")
    names = ("by", "income", "exposure", "requested", "round_to", "minimum", "unknown")
    return {
        **{name: getattr(limits, name) for name in names},
        "rounding": ROUNDING,
        "score_bands": _bands_data(limits.score_bands),
        "bands": tuple(
            {name: getattr(band, name) for name in amounts} for band in limits.bands
        ),
    }
