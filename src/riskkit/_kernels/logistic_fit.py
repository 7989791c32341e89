"""Penalised maximum likelihood of the logistic model under sign constraints.

Minimises over the intercept ``a`` and the coefficients ``b``::

    sum_i w_i (log(1 + exp(z_i)) - y_i z_i)
        + (l2 / 2) sum_j b_j^2 - sum_j l1_j b_j
        + (pooling / 2) sum_P (b_j - mean_P b)^2,           z = o + a + X b

subject to ``b_j <= 0`` for every j when `nonpositive`, where ``-l1_j b_j`` is
``l1_j |b_j|``. ``P`` is the set of coefficients that are drawn together, ``o`` what
the rows bring with them. The intercept is neither penalised nor constrained. Method:
Newton steps over the coefficients that are free, with a projected line search (the
two-metric projection of [1]_); the constrained coefficients whose gradient points
outwards are held at their bound.

A fit that starts near its solution, with the information there, keeps that for as long
as it brings the gradient down quickly: a pass over the rows without the information
costs a fraction of one with it.

References
----------
.. [1] D. P. Bertsekas, "Projected Newton methods for optimization problems with
   simple constraints", SIAM J. Control and Optimization 20(2), 1982, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.logistic_rows import LogisticRows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit._kernels.logistic_rows import LogisticSource
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["LogisticFit", "Start", "fit_logistic", "fit_rows"]

_ARMIJO = 1e-4
_RESOLUTION = 1e-14
_SMALLEST_STEP = 2.0**-30
_QUICK = 0.2  # of the gradient may be left after a step that keeps the information


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


@dataclass(frozen=True)
class Start:
    """Where a fit starts: intercept and coefficients, and the information near there.

    The information may be that of other coefficients: the nearer, the fewer steps.
    """

    beta: FloatArray
    information: FloatArray


def fit_logistic(
    X: FloatArray,
    is_event: BoolArray,
    weight: FloatArray | None,
    *,
    l2: float,
    l1: FloatArray | float = 0.0,
    pooling: float = 0.0,
    nonpositive: bool,
    max_iter: int,
    tol: float = 1e-9,
) -> LogisticFit:
    """Return the penalised, optionally sign-constrained, logistic fit.

    `l1` needs `nonpositive`, which makes its penalty linear. The fit has settled when
    no component of the projected gradient exceeds `tol` times the total weight.
    """
    rows = LogisticRows(X, is_event, weight)
    return fit_rows(
        rows,
        range(rows.n_columns),
        l2=l2,
        l1=l1,
        pooling=pooling,
        nonpositive=nonpositive,
        max_iter=max_iter,
        tol=tol,
    )


def fit_rows(
    rows: LogisticSource[Any],
    chosen: Sequence[int],
    *,
    l2: float,
    l1: FloatArray | float = 0.0,
    pooling: float = 0.0,
    pooled: BoolArray | None = None,
    nonpositive: bool,
    max_iter: int,
    tol: float = 1e-9,
    start: Start | None = None,
) -> LogisticFit:
    """Return the fit of some of the columns, as :func:`fit_logistic`.

    `pooled` tells which of those chosen are drawn together; None stands for all.
    """
    n_columns = len(chosen)
    quadratic = _quadratic(n_columns, l2, pooling, pooled)
    lasso = np.append(0.0, np.broadcast_to(l1, n_columns))
    bound = np.full(n_columns + 1, 0.0 if nonpositive else np.inf)
    bound[0] = np.inf
    _, n_rows = rows.total()
    if start is None:
        beta = np.append(rows.level(), np.zeros(n_columns))
        information, keeps = None, False
    else:
        beta, information, keeps = start.beta.copy(), start.information, True

    def penalty(b: FloatArray) -> float:
        return float(0.5 * b @ quadratic @ b - lasso @ b)

    def result(slopes: FloatArray, n_iter: int, *, converged: bool) -> LogisticFit:
        return LogisticFit(float(beta[0]), beta[1:], slopes[1:], n_iter, converged)

    sums = rows.sums(beta, chosen, information=not keeps)
    for iteration in range(max_iter):
        loss = sums.loss + penalty(beta)
        gradient = sums.slopes + quadratic @ beta - lasso
        free = ~((beta >= bound) & (gradient < 0))
        steepness = np.abs(gradient[free]).max(initial=0.0)
        if steepness <= tol * n_rows:
            return result(sums.slopes, iteration, converged=True)
        if information is None:
            information = sums.information
        if information is None:  # what was kept has served its time
            information = rows.sums(beta, chosen, information=True).information
        hessian = (np.asarray(information) + quadratic)[np.ix_(free, free)]
        direction = np.zeros_like(beta)
        # The least-squares solution also serves a singular Hessian (collinear columns
        # without a penalty), where it is the shortest of the Newton steps.
        direction[free] = -np.linalg.lstsq(hessian, gradient[free], rcond=None)[0]
        if -(gradient @ direction) <= _RESOLUTION * max(1.0, abs(loss)):
            # No step can be told from none by its loss: take the last and stop.
            beta = np.minimum(beta + direction, bound)
            sums = rows.sums(beta, chosen, information=False)
            return result(sums.slopes, iteration + 1, converged=True)
        step = 1.0
        while step >= _SMALLEST_STEP:
            trial = np.minimum(beta + step * direction, bound)
            tried = rows.sums(trial, chosen, information=not keeps)
            descent = _ARMIJO * gradient @ (trial - beta)
            if tried.loss + penalty(trial) <= loss + descent:
                break
            step /= 2.0
        else:  # at the limit of floating point, or of what was kept
            if not keeps:
                return result(sums.slopes, iteration, converged=True)
            trial, tried = beta, sums
        beta, sums = trial, tried
        if keeps:
            after = sums.slopes + quadratic @ beta - lasso
            left = np.abs(after[free]).max(initial=0.0)
            keeps = bool(step == 1.0 and left <= _QUICK * steepness)
        if not keeps:
            information = None
    return result(sums.slopes, max_iter, converged=False)


def _quadratic(
    n_columns: int, l2: float, pooling: float, pooled: BoolArray | None
) -> FloatArray:
    """Return ``Q`` of the penalty ``b' Q b / 2``, the intercept first."""
    matrix = np.zeros((n_columns + 1, n_columns + 1))
    matrix[1:, 1:] = l2 * np.eye(n_columns)
    together = np.ones(n_columns) if pooled is None else pooled.astype(np.float64)
    if pooling > 0 and together.sum() > 1:
        mean = np.outer(together, together) / together.sum()
        matrix[1:, 1:] += pooling * (np.diag(together) - mean)
    return matrix
