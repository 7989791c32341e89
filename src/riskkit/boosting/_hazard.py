"""Discrete-time hazards, and what follows from them.

With the hazard ``h(t)``, the probability of the event in month ``t`` on book given
that it has not come before [1]_::

    S(t) = (1 - h(1)) ... (1 - h(t))        survival to the end of month t, S(0) = 1
    f(t) = S(t - 1) h(t)                    marginal probability
    F(t) = 1 - S(t) = f(1) + ... + f(t)     cumulative probability
    P(a, b) = 1 - S(b) / S(a)               in months a + 1 to b, given survival to a

Products are taken as sums of ``log(1 - h)``, which keeps small probabilities exact.

References
----------
.. [1] J. D. Singer and J. B. Willett, "It's about time: using discrete-time survival
   analysis to study duration and the timing of events", Journal of Educational
   Statistics 18(2), 1993.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["cumulative", "log_survival", "marginal"]


def log_survival(hazard: FloatArray) -> FloatArray:
    """Return ``log S(t)`` along the last axis, with ``log S(0) = 0`` in front."""
    with np.errstate(divide="ignore"):
        steps = np.cumsum(np.log1p(-hazard), axis=-1)
    return np.concatenate([np.zeros((*hazard.shape[:-1], 1)), steps], axis=-1)


def cumulative(hazard: FloatArray) -> FloatArray:
    """Return ``F(t)`` for each month."""
    return np.asarray(-np.expm1(log_survival(hazard)[..., 1:]))


def marginal(hazard: FloatArray) -> FloatArray:
    """Return ``f(t)`` for each month."""
    return np.asarray(np.exp(log_survival(hazard)[..., :-1]) * hazard)
