"""Blends to documents and back; reading trusts nothing.

Fine bins and codes are shared between members, so they stand once: a feature in
``features``, a way to code records in ``codings``. Trees are in ``trees.bin``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from riskkit.artifact._blend import (
    BlendSpec,
    BoostedMemberSpec,
    CodingSpec,
    ForestMemberSpec,
    ScorecardMemberSpec,
)
from riskkit.artifact._booster import TreeColumnSpec
from riskkit.artifact._canonical import plain_data
from riskkit.artifact._codec import (
    MAX_BINS,
    MAX_FEATURES,
    decode_card,
    decode_scaling,
    encode_scaling,
    encode_scorecard,
)
from riskkit.artifact._features import FeatureSpec, SpecialGroup
from riskkit.artifact._members import TREES
from riskkit.artifact._node import Node
from riskkit.artifact._nodes_codec import NodesReader, encode_nodes
from riskkit.artifact._pd_map_codec import decode_map, encode_map

if TYPE_CHECKING:
    from riskkit.artifact._blend import MemberSpec

__all__ = ["decode_blend", "encode_blend"]

MAX_MEMBERS = 100
MAX_COLUMNS = 100_000
MAX_TREES = 1_000_000
MAX_NODES = 1 << 30
# Codes are held in single precision, which knows all whole numbers up to here.
MAX_CODE = 1 << 24
_ROLES = ("value", "rank", "state")


def encode_blend(spec: BlendSpec) -> dict[str, Any]:
    """Return the documents of a blend by member: ``model.json``, and its trees."""
    features: dict[FeatureSpec, int] = {}
    codings: dict[CodingSpec, int] = {}
    for member in spec.members:
        if not isinstance(member, ScorecardMemberSpec):
            for feature in member.features:
                features.setdefault(feature, len(features))
            codings.setdefault(member.coding, len(codings))
    model = {
        "members": [_encode_member(member, codings) for member in spec.members],
        "calibration": None
        if spec.calibration is None
        else encode_map(spec.calibration),
        "scaling": encode_scaling(spec.scaling),
        "fields": [
            {"name": name, "reference": float(mean)}
            for name, mean in zip(spec.names, spec.reference, strict=True)
        ],
        "audits": plain_data(spec.audits, "audits"),
        "features": [_encode_feature(feature) for feature in features],
        "codings": [_encode_coding(coding, features) for coding in codings],
    }
    nodes = [m.nodes for m in spec.members if not isinstance(m, ScorecardMemberSpec)]
    if not nodes:
        return {"model.json": model}
    return {"model.json": model, TREES: encode_nodes(nodes)}


def decode_blend(documents: dict[str, Any]) -> BlendSpec:
    """Return the blend of an artifact's documents."""
    root = Node(documents["model.json"], "model.json")
    members, calibration, scaling, fields, audits, features, codings = root.record(
        "members", "calibration", "scaling", "fields", "audits", "features", "codings"
    )
    pool = [_decode_feature(row) for row in features.items(high=MAX_FEATURES)]
    if sum(feature.n_bins for feature in pool) > 10 * MAX_BINS:
        features.refuse(f"at most {10 * MAX_BINS} bins in all", "more")
    ways = [_decode_coding(row, pool) for row in codings.items(high=MAX_MEMBERS)]
    reader = NodesReader(documents.get(TREES))
    found = tuple(
        [
            _decode_member(row, ways, reader)
            for row in members.items(low=1, high=MAX_MEMBERS)
        ]
    )
    reader.finish()
    members.distinct([member.name for member in found], "names of members")
    if abs(sum(member.weight for member in found) - 1.0) > 1e-9:
        members.refuse("weights that add up to 1", "others")
    rows = [row.record("name", "reference") for row in fields.items(high=MAX_FEATURES)]
    names = tuple([name.text(low=1) for name, _ in rows])
    fields.distinct(names, "names")
    _check_kinds(found, names, fields)
    spec = BlendSpec(
        members=found,
        names=names,
        reference=tuple([mean.amount() for _, mean in rows]),
        scaling=decode_scaling(scaling),
        calibration=None if calibration.value is None else decode_map(calibration),
        audits=plain_data(audits.object(), "model.json, audits"),
    )
    if spec.calibration is not None and spec.calibration.scale != "log_odds":
        calibration.refuse("a map that is given log-odds", "another")
    return spec


def _encode_member(
    member: MemberSpec, codings: dict[CodingSpec, int]
) -> dict[str, Any]:
    named = {"name": member.name, "weight": float(member.weight)}
    if isinstance(member, ScorecardMemberSpec):
        return {
            **named,
            "kind": "scorecard",
            "means": [float(mean) for mean in member.means],
            "card": encode_scorecard(member.card),
        }
    trees = {
        "coding": codings[member.coding],
        "n_trees": member.nodes.n_trees,
        "n_nodes": member.nodes.column.size,
    }
    if isinstance(member, ForestMemberSpec):
        return {**named, "kind": "forest", "floor": float(member.floor), **trees}
    return {**named, "kind": "boosted", "intercept": float(member.intercept), **trees}


def _decode_member(
    node: Node, codings: list[CodingSpec], reader: NodesReader
) -> MemberSpec:
    kinds = {"scorecard": ("means", "card"), "forest": ("floor",)}
    kind = node.child("kind").option(["boosted", "forest", "scorecard"])
    own = kinds.get(kind, ("intercept",))
    if kind != "scorecard":
        own = (*own, "coding", "n_trees", "n_nodes")
    name_, weight_, _, *rest = node.record("name", "weight", "kind", *own)
    name, weight = name_.text(low=1, high=200), weight_.number()
    if not 0 < weight <= 1:
        weight_.refuse("a number above 0 and at most 1", "one outside")
    if kind == "scorecard":
        card = decode_card(rest[1])
        means = [mean.amount() for mean in rest[0].items(high=MAX_FEATURES)]
        if len(means) != len(card.characteristics):
            rest[0].refuse("one mean for each characteristic", f"{len(means)}")
        return ScorecardMemberSpec(name, weight, card, tuple(means))
    start, coding, n_trees, n_nodes = rest
    way = codings[coding.whole(0, len(codings) - 1)]
    nodes = reader.take(
        node.path,
        n_trees.whole(0, MAX_TREES),
        n_nodes.whole(0, MAX_NODES),
        len(way.columns),
        has_cover=kind == "boosted",
    )
    if kind == "boosted":
        return BoostedMemberSpec(name, weight, way, start.amount(), nodes)
    if not 0 < start.number() < 0.5:
        start.refuse("a number between 0 and a half", "one outside")
    if not nodes.n_trees:
        n_trees.refuse("at least one tree", "none")
    return ForestMemberSpec(name, weight, way, start.number(), nodes)


def _encode_feature(feature: FeatureSpec) -> dict[str, Any]:
    numeric = feature.kind == "numeric"
    as_code: type = float if numeric else str
    return {
        "name": feature.name,
        "kind": feature.kind,
        "closed": "right" if numeric else None,
        "unseen": "refuse" if feature.refuse_unseen else "bin",
        "edges": [float(edge) for edge in feature.edges],
        "levels": [list(group) for group in feature.levels],
        "special": [
            {"label": group.label, "codes": [as_code(code) for code in group.codes]}
            for group in feature.special
        ],
    }


def _decode_feature(node: Node) -> FeatureSpec:
    name, kind, closed, unseen, edges, levels, special = node.record(
        "name", "kind", "closed", "unseen", "edges", "levels", "special"
    )
    numeric = kind.option(["numeric", "categorical"]) == "numeric"
    if closed.value != ("right" if numeric else None):
        closed.refuse('"right" for a numeric feature, null for a categorical one')
    cuts = edges.increasing(edges.numbers(high=MAX_BINS if numeric else 0))
    groups = tuple(
        [
            tuple([level.text() for level in group.items(low=1)])
            for group in levels.items(high=0 if numeric else MAX_BINS)
        ]
    )
    codes = []
    for row in special.items(high=MAX_BINS):
        label, entries = row.record("label", "codes")
        nodes = entries.items(low=1, high=MAX_BINS)
        values = [code.number() if numeric else code.text() for code in nodes]
        codes.append(SpecialGroup(label.text(), tuple(values)))  # type: ignore[arg-type]
    known = [level for group in groups for level in group]
    special.distinct([*known, *(c for g in codes for c in g.codes)], "levels and codes")
    return FeatureSpec(
        name.text(low=1),
        "numeric" if numeric else "categorical",
        cuts,
        groups,
        tuple(codes),
        unseen.option(["bin", "refuse"]) == "refuse",
    )


def _encode_coding(
    coding: CodingSpec, features: dict[FeatureSpec, int]
) -> dict[str, Any]:
    return {
        "features": [features[feature] for feature in coding.features],
        "columns": [
            {
                "feature": column.feature,
                "role": column.role,
                "codes": [None if c is None else int(c) for c in column.codes],
            }
            for column in coding.columns
        ],
    }


def _decode_coding(node: Node, pool: list[FeatureSpec]) -> CodingSpec:
    used, rows = node.record("features", "columns")
    places = [n.whole(0, len(pool) - 1) for n in used.items(high=MAX_FEATURES)]
    features = tuple([pool[place] for place in places])
    used.distinct([feature.name for feature in features], "feature names")
    columns = [_decode_column(row, features) for row in rows.items(high=MAX_COLUMNS)]
    return CodingSpec(features, tuple(columns))


def _decode_column(node: Node, features: tuple[FeatureSpec, ...]) -> TreeColumnSpec:
    feature, role, codes = node.record("feature", "role", "codes")
    place = feature.whole(0, len(features) - 1)
    n_bins = features[place].n_bins
    values = [
        None if code.value is None else code.whole(0, MAX_CODE)
        for code in codes.items(high=MAX_BINS)
    ]
    if len(values) != n_bins:
        codes.refuse(f"{n_bins} codes, one a bin", f"{len(values)}")
    word = cast("Literal['value', 'rank', 'state']", role.option(_ROLES))
    return TreeColumnSpec(place, word, tuple(values))


def _check_kinds(
    members: tuple[MemberSpec, ...], names: tuple[str, ...], fields: Node
) -> None:
    """Refuse fields that are not those of the members, or are of two kinds."""
    kinds: dict[str, str] = {}
    for member in members:
        for feature in member.features:
            if kinds.setdefault(feature.name, feature.kind) != feature.kind:
                fields.refuse("one kind for each field", f"two for {feature.name!r}")
    if set(kinds) != set(names):
        fields.refuse("the names of all features of the members", "others")
