"""The steps of a PD map on the rows of a table; NumPy is imported when there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from riskkit.artifact._pd_map import IntervalMapSpec, LogOddsMapSpec, SegmentedMapSpec
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from riskkit._core.frames import LevelColumn
    from riskkit.artifact._pd_map import CalibrationSpec
    from riskkit.typing import FloatArray

    # One way to read a map: what it is given, (n,), to columns of PDs, (n, k).
    Read = Callable[[CalibrationSpec, FloatArray], FloatArray]

__all__ = ["apply_pd_map"]


def apply_pd_map(
    steps: Sequence[CalibrationSpec | SegmentedMapSpec],
    x: FloatArray,
    columns: Mapping[str, Any] | None = None,
) -> tuple[FloatArray, FloatArray | None]:
    """Return the PDs that a chain of calibrations gives, and their intervals.

    Parameters
    ----------
    steps : sequence of specs
        As in :class:`PDMapSpec`.

    x : ndarray of shape (n_rows,)
        PDs or log-odds, whatever the first step is given; finite.

    columns : mapping of str to column, optional
        The columns of segments, each an array or a column of a frame.

    Returns
    -------
    pd : ndarray of shape (n_rows,)
        Probability of the event; up is riskier.

    interval : ndarray of shape (n_rows, 2) or None
        Ends of the interval of the last Venn-Abers step, carried through the steps
        after it; None without such a step.

    Raises
    ------
    InvalidInputError
        If the column of a step's segments is not given.
    InvalidTypeError
        If a column of segments holds what is no level.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.artifact import LogOddsMapSpec, apply_pd_map
    >>> halved_odds = LogOddsMapSpec(1.0, 1.0, float(np.log(0.5)))
    >>> pd, interval = apply_pd_map([halved_odds], np.array([0.5, 0.2]))
    >>> pd.round(4), interval
    (array([0.3333, 0.1111]), None)
    """
    import numpy as np

    pd, interval = x, None
    for step in steps:
        apply = _by_segment(step, columns or {})
        if isinstance(_pooled(step), IntervalMapSpec):
            interval = apply(_ends, pd)
        elif interval is not None:
            interval = np.hstack([apply(_points, end) for end in interval.T])
        pd = apply(_points, pd)[:, 0]
    return pd, interval


def _pooled(step: CalibrationSpec | SegmentedMapSpec) -> CalibrationSpec:
    return step.pooled if isinstance(step, SegmentedMapSpec) else step


def _by_segment(
    step: CalibrationSpec | SegmentedMapSpec, columns: Mapping[str, Any]
) -> Callable[[Read, FloatArray], FloatArray]:
    """Return what reads a step, row by row the map of its segment."""
    if not isinstance(step, SegmentedMapSpec):
        return lambda read, x: read(step, x)
    levels = _read_levels(step.column, columns)
    place = {level: code for code, level in enumerate(levels.levels)}

    def apply(read: Read, x: FloatArray) -> FloatArray:
        values = read(step.pooled, x)
        for segment in step.segments:
            if segment.own is not None and segment.level in place:
                rows = levels.codes == place[segment.level]
                w, own = segment.own_weight, read(segment.own, x[rows])
                values[rows] = w * own + (1 - w) * values[rows]
        return values

    return apply


def _read_levels(column: str, columns: Mapping[str, Any]) -> LevelColumn:
    from riskkit._core.frames import level_column

    if column not in columns:
        msg = (
            f"The PDs are calibrated by segment and need the column {column!r}; it is "
            "not given. Give it, with missing values where nothing is known."
        )
        raise InvalidInputError(msg)
    return level_column(columns[column], column)


def _points(spec: CalibrationSpec, x: FloatArray) -> FloatArray:
    """Return the PDs, shape (n, 1)."""
    import numpy as np

    from riskkit._kernels.bins import assign_bins
    from riskkit._kernels.calibration import map_log_odds
    from riskkit._kernels.isotonic import interpolate
    from riskkit._kernels.venn_abers import merge_interval

    if isinstance(spec, LogOddsMapSpec):
        pd = map_log_odds(x, spec.a, spec.b, spec.c, is_pd=spec.scale == "pd")
    elif isinstance(spec, IntervalMapSpec):
        pd = merge_interval(*_ends(spec, x).T)
    elif spec.interpolation == "linear":
        pd = interpolate(x, np.asarray(spec.knots), np.asarray(spec.values))
    else:
        pd = np.asarray(spec.values)[assign_bins(x, np.asarray(spec.knots))]
    return pd[:, None]


def _ends(spec: CalibrationSpec, x: FloatArray) -> FloatArray:
    """Return the ends of the intervals, shape (n, 2)."""
    import numpy as np

    both = cast("IntervalMapSpec", spec)  # the maps of all segments are of one kind
    low = np.asarray(both.low)[np.searchsorted(both.low_knots, x, side="right")]
    high = np.asarray(both.high)[np.searchsorted(both.high_knots, x, side="left")]
    return np.column_stack([low, high])
