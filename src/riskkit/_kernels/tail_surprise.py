"""How far in its own tail a score lies, in nats, without a largest value.

Notation: training scores ``s_i`` with weights ``w_i`` and ``W = sum w_i``. The surprise
of a score ``s`` is ``g(s) = -log((sum of w_i with s_i >= s) / W)`` at chosen training
scores (knots), a straight line between them, 0 below the smallest. Above the largest
the tail of a power law carries on,

    g(s) = g(s_max) + log(s / s_max) / e,   e = mean of log(s_i / t) over s_i > t,

Hill's estimate [1]_, ``t > 0`` being the score that a share ``r`` of the training rows
exceeds; where that score is not positive, ``s - s_max`` and ``s_i - t`` stand in place
of the logs (an exponential tail). The ranking is kept either way, so the strangest rows
are never tied, and heavy-tailed scores do not drown the others.

References
----------
.. [1] B. Hill, "A simple general approach to inference about the tail of a
   distribution", Annals of Statistics 3, 1975.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["SurpriseMap", "surprise", "surprise_map"]

_TAIL_SHARE = 0.02  # r: 20 rows of 1,000, so that the mean excess is known
_KNOTS_PER_NAT = 32


class SurpriseMap(NamedTuple):
    """A rising line through knots; the last slope is 0, because the tail takes over."""

    knot: FloatArray
    value: FloatArray
    slope: FloatArray
    excess: float  # e, infinite where all training scores are one
    is_log: bool  # whether the tail is that of a power law


def surprise_map(scores: FloatArray, weight: FloatArray | None) -> SurpriseMap:
    """Return the map of training scores, which must be finite."""
    weight = np.ones(scores.size) if weight is None else weight
    knot, place = np.unique(scores, return_inverse=True)
    mass = np.bincount(place, weight, minlength=knot.size)
    at_least = np.cumsum(mass[::-1])[::-1]
    value = np.log(at_least[0] / at_least)
    if knot.size == 1:
        return SurpriseMap(knot, value, np.zeros(1), np.inf, False)
    # The last score that at least the share r reaches, and never the largest.
    level = int(value.searchsorted(-np.log(_TAIL_SHARE), side="right")) - 1
    level = min(level, knot.size - 2)
    is_log = bool(knot[level] > 0)
    x = np.log(knot[level:]) if is_log else knot[level:]
    excess = float(mass[level + 1 :] @ (x[1:] - x[0]) / mass[level + 1 :].sum())
    # Knots at even steps of surprise: few where the scores are many.
    kept = np.append(True, np.diff(np.floor(value * _KNOTS_PER_NAT)) > 0)
    kept[-1] = True
    knot, value = knot[kept], value[kept]
    slope = np.append(np.diff(value) / np.diff(knot), 0.0)
    return SurpriseMap(knot, value, slope, excess, is_log)


def surprise(tail: SurpriseMap, scores: FloatArray) -> FloatArray:
    """Return the surprise of each score, at least 0."""
    place = np.searchsorted(tail.knot, scores, side="right") - 1
    place = np.maximum(place, 0)
    above = np.maximum(scores - tail.knot[place], 0.0)
    out = tail.value[place] + tail.slope[place] * above
    last = tail.knot[-1]
    beyond = np.maximum(scores, last)
    further = np.log(beyond / last) if tail.is_log else beyond - last
    return np.asarray(out + further / tail.excess)
