"""Tails and bounds of an event count against a given PD.

Notation: ``d`` events among ``n`` accounts, ``p`` the PD, ``I_p(a, b)`` the regularised
incomplete beta function. Everything is element by element.

* Jeffreys: under the prior ``Beta(1/2, 1/2)`` the event rate is at most ``p`` with
  probability ``I_p(d + 1/2, n - d + 1/2)`` [1]_.
* Binomial: ``P(X >= d) = I_p(d, n - d + 1)`` with independent accounts.
* One factor: given a normal ``Y``, accounts are independent with PD
  ``Phi((Phi^-1(p) - sqrt(rho) Y) / sqrt(1 - rho))``; the binomial tail is integrated
  over ``Y`` [2]_, [3]_.

The beta function carries the binomial tails to counts that are sums of weights.

References
----------
.. [1] European Central Bank, "Instructions for reporting the validation results of
   internal models", 2019, section 2.5.3.1.

.. [2] O. Vasicek, "The distribution of loan portfolio value", Risk 15(12), 2002.

.. [3] K. Pluto and D. Tasche, "Thinking positively", Risk 18(8), 2005; the same with
   proofs in arXiv:cond-mat/0411699.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.quadrature import legendre_nodes

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = [
    "at_least",
    "at_least_one_factor",
    "at_most",
    "at_most_one_factor",
    "critical_rate",
    "jeffreys_tails",
    "most_prudent_pd",
]

_END = 9.0  # the normal distribution leaves 1e-19 beyond
_NODES = 48
_CHUNK = 1_000  # groups whose nodes are in memory together, some 20 MB
# In units of the width of the step that the integrand takes for large `n`.
_AROUND_STEP = np.array([-9.0, -3.0, 0.0, 3.0, 9.0])
_EVERYWHERE = np.array([-_END, -5.0, -2.5, 0.0, 2.5, 5.0, _END])


def jeffreys_tails(
    n_event: FloatArray, n: FloatArray, pd: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the posterior probabilities that the event rate is below and above."""
    from scipy.special import betainc, betaincc

    a, b = n_event + 0.5, n - n_event + 0.5
    return np.asarray(betainc(a, b, pd)), np.asarray(betaincc(a, b, pd))


def at_least(n_event: FloatArray, n: FloatArray, pd: FloatArray) -> FloatArray:
    """Return the chance of at least so many events; 1 for none."""
    from scipy.special import betainc

    some = n_event > 0
    tail = betainc(np.where(some, n_event, 1.0), n - n_event + 1.0, pd)
    return np.where(some, tail, 1.0)


def at_most(n_event: FloatArray, n: FloatArray, pd: FloatArray) -> FloatArray:
    """Return the chance of at most so many events; 1 if all accounts have one."""
    from scipy.special import betaincc

    room = n_event < n
    tail = betaincc(n_event + 1.0, np.where(room, n - n_event, 1.0), pd)
    return np.where(room, tail, 1.0)


def at_least_one_factor(
    n_event: FloatArray, n: FloatArray, pd: FloatArray, rho: float
) -> FloatArray:
    """Return the chance of at least so many events in one common year."""
    if rho == 0.0:
        return at_least(n_event, n, pd)
    arrays = np.broadcast_arrays(n_event, n, pd)
    event, size, rate = (a.reshape(-1, 1) for a in arrays)
    chance = np.empty(len(event))
    for start in range(0, len(event), _CHUNK):
        part = slice(start, start + _CHUNK)
        y, weight = _factor_nodes(event[part], size[part], rate[part], rho)
        given_y = _conditional_pd(rate[part], rho, y)
        tail = at_least(event[part], size[part], given_y)
        chance[part] = (tail * weight).sum(axis=1)
    return np.clip(chance, 0.0, 1.0).reshape(arrays[0].shape)


def at_most_one_factor(
    n_event: FloatArray, n: FloatArray, pd: FloatArray, rho: float
) -> FloatArray:
    """Return the chance of at most so many events in one common year."""
    if rho == 0.0:
        return at_most(n_event, n, pd)
    more = np.minimum(n_event + 1.0, n)
    below = 1.0 - at_least_one_factor(more, n, pd, rho)
    return np.where(n_event < n, below, 1.0)


def critical_rate(pd: FloatArray, rho: float, level: float) -> FloatArray:
    """Return the event rate that a very large portfolio exceeds with 1 - `level`."""
    from scipy.special import ndtri

    return pd if rho == 0.0 else _conditional_pd(pd, rho, np.asarray(-ndtri(level)))


def most_prudent_pd(
    n_event: FloatArray, n: FloatArray, level: float, rho: float
) -> FloatArray:
    """Return, for each grade, the largest PD that the counts do not contradict.

    Grades stand safest first; each is judged together with all riskier ones. 1 where
    there are no accounts, or events only.
    """
    from scipy.optimize import brentq
    from scipy.special import betaincinv

    event = np.cumsum(n_event[::-1])[::-1]
    size = np.cumsum(n[::-1])[::-1]
    room = event < size
    bound = np.where(
        room, betaincinv(event + 1.0, np.where(room, size - event, 1.0), level), 1.0
    )
    if rho == 0.0:
        return bound

    for grade in np.flatnonzero(room):
        d, m = event[grade : grade + 1], size[grade : grade + 1]

        def excess(z: float, d: FloatArray = d, m: FloatArray = m) -> float:
            pd = _phi(np.array([z]))
            return float(at_most_one_factor(d, m, pd, rho)[0]) - (1.0 - level)

        # Searched on the normal scale, where small PDs are far apart.
        bound[grade] = _phi(np.array([brentq(excess, -_END, _END, xtol=1e-12)]))[0]
    return bound


def _phi(z: FloatArray) -> FloatArray:
    from scipy.special import ndtr

    return np.asarray(ndtr(z))


def _conditional_pd(pd: FloatArray, rho: float, y: FloatArray) -> FloatArray:
    from scipy.special import ndtri

    return _phi((ndtri(pd) - np.sqrt(rho) * y) / np.sqrt(1.0 - rho))


def _factor_nodes(
    n_event: FloatArray, n: FloatArray, pd: FloatArray, rho: float
) -> tuple[FloatArray, FloatArray]:
    """Return nodes of the factor and their weights, the normal density included.

    For many accounts the tail given ``Y`` is nearly a step, at the ``Y`` where the
    conditional PD is the event rate; the range is cut there and at a few widths of it.
    """
    from scipy.special import ndtri

    rate = np.clip((n_event - 0.5) / np.maximum(n, 1.0), 1e-12, 1.0 - 1e-12)
    quantile = ndtri(rate)
    ends = np.clip(ndtri(pd), -40.0, 40.0)
    middle = (ends - np.sqrt(1.0 - rho) * quantile) / np.sqrt(rho)
    spread = np.sqrt(rate * (1.0 - rate) / np.maximum(n, 1.0))
    steepness = np.exp(-(quantile**2) / 2) / np.sqrt(2 * np.pi) * np.sqrt(rho)
    width = spread / steepness * np.sqrt(1.0 - rho)
    cuts = np.concatenate(
        [
            np.broadcast_to(_EVERYWHERE, (rate.size, _EVERYWHERE.size)),
            middle + width * _AROUND_STEP,
        ],
        axis=1,
    )
    cuts = np.sort(np.clip(cuts, -_END, _END), axis=1)
    half, centre = np.diff(cuts, axis=1) / 2, (cuts[:, 1:] + cuts[:, :-1]) / 2
    x, w = legendre_nodes(_NODES)
    y = centre[:, :, None] + half[:, :, None] * x
    density = np.exp(-(y**2) / 2) / np.sqrt(2 * np.pi)
    weight = half[:, :, None] * w * density
    return y.reshape(rate.size, -1), weight.reshape(rate.size, -1)
