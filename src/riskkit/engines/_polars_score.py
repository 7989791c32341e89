"""A scorecard as expressions of Polars, equal to the estimator to the bit.

The sums are added in the order of the characteristics, as everywhere in riskkit. A row
with a level that the card refuses gets null for everything, as in SQL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit._core.levels import level_key
from riskkit.engines._engine import check_columns, import_engine
from riskkit.exceptions import InvalidTypeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskkit.artifact import CharacteristicSpec, FeatureSpec, ScorecardSpec

__all__ = ["score_expressions"]


def score_expressions(card: ScorecardSpec, schema: Mapping[str, Any]) -> list[Any]:
    """Return the expressions of ``pd``, ``points`` and ``log_odds``."""
    polars = import_engine("polars", "polars")
    items = card.characteristics
    check_columns((item.feature.name for item in items), list(schema))
    log_odds, points = polars.lit(card.intercept), polars.lit(card.offset_points)
    for item in items:
        kind = schema[item.feature.name]
        log_odds = log_odds + _values(item, item.log_odds, kind)
        points = points + _values(item, item.points, kind)
    pd = 1.0 / (1.0 + (-log_odds).exp())
    return [pd.alias("pd"), points.alias("points"), log_odds.alias("log_odds")]


def _values(item: CharacteristicSpec, values: Sequence[float], kind: Any) -> Any:
    if item.feature.kind == "numeric":
        return _numbers(item.feature, values, kind)
    return _levels(item.feature, values, kind)


def _numbers(feature: FeatureSpec, values: Sequence[float], kind: Any) -> Any:
    polars = import_engine("polars", "polars")
    if not (kind.is_numeric() or kind in (polars.Boolean, polars.Null)):
        msg = f"Column {feature.name!r} must hold numbers; it holds {kind}."
        raise InvalidTypeError(msg)
    x = polars.col(feature.name).cast(polars.Float64)
    missing = values[feature.missing_bin]
    chain = polars.when(x.is_null() | x.is_nan()).then(missing)
    for code, place in feature.special_bins().items():
        chain = chain.when(x == code).then(values[place])
    for place, edge in enumerate(feature.edges):
        chain = chain.when(x <= edge).then(values[place])
    return chain.otherwise(values[feature.n_regular - 1])


def _levels(feature: FeatureSpec, values: Sequence[float], kind: Any) -> Any:
    polars = import_engine("polars", "polars")
    x = polars.col(feature.name)
    known: dict[Any, float] = {
        level: values[place] for level, place in feature.level_bins().items()
    }
    is_missing = x.is_null()
    if kind.is_float():
        is_missing = is_missing | x.is_nan()
        x = x.cast(polars.Float64)
        known = {number: v for level, v in known.items() for number in _number(level)}
    elif kind == polars.Boolean:
        x = polars.when(x).then(polars.lit("True")).otherwise(polars.lit("False"))
    elif kind.is_numeric() or kind in (polars.String, polars.Categorical, polars.Enum):
        x = x.cast(polars.String)
    elif kind != polars.Null:
        msg = f"Column {feature.name!r} must hold levels; it holds {kind}."
        raise InvalidTypeError(msg)
    unseen = None if feature.refuse_unseen else values[feature.unseen_bin]
    found = polars.lit(unseen, dtype=polars.Float64)
    if known and kind != polars.Null:
        found = x.replace_strict(
            list(known),
            list(known.values()),
            default=found,
            return_dtype=polars.Float64,
        )
    return polars.when(is_missing).then(values[feature.missing_bin]).otherwise(found)


def _number(level: str) -> list[float]:
    """Return the number that has this level as its text, if there is one."""
    try:
        number = float(level)
    except ValueError:
        return []
    return [number] if level_key(number) == level else []
