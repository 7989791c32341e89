"""Penalised maximum likelihood of the logistic model under sign constraints.

Minimises over the intercept ``a`` and the coefficients ``b``::

    sum_i w_i (log(1 + exp(z_i)) - y_i z_i)
        + (l2 / 2) sum_j b_j^2 - sum_j l1_j b_j,            z = a + X b

subject to ``b_j <= 0`` for every j when `nonpositive`, where ``-l1_j b_j`` is
``l1_j |b_j|``. The intercept is neither penalised nor constrained. Method: Newton
steps over the coefficients that are free, with a projected line search (the
two-metric projection of [1]_); the constrained coefficients whose gradient points
outwards are held at their bound.

References
----------
.. [1] D. P. Bertsekas, "Projected Newton methods for optimization problems with
   simple constraints", SIAM J. Control and Optimization 20(2), 1982, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["LogisticFit", "fit_logistic"]

_ARMIJO = 1e-4
_RESOLUTION = 1e-14
_SMALLEST_STEP = 2.0**-30


@dataclass(frozen=True)
class LogisticFit:
    """Solution of a logistic fit; `converged` tells whether it settled.

    `slopes` are the derivatives of the unpenalised loss; one below 0 at a coefficient
    of 0 would push it above.
    """

    intercept: float
    coefficients: FloatArray
    slopes: FloatArray
    n_iter: int
    converged: bool


def fit_logistic(
    X: FloatArray,
    is_event: BoolArray,
    weight: FloatArray | None,
    *,
    l2: float,
    l1: FloatArray | float = 0.0,
    nonpositive: bool,
    max_iter: int,
    tol: float = 1e-9,
) -> LogisticFit:
    """Return the penalised, optionally sign-constrained, logistic fit.

    `l1` needs `nonpositive`, which makes its penalty linear. The fit has settled when
    no component of the projected gradient exceeds `tol` times the total weight.
    """
    n_rows, n_columns = X.shape
    design = np.column_stack([np.ones(n_rows), X])
    y = is_event.astype(np.float64)
    w = np.ones(n_rows) if weight is None else weight
    ridge = np.append(0.0, np.full(n_columns, l2))
    lasso = np.append(0.0, np.broadcast_to(l1, n_columns))
    bound = np.full(n_columns + 1, 0.0 if nonpositive else np.inf)
    bound[0] = np.inf

    beta = np.zeros(n_columns + 1)
    share = (w @ y) / w.sum()
    beta[0] = np.log(share) - np.log1p(-share)

    def objective(b: FloatArray) -> float:
        z = design @ b
        value = w @ (np.logaddexp(0.0, z) - y * z)
        return float(value + 0.5 * ridge @ (b * b) - lasso @ b)

    def result(slopes: FloatArray, n_iter: int, *, converged: bool) -> LogisticFit:
        return LogisticFit(float(beta[0]), beta[1:], slopes[1:], n_iter, converged)

    loss = objective(beta)
    slopes = np.zeros_like(beta)
    for iteration in range(max_iter):
        p = _expit(design @ beta)
        slopes = design.T @ (w * (p - y))
        gradient = slopes + ridge * beta - lasso
        held = (beta >= bound) & (gradient < 0)
        free = ~held
        if np.abs(gradient[free]).max(initial=0.0) <= tol * w.sum():
            return result(slopes, iteration, converged=True)
        curvature = w * p * (1.0 - p)
        active = design[:, free]
        hessian = active.T @ (curvature[:, None] * active) + np.diag(ridge[free])
        direction = np.zeros_like(beta)
        # The least-squares solution also serves a singular Hessian (collinear columns
        # without a penalty), where it is the shortest of the Newton steps.
        direction[free] = -np.linalg.lstsq(hessian, gradient[free], rcond=None)[0]
        if -(gradient @ direction) <= _RESOLUTION * max(1.0, abs(loss)):
            # No step can be told from none by its loss: take the last and stop.
            beta = np.minimum(beta + direction, bound)
            slopes = design.T @ (w * (_expit(design @ beta) - y))
            return result(slopes, iteration + 1, converged=True)
        step = 1.0
        while True:
            trial = np.minimum(beta + step * direction, bound)
            trial_loss = objective(trial)
            if trial_loss <= loss + _ARMIJO * gradient @ (trial - beta):
                break
            step /= 2.0
            if step < _SMALLEST_STEP:  # at the limit of floating point
                return result(slopes, iteration, converged=True)
        beta, loss = trial, trial_loss
    return result(slopes, max_iter, converged=False)


def _expit(z: FloatArray) -> FloatArray:
    # exp(-log(1 + exp(-z))) overflows at no z.
    return np.asarray(np.exp(-np.logaddexp(0.0, -z)))
