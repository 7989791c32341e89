"""P-values and intervals that hold at every look, however often one looks.

Notation: ``z`` is a difference over its standard error after ``n`` rows. Under no
difference ``z sqrt(n)`` walks like a Brownian motion at time ``n``. Mixing its
likelihood ratios over a normal distribution of the effect, whose variance is ``tau^2``
times that of a row, gives with ``R = tau^2 n`` [1]_, [2]_::

    log(L) = (z^2 R / (1 + R) - log(1 + R)) / 2

``L`` is a martingale that begins at 1, so it ever exceeds ``1 / alpha`` with a chance
of at most ``alpha``. The smallest ``1 / L`` so far is a p-value at any time, and the
effects that it never rejects are a confidence sequence [3]_: at ``n`` all within ::

    sqrt((1 + 1 / R) (log(1 + R) + 2 log(1 / alpha)))

standard errors. That is narrowest, relative to the error, where ``R`` solves
``R = log(1 + R) + 2 log(1 / alpha)``; so ``tau`` is set by the rows one plans for. It
must not be set by the rows one has. With errors that are estimated the level holds for
large samples [4]_, which is why nothing is said of the first rows.

References
----------
.. [1] H. Robbins, "Statistical methods related to the law of the iterated logarithm",
   Annals of Mathematical Statistics 41, 1970.

.. [2] R. Johari, P. Koomen, L. Pekelis, D. Walsh, "Always valid inference: continuous
   monitoring of A/B tests", Operations Research 70(3), 2022.

.. [3] S. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, "Time-uniform, nonparametric,
   nonasymptotic confidence sequences", Annals of Statistics 49(2), 2021.

.. [4] I. Waudby-Smith, D. Arbour, R. Sinha, E. Kennedy, A. Ramdas, "Time-uniform
   central limit theory and asymptotic confidence sequences", Annals of Statistics
   52(6), 2024.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["best_ratio", "log_mixture", "mixture_reach"]


def best_ratio(alpha: float) -> float:
    """Return the ``R`` at which the interval is narrowest in standard errors."""
    from scipy.special import lambertw

    # With u = 1 + R the equation is u exp(-u) = alpha^2 / e, on the branch u > 1.
    return float(-lambertw(-(alpha**2) / math.e, -1).real) - 1.0


def log_mixture(z: FloatArray, ratio: FloatArray) -> FloatArray:
    """Return ``log(L)``."""
    return np.asarray((z**2 * ratio / (1.0 + ratio) - np.log1p(ratio)) / 2.0)


def mixture_reach(ratio: FloatArray, alpha: float) -> FloatArray:
    """Return half the width of the interval in standard errors."""
    needed = np.log1p(ratio) - 2.0 * math.log(alpha)
    return np.asarray(np.sqrt((1.0 + 1.0 / ratio) * needed))
