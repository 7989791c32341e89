"""From coefficients to the scorecard as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.bins import assign_bins, count_bins, quantile_edges
from riskkit._kernels.points import points_line
from riskkit.artifact import (
    BaselineSpec,
    CharacteristicSpec,
    CountsSpec,
    ScalingSpec,
    ScorecardSpec,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskkit.binning import BinningTable
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["build_baseline", "build_spec"]

_N_BANDS = 10


def build_spec(
    tables: Sequence[BinningTable],
    coefficients: Mapping[str, float],
    intercept: float,
    scaling: ScalingSpec,
) -> ScorecardSpec:
    """Lay out the log-odds and the points of every bin.

    The points at WoE 0 are shared equally by the characteristics, so that the points
    of the bins alone add up to the score (Siddiqi 2017, ch. 10).
    """
    factor, offset = points_line(scaling.pdo, scaling.base_points, scaling.base_odds)
    level = offset - factor * intercept
    share = level / len(tables) if tables else 0.0
    characteristics = []
    for table in tables:
        coefficient = coefficients[table.name]
        log_odds = coefficient * table.woe
        characteristics.append(
            CharacteristicSpec(
                feature=table.feature,
                coefficient=coefficient,
                woe=tuple(table.woe.tolist()),
                log_odds=tuple(log_odds.tolist()),
                points=_points(share - factor * log_odds, scaling),
                reason=table.name,
            )
        )
    rest = () if tables else _points(np.array([level]), scaling)
    return ScorecardSpec(
        characteristics=tuple(characteristics),
        intercept=intercept,
        offset_points=rest[0] if rest else 0.0,
        scaling=scaling,
    )


def build_baseline(
    tables: Sequence[BinningTable],
    points: FloatArray,
    is_event: BoolArray,
    weight: FloatArray | None,
) -> BaselineSpec:
    """Count the training rows in every bin and in bands of about equal size."""
    edges = quantile_edges(points, _N_BANDS, weight)
    bands = assign_bins(points, edges)
    return BaselineSpec(
        features={t.name: _counts(t.n_event, t.n_nonevent) for t in tables},
        points_edges=tuple(edges.tolist()),
        points=_counts(*count_bins(bands, is_event, edges.size + 1, weight)),
    )


def _points(points: FloatArray, scaling: ScalingSpec) -> tuple[float, ...]:
    whole = scaling.rounding == "integer"
    # Adding 0.0 turns -0.0 into 0.0, which prints better and compares the same.
    return tuple(((np.rint(points) if whole else points) + 0.0).tolist())


def _counts(n_event: FloatArray, n_nonevent: FloatArray) -> CountsSpec:
    return CountsSpec(tuple((n_event + n_nonevent).tolist()), tuple(n_event.tolist()))
