"""Differences between two groups of accounts, from counts and moments.

Notation: ``x`` of ``n`` accounts were approved (or had an event), ``p = x / n``; the
index 0 is the reference group, ``z`` the normal quantile of the level.

* Wilson's interval of a share [1]_:
  ``(p + z^2/2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)``.
* Newcombe's interval of ``p - p_0`` from the Wilson limits ``l, u`` and ``l_0, u_0``
  (his method 10) [2]_: ``d - sqrt((p - l)^2 + (u_0 - p_0)^2)`` to
  ``d + sqrt((u - p)^2 + (p_0 - l_0)^2)``.
* Katz's interval of ``p / p_0`` by the delta method on its logarithm [3]_:
  ``exp(ln(p / p_0) -+ z sqrt(1/x - 1/n + 1/x_0 - 1/n_0))``; NaN if a count is 0.
* Standardised mean difference [4]_: ``(m - m_0) / sqrt((s^2 + s_0^2) / 2)`` with
  unbiased variances. Without any spread it is 0 for equal means, and else infinite.

References
----------
.. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical
   inference", J. American Statistical Association 22(158), 1927.

.. [2] R. G. Newcombe, "Interval estimation for the difference between independent
   proportions", Statistics in Medicine 17, 1998.

.. [3] D. Katz et al., "Obtaining confidence intervals for the risk ratio in cohort
   studies", Biometrics 34, 1978.

.. [4] P. C. Austin, "Balance diagnostics for comparing the distribution of baseline
   covariates", Statistics in Medicine 28, 2009.
"""

from __future__ import annotations

import math
from statistics import NormalDist

__all__ = [
    "katz_interval",
    "newcombe_interval",
    "normal_quantile",
    "share",
    "standardised_difference",
    "wilson_interval",
]

Interval = tuple[float, float]
_UNKNOWN = (math.nan, math.nan)


def normal_quantile(level: float) -> float:
    """Return ``z`` with the share `level` of a normal distribution within ``-+z``."""
    return NormalDist().inv_cdf((1.0 + level) / 2.0)


def share(x: float, n: float) -> float:
    """Return ``x / n``, NaN without accounts."""
    return x / n if n else math.nan


def wilson_interval(x: float, n: float, z: float) -> Interval:
    """Return Wilson's interval of ``x / n``; NaN without accounts."""
    if n == 0:
        return _UNKNOWN
    p, widening = x / n, z * z / n
    middle = (p + widening / 2.0) / (1.0 + widening)
    half = math.sqrt(p * (1.0 - p) / n + widening / (4.0 * n)) * z / (1.0 + widening)
    # At the ends the limits are exactly 0 and 1; rounding would miss them.
    low = middle - half if x > 0 else 0.0
    high = middle + half if x < n else 1.0
    return low, high


def newcombe_interval(x: float, n: float, x_0: float, n_0: float, z: float) -> Interval:
    """Return Newcombe's interval of ``x / n - x_0 / n_0``; NaN without accounts."""
    if n == 0 or n_0 == 0:
        return _UNKNOWN
    p, p_0 = x / n, x_0 / n_0
    low, high = wilson_interval(x, n, z)
    low_0, high_0 = wilson_interval(x_0, n_0, z)
    return (
        p - p_0 - math.hypot(p - low, high_0 - p_0),
        p - p_0 + math.hypot(high - p, p_0 - low_0),
    )


def katz_interval(x: float, n: float, x_0: float, n_0: float, z: float) -> Interval:
    """Return Katz's interval of ``(x / n) / (x_0 / n_0)``; NaN if a count is 0."""
    if x == 0 or x_0 == 0:
        return _UNKNOWN
    log_ratio = math.log(x / n) - math.log(x_0 / n_0)
    half = z * math.sqrt(1.0 / x - 1.0 / n + 1.0 / x_0 - 1.0 / n_0)
    return math.exp(log_ratio - half), math.exp(log_ratio + half)


def standardised_difference(
    mean: float, variance: float, mean_0: float, variance_0: float
) -> float:
    """Return ``(m - m_0) / sqrt((s^2 + s_0^2) / 2)``."""
    spread = math.sqrt((variance + variance_0) / 2.0)
    if spread == 0.0:
        gap = mean - mean_0
        return math.copysign(math.inf, gap) if gap else 0.0
    return (mean - mean_0) / spread
