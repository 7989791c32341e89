"""Trends and changes in a series of months."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.params import check_option, check_real
from riskkit._kernels.series_tests import (
    cusum_path,
    cusum_tail,
    kendall_score,
    kendall_variance,
    sen_slopes,
    standardised,
)
from riskkit.exceptions import InvalidInputError
from riskkit.metrics._bounds import check_level
from riskkit.metrics._counts import read_numbers
from riskkit.metrics._groups import read_groups
from riskkit.metrics._rate_tests import DIRECTIONS
from riskkit.metrics._result import make_result

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.metrics._result import Direction, TestResult
    from riskkit.typing import FloatArray

__all__ = ["cusum_test", "mann_kendall_test"]

_NULLS = {
    "greater": "the series has no rising trend",
    "less": "the series has no falling trend",
    "two-sided": "the series has no trend",
}


def mann_kendall_test(
    values: ArrayLike,
    times: ArrayLike | None = None,
    *,
    alternative: Direction = "two-sided",
    level: float = 0.95,
) -> TestResult:
    """Test a series for a slow rise or fall that no single period shows.

    Parameters
    ----------
    values : array-like of shape (n_periods,)
        Gini, bad rate, PSI or anything else, in the order of time.

    times : array-like of shape (n_periods,), default=None
        Strictly rising times, for series with gaps. By default 0, 1, 2 and so on.

    alternative : {"greater", "less", "two-sided"}, default="two-sided"
        Whether a small p-value speaks for a rise, a fall, or either.

    level : float, default=0.95
        Confidence of the interval of the slope.

    Returns
    -------
    result : TestResult
        The statistic is normal, above 0 for a rise. Details hold the ``score``, rising
        pairs less falling ones, Sen's ``slope`` per unit of time with ``low`` and
        ``high``, and Kendall's ``tau`` (a). Not evaluable with fewer than three
        periods.

    Raises
    ------
    InvalidInputError
        If a value is missing or infinite, or the times do not rise.
    InvalidParameterError
        If `alternative` or `level` is outside its domain.

    See Also
    --------
    cusum_test : For a sudden change of the event rate.

    Notes
    -----
    ``z = (S - sign(S)) / sqrt(var(S))`` with ties in the variance; the slope is the
    median of the slopes of all pairs [1]_. Leave immature periods out. The normal is
    good from some eight periods on, and periods must not depend on each other: of
    overlapping windows neighbours do.

    References
    ----------
    .. [1] R. O. Gilbert, "Statistical Methods for Environmental Pollution Monitoring",
       Van Nostrand Reinhold, 1987, ch. 16.

    Examples
    --------
    >>> from riskkit.metrics import mann_kendall_test
    >>> gini = [0.45, 0.44, 0.44, 0.43, 0.41, 0.42, 0.40, 0.39]
    >>> result = mann_kendall_test(gini)
    >>> result.details["score"], round(result.statistic, 4), round(result.p_value, 5)
    (-25.0, -2.9922, 0.00277)
    >>> round(result.details["slope"], 4)
    -0.0085
    """
    from scipy.special import ndtr

    check_option("alternative", alternative, DIRECTIONS)
    check_level("level", level)
    x, t = _read_series(values, times)
    score, variance = kendall_score(x), kendall_variance(x)
    z = (score - np.sign(score)) / np.sqrt(variance) if score else 0.0
    p_value = {
        "greater": ndtr(-z),
        "less": ndtr(z),
        "two-sided": 2.0 * ndtr(-np.abs(z)),
    }[alternative]
    n_pairs = x.size * (x.size - 1) / 2
    return make_result(
        "Mann-Kendall test",
        statistic_name="z",
        statistic=z,
        p_value=p_value,
        null=_NULLS[alternative],
        direction=alternative,
        n=x.size,
        unusable={"there are fewer than three periods": x.size < 3},
        details={
            "score": score,
            "tau": score / n_pairs if n_pairs else np.nan,
            **_slope(x, t, variance, level),
        },
    )


def cusum_test(
    n_event: ArrayLike,
    n: ArrayLike,
    pd: ArrayLike,
    *,
    alternative: Direction = "greater",
    allowance: float = 0.5,
) -> TestResult:
    """Test a series of months for a lasting change of the event rate.

    Parameters
    ----------
    n_event, n, pd : float or array-like of shape (n_periods,)
        Events, accounts and PD of each month, in the order of time.

    alternative : {"greater", "less"}, default="greater"
        Whether the sum runs up while there are more events than expected, or fewer.

    allowance : float, default=0.5
        Standard deviations that every month is forgiven: half of the lasting shift
        that matters.

    Returns
    -------
    result : TestResult
        One entry a month. The statistic is the cumulative sum at its end; the p-value
        is the chance that it gets so high in any of the months if the PDs are right,
        so that a series of many months is one question. Details hold the
        ``standardised`` error and ``actual_expected`` of each month. A month without
        accounts leaves the sum as it is and is not evaluable, nor is one whose PD is 0
        or 1.

    Raises
    ------
    InvalidInputError
        If counts are negative, events exceed accounts, or a PD is outside [0, 1].
    InvalidParameterError
        If `alternative` or `allowance` is outside its domain.

    See Also
    --------
    mann_kendall_test : For a slow trend of any series.

    Notes
    -----
    ``S_t = max(0, S_{t-1} + z_t - allowance)`` with ``z_t`` the error of month ``t`` in
    standard deviations [1]_. The chance is that of normal months and is computed, not
    simulated; it needs some five expected events a month.

    References
    ----------
    .. [1] E. S. Page, "Continuous inspection schemes", Biometrika 41, 1954.

    Examples
    --------
    >>> from riskkit.metrics import cusum_test
    >>> n_event = [21, 18, 20, 22, 19, 27, 29, 31, 28]
    >>> result = cusum_test(n_event, 1000, 0.02)
    >>> result.statistic.round(2)
    array([0.  , 0.  , 0.  , 0.  , 0.  , 1.08, 2.61, 4.6 , 5.91])
    >>> result.lights().tolist()[-3:]
    ['green', 'red', 'red']
    """
    check_option("alternative", alternative, DIRECTIONS[:2])
    check_real("allowance", allowance, low=0)
    groups = read_groups(n_event, n, pd)
    event, size, rate = np.atleast_1d(groups.n_event, groups.n, groups.pd)
    lost = (size == 0) | (rate == 0) | (rate == 1)
    z = standardised(event, size, rate)
    steps = np.where(lost, allowance, z if alternative == "greater" else -z)
    path = cusum_path(steps, float(allowance))
    n_used = int(np.count_nonzero(~lost))
    tails = [cusum_tail(s, n_used, float(allowance)) if s else 1.0 for s in path]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = event / (size * rate)
    return make_result(
        "CUSUM",
        statistic_name="cumulative sum",
        statistic=path,
        p_value=tails,
        null=(
            "event rates do not exceed the PDs"
            if alternative == "greater"
            else "event rates do not fall short of the PDs"
        ),
        direction=alternative,
        n=size,
        unusable={
            "there are no accounts": size == 0,
            "the PD is 0 or 1": lost,
        },
        details={
            "standardised": np.where(lost, np.nan, z),
            "actual_expected": ratio,
        },
        axes=("period",),
    )


def _read_series(
    values: ArrayLike, times: ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    x = read_numbers("values", values)
    t = read_numbers("times", np.arange(x.size) if times is None else times)
    if not np.isfinite(x).all():
        msg = (
            f"values must be finite; {np.count_nonzero(~np.isfinite(x))} of {x.size} "
            "are not. Leave those periods out and give times."
        )
        raise InvalidInputError(msg)
    if t.size != x.size or not np.isfinite(t).all() or (np.diff(t) <= 0).any():
        msg = (
            f"times must be {x.size} finite numbers that rise strictly, one a period; "
            f"got {t.size} numbers that are or do something else."
        )
        raise InvalidInputError(msg)
    return x, t


def _slope(
    x: FloatArray, t: FloatArray, variance: float, level: float
) -> dict[str, float]:
    """Return Sen's slope and the interval that ranks of the slopes give it."""
    from scipy.special import ndtri

    slopes = sen_slopes(x, t)
    if not slopes.size:
        return {"slope": np.nan, "low": np.nan, "high": np.nan}
    reach = float(ndtri((1.0 + level) / 2.0)) * np.sqrt(variance)
    ranks = np.arange(1, slopes.size + 1)
    low, high = (slopes.size - reach) / 2.0, (slopes.size + reach) / 2.0 + 1.0
    return {
        "slope": float(np.median(slopes)),
        "low": float(np.interp(low, ranks, slopes)),
        "high": float(np.interp(high, ranks, slopes)),
    }
