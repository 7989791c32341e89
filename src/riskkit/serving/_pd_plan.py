"""A PD map laid out for one record: functions of plain numbers.

They repeat, operation by operation, what :func:`riskkit.artifact.apply_pd_map` does to
arrays, so that both give the same bits.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from riskkit._core.field_values import read_level
from riskkit.artifact import IntervalMapSpec, LogOddsMapSpec, SegmentedMapSpec
from riskkit.serving._logistic import log_probabilities, log_sigmoid, sigmoid

if TYPE_CHECKING:
    from riskkit.artifact import (
        CalibrationSpec,
        MasterScaleSpec,
        PDMapSpec,
        StepMapSpec,
    )

__all__ = ["Rating", "plan_curve", "plan_pd_map"]

# The PD, the ends of its interval, the grade and the PD of the grade.
Rating = tuple[float, tuple[float, float] | None, str | None, float | None]

Curve = Callable[[float], float]
Record = Mapping[str, object]


def plan_pd_map(spec: PDMapSpec) -> Callable[[float, float, Record], Rating]:
    """Return what turns a model's PD and log-odds, and the record, into a rating."""
    by_log_odds = spec.scale == "log_odds"
    steps = [_plan_step(step) for step in spec.steps]
    grade_of = _plan_grades(spec.grades)

    def rate(pd: float, log_odds: float, record: Record) -> Rating:
        x = log_odds if by_log_odds else pd
        interval = None
        for step in steps:
            curve, ends = step(record)
            if ends is not None:
                interval = ends[0](x), ends[1](x)
            elif interval is not None:
                interval = curve(interval[0]), curve(interval[1])
            x = curve(x)
        return x, interval, *grade_of(x)

    return rate


def plan_curve(spec: CalibrationSpec) -> Curve:
    """Return what a single map makes of a PD, or of log-odds."""
    return _curves(spec)[0]


# The PD of a step, and the ends of its interval if it has them, for one record.
Curves = tuple[Curve, tuple[Curve, Curve] | None]


def _plan_step(
    step: CalibrationSpec | SegmentedMapSpec,
) -> Callable[[Record], Curves]:
    if not isinstance(step, SegmentedMapSpec):
        curves = _curves(step)
        return lambda record: curves
    column, pooled = step.column, _curves(step.pooled)
    by_level = {
        segment.level: _joined(_curves(segment.own), pooled, segment.own_weight)
        for segment in step.segments
        if segment.own is not None
    }

    def of_record(record: Record) -> Curves:
        level = read_level(record[column], column)
        return pooled if level is None else by_level.get(level, pooled)

    return of_record


def _joined(own: Curves, pooled: Curves, weight: float) -> Curves:
    """Return the segment's curves, which lean on those of all accounts."""

    def join(one: Curve, other: Curve) -> Curve:
        return lambda x: weight * one(x) + (1 - weight) * other(x)

    if own[1] is None or pooled[1] is None:
        return join(own[0], pooled[0]), None
    ends = join(own[1][0], pooled[1][0]), join(own[1][1], pooled[1][1])
    return join(own[0], pooled[0]), ends


def _curves(spec: CalibrationSpec) -> Curves:
    if isinstance(spec, LogOddsMapSpec):
        return _log_odds_curve(spec), None
    if isinstance(spec, IntervalMapSpec):
        low, high = _interval_curves(spec)

        def merged(x: float) -> float:
            end = high(x)
            return end / (1.0 - low(x) + end)

        return merged, (low, high)
    return _table_curve(spec), None


def _log_odds_curve(spec: LogOddsMapSpec) -> Curve:
    a, b, c = spec.a, spec.b, spec.c

    def line_of_pd(p: float) -> float:
        log_p, log_q = log_probabilities(p)
        return sigmoid(a * (log_p - log_q) + c)

    def line(z: float) -> float:
        return sigmoid(a * z + c)

    def beta_of_pd(p: float) -> float:
        log_p, log_q = log_probabilities(p)
        return sigmoid(a * log_p - b * log_q + c)

    def beta(z: float) -> float:
        return sigmoid(a * log_sigmoid(z) - b * log_sigmoid(-z) + c)

    if spec.scale == "pd":
        return line_of_pd if a == b else beta_of_pd
    return line if a == b else beta


def _interval_curves(spec: IntervalMapSpec) -> tuple[Curve, Curve]:
    low_knots, low, high_knots, high = (
        spec.low_knots,
        spec.low,
        spec.high_knots,
        spec.high,
    )
    return (
        lambda x: low[bisect_right(low_knots, x)],
        lambda x: high[bisect_left(high_knots, x)],
    )


def _table_curve(spec: StepMapSpec) -> Curve:
    knots, values = spec.knots, spec.values
    if spec.interpolation == "step":
        return lambda x: values[bisect_left(knots, x)]
    if len(knots) == 1:
        return lambda x: values[0]
    first, last = knots[0], knots[-1]

    def interpolate(x: float) -> float:
        x = min(max(x, first), last)
        right = max(bisect_left(knots, x), 1)
        x0, y0, y1 = knots[right - 1], values[right - 1], values[right]
        share = (x - x0) / (knots[right] - x0)
        return min(y0 + (y1 - y0) * share, y1)

    return interpolate


def _plan_grades(
    scale: MasterScaleSpec | None,
) -> Callable[[float], tuple[str | None, float | None]]:
    if scale is None:
        return lambda pd: (None, None)
    borders = scale.edges[1:-1]
    grades = tuple(zip(scale.labels, scale.pds, strict=True))
    return lambda pd: grades[bisect_left(borders, pd)]
