"""One calibration for each level of a column, leaning on that of all accounts."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from riskkit._core.frames import Table, level_column
from riskkit.calibration._spec import (
    IntervalMapSpec,
    SegmentedMapSpec,
    SegmentMap,
    apply_interval,
    apply_map,
)
from riskkit.exceptions import RiskkitWarning

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from riskkit._core.frames import LevelColumn
    from riskkit.calibration._base import BaseCalibrator
    from riskkit.calibration._spec import CalibrationSpec
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["fit_segments", "read_levels", "segment_frame", "segment_values"]


def read_levels(X: Any, column: str) -> LevelColumn:
    """Return the levels of the column of segments."""
    table = Table.read(X if hasattr(X, "shape") else np.asarray(X)).select([column])
    return level_column(table.columns[0], column)


def fit_segments(
    pooled: BaseCalibrator,
    x: FloatArray,
    is_event: BoolArray,
    weight: FloatArray | None,
    levels: LevelColumn,
    column: str,
    *,
    min_events: int,
    shrinkage: float,
) -> SegmentedMapSpec:
    """Return the maps of all segments beside the fitted pooled one."""
    w = np.ones(x.size) if weight is None else weight
    segments = []
    for code, level in enumerate(levels.levels):
        rows = (levels.codes == code) & (w > 0)
        n = float(w[rows].sum())
        n_event = float(w[rows & is_event].sum())
        own, own_weight = None, 0.0
        if min(n_event, n - n_event) >= min_events:
            part = None if weight is None else weight[rows]
            own = clone(pooled).fit(x[rows], is_event[rows], part).to_spec()
            own_weight = n_event / (n_event + shrinkage)
        segments.append(SegmentMap(level, n, n_event, own_weight, own))
    n_pooled = sum(segment.own is None for segment in segments)
    if n_pooled:
        msg = (
            f"{n_pooled} of {len(segments)} segments of column {column!r} have fewer "
            f"than {min_events} events or non-events and take the pooled calibration; "
            "segments_frame() lists them. Join them with others, or lower "
            "min_segment_events."
        )
        warnings.warn(msg, RiskkitWarning, stacklevel=3)
    return SegmentedMapSpec(column, tuple(segments), pooled.to_spec())


def segment_values(
    spec: SegmentedMapSpec, x: FloatArray, levels: LevelColumn, *, interval: bool
) -> FloatArray:
    """Return the PDs, shape (n, 1), or the ends of their intervals, shape (n, 2)."""
    read = _ends if interval else _points
    values = read(spec.pooled, x)
    place = {level: code for code, level in enumerate(levels.levels)}
    for segment in spec.segments:
        if segment.own is None or segment.level not in place:
            continue
        rows = levels.codes == place[segment.level]
        w = segment.own_weight
        values[rows] = w * read(segment.own, x[rows]) + (1 - w) * values[rows]
    return values


def _points(spec: CalibrationSpec, x: FloatArray) -> FloatArray:
    return apply_map(spec, x)[:, None]


def _ends(spec: CalibrationSpec, x: FloatArray) -> FloatArray:
    if not isinstance(spec, IntervalMapSpec):
        raise NotImplementedError  # the caller asks no other calibrator
    return np.column_stack(apply_interval(spec, x))


def segment_frame(spec: SegmentedMapSpec) -> pd.DataFrame:
    """Return one row for each segment."""
    import pandas as pd

    read: dict[str, Callable[[SegmentMap], Any]] = {
        "segment": lambda s: s.level,
        "n": lambda s: s.n,
        "n_event": lambda s: s.n_event,
        "event_rate": lambda s: s.n_event / s.n if s.n else np.nan,
        "own_weight": lambda s: s.own_weight,
        "status": lambda s: "pooled" if s.own is None else "own",
    }
    return pd.DataFrame(
        {name: [of(segment) for segment in spec.segments] for name, of in read.items()}
    )
