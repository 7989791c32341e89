"""Weights of models that are blended on the log-odds scale.

Notation: ``z_im`` is the log-odds that member ``m`` of ``M`` gives to row ``i``, which
it has not seen; ``y_i`` is 1 for an event, ``v_i`` the weight of the row, ``V`` the sum
of the weights. The members' weights ``w`` minimise ::

    1/V sum_i v_i [log(1 + exp(eta_i)) - y_i eta_i] + pull/V sum_m (w_m - 1/M)^2,
    eta = Z w,   w_m >= 0,   sum_m w_m = 1

the log-loss of the blend in nats an account, plus a ridge toward equal weights that
fades as rows come in. The problem is convex and its minimum is unique for ``pull > 0``.
Weights that are not negative keep the direction of every member: a blend of models that
rise in a feature rises in it.

A mean of log-odds is lower in level and narrower than its members are: the sigmoid of a
mean lies below the mean of the sigmoids wherever PDs are below one half (Jensen), and
errors that differ cancel while the spread of what members know does not grow. So the
blend is ``c + b eta``. The slope ``b >= 0`` minimises the log-loss, with an intercept
of its own, plus ``pull (b - 1)^2``; then ``c`` gives the blend the level of its
members, ``mean sigmoid(c + b eta) = sum_m w_m mean sigmoid(z_m)``. The level of the
held-out outcomes does not enter: where they come from the last months, it may be that
of one quarter.

References
----------
.. [1] L. Breiman, "Stacked regressions", Machine Learning 24, 1996: why weights of
   stacked models should not be negative.

.. [2] R. Ranjan, T. Gneiting, "Combining probability forecasts", Journal of the Royal
   Statistical Society B 72(1), 2010: pools of calibrated forecasts are not calibrated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from riskkit._kernels.calibration import shift_to_mean

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["PULL", "blend_line", "blend_loss", "blend_weights"]

# Fixed before any result was seen, on seven public loan sets: equal weights lost 0.012
# nats where one member was of no use, free ones 0.002 on 1000 rows.
PULL = 20.0
_DIGITS = 4  # a share finer than this is beyond what any data can tell
_LINE_DIGITS = 6  # the line moves every PD; a part in a million is out of sight


def blend_weights(
    log_odds: FloatArray,
    is_event: BoolArray,
    weight: FloatArray | None = None,
    *,
    pull: float = PULL,
) -> FloatArray:
    """Return one weight for each column of `log_odds`, rounded to four digits.

    Rounding makes the weights the same for every linear algebra library and number of
    threads; it changes the log-loss by less than 1e-7.
    """
    n_members = log_odds.shape[1]
    share = _shares(is_event.size, weight)
    total = float(is_event.size if weight is None else weight.sum())
    equal = 1.0 / n_members

    def objective(w: FloatArray) -> float:
        ridge = float(np.sum((w - equal) ** 2))
        return blend_loss(w, log_odds, is_event, share) + pull / total * ridge

    def slope(w: FloatArray) -> FloatArray:
        excess = (expit(_mix(log_odds, w)) - is_event) * share
        gradient = np.array([float(np.sum(excess * z)) for z in log_odds.T])
        gradient += 2.0 * pull / total * (w - equal)
        return gradient

    found = minimize(
        objective,
        np.full(n_members, equal),
        jac=slope,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * n_members,
        constraints=[
            {
                "type": "eq",
                "fun": lambda w: w.sum() - 1.0,
                "jac": lambda w: np.ones_like(w),
            }
        ],
        options={"ftol": 1e-12, "maxiter": 500},
    )
    w = np.round(np.clip(found.x, 0.0, 1.0), _DIGITS)
    w[np.argmax(w)] += 1.0 - w.sum()
    return np.asarray(np.round(w, _DIGITS), dtype=np.float64)


def blend_line(
    log_odds: FloatArray,
    w: FloatArray,
    is_event: BoolArray,
    weight: FloatArray | None = None,
    *,
    pull: float = PULL,
) -> tuple[float, float]:
    """Return the slope and the intercept of the blend, rounded to six digits."""
    eta = _mix(log_odds, w)
    v = np.ones(eta.size) if weight is None else weight
    total = float(v.sum())

    def objective(line: FloatArray) -> float:
        z = line[0] * eta + line[1]
        loss = float(np.sum(v * (np.logaddexp(0.0, z) - is_event * z)))
        return (loss + pull * float((line[0] - 1.0) ** 2)) / total

    def gradient(line: FloatArray) -> FloatArray:
        excess = v * (expit(line[0] * eta + line[1]) - is_event)
        of_slope = float(np.sum(excess * eta)) + 2.0 * pull * (line[0] - 1.0)
        return np.array([of_slope, float(np.sum(excess))]) / total

    found = minimize(
        objective,
        np.array([1.0, 0.0]),
        jac=gradient,
        method="L-BFGS-B",
        bounds=[(0.0, None), (None, None)],
        options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 500},
    )
    slope = round(float(found.x[0]), _LINE_DIGITS)
    members = np.array([float(np.sum(v * expit(z))) for z in log_odds.T]) / total
    shift = shift_to_mean(slope * eta, weight, float(np.sum(members * w)))
    return slope, round(shift, _LINE_DIGITS)


def blend_loss(
    w: FloatArray, log_odds: FloatArray, is_event: BoolArray, share: FloatArray
) -> float:
    """Return the log-loss of the blend; `share` are the rows' weights, adding to 1."""
    eta = _mix(log_odds, w)
    return float(np.sum(share * (np.logaddexp(0.0, eta) - is_event * eta)))


def _mix(log_odds: FloatArray, w: FloatArray) -> FloatArray:
    """Return the weighted sum of the columns, added from left to right."""
    total = np.zeros(log_odds.shape[0])
    for z, part in zip(log_odds.T, w, strict=True):
        total += part * z
    return total


def _shares(n_rows: int, weight: FloatArray | None) -> FloatArray:
    if weight is None:
        return np.full(n_rows, 1.0 / n_rows)
    return np.asarray(weight / weight.sum())
