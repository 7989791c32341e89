"""Points declared by people, read into the plain data of a scorecard."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.levels import level_key
from riskkit._core.params import check_int, did_you_mean
from riskkit._kernels.points import points_line
from riskkit.artifact import (
    CharacteristicSpec,
    FeatureSpec,
    ScalingSpec,
    ScorecardSpec,
    SpecialGroup,
)
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from riskkit.scaling import PointsScaler

__all__ = ["build_expert_spec", "check_fixed_scale"]

_KEYS = (
    "edges",
    "groups",
    "count_to",
    "points",
    "values",
    "weight",
    "missing",
    "special",
    "unseen",
    "reason",
)
_REFUSE = "error"


@dataclass(frozen=True)
class _Declared:
    """One characteristic, checked: its bins, and the points of each."""

    feature: FeatureSpec
    points: tuple[float, ...]
    reason: str


def build_expert_spec(
    characteristics: Mapping[str, Any] | None,
    offset_points: float,
    scaler: PointsScaler,
    *,
    rounding_given: bool,
) -> ScorecardSpec:
    """Return the scorecard whose log-odds lie on the scaler's line.

    The WoE of a bin is its distance in nats from the plain mean of the regular bins:
    a convention that tables show, and that moves neither points nor PD.
    """
    declared = [_declared(*item) for item in _items(characteristics)]
    check_fixed_scale(scaler)
    scaling = scaler.to_spec()
    total = [offset_points, *(p for one in declared for p in one.points)]
    whole = all(float(points).is_integer() for points in total)
    if rounding_given and scaling.rounding == "integer" and not whole:
        msg = (
            "Points must be whole numbers where the scaler's rounding is 'integer'; "
            "some are not. Give whole points, or PointsScaler(rounding='none')."
        )
        raise InvalidParameterError(msg)
    if not rounding_given:
        rounding = "integer" if whole else "none"
        scaling = ScalingSpec(
            scaling.pdo,
            scaling.base_points,
            scaling.base_odds,
            rounding,  # type: ignore[arg-type]
        )
    factor, level = points_line(scaling.pdo, scaling.base_points, scaling.base_odds)
    rest = level - offset_points
    laid_out = []
    for one in declared:
        points = np.asarray(one.points)
        neutral = float(points[: one.feature.n_regular].mean())
        rest -= neutral
        woe = (points - neutral) / factor + 0.0
        laid_out.append(
            CharacteristicSpec(
                feature=one.feature,
                coefficient=-1.0,
                woe=tuple(woe.tolist()),
                log_odds=tuple((-woe + 0.0).tolist()),
                points=one.points,
                reason=one.reason,
            )
        )
    return ScorecardSpec(tuple(laid_out), rest / factor, offset_points, scaling)


def check_fixed_scale(scaler: PointsScaler) -> None:
    """Raise if the scale would follow from points that are given already."""
    if scaler.points_range is not None:
        msg = (
            "Given points cannot be stretched over a points_range; got "
            f"{scaler.points_range!r}. Say by pdo, base_points and base_odds what they "
            "stand for."
        )
        raise InvalidParameterError(msg)


def _items(characteristics: object) -> list[tuple[str, Mapping[str, Any]]]:
    if characteristics is None:
        return []
    if not isinstance(characteristics, Mapping):
        msg = (
            "characteristics must be a mapping from column to its bins and points; "
            f"got {type(characteristics).__name__}."
        )
        raise InvalidParameterError(msg)
    for name, given in characteristics.items():
        if not isinstance(name, str) or not name:
            msg = f"characteristics must be keyed by column names; got {name!r}."
            raise InvalidParameterError(msg)
        if not isinstance(given, Mapping):
            msg = (
                f"characteristics[{name!r}] must be a mapping such as {{'edges': [30], "
                f"'points': [10, 25], 'missing': 10}}; got {type(given).__name__}."
            )
            raise InvalidParameterError(msg)
        for key in given:
            if key not in _KEYS:
                hint = did_you_mean(key, _KEYS)
                msg = (
                    f"characteristics[{name!r}] may hold {', '.join(_KEYS)}; got "
                    f"{key!r}.{hint}"
                )
                raise InvalidParameterError(msg)
    return list(characteristics.items())


def _declared(name: str, given: Mapping[str, Any]) -> _Declared:
    if "count_to" in given:
        given = _counted(name, given)
    numeric = _kind(name, given)
    edges = _edges(name, given["edges"]) if numeric else ()
    groups = () if numeric else _groups(name, given["groups"])
    special, special_points = _special(name, given.get("special"), numeric=numeric)
    n_regular = len(edges) + 1 if numeric else len(groups)
    regular = _regular_points(name, given, n_regular)
    if "missing" not in given:
        msg = (
            f"characteristics[{name!r}] must say what a missing value is worth; it has "
            "no 'missing'. Add its points, for example 'missing': 0."
        )
        raise InvalidParameterError(msg)
    missing = _number(name, "missing", given["missing"])
    refuse, unseen = _unseen(name, given, missing, numeric=numeric)
    taken = {level for group in groups for level in group}
    for group in special:
        for code in group.codes:
            if code in taken:
                msg = (
                    f"The bins of {name!r} must not overlap; a level or code stands "
                    f"twice, the second time in {group.label!r}."
                )
                raise InvalidParameterError(msg)
            taken.add(code)  # type: ignore[arg-type]
    reason = given.get("reason", name)
    if not isinstance(reason, str):
        msg = f"The reason of {name!r} must be text; got {type(reason).__name__}."
        raise InvalidParameterError(msg)
    return _Declared(
        FeatureSpec(
            name,
            "numeric" if numeric else "categorical",
            edges,
            groups,
            special,
            refuse,
        ),
        (*regular, *special_points, missing, unseen),
        reason,
    )


def _counted(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a count of events as edges and values: 0, 1, ... up to the cap."""
    others = {"edges", "groups", "points", "values"} & set(given)
    if others or "weight" not in given:
        came = f"{sorted(others)[0]!r} beside it" if others else "no 'weight'"
        msg = (
            f"'count_to' of {name!r} must stand with 'weight', the points of each "
            f"event, and without edges or points; got {came}."
        )
        raise InvalidParameterError(msg)
    check_int(f"'count_to' of {name!r}", given["count_to"], low=1)
    most = int(given["count_to"])
    rest = {key: value for key, value in given.items() if key != "count_to"}
    return {"edges": range(most), "values": range(most + 1), **rest}


def _kind(name: str, given: Mapping[str, Any]) -> bool:
    """Return whether the characteristic is numeric."""
    if ("edges" in given) == ("groups" in given):
        came = "both" if "edges" in given else "neither"
        msg = (
            f"characteristics[{name!r}] must have 'edges' (numbers), 'groups' "
            f"(levels) or 'count_to' (events); got {came}."
        )
        raise InvalidParameterError(msg)
    return "edges" in given


def _edges(name: str, given: object) -> tuple[float, ...]:
    edges = tuple(_number(name, "edges", edge) for edge in _sequence(name, given))
    if any(low >= high for low, high in pairwise(edges)):
        msg = (
            f"The edges of {name!r} must increase, or bins would overlap; they do not. "
            "Bins are (a, b]: one edge between each two bins."
        )
        raise InvalidParameterError(msg)
    return edges


def _groups(name: str, given: object) -> tuple[tuple[str, ...], ...]:
    groups = []
    for group in _sequence(name, given):
        keys = [level_key(level) for level in _sequence(name, group)]
        if not keys or None in keys:
            msg = (
                f"Each group of {name!r} must hold levels; one is empty or holds a "
                "missing value. Points of missing values stand under 'missing'."
            )
            raise InvalidParameterError(msg)
        groups.append(tuple(key for key in keys if key is not None))
    levels = [level for group in groups for level in group]
    if not groups or len(set(levels)) < len(levels):
        what = "a level stands twice" if groups else "there is none"
        msg = f"The groups of {name!r} must not overlap or be empty; {what}."
        raise InvalidParameterError(msg)
    return tuple(groups)


def _special(
    name: str, given: object, *, numeric: bool
) -> tuple[tuple[SpecialGroup, ...], tuple[float, ...]]:
    if given is None:
        return (), ()
    groups, points = [], []
    valid = isinstance(given, Mapping) and all(
        isinstance(entry, Mapping) and set(entry) == {"codes", "points"}
        for entry in given.values()
    )
    if not valid:
        msg = (
            f"'special' of {name!r} must map a label to codes and points, such as "
            "{'no bureau file': {'codes': [-1], 'points': 10}}; got something else."
        )
        raise InvalidParameterError(msg)
    for label, entry in given.items():  # type: ignore[attr-defined]
        codes = _sequence(name, entry["codes"])
        if not codes or (not numeric and None in map(level_key, codes)):
            msg = f"The special group {str(label)!r} of {name!r} must hold codes."
            raise InvalidParameterError(msg)
        kept = [_number(name, "codes", c) if numeric else level_key(c) for c in codes]
        groups.append(SpecialGroup(str(label), tuple(kept)))  # type: ignore[arg-type]
        points.append(_number(name, "special points", entry["points"]))
    return tuple(groups), tuple(points)


def _regular_points(
    name: str, given: Mapping[str, Any], n_bins: int
) -> tuple[float, ...]:
    """Return the points of the regular bins: as given, or as weight x value."""
    weighed = "weight" in given or "values" in given
    if weighed == ("points" in given) or (
        weighed and not {"weight", "values"} <= set(given)
    ):
        msg = (
            f"characteristics[{name!r}] must have 'points', or else 'weight' and "
            "'values' (points = weight * value); got another mixture."
        )
        raise InvalidParameterError(msg)
    key = "values" if weighed else "points"
    numbers = [_number(name, key, v) for v in _sequence(name, given[key])]
    if len(numbers) != n_bins:
        msg = (
            f"{key!r} of {name!r} must hold {n_bins} numbers, one for each bin; got "
            f"{len(numbers)}. Edges separate bins: k edges make k + 1."
        )
        raise InvalidParameterError(msg)
    if not weighed:
        return tuple(numbers)
    weight = _number(name, "weight", given["weight"])
    return tuple(weight * value for value in numbers)


def _unseen(
    name: str, given: Mapping[str, Any], missing: float, *, numeric: bool
) -> tuple[bool, float]:
    """Return whether unseen levels are refused, and the points of their bin."""
    if numeric:
        if "unseen" in given:
            msg = f"{name!r} is numeric: it has no unseen levels. Drop 'unseen'."
            raise InvalidParameterError(msg)
        return False, missing  # never filled
    if "unseen" not in given:
        msg = (
            f"characteristics[{name!r}] must say what a level in no group is worth; "
            "it has no 'unseen'. Add its points, or 'unseen': 'error'."
        )
        raise InvalidParameterError(msg)
    if isinstance(given["unseen"], str) and given["unseen"] == _REFUSE:
        return True, missing  # never filled
    return False, _number(name, "unseen", given["unseen"])


def _sequence(name: str, given: object) -> list[Any]:
    if hasattr(given, "tolist"):
        given = given.tolist()
    if isinstance(given, str) or not isinstance(given, Sequence | set | frozenset):
        msg = (
            f"The bins of {name!r} must be given as sequences; got "
            f"{type(given).__name__}."
        )
        raise InvalidParameterError(msg)
    return sorted(given, key=str) if isinstance(given, set | frozenset) else list(given)


def _number(name: str, key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        came = type(value).__name__
    elif not math.isfinite(value):
        came = "one that is not finite"
    else:
        return float(value)
    msg = f"{key!r} of {name!r} must be finite numbers; got {came}."
    raise InvalidParameterError(msg)
