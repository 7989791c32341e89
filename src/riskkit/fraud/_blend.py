"""A learned and an unlearned score on one scale, and how much each of them counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.fraud_blend import FraudBlend, blend_parts
from riskkit._kernels.ranking import score_counts
from riskkit._kernels.tail_surprise import surprise_map

if TYPE_CHECKING:
    from riskkit._kernels.tail_surprise import SurpriseMap
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["SHARES", "ScoreBlend", "choose_share", "share_by_rule"]

SHARES = np.linspace(0.0, 1.0, 21)
# With as many labels as this a learned score deserves half of the say where nothing
# can be held out: the rule k / (k + 20) that measured well on public fraud sets.
_LABELS_FOR_HALF = 20.0


@dataclass(frozen=True)
class ScoreBlend:
    """``share * surprise(learned) + (1 - share) * surprise(anomaly)``, in nats."""

    learned: SurpriseMap
    anomaly: SurpriseMap
    share: float

    @classmethod
    def of(
        cls,
        learned: FloatArray,
        anomaly: FloatArray,
        weight: FloatArray | None,
        share: float,
    ) -> ScoreBlend:
        """Learn both scales from scores of training rows."""
        return cls(surprise_map(learned, weight), surprise_map(anomaly, weight), share)

    def parts(
        self, learned: FloatArray, anomaly: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return what each of the two adds to the score of each row."""
        return blend_parts(self.on_line(1.0, 0.0), learned, anomaly)

    def on_line(self, slope: float, intercept: float) -> FraudBlend:
        """Return the blend with a calibration, as kernels take it."""
        return FraudBlend(self.learned, self.anomaly, self.share, slope, intercept)

    def score(self, learned: FloatArray, anomaly: FloatArray) -> FloatArray:
        """Return the blended score of each row; up is riskier."""
        first, second = self.parts(learned, anomaly)
        return first + second


def choose_share(
    learned: FloatArray,
    anomaly: FloatArray,
    is_event: BoolArray,
    weight: FloatArray | None,
    folds: IntArray,
) -> tuple[float, FloatArray]:
    """Return the share of the learned score, and the average precision at `SHARES`.

    The scores are of rows that the learned model has not seen, of which those of one
    fold are ranked among themselves: each fold has a model, and a scale, of its own.
    Of all shares whose
    average precision is within one standard error of the best, the one nearest to the
    rule of thumb is taken: a handful of events cannot tell them apart, and the rule
    does not follow a lucky row. The error is that of the paired difference, average
    precision being a mean over events.
    """
    mass = np.ones(learned.size) if weight is None else weight
    mass = mass[is_event]
    precision = np.empty((SHARES.size, mass.size))
    for place, share in enumerate(SHARES):
        blend = ScoreBlend.of(learned, anomaly, weight, float(share))
        score = blend.score(learned, anomaly)
        for fold in range(int(folds.max()) + 1):
            inside = folds == fold
            part = None if weight is None else weight[inside]
            precision[place, inside[is_event]] = _precision_at_events(
                score[inside], is_event[inside], part
            )
    found = precision @ mass / mass.sum()
    behind = precision[int(np.argmax(found))] - precision
    spread = np.square(behind - (behind @ mass / mass.sum())[:, None]) @ mass
    error = np.sqrt(spread) / mass.sum()
    close = behind @ mass / mass.sum() <= error
    rule = share_by_rule(float(mass.sum()))
    distance = np.where(close, np.abs(SHARES - rule), np.inf)
    return float(SHARES[int(np.argmin(distance))]), found


def _precision_at_events(
    score: FloatArray, is_event: BoolArray, weight: FloatArray | None
) -> FloatArray:
    """Return the share of events among the rows at or above the score of each event."""
    levels, event, nonevent = score_counts(is_event, score, weight)
    precision = np.cumsum(event) / np.cumsum(event + nonevent)
    # The levels run from the riskiest down.
    place = levels.size - 1 - np.searchsorted(levels[::-1], score[is_event])
    return np.asarray(precision[place])


def share_by_rule(n_labels: float) -> float:
    """Return the share of the learned score where nothing could be held out."""
    return n_labels / (n_labels + _LABELS_FOR_HALF)
