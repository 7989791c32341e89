"""Order-preserving maps of PDs on the log-odds scale, and how they are fitted.

A map has three numbers, ``a, b >= 0`` and ``c``::

    log_odds' = a ln(p) - b ln(1 - p) + c,      pd' = 1 / (1 + exp(-log_odds'))

With ``a = b`` it is ``a z + c``, a line in the log-odds ``z = ln(p / (1 - p))``:
Platt's map [1]_. With ``a = b = 1`` it multiplies the odds of the event by ``exp(c)``:
the correction of a sampling rate [2]_. In general it is the beta map [3]_. Up is
riskier on both sides.

Probabilities are taken between ``LIMIT`` and ``1 - LIMIT``, the smallest distance from
1 that a double has, so that every one of them has log-odds. Logarithms are those of the
C library, row by row, as a scorer of single rows takes them: NumPy's may differ in the
last bit.

References
----------
.. [1] J. Platt, "Probabilistic outputs for support vector machines and comparisons to
   regularized likelihood methods", Advances in Large Margin Classifiers, 1999.

.. [2] G. King, L. Zeng, "Logistic regression in rare events data", Political Analysis
   9(2), 2001, section 4.1.

.. [3] M. Kull, T. Silva Filho, P. Flach, "Beta calibration: a well-founded and easily
   implemented improvement on logistic calibration for binary classifiers", AISTATS
   2017.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.logistic import sigmoid
from riskkit._kernels.logistic_fit import fit_logistic

if TYPE_CHECKING:
    from collections.abc import Callable

    from riskkit.typing import BoolArray, FloatArray

__all__ = [
    "LIMIT",
    "LogOddsFit",
    "fit_log_odds_map",
    "implied_auc",
    "log_odds_of",
    "log_probabilities",
    "map_log_odds",
    "platt_targets",
    "separated",
    "shift_to_mean",
    "stretch_to_moments",
]

LIMIT = 2.0**-53
# Slopes searched for a given discrimination: far wider than any scale in use.
_LEAST_SLOPE, _GREATEST_SLOPE = 2.0**-10, 2.0**10


@dataclass(frozen=True)
class LogOddsFit:
    """The three numbers of a map; `converged` tells whether the fit settled."""

    a: float
    b: float
    c: float
    converged: bool


def log_odds_of(x: FloatArray, *, is_pd: bool) -> FloatArray:
    """Return the log-odds of PDs, or `x` itself if it holds log-odds."""
    return _each(_logit, _limited(x)) if is_pd else x


def log_probabilities(x: FloatArray, *, is_pd: bool) -> tuple[FloatArray, FloatArray]:
    """Return ``ln(p)`` and ``ln(1 - p)`` of PDs or of log-odds."""
    if is_pd:
        p = _limited(x)
        return _each(math.log, p), _each(math.log1p, -p)
    return _each(_log_sigmoid, x), _each(_log_sigmoid, -x)


def map_log_odds(
    x: FloatArray, a: float, b: float, c: float, *, is_pd: bool
) -> FloatArray:
    """Return the PDs that a map gives to PDs, or to log-odds."""
    with np.errstate(over="ignore"):  # infinite log-odds are a PD of 0 or 1
        if a == b:
            return sigmoid(a * log_odds_of(x, is_pd=is_pd) + c)
        log_p, log_q = log_probabilities(x, is_pd=is_pd)
        return sigmoid(a * log_p - b * log_q + c)


def separated(x: FloatArray, is_event: BoolArray) -> bool:
    """Return whether some cut leaves all events above it and all non-events below.

    The likelihood of a rising map then has no finite maximum. Ties at the cut do not
    help, unless all values are equal.
    """
    return bool(x[~is_event].max() <= x[is_event].min() and x.min() < x.max())


def platt_targets(
    is_event: BoolArray, weight: FloatArray | None
) -> tuple[float, float]:
    """Return what stands for the outcome of an event and of a non-event.

    ``(E + 1) / (E + 2)`` and ``1 / (N + 2)`` with ``E`` events and ``N`` non-events,
    the posterior means under a uniform prior ([1]_, section 2.1).
    """
    if weight is None:
        n_event = float(np.count_nonzero(is_event))
        n_nonevent = is_event.size - n_event
    else:
        n_event, n_nonevent = weight[is_event].sum(), weight[~is_event].sum()
    return float((n_event + 1) / (n_event + 2)), float(1 / (n_nonevent + 2))


def fit_log_odds_map(
    x: FloatArray,
    is_event: BoolArray,
    weight: FloatArray | None,
    *,
    is_pd: bool,
    one_slope: bool,
    smoothing: bool,
    max_iter: int,
) -> LogOddsFit:
    """Return the map of maximum likelihood with ``a, b >= 0``.

    With `one_slope`, ``a = b``. With `smoothing` the outcomes are Platt's targets.
    """
    # Signs are turned because the solver keeps coefficients at or below 0.
    if one_slope:
        design = -log_odds_of(x, is_pd=is_pd)[:, None]
    else:
        log_p, log_q = log_probabilities(x, is_pd=is_pd)
        design = np.column_stack([-log_p, log_q])
    if smoothing:
        design, is_event, weight = _with_targets(design, is_event, weight)
    # For small PDs ln(1 - p) is thousands of times smaller than ln(p).
    size = np.abs(design).max(axis=0)
    size[size == 0] = 1.0
    fit = fit_logistic(
        design / size, is_event, weight, l2=0.0, nonpositive=True, max_iter=max_iter
    )
    slopes = (-fit.coefficients / size + 0.0).tolist()
    return LogOddsFit(slopes[0], slopes[-1], fit.intercept, fit.converged)


def _with_targets(
    design: FloatArray, is_event: BoolArray, weight: FloatArray | None
) -> tuple[FloatArray, BoolArray, FloatArray]:
    """Express targets between 0 and 1 as each row with both outcomes, weighted."""
    target = np.where(is_event, *platt_targets(is_event, weight))
    w = np.ones(is_event.size) if weight is None else weight
    both = np.repeat([True, False], is_event.size)
    return (
        np.concatenate([design, design]),
        both,
        np.concatenate([w * target, w * (1 - target)]),
    )


def shift_to_mean(z: FloatArray, weight: FloatArray | None, target: float) -> float:
    """Return ``c`` such that the mean of ``sigmoid(z + c)`` is `target`, in (0, 1)."""
    from scipy.optimize import brentq
    from scipy.special import expit

    level = math.log(target) - math.log1p(-target)
    # With these shifts all PDs lie at or below the target, and at or above it.
    low, high = level - float(z.max()), level - float(z.min())
    if low == high:
        return low

    def excess(shift: float) -> float:
        return float(np.average(expit(z + shift), weights=weight)) - target

    if excess(low) >= 0 or excess(high) <= 0:  # PDs equal up to rounding
        return (low + high) / 2
    return float(brentq(excess, low, high, xtol=1e-13, rtol=1e-14))


def implied_auc(pd: FloatArray, weight: FloatArray | None) -> float:
    """Return the AUC that a portfolio has if its PDs are true; ties count half.

    An account has the event with weight ``w p`` and the non-event with ``w (1 - p)``.
    """
    w = np.ones(pd.size) if weight is None else weight
    _, codes = np.unique(pd, return_inverse=True)
    event, nonevent = np.bincount(codes, w * pd), np.bincount(codes, w * (1 - pd))
    below = np.cumsum(nonevent) - nonevent
    return float(event @ (below + nonevent / 2) / (event.sum() * nonevent.sum()))


def stretch_to_moments(
    z: FloatArray, weight: FloatArray | None, target: float, auc: float
) -> tuple[float, float]:
    """Return ``a, c`` such that ``sigmoid(a z + c)`` has a given mean and implied AUC.

    Raises ValueError if no slope between 2**-10 and 2**10 gives that AUC.
    """
    from scipy.optimize import brentq
    from scipy.special import expit

    def excess(log_slope: float) -> float:
        slope = math.exp(log_slope)
        shift = shift_to_mean(slope * z, weight, target)
        return implied_auc(expit(slope * z + shift), weight) - auc

    bounds = math.log(_LEAST_SLOPE), math.log(_GREATEST_SLOPE)
    slope = math.exp(brentq(excess, *bounds, xtol=1e-12))
    return slope, shift_to_mean(slope * z, weight, target)


def _limited(p: FloatArray) -> FloatArray:
    return np.clip(p, LIMIT, 1.0 - LIMIT)


def _logit(p: float) -> float:
    return math.log(p) - math.log1p(-p)


def _log_sigmoid(z: float) -> float:
    # Neither branch overflows, nor loses what is small.
    return -math.log1p(math.exp(-z)) if z >= 0 else z - math.log1p(math.exp(z))


def _each(function: Callable[[float], float], x: FloatArray) -> FloatArray:
    return np.fromiter(map(function, x.tolist()), np.float64, x.size)
