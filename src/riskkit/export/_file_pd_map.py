"""Part of a generated file: from the model's log-odds to the PD and the grade."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from typing import Any

from riskkit._core.field_values import read_level
from riskkit.export._file_card import log_probabilities, sigmoid

__all__ = ["map_pd", "rate"]


def rate(
    pd_map: dict[str, Any], answer: dict[str, Any], record: dict[str, Any]
) -> dict[str, Any]:
    """Return the PD after every step, the ends of its interval, and the grade."""
    x = answer[pd_map["scale"]]
    ends = None
    for step in pd_map["steps"]:
        own, weight = None, 0.0
        if step["map"] == "segments":
            level = read_level(record[step["column"]], step["column"])
            own, weight = step["segments"].get(level, (None, 0.0))
            step = step["pooled"]
        if step["map"] == "interval":
            ends = tuple(_joined(_end, step, own, weight, x, side) for side in (0, 1))
        elif ends is not None:
            ends = tuple(_joined(_map, step, own, weight, end, 0) for end in ends)
        x = _joined(_map, step, own, weight, x, 0)
    rated = {"pd": x, "interval": None if ends is None else list(ends)}
    grades = pd_map["grades"]
    if grades is None:
        return rated | {"grade": None, "grade_pd": None}
    label, grade_pd = grades["grades"][bisect_left(grades["borders"], x)]
    return rated | {"grade": label, "grade_pd": grade_pd}


def map_pd(step: dict[str, Any], x: float) -> float:
    """Return what one map makes of a PD, or of log-odds."""
    return float(_map(step, x, 0))


def _joined(
    read: Any,
    pooled: dict[str, Any],
    own: dict[str, Any] | None,
    weight: float,
    x: float,
    side: int,
) -> Any:
    """Return the segment's value, which leans on that of all accounts."""
    if own is None:
        return read(pooled, x, side)
    return weight * read(own, x, side) + (1 - weight) * read(pooled, x, side)


def _map(step: dict[str, Any], x: float, side: int) -> Any:
    kind = step["map"]
    if kind == "log_odds":
        return sigmoid(_line(step, x))
    if kind == "interval":
        low, high = _end(step, x, 0), _end(step, x, 1)
        return high / (1.0 - low + high)
    knots, values = step["knots"], step["values"]
    if kind == "step":
        return values[bisect_left(knots, x)]
    if len(knots) == 1:
        return values[0]
    x = min(max(x, knots[0]), knots[-1])
    right = max(bisect_left(knots, x), 1)
    x0, y0, y1 = knots[right - 1], values[right - 1], values[right]
    share = (x - x0) / (knots[right] - x0)
    return min(y0 + (y1 - y0) * share, y1)


def _line(step: dict[str, Any], x: float) -> float:
    """Return ``a ln(p) - b ln(1 - p) + c``, of a PD or of log-odds."""
    a, b, c = step["a"], step["b"], step["c"]
    if step["scale"] == "pd":
        log_p, log_q = log_probabilities(x)
        value = a * (log_p - log_q) + c if a == b else a * log_p - b * log_q + c
    elif a == b:
        value = a * x + c
    else:
        value = a * _log_sigmoid(x) - b * _log_sigmoid(-x) + c
    return float(value)


def _log_sigmoid(z: float) -> float:
    return -math.log1p(math.exp(-z)) if z >= 0 else z - math.log1p(math.exp(z))


def _end(step: dict[str, Any], x: float, side: int) -> Any:
    """Return the lower (0) or the upper end (1) of the Venn-Abers interval."""
    if side == 0:
        return step["low"][bisect_right(step["low_knots"], x)]
    return step["high"][bisect_left(step["high_knots"], x)]
