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
    known = feature.level_bins()
    is_missing = x.is_null()
    if kind.is_float():
        is_missing = is_missing | x.is_nan()
        return _chain(
            [(is_missing, feature.missing_bin)]
            + [(x == n, k) for level, k in known.items() for n in _number(level)],
            values,
            _unseen(feature, values),
        )
    if kind == polars.Boolean:
        x = polars.when(x).then(polars.lit("True")).otherwise(polars.lit("False"))
    elif kind.is_numeric() or kind in (polars.String, polars.Categorical, polars.Enum):
        x = x.cast(polars.String)
    elif kind != polars.Null:
        msg = f"Column {feature.name!r} must hold levels; it holds {kind}."
        raise InvalidTypeError(msg)
    conditions = [(is_missing, feature.missing_bin)]
    if known and kind != polars.Null:
        # Levels as numbers, those of one bin next to each other. A dictionary look-up
        # (replace_strict) would leave the streaming engine and hold the whole column.
        levels = sorted(known, key=lambda level: (known[level], level))
        code = x.cast(polars.Enum(levels), strict=False).to_physical()
        last = {known[level]: place for place, level in enumerate(levels)}
        conditions += [(code <= end, place) for place, end in last.items()]
    return _chain(conditions, values, _unseen(feature, values))


def _unseen(feature: FeatureSpec, values: Sequence[float]) -> Any:
    polars = import_engine("polars", "polars")
    unseen = None if feature.refuse_unseen else values[feature.unseen_bin]
    return polars.lit(unseen, dtype=polars.Float64)


def _chain(
    conditions: Sequence[tuple[Any, int]], values: Sequence[float], otherwise: Any
) -> Any:
    """Return the value of the first bin whose condition holds; null ones do not."""
    chain = import_engine("polars", "polars")
    for condition, place in conditions:
        chain = chain.when(condition).then(values[place])
    return chain.otherwise(otherwise)


def _number(level: str) -> list[float]:
    """Return the number that has this level as its text, if there is one."""
    try:
        number = float(level)
    except ValueError:
        return []
    return [number] if level_key(number) == level else []
