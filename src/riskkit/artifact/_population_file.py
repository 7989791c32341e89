"""Populations as JSON files; reading trusts nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, cast

from riskkit.artifact._canonical import canonical_json, parse_json
from riskkit.artifact._features import FeatureSpec, SpecialGroup
from riskkit.artifact._node import Node
from riskkit.artifact._population import BinnedSpec, PeriodSpec, PopulationSpec
from riskkit.exceptions import ArtifactError, InvalidTypeError

__all__ = ["read_population", "write_population"]

FORMAT = "riskkit population"
PROTOCOL = 1
_MAX_FILE = 64 << 20
_MAX_FEATURES = 10_000
_MAX_BINS = 100_000
_MAX_PERIODS = 10_000
_SUMS = ("score", "pd", "pd_known")
# Sums of weights, taken apart and together, differ in their last bits.
_ROUNDING = 1 + 1e-9


def write_population(
    path: str | os.PathLike[str], population: PopulationSpec, *, overwrite: bool = False
) -> None:
    """Write a population as a JSON file, whole or not at all.

    The same population gives the same bytes: no time, path or user is written.

    Parameters
    ----------
    path : str or path
        Where to.

    population : PopulationSpec
        Bins and counts.

    overwrite : bool, default=False
        Whether a file that is there already may be replaced.

    Raises
    ------
    OutputError
        If the place cannot be written to, or holds something already.
    ArtifactError
        If the population is not sound, for instance if counts are of other bins.

    See Also
    --------
    read_population : Reads it back.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from riskkit.artifact import (
    ...     BinnedSpec, FeatureSpec, PeriodSpec, PopulationSpec, read_population,
    ...     write_population)
    >>> income = BinnedSpec(FeatureSpec("income", "numeric", edges=(1000.0,)))
    >>> counts = PeriodSpec((5.0, 3.0, 1.0, 0.0), (0.0,) * 4, (0.0,) * 4)
    >>> population = PopulationSpec((income,), None, None, counts)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_population(Path(folder) / "baseline.json", population)
    ...     read_population(Path(folder) / "baseline.json") == population
    True
    """
    # Imported here, so that loading a scorer does not pay for it.
    from riskkit._core.output import whole_file

    document = _encode(population)
    # What could not be read back unchanged must not be written.
    if _decode(document, "population") != population:
        msg = (
            "The population must read back as what was given; its parts hold odd types."
        )
        raise ArtifactError(msg)
    with whole_file(path, overwrite=overwrite) as staged:
        staged.write_bytes(canonical_json(document))


def read_population(path: str | os.PathLike[str]) -> PopulationSpec:
    """Read a population; every value is checked and nothing is executed.

    Parameters
    ----------
    path : str or path
        A file that :func:`write_population` wrote.

    Returns
    -------
    population : PopulationSpec
        Bins and counts.

    Raises
    ------
    ArtifactError
        If there is no such file, or anything in it is not as riskkit writes it.

    Examples
    --------
    >>> from riskkit.artifact import read_population
    >>> read_population("not_there.json")
    Traceback (most recent call last):
    ...
    riskkit.exceptions.ArtifactError: No population found: nothing is at not_there.json.
    """
    if not isinstance(path, str | os.PathLike):
        msg = f"path must be text or a path; got {type(path).__name__}."
        raise InvalidTypeError(msg)
    place = Path(path)
    if not place.is_file():
        what = "this is no file" if place.exists() else "nothing"
        msg = f"No population found: {what} is at {place}."
        raise ArtifactError(msg)
    with place.open("rb") as file:
        raw = file.read(_MAX_FILE + 1)
    if len(raw) > _MAX_FILE:
        msg = f"{place.name} must have at most {_MAX_FILE} bytes; it has more."
        raise ArtifactError(msg)
    return _decode(parse_json(raw, place.name), place.name)


def _encode(population: PopulationSpec) -> dict[str, Any]:
    score = population.score
    return {
        "format": FORMAT,
        "protocol": PROTOCOL,
        "model_id": population.model_id,
        "score_direction": population.score_direction,
        "features": [_encode_binned(item) for item in population.features],
        "score": None if score is None else _encode_binned(score),
        "reference": _encode_period(population.reference),
        "periods": {
            name: _encode_period(period) for name, period in population.periods.items()
        },
    }


def _encode_binned(item: BinnedSpec) -> dict[str, Any]:
    feature = item.feature
    return {
        "name": feature.name,
        "kind": feature.kind,
        "edges": _numbers(feature.edges),
        "levels": [list(group) for group in feature.levels],
        "special": [
            {"label": group.label, "codes": list(group.codes)}
            for group in feature.special
        ],
        "points": _numbers(item.points),
    }


def _encode_period(period: PeriodSpec) -> dict[str, Any]:
    # Labels often come later or never: no events and no outcomes take no space.
    labelled = any(period.n_known)
    return {
        "n": _numbers(period.n),
        "n_known": _numbers(period.n_known) if labelled else None,
        "n_event": _numbers(period.n_event) if labelled else None,
        "sums": {name: _numbers(values) for name, values in period.sums.items()},
    }


def _numbers(values: tuple[float, ...]) -> list[float]:
    """Return numbers for JSON, counts without a decimal point."""
    return [
        int(v) if v.is_integer() and abs(v) < 2**53 else v for v in map(float, values)
    ]


def _decode(document: Any, member: str) -> PopulationSpec:
    root = Node(document, member)
    if root.object().get("format") != FORMAT:
        root.refuse(f'an object with "format": "{FORMAT}"', "another object")
    form, protocol, model_id, direction, features, score, reference, periods = (
        root.record(
            "format", "protocol", "model_id", "score_direction", "features", "score",
            "reference", "periods",
        )
    )  # fmt: skip
    form.option([FORMAT])
    if protocol.number() != PROTOCOL:
        protocol.refuse(f"{PROTOCOL}", "that of another version of riskkit")
    items = [_decode_binned(node) for node in features.items(high=_MAX_FEATURES)]
    features.distinct([item.feature.name for item in items], "feature names")
    bands = None if score.value is None else _decode_binned(score)
    word = None
    if bands is not None:
        word = cast(
            "Literal['riskier', 'safer']", direction.option(["riskier", "safer"])
        )
    elif direction.value is not None:
        direction.refuse("null without a score", "a word")
    n_bands = bands.feature.n_bins if bands is not None else 0
    n_bins = sum(item.feature.n_bins for item in items) + n_bands
    if n_bins > _MAX_BINS:
        features.refuse(f"at most {_MAX_BINS} bins in all", f"{n_bins}")
    entries = periods.entries()
    if len(entries) > _MAX_PERIODS:
        periods.refuse(f"at most {_MAX_PERIODS} periods", f"{len(entries)}")
    return PopulationSpec(
        features=tuple(items),
        score=bands,
        score_direction=word,
        reference=_decode_period(reference, n_bins, n_bands),
        periods={k: _decode_period(v, n_bins, n_bands) for k, v in entries.items()},
        model_id=None if model_id.value is None else model_id.text(),
    )


def _decode_binned(node: Node) -> BinnedSpec:
    name, kind, edges, levels, special, points = node.record(
        "name", "kind", "edges", "levels", "special", "points"
    )
    numeric = kind.option(["numeric", "categorical"]) == "numeric"
    cuts = edges.increasing(edges.numbers(high=_MAX_BINS))
    groups = tuple(
        tuple([level.text() for level in group.items(low=1, high=_MAX_BINS)])
        for group in levels.items(high=_MAX_BINS)
    )
    if numeric and groups:
        levels.refuse("no levels of a numeric feature", "some")
    if not numeric and cuts:
        edges.refuse("no edges of a categorical feature", "some")
    reasons = tuple([_decode_special(row, numeric=numeric) for row in special.items()])
    known = [level for group in groups for level in group]
    node.distinct([*known, *(c for g in reasons for c in g.codes)], "levels and codes")
    feature = FeatureSpec(
        name.text(low=1),
        "numeric" if numeric else "categorical",
        cuts,
        groups,
        reasons,
    )
    worth = points.numbers(high=_MAX_BINS)
    if worth and len(worth) != feature.n_bins:
        points.refuse(f"{feature.n_bins} entries, one a bin, or none", f"{len(worth)}")
    return BinnedSpec(feature, worth)


def _decode_special(node: Node, *, numeric: bool) -> SpecialGroup:
    label, codes = node.record("label", "codes")
    entries = codes.items(low=1, high=_MAX_BINS)
    if numeric:
        return SpecialGroup(label.text(), tuple([code.number() for code in entries]))
    return SpecialGroup(label.text(), tuple([code.text() for code in entries]))


def _decode_period(node: Node, n_bins: int, n_bands: int) -> PeriodSpec:
    n, n_known, n_event, sums = node.record("n", "n_known", "n_event", "sums")
    counts = _decode_counts(n, n_bins)
    if n_known.value is None and n_event.value is None:
        known = event = (0.0,) * n_bins
    else:
        known, event = _decode_counts(n_known, n_bins), _decode_counts(n_event, n_bins)
    for less, more, where in ((known, counts, n_known), (event, known, n_event)):
        if any(a > b * _ROUNDING for a, b in zip(less, more, strict=True)):
            where.refuse("numbers up to those they are part of", "larger ones")
    totals = {}
    for name, values in sums.entries().items():
        if name not in _SUMS:
            sums.refuse(f"sums out of {_SUMS}", f"{name[:40]!r}")
        totals[name] = values.numbers(low=n_bands, high=n_bands)
    return PeriodSpec(counts, known, event, totals)


def _decode_counts(node: Node, n_bins: int) -> tuple[float, ...]:
    counts = node.numbers(low=n_bins, high=n_bins)
    if any(count < 0 for count in counts):
        node.refuse("counts of at least 0", "a negative one")
    return counts
