"""The difference of two event rates: whether it is as said, and what it may be.

Notation: ``x`` events among ``n`` rows of an arm, ``x_0`` among ``n_0`` of the other,
``N = n + n_0``. Under a given difference ``d`` the likelihood is largest at rates
``p + d`` and ``p``, where ``p`` is a root of a cubic equation. The score test [1]_ is::

    z = (x / n - x_0 / n_0 - d) / sqrt(v)
    v = ((p + d)(1 - p - d) / n + p (1 - p) / n_0) N / (N - 1)

and the interval holds every ``d`` that it does not reject. At ``d = 0`` it is the
pooled two-proportion test, but for the last factor. Unlike an interval of the estimate
and its error it never leaves [-1, 1], and it is sound for rare events.

References
----------
.. [1] O. Miettinen, M. Nurminen, "Comparative analysis of two rates", Statistics in
   Medicine 4, 1985.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["rate_difference_interval", "rate_difference_z"]

_STEPS = 60  # halvings of [-1, 1], down to the last bits of a difference


def rate_difference_z(
    x: FloatArray, n: FloatArray, x_0: FloatArray, n_0: FloatArray, d: FloatArray
) -> FloatArray:
    """Return the score statistic of each given difference; NaN with an empty arm."""
    with np.errstate(divide="ignore", invalid="ignore"):
        p = _likeliest_rate(x, n, x_0, n_0, d)
        spread = (p + d) * (1.0 - p - d) / n + p * (1.0 - p) / n_0
        total = n + n_0
        error = np.sqrt(np.maximum(spread, 0.0) * total / (total - 1.0))
        gap = x / n - x_0 / n_0 - d
        # Two arms without events, or with nothing else, do not differ at all.
        return np.where((error == 0) & (np.abs(gap) < 1e-12), 0.0, gap / error)


def rate_difference_interval(
    x: FloatArray, n: FloatArray, x_0: FloatArray, n_0: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Return the differences that the score test does not reject."""
    from scipy.special import ndtri

    quantile = float(ndtri((1.0 + level) / 2.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = x / n - x_0 / n_0
    ends = []
    for side in (1.0, -1.0):  # the lower end is rejected from above
        inner, outer = seen.copy(), np.full_like(seen, -side)
        for _ in range(_STEPS):
            middle = (inner + outer) / 2.0
            kept = side * rate_difference_z(x, n, x_0, n_0, middle) < quantile
            inner, outer = np.where(kept, middle, inner), np.where(kept, outer, middle)
        ends.append(np.where(np.isnan(seen), np.nan, inner))
    return ends[0], ends[1]


def _likeliest_rate(
    x: FloatArray, n: FloatArray, x_0: FloatArray, n_0: FloatArray, d: FloatArray
) -> FloatArray:
    """Return the rate of the second arm that fits best, the first being ``d`` above.

    The root of ``total p^3 + b p^2 + c p + e`` that lies where both are rates, by the
    trigonometric solution of a cubic with three real roots.
    """
    total = n + n_0
    b = ((n + 2.0 * n_0) * d - total - x - x_0) / total
    c = ((n_0 * d - total - 2.0 * x_0) * d + x + x_0) / total
    e = x_0 * d * (1.0 - d) / total
    q = b**3 / 27.0 - b * c / 6.0 + e / 2.0
    r = np.where(q < 0, -1.0, 1.0) * np.sqrt(np.maximum(b**2 / 9.0 - c / 3.0, 0.0))
    ratio = np.where(r == 0, 0.0, q / np.where(r == 0, 1.0, r) ** 3)
    angle = (np.pi + np.arccos(np.clip(ratio, -1.0, 1.0))) / 3.0
    p = 2.0 * r * np.cos(angle) - b / 3.0
    return np.asarray(np.clip(p, np.maximum(0.0, -d), np.minimum(1.0, 1.0 - d)))
