"""What every bin of a scorecard is worth in points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from sklearn.base import clone

from riskkit._kernels.points import points_line, share_level
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskkit.artifact import FeatureSpec
    from riskkit.binning import BinningTable
    from riskkit.scaling import PointsScaler
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["PointsLayout", "lay_out_points"]


class PointsRounder(Protocol):
    """Rows that whole points are to suit."""

    def round_points(
        self,
        tables: Sequence[BinningTable],
        offset: float,
        exact: Sequence[FloatArray],
        ends: tuple[float, float] | None,
    ) -> list[FloatArray]:
        """Return whole points that suit the rows: of everyone, then of each feature."""
        ...


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

    @property
    def nearest(self) -> tuple[float, list[FloatArray]] | None:
        """Whole numbers chosen by each bin alone; None where points are not whole."""
        if self.scaler.rounding == "none":
            return None
        return float(np.rint(self.exact_offset)), [np.rint(x) for x in self.exact]


def lay_out_points(
    tables: Sequence[BinningTable],
    coefficients: Mapping[str, float],
    intercept: float,
    scaler: PointsScaler,
    rows: PointsRounder,
) -> PointsLayout:
    """Share the score out among the bins, on a scale that suits the scorecard.

    The bins of the training rows decide how points are rounded.
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
    whole = rows.round_points(tables, offset, exact, scaler.points_range)
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
