"""From coefficients to the scorecard as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit._kernels.bins import assign_bins, count_bins, quantile_edges
from riskkit.artifact import (
    BaselineSpec,
    CharacteristicSpec,
    CountsSpec,
    ScorecardSpec,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskkit.binning import BinningTable
    from riskkit.scorecard._points_layout import PointsLayout
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["build_baseline", "build_spec"]

_N_BANDS = 10


def build_spec(
    tables: Sequence[BinningTable],
    coefficients: Mapping[str, float],
    intercept: float,
    layout: PointsLayout,
) -> ScorecardSpec:
    """Write down the log-odds and the points of every bin."""
    characteristics = []
    for table, points in zip(tables, layout.points, strict=True):
        coefficient = coefficients[table.name]
        characteristics.append(
            CharacteristicSpec(
                feature=table.feature,
                coefficient=coefficient,
                woe=tuple(table.woe.tolist()),
                log_odds=tuple((coefficient * table.woe).tolist()),
                points=tuple(points.tolist()),
                reason=table.name,
            )
        )
    return ScorecardSpec(
        characteristics=tuple(characteristics),
        intercept=intercept,
        offset_points=layout.offset,
        scaling=layout.scaler.to_spec(),
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


def _counts(n_event: FloatArray, n_nonevent: FloatArray) -> CountsSpec:
    return CountsSpec(tuple((n_event + n_nonevent).tolist()), tuple(n_event.tolist()))
