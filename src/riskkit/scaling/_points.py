"""The scale from log-odds to points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_array, validate_data

from riskkit._core.params import check_bool, check_option, check_real
from riskkit._kernels.points import points_line, stretched_line
from riskkit.artifact import ScalingSpec
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["PointsScaler"]

_ROUNDINGS = ("integer", "none")
_INTERCEPTS = ("spread", "apart")
_PDO, _BASE_POINTS = 20.0, 600.0


class PointsScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Turn log-odds of the event into points, by the odds or into a range.

    Either `pdo` points double the odds and `base_points` stand for `base_odds`, or
    the points are stretched over `points_range`. The other parameters say how a
    scorecard shares the points out among its bins.

    Parameters
    ----------
    pdo : float, default=20
        Points that double the odds of non-event to event.

    base_points : float, default=600
        Points of an account with `base_odds`.

    base_odds : float, default=50
        Odds, non-event to event, at `base_points`.

    rounding : {"integer", "none"}, default="integer"
        Whether points are whole numbers. In a scorecard the whole points of all bins
        are chosen together, so that their sum is the score and stays as close to the
        unrounded score as can be; ``ScorecardClassifier.rounding_report_`` says how
        close.

    points_range : tuple of (float, float) or None, default=None
        Least and most points. The range is filled by what :meth:`fit` is shown: in a
        scorecard by its worst and its best possible account, which get exactly these
        points. `pdo` and `base_points` follow from it and cannot be given too.

    intercept : {"spread", "apart"}, default="spread"
        Whether the points of a scorecard at WoE 0 are spread evenly over its
        characteristics, or kept apart as offset points that everyone gets.

    nonnegative : bool, default=False
        Whether no bin of a scorecard may have fewer than 0 points. Kept apart, the
        worst bin of each characteristic then has exactly 0.

    Attributes
    ----------
    pdo_, base_points_ : float
        What the range has made of `pdo` and `base_points`, or these.

    n_features_in_ : int
        Number of columns seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names seen during :term:`fit`, if all are strings.

    See Also
    --------
    riskkit.scorecard.ScorecardClassifier : Gives points to the bins of a scorecard.
    score_to_odds_check : Whether outcomes lie on the scale.
    rounding_report : How far whole points are off it.

    Notes
    -----
    ``points = base_points + (pdo / ln 2) (ln(odds) - ln(base_odds))`` where
    ``ln(odds)`` is minus the log-odds of the event [1]_. Up is safer.

    With `nonnegative` the offset points of a scorecard fall below 0 where its worst
    possible account has less than 0 points; raise `base_points`, or give a range.

    References
    ----------
    .. [1] N. Siddiqi, "Credit Risk Scorecards", Wiley, 2006, ch. 6, "Scorecard
       scaling".

    Examples
    --------
    Siddiqi's worked example, 600 points at odds of 50:1 and 20 points to double:

    >>> import numpy as np
    >>> from riskkit.scaling import PointsScaler
    >>> scaler = PointsScaler(pdo=20, base_points=600, base_odds=50, rounding="none")
    >>> round(scaler.factor, 4), round(scaler.offset, 3)
    (28.8539, 487.123)
    >>> scaler.to_points(-np.log([25, 50, 100])).round(6).tolist()
    [580.0, 600.0, 620.0]

    Into a range:

    >>> stretched = PointsScaler(points_range=(300, 850)).fit([[-4.0], [1.5]])
    >>> stretched.transform([[1.5], [-1.0], [-4.0]]).ravel().tolist()
    [300.0, 550.0, 850.0]
    >>> round(stretched.pdo_, 2)
    69.31
    """

    def __init__(
        self,
        pdo: float = _PDO,
        base_points: float = _BASE_POINTS,
        base_odds: float = 50.0,
        *,
        rounding: str = "integer",
        points_range: tuple[float, float] | None = None,
        intercept: str = "spread",
        nonnegative: bool = False,
    ) -> None:
        self.pdo = pdo
        self.base_points = base_points
        self.base_odds = base_odds
        self.rounding = rounding
        self.points_range = points_range
        self.intercept = intercept
        self.nonnegative = nonnegative

    @property
    def factor(self) -> float:
        """Points for one unit of log-odds."""
        return self._line()[0]

    @property
    def offset(self) -> float:
        """Points at odds of 1."""
        return self._line()[1]

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Check the parameters, and stretch the scale over the range if there is one.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Log-odds of the event. The largest and the smallest of all columns are the
            ends of `points_range`; without a range there is nothing to learn.

        y : ignored
            Present for the scikit-learn interface.

        Returns
        -------
        self : PointsScaler
            The scaler.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain.
        InvalidInputError
            If a range is to be filled by log-odds that are all equal.
        """
        self._check_params()
        X = validate_data(self, X, dtype=np.float64)
        if self.points_range is None:
            self.pdo_, self.base_points_ = float(self.pdo), float(self.base_points)
            return self
        safe, risky = float(X.min()), float(X.max())
        if not risky > safe:
            msg = (
                "points_range needs log-odds that differ; all are equal. Leave "
                "points_range at None where nothing tells accounts apart."
            )
            raise InvalidInputError(msg)
        least, most = (float(points) for points in self.points_range)
        self.pdo_, self.base_points_ = stretched_line(
            (safe, risky), (least, most), self.base_odds
        )
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
            Points; up is safer. Log-odds beyond those fitted leave `points_range`.
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
        pdo, base_points = self._scale()
        return ScalingSpec(
            pdo=pdo,
            base_points=base_points,
            base_odds=float(self.base_odds),
            rounding=self.rounding,  # type: ignore[arg-type]
        )

    def _line(self) -> tuple[float, float]:
        pdo, base_points = self._scale()
        return points_line(pdo, base_points, self.base_odds)

    def _scale(self) -> tuple[float, float]:
        """Return the points to double the odds and the base points that hold."""
        self._check_params()
        if self.points_range is None:
            return float(self.pdo), float(self.base_points)
        if not hasattr(self, "pdo_"):
            msg = (
                "A PointsScaler with a points_range has no scale before it has seen "
                "log-odds to stretch over it. Call fit, or give pdo, base_points and "
                "base_odds instead."
            )
            raise NotFittedError(msg)
        return self.pdo_, self.base_points_

    def _check_params(self) -> None:
        check_real("pdo", self.pdo)
        check_real("base_points", self.base_points)
        check_real("base_odds", self.base_odds)
        for name in ("pdo", "base_odds"):
            if getattr(self, name) <= 0:
                msg = f"{name} must be above 0; got {getattr(self, name)!r}."
                raise InvalidParameterError(msg)
        check_option("rounding", self.rounding, _ROUNDINGS)
        check_option("intercept", self.intercept, _INTERCEPTS)
        check_bool("nonnegative", self.nonnegative)
        if self.points_range is not None:
            self._check_range()

    def _check_range(self) -> None:
        given = self.points_range
        pair = isinstance(given, Sequence | np.ndarray) and not isinstance(given, str)
        if not pair or len(given) != 2:  # type: ignore[arg-type]
            msg = (
                "points_range must be the least and the most points, such as "
                f"(300, 850), or None; got {given!r}."
            )
            raise InvalidParameterError(msg)
        least, most = given  # type: ignore[misc]
        check_real("points_range[0]", least)
        check_real("points_range[1]", most)
        if not least < most:
            msg = f"points_range must rise; got {least!r} to {most!r}."
            raise InvalidParameterError(msg)
        if self.rounding == "integer" and not (
            float(least).is_integer() and float(most).is_integer()
        ):
            msg = (
                "points_range must hold whole numbers where rounding is 'integer'; "
                f"got {least!r} and {most!r}. Round them, or set rounding='none'."
            )
            raise InvalidParameterError(msg)
        if (self.pdo, self.base_points) != (_PDO, _BASE_POINTS):
            msg = (
                "points_range sets the scale, so pdo and base_points cannot be given "
                f"too; got pdo={self.pdo!r} and base_points={self.base_points!r}. "
                "Leave out one or the other."
            )
            raise InvalidParameterError(msg)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = self.points_range is not None
        return tags
