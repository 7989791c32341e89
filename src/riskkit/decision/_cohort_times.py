"""Days from one stage to the next, where some are still on their way.

Notation: at ``t`` days ``d`` customers come to the stage out of ``n`` that had been
watched so long without it. Kaplan and Meier's share that has not come is the product of
``1 - d / n`` [1]_; its logarithm has Greenwood's variance, the sum of ``d / (n (n -
d))``, and its interval is taken on the scale of ``log(-log S)``. The median is the
first day on which the share is at most a half, and its interval holds the days on which
the interval of the share covers a half [2]_.

References
----------
.. [1] E. L. Kaplan, P. Meier, "Nonparametric estimation from incomplete observations",
   Journal of the American Statistical Association 53, 1958.

.. [2] R. Brookmeyer, J. Crowley, "A confidence interval for the median survival time",
   Biometrics 38, 1982.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["median_time"]

_HALF = 0.5 + 1e-12  # a product of shares may miss a half in its last bits


def median_time(
    time: IntArray, came: BoolArray, weight: FloatArray, level: float
) -> tuple[float, float, float, float]:
    """Return the median, its interval, and the share that has come by the last day.

    `time` is the day of coming, or the last day on which a customer was watched. NaN
    where the share never falls to a half.
    """
    nan = float("nan")
    if not weight[came].any():
        return nan, nan, nan, 0.0 if weight.any() else nan
    days = np.unique(time[came])
    place = np.searchsorted(days, time[came])
    d = np.bincount(place, weight[came], minlength=days.size).astype(np.float64)
    # Watched until that day or longer.
    last = np.searchsorted(days, time, side="right") - 1
    held = np.bincount(last[last >= 0], weight[last >= 0], minlength=days.size)
    n = np.cumsum(held[::-1])[::-1].astype(np.float64)
    share: FloatArray = np.cumprod(np.maximum(1.0 - d / n, 0.0)).astype(np.float64)
    low, high = _interval(share, d, n, level)
    median, first, last_day = (_first(days, curve) for curve in (share, low, high))
    return median, first, last_day, float(1.0 - share[-1])


def _interval(
    share: FloatArray, d: FloatArray, n: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    from scipy.special import ndtri

    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(np.cumsum(d / (n * (n - d)))) / np.abs(np.log(share))
        reach = float(ndtri((1.0 + level) / 2.0)) * error
        low, high = share ** np.exp(reach), share ** np.exp(-reach)
    # Once everyone has come there is no error left to estimate.
    gone = share <= 0
    return np.where(gone, 0.0, low), np.where(gone, np.nan, high)


def _first(days: IntArray, curve: FloatArray) -> float:
    below = np.flatnonzero(curve <= _HALF)
    return float(days[below[0]]) if below.size else float("nan")
