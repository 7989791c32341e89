"""A scorecard laid out for scoring one record: tuples and dicts of plain numbers."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any, NoReturn

from riskkit._core.levels import is_missing, level_key
from riskkit.exceptions import InvalidInputError, InvalidTypeError
from riskkit.serving._result import Reason

if TYPE_CHECKING:
    from riskkit.artifact import FeatureSpec, ScorecardSpec

__all__ = [
    "Parts",
    "Score",
    "Step",
    "plan_scorecard",
    "read_level",
    "read_number",
    "refuse_level",
]

# A base, and what each feature of a model adds to it, in log-odds.
Parts = tuple[float, list[float]]

# PD, points, log-odds, and the reasons.
Score = tuple[float, float, float, tuple[Reason, ...]]

# What a bin adds to the log-odds and to the points, and its rank among all bins of the
# model by points lost: the smallest ranks of a record are its reasons. None where
# nothing is lost.
Entry = tuple[float, float, int | None]

# Name, edges (None for a categorical feature), the regular bins, special codes or
# levels, the bin of missing values, and the bin of unseen levels or None to refuse
# them. A plain tuple, which Python takes apart faster than any other object.
Step = tuple[
    str,
    tuple[float, ...] | None,
    tuple[Entry, ...],
    dict[Any, Entry],
    Entry,
    Entry | None,
]

# NumPy's truth values are no numbers.Real, decimals neither; frames accept both.
_OTHER_NUMBERS = frozenset({"bool", "bool_", "Decimal"})


def plan_scorecard(spec: ScorecardSpec) -> tuple[tuple[Step, ...], tuple[Reason, ...]]:
    """Return the steps that score a record, and the reasons by rank.

    Reasons are ranked once, most points first and ties in the order of the
    characteristics, so that a record's reasons follow from sorting small integers.
    """
    losses = [
        (points - c.best_points, position, bin_)
        for position, c in enumerate(spec.characteristics)
        for bin_, points in enumerate(c.points)
        if points < c.best_points
    ]
    losses.sort()
    rank_of = {(p, bin_): rank for rank, (_, p, bin_) in enumerate(losses)}
    reasons = []
    for loss, position, _ in losses:
        c = spec.characteristics[position]
        reasons.append(Reason(c.feature.name, c.reason, -loss))
    steps = []
    for position, c in enumerate(spec.characteristics):
        worth = enumerate(zip(c.log_odds, c.points, strict=True))
        entries = [
            (term, points, rank_of.get((position, bin_)))
            for bin_, (term, points) in worth
        ]
        steps.append(_step(c.feature, entries))
    return tuple(steps), tuple(reasons)


def read_number(value: object, name: str) -> float:
    """Return a field's value as a number, NaN where it is missing."""
    if value is None or is_missing(value):
        return math.nan
    if isinstance(value, Real) or type(value).__name__ in _OTHER_NUMBERS:
        try:
            return float(value)  # type: ignore[arg-type]
        except (OverflowError, ValueError):
            msg = (
                f"Field {name!r} must be a number that a float can hold; got one "
                "beyond its range. Send a number below 1.8e308, or None."
            )
            raise InvalidInputError(msg) from None
    msg = (
        f"Field {name!r} must be a number, True, False or None; got a value of type "
        f"{type(value).__name__}. Convert it before scoring."
    )
    raise InvalidTypeError(msg)


def read_level(value: object, name: str) -> str | None:
    """Return the text of a field's level, None where it is missing."""
    try:
        return level_key(value)
    except InvalidTypeError:
        msg = (
            f"Field {name!r} must be text, a number, True, False or None; got a value "
            f"of type {type(value).__name__}. Convert it before scoring."
        )
        raise InvalidTypeError(msg) from None
    except (OverflowError, ValueError):
        msg = (
            f"Field {name!r} must be a level of modest length; got a number of too "
            "many digits. Send the level as it was in training."
        )
        raise InvalidInputError(msg) from None


def refuse_level(name: str) -> NoReturn:
    """Raise because a field holds a level that the model refuses."""
    msg = (
        f"Field {name!r} accepts only the levels known from training; got another. "
        "Map it to a known level, or train with another policy for unseen levels."
    )
    raise InvalidInputError(msg)


def _step(feature: FeatureSpec, entries: list[Entry]) -> Step:
    numeric = feature.kind == "numeric"
    places = feature.special_bins() if numeric else feature.level_bins()
    return (
        feature.name,
        feature.edges if numeric else None,
        tuple(entries[: feature.n_regular]),
        {code: entries[bin_] for code, bin_ in places.items()},
        entries[feature.missing_bin],
        None if feature.refuse_unseen else entries[feature.unseen_bin],
    )
