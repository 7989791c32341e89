"""Fitted calibrations as plain data, and the one function that applies them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from riskkit._kernels.bins import assign_bins
from riskkit._kernels.calibration import map_log_odds
from riskkit._kernels.isotonic import interpolate
from riskkit._kernels.venn_abers import merge_interval

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = [
    "CalibrationSpec",
    "IntervalMapSpec",
    "LogOddsMapSpec",
    "Scale",
    "SegmentMap",
    "SegmentedMapSpec",
    "StepMapSpec",
    "apply_interval",
    "apply_map",
]

Scale = Literal["pd", "log_odds"]


@dataclass(frozen=True, slots=True)
class LogOddsMapSpec:
    """An order-preserving map of log-odds: Platt's, the beta map, or a shift.

    ``log_odds = a ln(p) - b ln(1 - p) + c`` and ``pd = 1 / (1 + exp(-log_odds))``;
    where ``a == b`` this is ``a z + c`` with the log-odds ``z`` of ``p``.

    Parameters
    ----------
    a, b : float
        Slopes, not below 0.

    c : float
        Shift, in nats; up is riskier.

    scale : {"pd", "log_odds"}
        What the map is given.
    """

    a: float
    b: float
    c: float
    scale: Scale = "pd"


@dataclass(frozen=True, slots=True)
class StepMapSpec:
    """A rising table: steps that are closed on the right, or a line through points.

    Parameters
    ----------
    knots : tuple of float
        Increasing. For steps, interior edges, one fewer than `values`; for a line,
        its points.

    values : tuple of float
        PDs, never falling.

    interpolation : {"step", "linear"}
        How the table is read.

    scale : {"pd", "log_odds"}
        What the map is given.
    """

    knots: tuple[float, ...]
    values: tuple[float, ...]
    interpolation: Literal["step", "linear"]
    scale: Scale = "pd"


@dataclass(frozen=True, slots=True)
class IntervalMapSpec:
    """Two rising step functions, the ends of a Venn-Abers interval.

    Parameters
    ----------
    low_knots : tuple of float
        Where the lower end rises; its steps are closed on the left, ``[a, b)``.

    low : tuple of float
        Lower ends; one more than `low_knots`, the first of them 0.

    high_knots : tuple of float
        After which the upper end rises; its steps are closed on the right, ``(a, b]``.

    high : tuple of float
        Upper ends; one more than `high_knots`, the last of them 1.

    scale : {"pd", "log_odds"}
        What the map is given.
    """

    low_knots: tuple[float, ...]
    low: tuple[float, ...]
    high_knots: tuple[float, ...]
    high: tuple[float, ...]
    scale: Scale = "pd"


@dataclass(frozen=True, slots=True)
class SegmentMap:
    """The map of one segment and its say beside the pooled one.

    Parameters
    ----------
    level : str
        Text of the segment's level.

    n, n_event : float
        Accounts and events the segment was calibrated on.

    own_weight : float
        Weight of `own` in the PD; the pooled map has the rest.

    own : LogOddsMapSpec, StepMapSpec, IntervalMapSpec or None
        The segment's map; None where the pooled one stands alone.
    """

    level: str
    n: float
    n_event: float
    own_weight: float
    own: CalibrationSpec | None


@dataclass(frozen=True, slots=True)
class SegmentedMapSpec:
    """One map for each level of a column.

    ``pd = w * own(p) + (1 - w) * pooled(p)``; the pooled map alone serves levels that
    are not listed and missing ones.

    Parameters
    ----------
    column : str
        Name of the column.

    segments : tuple of SegmentMap
        In the order of their levels.

    pooled : LogOddsMapSpec, StepMapSpec or IntervalMapSpec
        The map of all accounts.
    """

    column: str
    segments: tuple[SegmentMap, ...]
    pooled: CalibrationSpec


CalibrationSpec = LogOddsMapSpec | StepMapSpec | IntervalMapSpec


def apply_map(spec: CalibrationSpec, x: FloatArray) -> FloatArray:
    """Return the PDs that a calibration gives to PDs or log-odds of shape (n,)."""
    if isinstance(spec, LogOddsMapSpec):
        return map_log_odds(x, spec.a, spec.b, spec.c, is_pd=spec.scale == "pd")
    if isinstance(spec, IntervalMapSpec):
        return merge_interval(*apply_interval(spec, x))
    knots, values = np.asarray(spec.knots), np.asarray(spec.values)
    if spec.interpolation == "linear":
        return interpolate(x, knots, values)
    return np.asarray(values[assign_bins(x, knots)])


def apply_interval(
    spec: IntervalMapSpec, x: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the ends of the interval of each PD or log-odds."""
    low = np.asarray(spec.low)[np.searchsorted(spec.low_knots, x, side="right")]
    high = np.asarray(spec.high)[np.searchsorted(spec.high_knots, x, side="left")]
    return low, high
