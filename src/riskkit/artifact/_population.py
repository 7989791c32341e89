"""A reference population and what came after it, as counts over fixed bins.

It stands by itself, for any model or none; the baseline inside the artifact of a
scorecard holds the same for the bins of its ``model.json``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from riskkit._core.lean_dataclass import dataclass, field

if TYPE_CHECKING:
    from riskkit.artifact._features import FeatureSpec

__all__ = ["BinnedSpec", "PeriodSpec", "PopulationSpec"]


@dataclass(frozen=True, slots=True)
class BinnedSpec:
    """The bins of one feature, or of the score, and what they are worth.

    Parameters
    ----------
    feature : FeatureSpec
        The bins.

    points : tuple of float
        Points of each bin; empty if there are none.

    Examples
    --------
    >>> from riskkit.artifact import BinnedSpec, FeatureSpec
    >>> BinnedSpec(FeatureSpec("income", "numeric", edges=(1000.0,))).points
    ()
    """

    feature: FeatureSpec
    points: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class PeriodSpec:
    """Counts of a period over all bins, one feature after the other, the score last.

    Parameters
    ----------
    n : tuple of float
        Accounts of each bin, or sums of weights.

    n_known : tuple of float
        Those of them whose outcome is known.

    n_event : tuple of float
        Events among these.

    sums : dict of str to tuple of float
        For each band of the score, sums over its accounts: of the score (``"score"``),
        of the PD (``"pd"``), and of the PD where the outcome is known
        (``"pd_known"``). What was never given is left out.

    Examples
    --------
    >>> from riskkit.artifact import PeriodSpec
    >>> PeriodSpec((5.0, 3.0), (4.0, 3.0), (1.0, 0.0)).sums
    {}
    """

    n: tuple[float, ...]
    n_known: tuple[float, ...]
    n_event: tuple[float, ...]
    sums: dict[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PopulationSpec:
    """A reference population over its bins, and the periods counted since.

    Parameters
    ----------
    features : tuple of BinnedSpec
        The features.

    score : BinnedSpec or None
        Bands of the score.

    score_direction : {"riskier", "safer"} or None
        What a higher score means; None without a score.

    reference : PeriodSpec
        Counts of the reference.

    periods : dict of str to PeriodSpec
        Counts of later periods over the same bins.

    model_id : str or None
        The model that the population belongs to.

    Examples
    --------
    >>> from riskkit.artifact import (
    ...     BinnedSpec, FeatureSpec, PeriodSpec, PopulationSpec)
    >>> income = BinnedSpec(FeatureSpec("income", "numeric", edges=(1000.0,)))
    >>> counts = PeriodSpec((5.0, 3.0, 1.0, 0.0), (0.0,) * 4, (0.0,) * 4)
    >>> PopulationSpec((income,), None, None, counts).n_bins
    4
    """

    features: tuple[BinnedSpec, ...]
    score: BinnedSpec | None
    score_direction: Literal["riskier", "safer"] | None
    reference: PeriodSpec
    periods: dict[str, PeriodSpec] = field(default_factory=dict)
    model_id: str | None = None

    @property
    def binned(self) -> tuple[BinnedSpec, ...]:
        """The features, and the score after them if there is one."""
        return self.features if self.score is None else (*self.features, self.score)

    @property
    def n_bins(self) -> int:
        """Number of bins in all."""
        return sum(item.feature.n_bins for item in self.binned)
