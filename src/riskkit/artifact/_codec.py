"""Specs to documents and back; reading trusts nothing.

The parts that a reviewer compares stand together: a bin of a scorecard is one object
with its borders (or levels, or codes), WoE, log-odds and points.
"""

from __future__ import annotations

import re
from typing import Any, Literal, cast

from riskkit.artifact._baseline import BaselineSpec, CountsSpec
from riskkit.artifact._canonical import plain_data
from riskkit.artifact._features import FeatureSpec, SpecialGroup
from riskkit.artifact._manifest import Manifest
from riskkit.artifact._node import MAX_AMOUNT, MAX_TEXT, Node
from riskkit.artifact._scorecard import CharacteristicSpec, ScalingSpec, ScorecardSpec
from riskkit.exceptions import ArtifactError

__all__ = [
    "FORMAT",
    "MAX_BINS",
    "MAX_FEATURES",
    "decode_baseline",
    "decode_card",
    "decode_manifest",
    "decode_scaling",
    "decode_scorecard",
    "encode_baseline",
    "encode_manifest",
    "encode_scaling",
    "encode_scorecard",
]

FORMAT = "riskkit artifact"
MAX_FEATURES = 10_000
MAX_BINS = 100_000

_MEMBER = "model.json"
_WORTH = ("woe", "log_odds", "points")
_UNSEEN = {False: "bin", True: "refuse"}
_SHA256 = re.compile(r"[0-9a-f]{64}")


def encode_manifest(manifest: Manifest) -> dict[str, Any]:
    """Return the document of a manifest."""
    window = None if manifest.window is None else list(manifest.window)
    return {
        "format": FORMAT,
        "protocol": manifest.protocol,
        "riskkit_version": manifest.riskkit_version,
        "model": manifest.model,
        "libraries": plain_data(manifest.libraries, "libraries"),
        "n_rows": float(manifest.n_rows),
        "n_events": float(manifest.n_events),
        "target": manifest.target,
        "classes": list(manifest.classes),
        "window": window,
        "left_out": plain_data(manifest.left_out, "left_out"),
        "notes": plain_data(manifest.notes, "notes"),
        "members": plain_data(manifest.members, "members"),
    }


def decode_manifest(document: Any) -> Manifest:
    """Return the manifest of a document."""
    root = Node(document, "manifest.json")
    (
        form, protocol, version, model, libraries, n_rows, n_events, target, classes,
        window, left_out, notes, members,
    ) = root.record(
        "format", "protocol", "riskkit_version", "model", "libraries", "n_rows",
        "n_events", "target", "classes", "window", "left_out", "notes", "members",
    )  # fmt: skip
    form.option([FORMAT])
    rows, events = n_rows.number(), n_events.number()
    if not 0 <= events <= rows:
        n_events.refuse("a number between 0 and n_rows", "one outside")
    non_event, event = [label.text() for label in classes.items(low=2, high=2)]
    dates = None
    if window.value is not None:
        first, last = [date.text(high=64) for date in window.items(low=2, high=2)]
        dates = (first, last)
    hashes = {}
    for name, node in members.entries().items():
        hashes[name] = node.text()
        if not _SHA256.fullmatch(hashes[name]):
            node.refuse("a SHA-256 in 64 lower-case hexadecimal digits")
    return Manifest(
        model=model.text(high=64),
        protocol=int(protocol.number()),
        riskkit_version=version.text(high=64),
        libraries={k: v.text(high=64) for k, v in libraries.entries().items()},
        n_rows=rows,
        n_events=events,
        target=None if target.value is None else target.text(),
        classes=(non_event, event),
        window=dates,
        left_out={k: v.text() for k, v in left_out.entries().items()},
        notes=plain_data(notes.object(), "manifest.json, notes"),
        members=hashes,
    )


def encode_scorecard(spec: ScorecardSpec) -> dict[str, Any]:
    """Return the document of a scorecard."""
    return {
        "intercept": float(spec.intercept),
        "offset_points": float(spec.offset_points),
        "scaling": encode_scaling(spec.scaling),
        "characteristics": [_encode_characteristic(c) for c in spec.characteristics],
    }


def encode_scaling(scaling: ScalingSpec) -> dict[str, Any]:
    """Return the document of a scale of points."""
    return {
        "pdo": float(scaling.pdo),
        "base_points": float(scaling.base_points),
        "base_odds": float(scaling.base_odds),
        "rounding": scaling.rounding,
    }


def decode_scorecard(document: Any) -> ScorecardSpec:
    """Return the scorecard of a document."""
    return decode_card(Node(document, _MEMBER))


def decode_card(root: Node) -> ScorecardSpec:
    """Return the scorecard that stands at a node."""
    intercept, offset, scaling, rows = root.record(
        "intercept", "offset_points", "scaling", "characteristics"
    )
    characteristics = tuple(
        [_decode_characteristic(row) for row in rows.items(high=MAX_FEATURES)]
    )
    rows.distinct([c.feature.name for c in characteristics], "feature names")
    n_bins = sum(c.feature.n_bins for c in characteristics)
    if n_bins > MAX_BINS:
        rows.refuse(f"at most {MAX_BINS} bins in all", f"{n_bins}")
    spec = ScorecardSpec(
        characteristics, intercept.number(), offset.number(), decode_scaling(scaling)
    )
    _check_sums(spec, rows)
    return spec


def encode_baseline(baseline: BaselineSpec) -> dict[str, Any]:
    """Return the document of a baseline."""
    return {
        "features": [
            {"name": name, **_encode_counts(counts)}
            for name, counts in baseline.features.items()
        ],
        "points_edges": [float(edge) for edge in baseline.points_edges],
        "points": _encode_counts(baseline.points),
    }


def decode_baseline(document: Any, spec: ScorecardSpec) -> BaselineSpec:
    """Return the baseline of a document, which must fit the scorecard."""
    root = Node(document, "baseline.json")
    rows, edges, points = root.record("features", "points_edges", "points")
    features = [_decode_feature_counts(row) for row in rows.items(high=MAX_FEATURES)]
    names = [name for name, _, _ in features]
    rows.distinct(names, "feature names")
    n_bins = {c.feature.name: c.feature.n_bins for c in spec.characteristics}
    if set(names) != set(n_bins):
        rows.refuse("the features of model.json", "others")
    for name, counts, row in features:
        _check_length(row, counts, n_bins[name])
    cuts = edges.increasing(edges.numbers(high=MAX_BINS))
    bands = _decode_counts(*points.record("n", "n_event"))
    _check_length(points, bands, len(cuts) + 1)
    return BaselineSpec({name: counts for name, counts, _ in features}, cuts, bands)


def _encode_characteristic(c: CharacteristicSpec) -> dict[str, Any]:
    feature = c.feature
    for what in _WORTH:
        if len(getattr(c, what)) != feature.n_bins:
            msg = (
                f"Characteristic {feature.name!r} must have one {what} for each of "
                f"its {feature.n_bins} bins; it has {len(getattr(c, what))}."
            )
            raise ArtifactError(msg)
    worth = [
        {"woe": float(woe), "log_odds": float(log_odds), "points": float(points)}
        for woe, log_odds, points in zip(c.woe, c.log_odds, c.points, strict=True)
    ]
    return {
        "name": feature.name,
        "kind": feature.kind,
        "closed": "right" if feature.kind == "numeric" else None,
        "unseen": _UNSEEN[feature.refuse_unseen],
        "coefficient": float(c.coefficient),
        "reason": c.reason,
        "bins": [
            {**place, **value}
            for place, value in zip(_encode_bins(feature), worth, strict=True)
        ],
    }


def _encode_bins(feature: FeatureSpec) -> list[dict[str, Any]]:
    """Return what falls into each bin, without what the bin is worth."""
    places: list[dict[str, Any]]
    if feature.kind == "numeric":
        edges = [float(edge) for edge in feature.edges]
        borders = zip([None, *edges], [*edges, None], strict=True)
        places = [{"lower": low, "upper": high} for low, high in borders]
        as_code: type = float
    else:
        places = [{"levels": list(group)} for group in feature.levels]
        as_code = str
    places += [
        {"special": group.label, "codes": [as_code(code) for code in group.codes]}
        for group in feature.special
    ]
    return [*places, {"missing": True}, {"unseen": True}]


def _decode_characteristic(node: Node) -> CharacteristicSpec:
    name, kind, closed, unseen, coefficient, reason, rows = node.record(
        "name", "kind", "closed", "unseen", "coefficient", "reason", "bins"
    )
    numeric = kind.option(["numeric", "categorical"]) == "numeric"
    if closed.value != ("right" if numeric else None):
        closed.refuse('"right" for a numeric feature, null for a categorical one')
    bins = rows.items(low=2, high=MAX_BINS)
    is_special = ["special" in row.object() for row in bins[:-2]]
    n_regular = is_special.index(True) if True in is_special else len(is_special)
    regular, special = bins[:n_regular], bins[n_regular:-2]

    levels: tuple[tuple[str, ...], ...] = ()
    edges: tuple[float, ...] = ()
    if numeric:
        edges = _decode_edges(regular, rows)
    else:
        levels = tuple([_decode_levels(row) for row in regular])
    groups = tuple([_decode_special(row, numeric=numeric) for row in special])
    for row, key in zip(bins[-2:], ("missing", "unseen"), strict=True):
        row.record(key, *_WORTH)[0].true()
    known = [lv for group in levels for lv in group]
    rows.distinct([*known, *(c for g in groups for c in g.codes)], "levels and codes")

    woe, log_odds, points = (
        tuple([row.child(what).number() for row in bins]) for what in _WORTH
    )
    feature = FeatureSpec(
        name.text(low=1),
        "numeric" if numeric else "categorical",
        edges,
        levels,
        groups,
        unseen.option(list(_UNSEEN.values())) == "refuse",
    )
    return CharacteristicSpec(
        feature, coefficient.number(), woe, log_odds, points, reason.text()
    )


def _decode_edges(regular: list[Node], rows: Node) -> tuple[float, ...]:
    """Return the edges of intervals that cover the line without gap or overlap."""
    if not regular:
        rows.refuse("at least one interval", "none")
    ends = [row.record("lower", "upper", *_WORTH)[:2] for row in regular]
    edges = tuple([upper.number() for _, upper in ends[:-1]])
    for (lower, _), edge in zip(ends, (None, *edges), strict=True):
        if lower.value != edge or isinstance(lower.value, bool):
            lower.refuse("the upper border of the bin before, or null at first")
    if ends[-1][1].value is not None:
        ends[-1][1].refuse("null as the upper border of the last interval")
    return rows.increasing(edges)


def _decode_levels(row: Node) -> tuple[str, ...]:
    levels = row.record("levels", *_WORTH)[0]
    return tuple([level.text() for level in levels.items(low=1)])


def _decode_special(row: Node, *, numeric: bool) -> SpecialGroup:
    label, codes = row.record("special", "codes", *_WORTH)[:2]
    entries = codes.items(low=1, high=MAX_BINS)
    if numeric:
        return SpecialGroup(label.text(), tuple([code.number() for code in entries]))
    return SpecialGroup(label.text(), tuple([code.text() for code in entries]))


def decode_scaling(node: Node) -> ScalingSpec:
    """Return the scale of points at a node."""
    pdo, base_points, base_odds, rounding = node.record(
        "pdo", "base_points", "base_odds", "rounding"
    )
    for positive in (pdo, base_odds):
        if not positive.amount() > 0:
            positive.refuse("a number above 0", "another")
    word = rounding.option(["integer", "none"])
    return ScalingSpec(
        pdo.number(),
        base_points.amount(),
        base_odds.number(),
        cast("Literal['integer', 'none']", word),
    )


def _check_sums(spec: ScorecardSpec, rows: Node) -> None:
    """Refuse terms whose sum could overflow: every score must be a number."""
    for what, start in (("log_odds", spec.intercept), ("points", spec.offset_points)):
        total = abs(start)
        for c in spec.characteristics:
            total += max(map(abs, getattr(c, what)))
        if not total <= MAX_AMOUNT:
            rows.refuse(f"{what} with a sum of at most {MAX_AMOUNT:g}", "one beyond")


def _encode_counts(counts: CountsSpec) -> dict[str, Any]:
    return {
        "n": [float(n) for n in counts.n],
        "n_event": [float(n) for n in counts.n_event],
    }


def _decode_feature_counts(row: Node) -> tuple[str, CountsSpec, Node]:
    name, n, n_event = row.record("name", "n", "n_event")
    return name.text(low=1, high=MAX_TEXT), _decode_counts(n, n_event), row


def _decode_counts(n: Node, n_event: Node) -> CountsSpec:
    counts = CountsSpec(n.numbers(high=MAX_BINS), n_event.numbers(high=MAX_BINS))
    if len(counts.n) != len(counts.n_event):
        n_event.refuse("as many entries as n", f"{len(counts.n_event)}")
    for total, events in zip(counts.n, counts.n_event, strict=True):
        # Sums of weights, taken apart and together, differ in their last bits.
        if not 0 <= events <= total * (1 + 1e-9):
            n_event.refuse("numbers between 0 and those of n", "one outside")
    return counts


def _check_length(node: Node, counts: CountsSpec, n_bins: int) -> None:
    if len(counts.n) != n_bins:
        node.refuse(f"{n_bins} entries, one a bin", f"{len(counts.n)}")
