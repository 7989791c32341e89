"""Scores of different detectors on one scale: standardised logs.

Notation: training scores ``s_i`` with ``low = min(0, min s_i)`` and ``c`` the median of
``s_i - low`` (their mean where that is 0). A score ``s`` becomes

    z(s) = (log(max(s - low, 0) + c) - m) / d

with ``m`` and ``d`` mean and standard deviation of the logs of the training scores. The
map rises without end, so the strangest scores are never tied as ranks beyond the
training rows would be; adding ``c`` keeps scores below the usual from spreading. Where
all training scores are one, ``d`` is that of scores twice as large.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.typing import FloatArray

__all__ = ["LogScale", "log_scale", "on_log_scale", "stack_scales"]


class LogScale(NamedTuple):
    """The four numbers of the map, or columns of them for several maps at once."""

    low: float | FloatArray
    add: float | FloatArray
    mean: float | FloatArray
    spread: float | FloatArray


def log_scale(scores: FloatArray) -> LogScale:
    """Return the map of training scores, which must be finite."""
    low = min(0.0, float(scores.min()))
    above = scores - low
    add = float(np.median(above)) or float(above.mean()) or 1.0
    logs = np.log(above + add)
    spread = float(logs.std()) if scores.min() < scores.max() else 0.0
    return LogScale(low, add, float(logs.mean()), spread or float(np.log(2.0)))


def stack_scales(scales: Sequence[LogScale]) -> LogScale:
    """Return columns of numbers, shape (n_maps, 1), for scores of (n_maps, n_rows)."""
    columns = np.array(scales, dtype=np.float64).T[:, :, None]
    return LogScale(*map(np.ascontiguousarray, columns))


def on_log_scale(scale: LogScale, scores: FloatArray) -> FloatArray:
    """Return the standardised log of each score."""
    logs = np.log(np.maximum(scores - scale.low, 0.0) + scale.add)
    return np.asarray((logs - scale.mean) / scale.spread)
