"""A fitted scorecard as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from riskkit._core.lean_dataclass import dataclass

if TYPE_CHECKING:
    from riskkit.artifact._features import FeatureSpec

__all__ = ["CharacteristicSpec", "ScalingSpec", "ScorecardSpec"]


@dataclass(frozen=True, slots=True)
class ScalingSpec:
    """The line that turns log-odds into points.

    ``points = base_points + (pdo / ln 2) * (ln(odds) - ln(base_odds))`` with odds of
    non-event to event: up is safer.

    Parameters
    ----------
    pdo : float
        Points that double the odds.

    base_points : float
        Points at `base_odds`.

    base_odds : float
        Odds, non-event to event, at `base_points`.

    rounding : {"integer", "none"}
        Whether the points of each bin are whole numbers.
    """

    pdo: float
    base_points: float
    base_odds: float
    rounding: Literal["integer", "none"] = "integer"


@dataclass(frozen=True, slots=True)
class CharacteristicSpec:
    """One characteristic of a scorecard: its bins and what each of them is worth.

    Parameters
    ----------
    feature : FeatureSpec
        The bins.

    coefficient : float
        Weight of the WoE in the log-odds of the event; not above 0.

    woe : tuple of float
        Weight of evidence of each bin, in nats; up is safer.

    log_odds : tuple of float
        What each bin adds to the log-odds of the event, ``coefficient * woe``; up is
        riskier.

    points : tuple of float
        What each bin adds to the points; up is safer.

    reason : str
        Text given when this characteristic lowers the points.
    """

    feature: FeatureSpec
    coefficient: float
    woe: tuple[float, ...]
    log_odds: tuple[float, ...]
    points: tuple[float, ...]
    reason: str

    @property
    def best_points(self) -> float:
        """The most points any bin of this characteristic gives."""
        return max(self.points)


@dataclass(frozen=True, slots=True)
class ScorecardSpec:
    """A scorecard: the log-odds of the event are a sum over characteristics.

    ``log_odds = intercept + sum(log_odds of each bin)``, ``pd = 1 / (1 +
    exp(-log_odds))`` and ``points = offset_points + sum(points of each bin)``, each
    added in the order of the characteristics.

    Parameters
    ----------
    characteristics : tuple of CharacteristicSpec
        In the order in which their terms are added.

    intercept : float
        Log-odds of the event before any characteristic has spoken.

    offset_points : float
        Points given to everyone.

    scaling : ScalingSpec
        The line from log-odds to points.
    """

    characteristics: tuple[CharacteristicSpec, ...]
    intercept: float
    offset_points: float
    scaling: ScalingSpec

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the columns that a record must have."""
        return tuple(c.feature.name for c in self.characteristics)

    @property
    def kinds(self) -> dict[str, Literal["numeric", "categorical"]]:
        """Kind of each column, by name."""
        return {c.feature.name: c.feature.kind for c in self.characteristics}
