"""A covariance shrunk towards a sphere, and distances that fields share exactly.

Notation: rows ``x_i`` of ``p`` columns with weights ``w_i``, ``n = sum w_i``, mean
``m`` and covariance ``S = sum w_i (x_i - m)(x_i - m)' / n``. Ledoit and Wolf [1]_:

    C = (1 - s) S + s mu I,   mu = tr(S) / p,   s = min(b, d) / d,
    d = |S - mu I|^2 / p,     b = (sum w_i |x_i - m|^4 / n - |S|^2) / (p n)

with Frobenius norms; ``s = 1`` where ``d = 0``. ``C`` is positive definite unless all
columns are constant.

With ``V = diag(C)`` and the correlation ``R = V^-1/2 C V^-1/2`` the squared Mahalanobis
distance of a row ``t = x - m`` is a sum of squares, one for each column:

    t' C^-1 t = sum_j q_j^2,   q = R^-1/2 V^-1/2 t

Of all ways to whiten, this one keeps each ``q_j`` nearest to its own column [2]_, so
``q_j^2`` is what column ``j`` adds to the distance [3]_.

Rows are added up column by column, never by a matrix product: a BLAS library may round
a row differently in a batch than alone.

References
----------
.. [1] O. Ledoit, M. Wolf, "A well-conditioned estimator for large-dimensional
   covariance matrices", Journal of Multivariate Analysis 88, 2004.
.. [2] A. Kessy, A. Lewin, K. Strimmer, "Optimal whitening and decorrelation", The
   American Statistician 72, 2018 (ZCA-cor).
.. [3] P. Garthwaite, I. Koch, "Evaluating the contributions of individual variables to
   a quadratic form", Australian & New Zealand Journal of Statistics 58, 2016.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from riskkit.typing import FloatArray

__all__ = ["shared_squares", "shrunk_covariance", "whitening"]

# Smallest eigenvalue of a correlation, beside the largest, that is told from rounding.
_LEAST_EIGENVALUE = float(np.sqrt(np.finfo(np.float64).eps))


def shrunk_covariance(
    blocks: Callable[[], Iterable[tuple[FloatArray, FloatArray]]], n_columns: int
) -> tuple[FloatArray, FloatArray]:
    """Return mean and shrunk covariance of rows that come in blocks with weights.

    `blocks` is called twice, for the mean and for the moments about it.
    """
    n, total = 0.0, np.zeros(n_columns)
    for rows, weight in blocks():
        n += float(weight.sum())
        total += weight @ rows
    mean = total / n
    moment, fourth = np.zeros((n_columns, n_columns)), 0.0
    for rows, weight in blocks():
        centred = rows - mean
        moment += (centred * weight[:, None]).T @ centred
        fourth += float(weight @ np.square(centred).sum(axis=1) ** 2)
    covariance = (moment + moment.T) / (2.0 * n)
    mu = float(np.trace(covariance)) / n_columns
    target = mu * np.eye(n_columns)
    d = float(np.square(covariance - target).sum()) / n_columns
    b = (fourth / n - float(np.square(covariance).sum())) / (n_columns * n)
    share = 1.0 if d <= 0 else min(max(b, 0.0), d) / d
    return mean, (1.0 - share) * covariance + share * target


def whitening(covariance: FloatArray) -> FloatArray:
    """Return ``R^-1/2 V^-1/2`` of a covariance with a positive diagonal."""
    scale = np.sqrt(np.diag(covariance))
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    values = np.maximum(values, _LEAST_EIGENVALUE * values[-1])
    return np.asarray((vectors / np.sqrt(values)) @ vectors.T / scale)


def shared_squares(centred: FloatArray, whiten: FloatArray) -> FloatArray:
    """Return the squares ``q_j^2`` of each row, shape (n_rows, n_columns)."""
    if centred.shape[0] == 1:
        # The same sums at once: over the first axis of an array in C order, NumPy adds
        # row to row from the first to the last.
        terms = np.multiply(centred.T, whiten.T, order="C")
        return np.asarray(np.square(np.add.reduce(terms, axis=0))[None])
    out = np.zeros((centred.shape[0], whiten.shape[0]))
    for j in range(centred.shape[1]):
        out += centred[:, j, None] * whiten[:, j]
    return np.asarray(np.square(out, out=out))
