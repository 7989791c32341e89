"""The points-to-double-the-odds scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_array, validate_data

from riskkit._core.params import check_option, check_real
from riskkit._kernels.points import points_line
from riskkit.artifact import ScalingSpec
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["PointsScaler"]

_ROUNDINGS = ("integer", "none")


class PointsScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Turn log-odds of the event into points on which `pdo` points double the odds.

    Parameters
    ----------
    pdo : float, default=20
        Points that double the odds of non-event to event.

    base_points : float, default=600
        Points of an account with `base_odds`.

    base_odds : float, default=50
        Odds, non-event to event, at `base_points`.

    rounding : {"integer", "none"}, default="integer"
        Whether points are whole numbers. In a scorecard the points of every bin are
        rounded, so that their sum is the score.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names seen during :term:`fit`, if all are strings.

    See Also
    --------
    riskkit.scorecard.ScorecardClassifier : Gives points to the bins of a scorecard.

    Notes
    -----
    ``points = base_points + (pdo / ln 2) (ln(odds) - ln(base_odds))`` where
    ``ln(odds)`` is minus the log-odds of the event. Up is safer.

    References
    ----------
    N. Siddiqi, "Intelligent Credit Scoring", 2nd ed., Wiley, 2017, ch. 10.

    Examples
    --------
    Siddiqi's worked example, 600 points at odds of 30:1 and 20 points to double:

    >>> import numpy as np
    >>> from riskkit.scaling import PointsScaler
    >>> scaler = PointsScaler(pdo=20, base_points=600, base_odds=30, rounding="none")
    >>> round(scaler.factor, 4), round(scaler.offset, 4)
    (28.8539, 501.8622)
    >>> scaler.to_points(-np.log([15, 30, 60])).round(6).tolist()
    [580.0, 600.0, 620.0]
    """

    def __init__(
        self,
        pdo: float = 20,
        base_points: float = 600,
        base_odds: float = 50,
        *,
        rounding: str = "integer",
    ) -> None:
        self.pdo = pdo
        self.base_points = base_points
        self.base_odds = base_odds
        self.rounding = rounding

    @property
    def factor(self) -> float:
        """Points for one unit of log-odds."""
        return self._line()[0]

    @property
    def offset(self) -> float:
        """Points at odds of 1."""
        return self._line()[1]

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Check the parameters and the shape; there is nothing to learn.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Log-odds of the event.

        y : ignored
            Present for the scikit-learn interface.

        Returns
        -------
        self : PointsScaler
            The scaler.
        """
        self._line()
        validate_data(self, X, dtype=np.float64)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Turn log-odds into points.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Log-odds of the event; up is riskier.

        Returns
        -------
        points : ndarray of shape (n_samples, n_features)
            Points; up is safer.
        """
        if hasattr(self, "n_features_in_"):
            X = validate_data(self, X, dtype=np.float64, reset=False)
        else:
            X = check_array(X, dtype=np.float64)
        return self.to_points(X)

    def to_points(self, log_odds: ArrayLike) -> FloatArray:
        """Return the points of log-odds of any shape."""
        factor, offset = self._line()
        points = offset - factor * np.asarray(log_odds, dtype=np.float64)
        return np.asarray(np.rint(points) if self.rounding == "integer" else points)

    def to_log_odds(self, points: ArrayLike) -> FloatArray:
        """Return the log-odds of the event that stand for `points`."""
        factor, offset = self._line()
        return np.asarray((offset - np.asarray(points, dtype=np.float64)) / factor)

    def to_spec(self) -> ScalingSpec:
        """Return the scale as plain data."""
        self._line()
        return ScalingSpec(
            pdo=float(self.pdo),
            base_points=float(self.base_points),
            base_odds=float(self.base_odds),
            rounding=self.rounding,  # type: ignore[arg-type]
        )

    def _line(self) -> tuple[float, float]:
        check_real("pdo", self.pdo)
        check_real("base_points", self.base_points)
        check_real("base_odds", self.base_odds)
        check_option("rounding", self.rounding, _ROUNDINGS)
        for name in ("pdo", "base_odds"):
            if getattr(self, name) <= 0:
                msg = f"{name} must be above 0; got {getattr(self, name)!r}."
                raise InvalidParameterError(msg)
        return points_line(self.pdo, self.base_points, self.base_odds)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags
