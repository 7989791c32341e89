"""Two scorecards as one: the weighted mean of their log-odds, bin by bin.

A scorecard is a sum over characteristics, and so is the mean of two. With ``z_1`` and
``z_2`` the log-odds of the cards and a weight ``w`` of the second::

    z = (1 - w) (a + b z_1) + w z_2

where the line ``a + b z_1`` says what the first card's log-odds have meant. Points are
moved to one scale and averaged in the same way: on the scale ``points = l - f z``, a
card's points ``q`` on its own scale ``(l_1, f_1)`` are worth

    m q + (l - m l_1) - f a,    m = b f / f_1

so that with one scale, ``a = 0`` and ``b = 1`` they stay what they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.points import points_line
from riskkit._kernels.whole_points import round_together
from riskkit.artifact import CharacteristicSpec, ScorecardSpec
from riskkit.scorecard._common_bins import pair_characteristics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.artifact import ScalingSpec
    from riskkit.scorecard._common_bins import CommonBins
    from riskkit.typing import CodeArray, FloatArray

__all__ = ["LogOddsLine", "blend_specs", "in_whole_points"]


@dataclass(frozen=True)
class LogOddsLine:
    """What log-odds have meant: ``intercept + slope * log_odds``."""

    intercept: float = 0.0
    slope: float = 1.0


def blend_specs(
    first: ScorecardSpec,
    second: ScorecardSpec,
    weight: float,
    line: LogOddsLine,
    scaling: ScalingSpec,
) -> ScorecardSpec:
    """Return the scorecard that gives `second` the weight and `first` the rest.

    Points are not rounded yet. A card without weight leaves no characteristic, no edge
    and no group behind.
    """
    if weight == 1:
        first = ScorecardSpec((), 0.0, 0.0, first.scaling)
    if weight == 0:
        second = ScorecardSpec((), 0.0, 0.0, second.scaling)
    rest = 1.0 - weight
    m_1, lift_1 = _moved(first.scaling, scaling, line)
    m_2, lift_2 = _moved(second.scaling, scaling, LogOddsLine())
    offset = rest * (m_1 * first.offset_points + lift_1)
    offset += weight * (m_2 * second.offset_points + lift_2)
    intercept = rest * (line.intercept + line.slope * first.intercept)
    return ScorecardSpec(
        characteristics=tuple(
            _characteristic(
                one,
                rest * line.slope * one.of_first("log_odds")
                + weight * one.of_second("log_odds"),
                rest * m_1 * one.of_first("points")
                + weight * m_2 * one.of_second("points"),
            )
            for one in pair_characteristics(first, second)
        ),
        intercept=intercept + weight * second.intercept,
        offset_points=offset + 0.0,
        scaling=scaling,
    )


def _moved(
    own: ScalingSpec, target: ScalingSpec, line: LogOddsLine
) -> tuple[float, float]:
    """Return what a card's points are multiplied by, and what is added to their sum."""
    factor, level = points_line(target.pdo, target.base_points, target.base_odds)
    own_factor, own_level = points_line(own.pdo, own.base_points, own.base_odds)
    m = line.slope * (factor / own_factor)
    return m, (level - m * own_level) - factor * line.intercept


def _characteristic(
    one: CommonBins, log_odds: FloatArray, points: FloatArray
) -> CharacteristicSpec:
    name = one.feature.name
    texts = [item.reason for item in (one.first, one.second) if item is not None]
    return CharacteristicSpec(
        feature=one.feature,
        coefficient=-1.0,
        # Adding 0.0 turns -0.0 into 0.0, which prints better and compares the same.
        woe=tuple((0.0 - log_odds).tolist()),
        log_odds=tuple((log_odds + 0.0).tolist()),
        points=tuple((points + 0.0).tolist()),
        # Wording that somebody chose before the bare name of the column.
        reason=next((text for text in texts if text != name), name),
    )


def in_whole_points(
    spec: ScorecardSpec,
    bins: Sequence[CodeArray],
    weight: FloatArray | None,
) -> ScorecardSpec:
    """Round the points of all bins together, as accounts in `bins` need it."""
    everyone = np.zeros(1 if not bins else bins[0].size, dtype=np.uint8)
    exact = [np.asarray(item.points) for item in spec.characteristics]
    offset, *points = round_together(
        [np.array([spec.offset_points]), *exact],
        [everyone, *bins],
        weight if bins else None,
    )
    return replace(
        spec,
        offset_points=float(offset[0]) + 0.0,
        characteristics=tuple(
            replace(item, points=tuple((whole + 0.0).tolist()))
            for item, whole in zip(spec.characteristics, points, strict=True)
        ),
    )
