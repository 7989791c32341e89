"""From what a model gives to the PD that is used: calibration, level and grades."""

from __future__ import annotations

from typing import Literal

from riskkit._core.lean_dataclass import dataclass

__all__ = [
    "CalibrationSpec",
    "IntervalMapSpec",
    "LogOddsMapSpec",
    "MasterScaleSpec",
    "PDMapSpec",
    "Scale",
    "SegmentMap",
    "SegmentedMapSpec",
    "StepMapSpec",
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


CalibrationSpec = LogOddsMapSpec | StepMapSpec | IntervalMapSpec


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

    @property
    def scale(self) -> Scale:
        """What the map is given: that of all its parts."""
        return self.pooled.scale


@dataclass(frozen=True, slots=True)
class MasterScaleSpec:
    """Rating grades as plain data.

    Parameters
    ----------
    edges : tuple of float
        Increasing PDs, one more than there are grades; grade ``g`` is ``(edges[g],
        edges[g + 1]]``, and a first edge of 0 belongs to the first grade.

    pds : tuple of float
        The PD that stands for each grade.

    labels : tuple of str
        Name of each grade, from the safest.
    """

    edges: tuple[float, ...]
    pds: tuple[float, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PDMapSpec:
    """All that lies between a model and the PD and grade that are used.

    Every step keeps the order of the accounts (within a segment, where there are
    segments), and is given the PD that the step before it returned; the first may be
    given the model's log-odds instead.

    Parameters
    ----------
    steps : tuple of LogOddsMapSpec, StepMapSpec, IntervalMapSpec or SegmentedMapSpec
        Calibrations and corrections of the level, in the order of their application.

    grades : MasterScaleSpec or None
        Grades of the PD that the last step gives; they cover all of [0, 1].

    See Also
    --------
    apply_pd_map : Applies the steps.

    Examples
    --------
    >>> from riskkit.artifact import LogOddsMapSpec, MasterScaleSpec, PDMapSpec
    >>> platt = LogOddsMapSpec(0.9, 0.9, -0.1, scale="log_odds")
    >>> grades = MasterScaleSpec((0.0, 0.05, 1.0), (0.02, 0.1), ("A", "B"))
    >>> PDMapSpec((platt,), grades).scale
    'log_odds'
    """

    steps: tuple[CalibrationSpec | SegmentedMapSpec, ...] = ()
    grades: MasterScaleSpec | None = None

    @property
    def scale(self) -> Scale:
        """What the first step is given."""
        return self.steps[0].scale if self.steps else "pd"

    @property
    def has_interval(self) -> bool:
        """Whether PDs come with Venn-Abers intervals."""
        maps = [s.pooled if isinstance(s, SegmentedMapSpec) else s for s in self.steps]
        return any(isinstance(spec, IntervalMapSpec) for spec in maps)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of segments, beside what the model itself needs."""
        named = [s.column for s in self.steps if isinstance(s, SegmentedMapSpec)]
        return tuple(dict.fromkeys(named))
