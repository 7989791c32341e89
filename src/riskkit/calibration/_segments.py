"""One calibration for each level of a column, leaning on that of all accounts."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from sklearn.base import clone

from riskkit._core.frames import Table
from riskkit.artifact import SegmentedMapSpec, SegmentMap
from riskkit.exceptions import InvalidTargetError, RiskkitWarning

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from riskkit._core.frames import LevelColumn
    from riskkit.calibration._base import BaseScoreMap
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["fit_segments", "read_column", "segment_frame"]


def read_column(X: Any, column: str) -> Any:
    """Return the raw column of segments."""
    table = Table.read(X if hasattr(X, "shape") else np.asarray(X)).select([column])
    return table.columns[0]


def fit_segments(
    pooled: BaseScoreMap,
    x: FloatArray,
    is_event: BoolArray,
    weight: FloatArray | None,
    levels: LevelColumn,
    column: str,
    *,
    min_events: int,
    shrinkage: float,
    one_class: str,
) -> SegmentedMapSpec:
    """Return the maps of all segments beside the fitted pooled one."""
    w = np.ones(x.size) if weight is None else weight
    pooled_pd = pooled.predict(x)
    segments = []
    n_one_class = 0
    for code, level in enumerate(levels.levels):
        rows = (levels.codes == code) & (w > 0)
        n = float(w[rows].sum())
        n_event = float(w[rows & is_event].sum())
        if n == 0:  # rows of weight 0 are as if they were not there
            continue
        own, own_weight = None, 0.0
        if min(n_event, n - n_event) >= min_events:
            part = None if weight is None else weight[rows]
            own = clone(pooled).fit(x[rows], is_event[rows], part).to_spec()
            own_weight = n_event / (n_event + shrinkage)
        elif n_event in (0, n):
            expected = float(w[rows] @ pooled_pd[rows])
            n_one_class += min(expected, n - expected) >= min_events
        segments.append(SegmentMap(level, n, n_event, own_weight, own))
    if n_one_class and one_class == "raise":
        _refuse_one_class(n_one_class, segments, column, min_events)
    _warn_of_pooled(segments, column, min_events)
    return SegmentedMapSpec(column, tuple(segments), pooled.to_spec())


def _refuse_one_class(
    n_one_class: int, segments: list[SegmentMap], column: str, min_events: int
) -> NoReturn:
    msg = (
        f"Segments of column {column!r} in which {min_events} events and as many "
        f"non-events are due must hold both; {n_one_class} of {len(segments)} segments "
        "hold one of the two only. Check that their outcomes are recorded, join them "
        "with others, or set one_class_segments='pool' to give them the pooled "
        "calibration."
    )
    raise InvalidTargetError(msg)


def _warn_of_pooled(segments: list[SegmentMap], column: str, min_events: int) -> None:
    n_pooled = sum(segment.own is None for segment in segments)
    if n_pooled:
        msg = (
            f"{n_pooled} of {len(segments)} segments of column {column!r} have fewer "
            f"than {min_events} events or non-events and take the pooled calibration; "
            "segments_frame() lists them. Join them with others, or lower "
            "min_segment_events."
        )
        warnings.warn(msg, RiskkitWarning, stacklevel=4)


def segment_frame(spec: SegmentedMapSpec) -> pd.DataFrame:
    """Return one row for each segment."""
    import pandas as pd

    read: dict[str, Callable[[SegmentMap], Any]] = {
        "segment": lambda s: s.level,
        "n": lambda s: s.n,
        "n_event": lambda s: s.n_event,
        "event_rate": lambda s: s.n_event / s.n,
        "own_weight": lambda s: s.own_weight,
        "status": lambda s: "pooled" if s.own is None else "own",
    }
    return pd.DataFrame(
        {name: [of(segment) for segment in spec.segments] for name, of in read.items()}
    )
