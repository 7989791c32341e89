"""A fitted fraud model as plain data: trees, a detector, and how both are blended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from riskkit._core.lean_dataclass import dataclass
from riskkit.artifact._same_arrays import WithArrays

if TYPE_CHECKING:
    from riskkit.artifact._blend import BlendSpec
    from riskkit.artifact._detector import DetectorSpec
    from riskkit.artifact._pd_map import LogOddsMapSpec
    from riskkit.typing import FloatArray

__all__ = ["FraudSpec", "SurpriseSpec"]


@dataclass(frozen=True, slots=True, eq=False)
class SurpriseSpec(WithArrays):
    """How far in its own tail a score lies: a rising line, and what lies beyond it.

    Parameters
    ----------
    knot, value, slope : ndarray of float
        Scores, their surprise in nats, and the slope from each of them on.

    excess : float or None
        Mean excess of the tail beyond the last knot, None if nothing is added there.

    is_log : bool
        Whether the tail is that of a power law.
    """

    knot: FloatArray
    value: FloatArray
    slope: FloatArray
    excess: float | None
    is_log: bool


@dataclass(frozen=True, slots=True)
class FraudSpec:
    """A learned and an unlearned score on one scale, calibrated.

    ``log_odds = a * (share * surprise(learned) + (1 - share) * surprise(anomaly)) + c``

    Parameters
    ----------
    detector : DetectorSpec
        What sees unusual rows.

    booster : BlendSpec
        The trees, a blend of one without a calibration.

    anomaly_columns : tuple of str
        What the trees call the detector's score, or that of each member; empty where
        they do not see it.

    unseen : tuple of (str or None)
        By field the level that unseen ones are taken for; None for numbers.

    share : float
        Share of the learned score, from 0 to 1.

    learned, anomaly : SurpriseSpec
        The scales of both.

    line : LogOddsMapSpec
        The calibration.
    """

    detector: DetectorSpec
    booster: BlendSpec
    anomaly_columns: tuple[str, ...]
    unseen: tuple[str | None, ...]
    share: float
    learned: SurpriseSpec
    anomaly: SurpriseSpec
    line: LogOddsMapSpec

    @property
    def kinds(self) -> dict[str, Literal["numeric", "categorical"]]:
        """Kind of each field, by name."""
        return self.detector.kinds
