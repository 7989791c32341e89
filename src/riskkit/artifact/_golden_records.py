"""Made-up records of a model: its edges, the floats beside them, and what is odd."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from riskkit.artifact._fraud import FraudSpec
from riskkit.artifact._pd_map import SegmentedMapSpec
from riskkit.artifact._scorecard import ScorecardSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from riskkit.artifact._blend import BlendSpec
    from riskkit.artifact._detector import DetectorSpec
    from riskkit.artifact._features import FeatureSpec
    from riskkit.artifact._pd_map import PDMapSpec
    from riskkit.artifact._strategy import StrategySpec

    Value = float | str | None
    Record = dict[str, Value]

__all__ = ["golden_records", "pd_records"]

# Values that are read again at every load: some 0.2 ms of a scorecard.
_MAX_VALUES = 400
_MAX_ROWS = {"scorecard": 24, "blend": 6, "detector": 4}
_MIN_ROWS = 2
_LONGEST = 200  # characters of a level that is repeated here
_UNSEEN = "level that training never saw"


def pd_records(
    model: ScorecardSpec | BlendSpec,
    kinds: Mapping[str, str],
    pd_map: PDMapSpec | None,
    strategy: StrategySpec | None,
) -> list[Record]:
    """Return records of a model of PDs; `kinds` are those of all fields."""
    if isinstance(model, ScorecardSpec):
        kind, features = "scorecard", [c.feature for c in model.characteristics]
    else:
        kind, features = "blend", _features(model)
    given: dict[str, list[Value]] = {}
    for name, values in _given(pd_map, strategy):
        given.setdefault(name, []).extend(values)
    pools = {
        name: _pool([f for f in features if f.name == name], given.get(name, ()), kind_)
        for name, kind_ in kinds.items()
    }
    return _records(pools, _MAX_ROWS[kind])


def golden_records(spec: DetectorSpec | FraudSpec) -> list[Record]:
    """Return made-up records of a detector or a fraud model.

    Parameters
    ----------
    spec : DetectorSpec or FraudSpec
        The model.

    Returns
    -------
    records : list of dict of str to (float, str or None)
        A few records with a value for every field: usual and far values, edges of
        trees and the floats beside them, known and unseen levels, and nothing known.

    Examples
    --------
    >>> from riskkit.artifact import (
    ...     DetectorFieldSpec, DetectorMemberSpec, DetectorSpec, UnitColumnSpec,
    ...     golden_records)
    >>> column = UnitColumnSpec(0, "value", 0.0, 50.0, 10.0, None)
    >>> member = DetectorMemberSpec("detector", 0, None, None)
    >>> fields = (DetectorFieldSpec("amount", None),)
    >>> spec = DetectorSpec(fields, ((column,),), (member,), None, 9.0)
    >>> [record["amount"] for record in golden_records(spec)]
    [None, 0.0, 50.0, 80.0]
    """
    detector = spec.detector if isinstance(spec, FraudSpec) else spec
    features = _features(spec.booster) if isinstance(spec, FraudSpec) else []
    usual: dict[int, list[float]] = {}
    for columns in detector.units:
        for column in columns:
            if column.kind == "value":
                near = (column.centre, column.centre + 3 * column.scale, column.fill)
                usual.setdefault(column.field, []).extend(near)
    pools = {
        field.name: _pool(
            [f for f in features if f.name == field.name],
            usual.get(k, ()) if field.levels is None else field.levels,
            "numeric" if field.levels is None else "categorical",
        )
        for k, field in enumerate(detector.fields)
    }
    return _records(pools, _MAX_ROWS["detector"])


def _features(blend: BlendSpec) -> list[FeatureSpec]:
    return [feature for member in blend.members for feature in member.features]


def _given(
    pd_map: PDMapSpec | None, strategy: StrategySpec | None
) -> Iterator[tuple[str, Sequence[Value]]]:
    """Yield what calibration and strategy compare fields with."""
    for step in () if pd_map is None else pd_map.steps:
        if isinstance(step, SegmentedMapSpec):
            yield step.column, [segment.level for segment in step.segments]
    for rule in () if strategy is None else strategy.rules:
        for condition in (c for any_of in rule.when for c in any_of):
            yield condition.field, condition.values


def _pool(
    features: Sequence[FeatureSpec], given: Iterable[Value], kind: str
) -> list[Value]:
    """Return the values to try of one field; the first ones matter most."""
    if kind == "numeric":
        codes = [code for f in features for g in f.special for code in g.codes]
        cuts = [x for f in features for x in _inside_out(f.edges)]
        numbers: list[Value] = []
        for x in (*codes, *given, *cuts):
            beside = (_next(x, -1), _next(x, 1)) if x in cuts else ()
            numbers += [float(n) for n in (x, *beside) if math.isfinite(n)]
        return list(dict.fromkeys([None, 0.0, *numbers]))
    known = [
        level
        for f in features
        for group in (*f.levels, *(g.codes for g in f.special))
        for level in group[:1]
    ]
    levels = [
        level for level in (_UNSEEN, *known, *given) if len(str(level)) <= _LONGEST
    ]
    strict = [set(f.level_bins()) for f in features if f.refuse_unseen]
    return [
        None,
        *[v for v in dict.fromkeys(levels) if all(v in bins for bins in strict)],
    ]


def _records(pools: dict[str, list[Value]], most: int) -> list[Record]:
    """Return records that go through the values of each field, out of step."""
    n_rows = max(_MIN_ROWS, min(most, _MAX_VALUES // max(len(pools), 1)))
    n_rows = min(n_rows, max(map(len, pools.values()), default=1))
    return [
        {
            name: pool[(k + j) % min(len(pool), n_rows)]
            for j, (name, pool) in enumerate(pools.items())
        }
        for k in range(n_rows)
    ]


def _inside_out(edges: Sequence[float]) -> list[float]:
    """Return the edges, the middle and the ends first."""
    n = len(edges)
    if n < 4:
        return list(edges)
    first = [edges[0], edges[n // 2], edges[-1]]
    return [*first, *[edge for edge in edges if edge not in first]]


def _next(x: Value, side: int) -> float:
    return math.nextafter(float(x), side * math.inf)  # type: ignore[arg-type]
