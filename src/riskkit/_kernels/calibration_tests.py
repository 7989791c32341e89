"""Are PDs right on the whole? Statistics over groups of accounts with one PD each.

Notation: group ``g`` holds ``n_g`` accounts with PD ``p_g`` and ``d_g`` events; a
single row is a group of one.

* Hosmer-Lemeshow [1]_: ``sum((d_g - n_g p_g)^2 / (n_g p_g (1 - p_g)))``.
* Spiegelhalter [2]_: the Brier score against what it would be if the PDs were true,
  ``z = sum((d_g - n_g p_g)(1 - 2 p_g)) / sqrt(sum(n_g p_g (1 - p_g)(1 - 2 p_g)^2))``.
* Cox [3]_: ``log-odds of the event = a + b ln(p / (1 - p))``; ``a = 0, b = 1`` if the
  PDs are right. The level is ``a`` with ``b = 1``, the slope ``b`` with ``a`` free.
* Brier score: ``reliability - resolution + uncertainty + spread - covariance``, the
  last two within the groups that share a band of PDs [4]_, [5]_.

References
----------
.. [1] D. W. Hosmer, S. Lemeshow, R. X. Sturdivant, "Applied Logistic Regression",
   3rd ed., Wiley, 2013, section 5.2.2.

.. [2] D. J. Spiegelhalter, "Probabilistic prediction in patient management and clinical
   trials", Statistics in Medicine 5, 1986.

.. [3] D. R. Cox, "Two further applications of a model for binary regression",
   Biometrika 45, 1958; M. E. Miller, S. L. Hui, W. M. Tierney, "Validation techniques
   for logistic regression models", Statistics in Medicine 10, 1991.

.. [4] A. H. Murphy, "A new vector partition of the probability score", Journal of
   Applied Meteorology 12, 1973.

.. [5] D. B. Stephenson, C. A. S. Coelho, I. T. Jolliffe, "Two extra components in the
   Brier score decomposition", Weather and Forecasting 23, 2008.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.calibration import log_odds_of, shift_to_mean
from riskkit._kernels.logistic_fit import fit_logistic

if TYPE_CHECKING:
    from riskkit.typing import FloatArray, IntArray

__all__ = [
    "Estimate",
    "brier_terms",
    "chi2_tail",
    "fit_level",
    "fit_slope",
    "hosmer_lemeshow",
    "separates",
    "spiegelhalter",
]


@dataclass(frozen=True)
class Estimate:
    """A coefficient, its standard error, and its likelihood ratio against the null."""

    value: float
    error: float
    chi2: float


def chi2_tail(chi2: FloatArray, df: FloatArray | float) -> FloatArray:
    """Return the chance of a chi-square at least so large."""
    from scipy.special import chdtrc

    return np.asarray(chdtrc(df, chi2))


def hosmer_lemeshow(n_event: FloatArray, n: FloatArray, pd: FloatArray) -> FloatArray:
    """Return the term of each group; infinite where a sure thing did not come."""
    gap, variance = n_event - n * pd, n * pd * (1.0 - pd)
    with np.errstate(divide="ignore", invalid="ignore"):
        term = gap**2 / variance
    return np.where(gap == 0, 0.0, term)


def spiegelhalter(
    n_event: FloatArray, n: FloatArray, pd: FloatArray
) -> tuple[float, float]:
    """Return the excess of the Brier score, unscaled, and its standard deviation."""
    lean = 1.0 - 2.0 * pd
    excess = float(((n_event - n * pd) * lean).sum())
    return excess, float(np.sqrt((n * pd * (1.0 - pd) * lean**2).sum()))


def brier_terms(
    n_event: FloatArray, n: FloatArray, pd: FloatArray, band: IntArray
) -> tuple[float, float, float, float, float, float]:
    """Return score, reliability, resolution, uncertainty, spread and covariance."""
    total = n.sum()
    size = np.bincount(band, n)
    held = size > 0
    size = size[held]
    rate = np.bincount(band, n_event)[held] / size
    mean_pd = np.bincount(band, n * pd)[held] / size
    place = np.cumsum(held) - 1
    off = pd - mean_pd[place[band]]
    overall = n_event.sum() / total
    score = (n_event * (1.0 - pd) ** 2 + (n - n_event) * pd**2).sum()
    return (
        float(score / total),
        float(size @ (mean_pd - rate) ** 2 / total),
        float(size @ (rate - overall) ** 2 / total),
        float(overall * (1.0 - overall)),
        float(n @ off**2 / total),
        float(2.0 * off @ (n_event - n * rate[place[band]]) / total),
    )


def separates(n_event: FloatArray, n: FloatArray, pd: FloatArray) -> bool:
    """Return whether a cut of the PDs parts events from non-events, either way round.

    The slope has no finite estimate then. There must be events, non-events and two
    different PDs.
    """
    with_event, with_nonevent = pd[n_event > 0], pd[n > n_event]
    return bool(
        with_nonevent.max() <= with_event.min()
        or with_event.max() <= with_nonevent.min()
    )


def fit_level(n_event: FloatArray, n: FloatArray, pd: FloatArray) -> Estimate:
    """Return the level for a slope of 1; there must be events and non-events."""
    z = log_odds_of(pd, is_pd=True)
    level = shift_to_mean(z, n, float(n_event.sum() / n.sum()))
    gain = _log_likelihood(n_event, n, level + z) - _log_likelihood(n_event, n, z)
    error = 1.0 / np.sqrt(_curvature(n, level + z).sum())
    return Estimate(level, float(error), max(2.0 * gain, 0.0))


def fit_slope(
    n_event: FloatArray, n: FloatArray, pd: FloatArray
) -> tuple[Estimate, float]:
    """Return the slope and its intercept; the PDs must differ and not separate."""
    z = log_odds_of(pd, is_pd=True)
    # Around its mean, so that intercept and slope hardly depend on each other.
    centre = float(n @ z / n.sum())
    fit = fit_logistic(
        np.tile(z - centre, 2)[:, None],
        np.repeat([True, False], z.size),
        np.concatenate([n_event, n - n_event]),
        l2=0.0,
        nonpositive=False,
        max_iter=100,
    )
    slope = float(fit.coefficients[0])
    intercept = fit.intercept - slope * centre
    fitted = intercept + slope * z
    with_slope_1 = fit_level(n_event, n, pd).value + z
    gain = _log_likelihood(n_event, n, fitted) - _log_likelihood(
        n_event, n, with_slope_1
    )
    information = _curvature(n, fitted)
    lean = z - float(information @ z / information.sum())
    error = 1.0 / np.sqrt(information @ lean**2)
    return Estimate(slope, float(error), max(2.0 * gain, 0.0)), intercept


def _log_likelihood(n_event: FloatArray, n: FloatArray, z: FloatArray) -> float:
    return float(n_event @ z - n @ np.logaddexp(0.0, z))


def _curvature(n: FloatArray, z: FloatArray) -> FloatArray:
    return np.asarray(n * np.exp(-np.abs(z)) / (1.0 + np.exp(-np.abs(z))) ** 2)
