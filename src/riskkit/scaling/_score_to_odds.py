"""Whether outcomes lie on the scale that points promise."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from riskkit._core.inputs import read_weight
from riskkit._core.params import check_int, check_real
from riskkit._core.target import encode_event
from riskkit._kernels.bins import assign_bins, count_bins, quantile_edges
from riskkit._kernels.intervals import jeffreys_interval, jeffreys_pvalue
from riskkit._kernels.logistic import sigmoid
from riskkit._kernels.logistic_fit import fit_logistic
from riskkit._kernels.logistic_inference import coefficient_tests, log_likelihood
from riskkit._kernels.points import points_line
from riskkit.artifact import ScalingSpec
from riskkit.exceptions import (
    ConvergenceWarning,
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)
from riskkit.scaling._points import PointsScaler
from riskkit.scaling._score_to_odds_result import ScoreToOddsResult
from riskkit.scaling._scores import read_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from riskkit.typing import BoolArray, FloatArray

__all__ = ["score_to_odds_check"]

_MAX_ITER = 100
_OF_THE_LINE = (
    "slope",
    "slope_error",
    "slope_low",
    "slope_high",
    "slope_p_value",
    "pdo",
    "base_points",
    "lr_p_value",
)


def score_to_odds_check(
    y_true: ArrayLike,
    points: ArrayLike,
    scaling: PointsScaler | ScalingSpec,
    *,
    n_bands: int = 10,
    edges: Sequence[float] | None = None,
    level: float = 0.95,
    sample_weight: ArrayLike | None = None,
) -> ScoreToOddsResult:
    """Compare the odds that points promise with the odds observed.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Outcomes of two classes; the larger label is the event.

    points : array-like of shape (n_samples,)
        Points of the same accounts; up is safer.

    scaling : PointsScaler or ScalingSpec
        The scale, for instance ``scaler_`` of a scorecard.

    n_bands : int, default=10
        Bands of about equal size.

    edges : sequence of float, default=None
        Increasing interior edges of the bands, closed on the right, in place of
        `n_bands`.

    level : float, default=0.95
        Level of the intervals.

    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each account; a weight of 2 equals the account twice.

    Returns
    -------
    result : ScoreToOddsResult
        With ``.frame()`` and ``.to_dict()``.

    Raises
    ------
    InvalidTargetError, InvalidInputError, InvalidTypeError, InvalidParameterError
        If outcomes, points, the scale, bands, level or weights cannot be used.

    See Also
    --------
    PointsScaler : The scale.
    rounding_report : How far whole points are off it, whatever the outcomes.

    Notes
    -----
    With odds of non-event to event, points ``s`` and the scale ``ln(odds) = a + b s``,
    ``b = ln 2 / pdo``, the regression is ``logit P(event) = -(a' + b' s)``. Accounts
    are taken as independent, so intervals are too narrow where events come in waves.
    A slope too small says that the points are too bold; ``LogitPlattCalibrator`` in
    :mod:`riskkit.calibration` learns the line that holds.

    Where the points separate the classes, or are all equal, there is no slope: it is
    NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.scaling import PointsScaler, score_to_odds_check
    >>> rng = np.random.default_rng(0)
    >>> scaler, log_odds = PointsScaler(), rng.normal(-3, 1, 20_000)
    >>> y = rng.random(20_000) < 1 / (1 + np.exp(-log_odds))
    >>> result = score_to_odds_check(y, scaler.to_points(log_odds), scaler)
    >>> round(result.expected_slope, 5), result.lr_p_value > 0.05
    (0.03466, True)
    """
    check_int("n_bands", n_bands, low=1)
    check_real("level", level)
    if not 0.0 < level < 1.0:
        msg = f"level must be between 0 and 1, both excluded; got {level!r}."
        raise InvalidParameterError(msg)
    sample = _read_sample(y_true, points, scaling, sample_weight)
    cuts = (
        quantile_edges(sample.points, n_bands, sample.weight)
        if edges is None
        else _read_edges(edges)
    )
    return ScoreToOddsResult(
        **_bands(sample, cuts, level),
        **_line(sample, level),
        level=float(level),
        expected_slope=math.log(2.0) / sample.scale.pdo,
        expected_pdo=sample.scale.pdo,
        expected_base_points=sample.scale.base_points,
    )


class _Sample(NamedTuple):
    """Accounts with a weight above 0, and the scale of their points."""

    points: FloatArray
    is_event: BoolArray
    weight: FloatArray
    scale: ScalingSpec

    @property
    def line(self) -> tuple[float, float]:
        """Factor and offset of the scale."""
        scale = self.scale
        return points_line(scale.pdo, scale.base_points, scale.base_odds)


def _bands(sample: _Sample, edges: FloatArray, level: float) -> dict[str, Any]:
    """Compare what is expected and what is seen in every band of points."""
    points, weight = sample.points, sample.weight
    factor, offset = sample.line
    size = edges.size + 1
    band = assign_bins(points, edges)
    n_event, n_nonevent = count_bins(band, sample.is_event, size, weight)
    n = n_event + n_nonevent
    pd_sum = np.bincount(band, weight * sigmoid((offset - points) / factor), size)
    low, high = jeffreys_interval(n_event, n, level)
    with np.errstate(divide="ignore", invalid="ignore"):  # empty or pure bands
        expected, odds = (n - pd_sum) / pd_sum, n_nonevent / n_event
        columns = {
            "low": np.append(-np.inf, edges),
            "high": np.append(edges, np.inf),
            "n": n,
            "n_event": n_event,
            "mean_points": np.bincount(band, weight * points, size) / n,
            "expected_odds": expected,
            "odds": odds,
            "odds_low": (1.0 - high) / high,
            "odds_high": (1.0 - low) / low,
            "points_off": factor * (np.log(odds) - np.log(expected)),
            "p_value": jeffreys_pvalue(n_event, n, pd_sum / n),
        }
    return {name: tuple(column.tolist()) for name, column in columns.items()}


def _line(sample: _Sample, level: float) -> dict[str, Any]:
    """Fit the log-odds of the event to those that the scale reads from the points.

    On the scale the intercept is 0 and the coefficient 1.
    """
    from scipy.special import chdtrc, ndtr, ndtri

    log_odds, is_event, weight = _count(sample)
    if np.ptp(log_odds) == 0 or is_event.all() or not is_event.any():
        return dict.fromkeys(_OF_THE_LINE, math.nan)
    event, other = log_odds[is_event], log_odds[~is_event]
    if event.min() >= other.max() or event.max() <= other.min():
        msg = (
            "The points separate events from non-events: no slope of the odds on the "
            "points exists. Check on more accounts."
        )
        warnings.warn(msg, ConvergenceWarning, stacklevel=3)
        return dict.fromkeys(_OF_THE_LINE, math.nan)
    design = log_odds[:, None]
    fit = fit_logistic(
        design, is_event, weight, l2=0.0, nonpositive=False, max_iter=_MAX_ITER
    )
    tests = coefficient_tests(design, fit.intercept, fit.coefficients, weight)
    ratio, error = float(fit.coefficients[0]), float(tests.std_error[1])
    reach = float(ndtri((1.0 + level) / 2.0)) * error
    fitted = fit.intercept + ratio * log_odds
    gain = log_likelihood(fitted, is_event, weight)
    gain -= log_likelihood(log_odds, is_event, weight)
    factor, offset = sample.line
    at_base_odds = (-math.log(sample.scale.base_odds) - fit.intercept) / ratio
    return {
        "slope": ratio / factor,
        "slope_error": error / factor,
        "slope_low": (ratio - reach) / factor,
        "slope_high": (ratio + reach) / factor,
        "slope_p_value": float(2.0 * ndtr(-abs(ratio - 1.0) / error)),
        "pdo": sample.scale.pdo / ratio,
        "base_points": offset - factor * at_base_odds,
        "lr_p_value": float(chdtrc(2.0, max(2.0 * gain, 0.0))),
    }


def _count(sample: _Sample) -> tuple[FloatArray, BoolArray, FloatArray]:
    """Count the outcomes at every distinct number of points: all that a fit needs.

    Returns the log-odds of the scale once with events and once without.
    """
    factor, offset = sample.line
    levels, codes = np.unique(sample.points, return_inverse=True)
    counts = count_bins(codes, sample.is_event, levels.size, sample.weight)
    mass = np.concatenate(counts)
    log_odds = np.tile((offset - levels) / factor, 2)
    is_event = np.repeat([True, False], levels.size)
    return log_odds[mass > 0], is_event[mass > 0], mass[mass > 0]


def _read_sample(
    y_true: ArrayLike,
    points: ArrayLike,
    scaling: object,
    sample_weight: ArrayLike | None,
) -> _Sample:
    scale = _read_scale(scaling)
    is_event = encode_event(y_true)[0]
    x = read_points("points", points)
    if x.size != is_event.size:
        msg = (
            "y_true and points must be of the same accounts; got "
            f"{is_event.size} and {x.size}."
        )
        raise InvalidInputError(msg)
    weight = read_weight(sample_weight, x.size)
    if weight is None:
        return _Sample(x, is_event, np.ones(x.size), scale)
    counted = weight > 0
    return _Sample(x[counted], is_event[counted], weight[counted], scale)


def _read_scale(scaling: object) -> ScalingSpec:
    if isinstance(scaling, PointsScaler):
        return scaling.to_spec()
    if isinstance(scaling, ScalingSpec):
        return scaling
    msg = (
        "scaling must be a PointsScaler or a ScalingSpec, such as scaler_ of a "
        f"scorecard; got {type(scaling).__name__}."
    )
    raise InvalidTypeError(msg)


def _read_edges(edges: Sequence[float]) -> FloatArray:
    cuts = np.asarray(edges, dtype=np.float64)
    if cuts.ndim != 1 or not np.isfinite(cuts).all() or not (np.diff(cuts) > 0).all():
        msg = (
            "edges must be increasing finite numbers, the borders between the bands; "
            "got something else. Leave out the outer ends."
        )
        raise InvalidParameterError(msg)
    return cuts
