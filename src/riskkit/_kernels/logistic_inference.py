"""What a logistic fit says about its coefficients, and about columns it left out.

Notation: rows ``x_i`` with a leading 1, weights ``w_i``, fitted probabilities ``p_i``,
outcomes ``y_i``; ``A`` the columns of the fit and ``j`` one outside it. The information
is ``I = sum_i w_i p_i (1 - p_i) x_i x_i'``.

* Covariance of the maximum-likelihood coefficients: ``I^-1``; Wald's
  ``z_j = b_j / sqrt((I^-1)_jj)`` [1]_.
* Score (Rao) test of adding ``j``: ``u_j^2 / (I_jj - I_jA I_AA^-1 I_Aj)`` with
  ``u_j = sum_i w_i (y_i - p_i) x_ij``, chi-square with one degree of freedom [1]_.

Weights count accounts. With a penalty the covariance is that of the unpenalised
likelihood at the penalised solution, which is what credit practice reports.

References
----------
.. [1] D. W. Hosmer, S. Lemeshow, R. X. Sturdivant, "Applied Logistic Regression",
   3rd ed., Wiley, 2013, sections 1.3, 2.3 and 4.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.logistic_rows import LogisticRows

if TYPE_CHECKING:
    from riskkit._kernels.logistic_rows import OutsideSums
    from riskkit.typing import BoolArray, FloatArray

__all__ = [
    "CoefficientTests",
    "coefficient_tests",
    "log_likelihood",
    "rao_tests",
    "score_tests",
    "wald_tests",
]


@dataclass(frozen=True)
class CoefficientTests:
    """Standard errors and Wald tests, the intercept first."""

    std_error: FloatArray
    z: FloatArray
    p_value: FloatArray


def log_likelihood(
    log_odds: FloatArray, is_event: BoolArray, weight: FloatArray | None
) -> float:
    """Return the weighted log-likelihood of the outcomes, in nats."""
    terms = is_event * log_odds - np.logaddexp(0.0, log_odds)
    return float(terms.sum() if weight is None else weight @ terms)


def coefficient_tests(
    X: FloatArray,
    intercept: float,
    coefficients: FloatArray,
    weight: FloatArray | None,
) -> CoefficientTests:
    """Return Wald's tests of a fit; infinite errors where columns are collinear."""
    rows = LogisticRows(X, np.zeros(len(X), dtype=bool), weight)
    beta = np.append(intercept, coefficients)
    found = rows.sums(beta, range(rows.n_columns), information=True).information
    return wald_tests(beta, np.asarray(found))


def wald_tests(beta: FloatArray, information: FloatArray) -> CoefficientTests:
    """Return Wald's tests of coefficients, the intercept first, by the information."""
    from scipy.special import ndtr

    try:
        variance = np.diag(np.linalg.inv(information)).copy()
    except np.linalg.LinAlgError:
        variance = np.full(beta.size, np.inf)
    variance[variance <= 0] = np.inf  # singular up to rounding
    error = np.sqrt(variance)
    z = beta / error
    return CoefficientTests(error, z, np.asarray(2.0 * ndtr(-np.abs(z))))


def score_tests(
    inside: FloatArray,
    outside: FloatArray,
    log_odds: FloatArray,
    is_event: BoolArray,
    weight: FloatArray | None,
) -> tuple[FloatArray, FloatArray]:
    """Return the chi-square and the slope of each column outside the fit.

    The slope is the derivative of the log-likelihood: its sign is that of the
    coefficient which the column would get. A column that is a combination of those
    inside has chi-square 0.
    """
    rows = LogisticRows(np.column_stack([inside, outside]), is_event, weight)
    fitted = range(inside.shape[1])
    found = rows.outside(log_odds, fitted, range(inside.shape[1], rows.n_columns))
    return rao_tests(found, rows.information(log_odds, fitted))


def rao_tests(
    outside: OutsideSums, information: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return chi-square and slope by the sums, and the information of the fit."""
    slope = -outside.slopes
    solved = np.linalg.lstsq(information, outside.cross, rcond=None)[0]
    free = outside.own - np.einsum("ij,ij->j", outside.cross, solved)
    # What remains of a dependent column is rounding error of its own length.
    independent = free > 1e-10 * outside.own
    chi2 = np.zeros(slope.size)
    chi2[independent] = slope[independent] ** 2 / free[independent]
    return chi2, slope
