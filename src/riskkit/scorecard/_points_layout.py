"""What every bin of a scorecard is worth in points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import clone

from riskkit._kernels.bins import sum_in_order, take_values
from riskkit._kernels.points import points_line, share_level
from riskkit._kernels.whole_points import round_together
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.scaling import RoundingResult, rounding_report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskkit.artifact import FeatureSpec
    from riskkit.binning import BinningTable
    from riskkit.scaling import PointsScaler
    from riskkit.typing import BoolArray, CodeArray, FloatArray

__all__ = ["PointsLayout", "lay_out_points"]


@dataclass(frozen=True)
class PointsLayout:
    """Points of every bin of every characteristic, and of everyone, as chosen.

    `exact_offset` and `exact` are the same without rounding.
    """

    scaler: PointsScaler
    offset: float
    points: list[FloatArray]
    exact_offset: float
    exact: list[FloatArray]

    def report(
        self, bins: Sequence[CodeArray], n_rows: int, weight: FloatArray | None
    ) -> RoundingResult:
        """State how far the points of these rows are off their exact points."""

        def total(offset: float, points: Sequence[FloatArray]) -> FloatArray:
            terms = [take_values(p, b) for p, b in zip(points, bins, strict=True)]
            return sum_in_order(offset, terms, n_rows)

        nearest = None
        if self.scaler.rounding == "integer":
            by_itself = [np.rint(points) for points in self.exact]
            nearest = total(float(np.rint(self.exact_offset)), by_itself)
        return rounding_report(
            total(self.exact_offset, self.exact),
            total(self.offset, self.points),
            nearest=nearest,
            sample_weight=weight,
        )


def lay_out_points(
    tables: Sequence[BinningTable],
    coefficients: Mapping[str, float],
    intercept: float,
    scaler: PointsScaler,
    bins: Sequence[CodeArray],
    weight: FloatArray | None,
) -> PointsLayout:
    """Share the score out among the bins, on a scale that suits the scorecard.

    `bins` holds the bin of every training row, which decides how points are rounded.
    """
    log_odds = [coefficients[table.name] * table.woe for table in tables]
    occurs = [_can_occur(table.feature) for table in tables]
    safest = sum(float(z[o].min()) for z, o in zip(log_odds, occurs, strict=True))
    riskiest = sum(float(z[o].max()) for z, o in zip(log_odds, occurs, strict=True))
    fitted = _fit_scale(scaler, intercept + safest, intercept + riskiest)
    scale = fitted.to_spec()
    factor, at_even_odds = points_line(scale.pdo, scale.base_points, scale.base_odds)
    level = at_even_odds - factor * intercept
    lowest = [
        -factor * float(z[o].max()) for z, o in zip(log_odds, occurs, strict=True)
    ]
    offset, shares = share_level(
        level,
        np.array(lowest),
        spread=scaler.intercept == "spread",
        nonnegative=scaler.nonnegative,
    )
    exact = [
        _within_reach(share - factor * z, o)
        for share, z, o in zip(shares, log_odds, occurs, strict=True)
    ]
    if scaler.rounding == "none":
        return PointsLayout(fitted, offset, [x + 0.0 for x in exact], offset, exact)
    everyone = np.zeros(1 if not bins else bins[0].size, dtype=np.uint8)
    mass = weight if bins else None
    whole = round_together(
        [np.array([offset]), *exact], [everyone, *bins], mass, scaler.points_range
    )
    # Adding 0.0 turns -0.0 into 0.0, which prints better and compares the same.
    points = [p + 0.0 for p in whole[1:]]
    return PointsLayout(fitted, float(whole[0][0]) + 0.0, points, offset, exact)


def _fit_scale(scaler: PointsScaler, safest: float, riskiest: float) -> PointsScaler:
    fitted: PointsScaler = clone(scaler)
    try:
        return fitted.fit([[safest], [riskiest]])
    except InvalidInputError as error:
        msg = (
            "points_range needs a scorecard that tells accounts apart; no feature has "
            "a place in this one. See the warnings for the reasons, or give pdo, "
            "base_points and base_odds instead."
        )
        raise InvalidParameterError(msg) from error


def _can_occur(feature: FeatureSpec) -> BoolArray:
    """Return which bins an account can be in: a number is never an unseen level."""
    occurs = np.ones(feature.n_bins, dtype=np.bool_)
    if feature.kind == "numeric" or feature.refuse_unseen:
        occurs[feature.unseen_bin] = False
    return occurs


def _within_reach(points: FloatArray, occurs: BoolArray) -> FloatArray:
    """Keep a bin that cannot occur from being the best or the worst."""
    reach = points[occurs]
    return np.where(occurs, points, np.clip(points, reach.min(), reach.max()))
