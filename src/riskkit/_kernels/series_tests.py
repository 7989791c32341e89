"""Tests over years or months: level, colours, trend and change.

* Normal test [1]_: yearly errors ``e_t`` of the event rate against the PD,
  ``z = sum(e_t) / (sqrt(T) tau)`` with their sample variance ``tau^2``.
* Traffic lights [1]_, [2]_: the standardised error of a year is normal if the PD is
  right, and is given one of four colours, of probabilities ``q``. Years are counted by
  colour and ordered by ``V``: more green first, then yellow, then orange.
* Mann-Kendall [3]_: ``S`` = rising pairs less falling ones; Sen's slope is the median
  slope of all pairs.
* CUSUM [4]_: ``S_t = max(0, S_{t-1} + z_t - k)`` with standardised errors ``z_t``.

References
----------
.. [1] Basel Committee on Banking Supervision, "Studies on the validation of internal
   rating systems", working paper 14, 2005, section III.

.. [2] S. Blochwitz, S. Hohl, C. Wehn, "Reconsidering ratings", Wilmott Magazine, 2005.

.. [3] R. O. Gilbert, "Statistical Methods for Environmental Pollution Monitoring", Van
   Nostrand Reinhold, 1987, ch. 16.

.. [4] E. S. Page, "Continuous inspection schemes", Biometrika 41, 1954.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.quadrature import legendre_nodes

if TYPE_CHECKING:
    from riskkit.typing import FloatArray, IntArray

__all__ = [
    "colour_of",
    "cusum_path",
    "cusum_tail",
    "kendall_score",
    "kendall_variance",
    "light_tail",
    "normal_test",
    "sen_slopes",
    "standardised",
]


def standardised(n_event: FloatArray, n: FloatArray, pd: FloatArray) -> FloatArray:
    """Return ``(d - n p) / sqrt(n p (1 - p))``; infinite where that is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((n_event - n * pd) / np.sqrt(n * pd * (1.0 - pd)))


def normal_test(rate: FloatArray, pd: FloatArray) -> tuple[float, float]:
    """Return the summed error of two or more years, and its standard deviation."""
    error = rate - pd
    return float(error.sum()), float(np.sqrt(error.size) * error.std(ddof=1))


def colour_of(z: FloatArray, shares: FloatArray) -> IntArray:
    """Return 0 (green) to 3 (red) of each standardised error."""
    from scipy.special import ndtri

    cuts = ndtri(np.cumsum(shares)[:-1])
    return np.searchsorted(cuts, z, side="left")


def light_tail(counts: IntArray, shares: FloatArray) -> float:
    """Return the chance of colours at most as good as `counts`, best colour first.

    The order is that of ``1000 green + 100 yellow + 10 orange + red``, carried to more
    than nine years by a larger base.
    """
    from scipy.special import gammaln

    years, base = int(counts.sum()), max(10, int(counts.sum()) + 1)
    steps = np.arange(years + 1)
    g, y, o = np.meshgrid(steps, steps, steps, indexing="ij")
    kept = g + y + o <= years
    table = np.stack([g[kept], y[kept], o[kept]])
    table = np.vstack([table, years - table.sum(axis=0)])
    place = base ** np.arange(3, -1, -1)
    no_better = place @ table <= place @ counts
    chosen = table[:, no_better]
    log_chance = np.log(shares) @ chosen
    log_chance += gammaln(years + 1) - gammaln(chosen + 1).sum(axis=0)
    return float(min(np.exp(log_chance).sum(), 1.0))


def kendall_score(x: FloatArray) -> float:
    """Return rising pairs less falling ones."""
    later, earlier = np.tril_indices(x.size, -1)
    return float(np.sign(x[later] - x[earlier]).sum())


def kendall_variance(x: FloatArray) -> float:
    """Return the variance of the score if order means nothing; ties accounted for."""
    n = x.size
    _, ties = np.unique(x, return_counts=True)
    of_ties = (ties * (ties - 1) * (2 * ties + 5)).sum()
    return float((n * (n - 1) * (2 * n + 5) - of_ties) / 18.0)


def sen_slopes(x: FloatArray, times: FloatArray) -> FloatArray:
    """Return the slopes of all pairs, sorted; their median is Sen's slope."""
    later, earlier = np.tril_indices(x.size, -1)
    return np.sort((x[later] - x[earlier]) / (times[later] - times[earlier]))


def cusum_path(z: FloatArray, allowance: float) -> FloatArray:
    """Return ``S_1, ..., S_T``."""
    path = np.empty(z.size)
    level = 0.0
    for t, step in enumerate(z.tolist()):
        level = max(0.0, level + step - allowance)
        path[t] = level
    return path


def cusum_tail(height: float, n_steps: int, allowance: float) -> float:
    """Return the chance that the path of normal steps reaches a height > 0 in time.

    With ``R_t(s)`` the chance to stay below for ``t`` more steps from level ``s``,
    ``R_t(s) = Phi(k - s) R_{t-1}(0) + integral(phi(u - s + k) R_{t-1}(u), u = 0..h)``,
    solved on Gauss-Legendre nodes.
    """
    from scipy.special import ndtr

    # Beyond, no sum of any run of steps gets there: T^2 runs of chance 1e-19 each.
    if height >= 9.0 * np.sqrt(n_steps):
        return 0.0
    x, w = legendre_nodes(32 + 16 * int(height / 4))
    level = np.concatenate([[0.0], (x + 1.0) * height / 2.0])
    weight = np.concatenate([[0.0], w * height / 2.0])
    step = level[None, :] - level[:, None] + allowance
    move = np.exp(-(step**2) / 2.0) / np.sqrt(2.0 * np.pi) * weight
    move[:, 0] = ndtr(allowance - level)
    below = np.ones(level.size)
    for _ in range(n_steps):
        below = move @ below
    return float(np.clip(1.0 - below[0], 0.0, 1.0))
