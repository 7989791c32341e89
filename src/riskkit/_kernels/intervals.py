"""Uncertainty of event rates and of weights of evidence, from counts.

Accounts are taken as independent throughout, which makes intervals too narrow and
p-values too small where defaults come in waves.

* Event rate: the posterior under Jeffreys' prior is ``Beta(e + 1/2, n - e + 1/2)`` with
  ``e`` events among ``n`` accounts [1]_.
* Two event rates: the pooled two-proportion z test [2]_,
  ``z = (r_1 - r_2) / sqrt(r (1 - r) (1 / t_1 + 1 / t_2))``.
* WoE: by the delta method on multinomial shares ``p = e / E`` and ``q = n / N``,
  ``var(woe) = (1 - p) / e + (1 - q) / n``.

References
----------
.. [1] European Central Bank, "Instructions for reporting the validation results of
   internal models", 2019, section 2.5.3.1.

.. [2] J. L. Fleiss, B. Levin, M. C. Paik, "Statistical Methods for Rates and
   Proportions", 3rd ed., Wiley, 2003, ch. 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["jeffreys_interval", "jeffreys_pvalue", "neighbour_pvalue", "woe_error"]


def jeffreys_interval(
    n_event: FloatArray, n: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Return the equal-tailed interval of each event rate; NaN without accounts."""
    from scipy.special import betaincinv

    a, b, tail = n_event + 0.5, n - n_event + 0.5, (1.0 - level) / 2.0
    # At the ends of [0, 1] the interval is closed, so that it covers what was seen.
    low = np.where(n_event > 0, betaincinv(a, b, tail), 0.0)
    high = np.where(n_event < n, betaincinv(a, b, 1.0 - tail), 1.0)
    empty = n == 0
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


def jeffreys_pvalue(n_event: FloatArray, n: FloatArray, rate: FloatArray) -> FloatArray:
    """Return the two-sided p-value of given event rates; NaN without accounts."""
    from scipy.special import betainc

    below = betainc(n_event + 0.5, n - n_event + 0.5, rate)
    p_value = np.minimum(2.0 * np.minimum(below, 1.0 - below), 1.0)
    return np.where(n == 0, np.nan, p_value)


def neighbour_pvalue(n_event: FloatArray, n: FloatArray) -> FloatArray:
    """Return the two-sided p-value between each bin and the next; one fewer entry."""
    from scipy.special import ndtr

    with np.errstate(divide="ignore", invalid="ignore"):
        rate = n_event / n
        pooled = (n_event[:-1] + n_event[1:]) / (n[:-1] + n[1:])
        spread = np.sqrt(pooled * (1 - pooled) * (1 / n[:-1] + 1 / n[1:]))
        z = np.abs(np.diff(rate)) / spread
    # Two bins without events, or without non-events, do not differ at all.
    z = np.where((spread == 0) & (np.diff(rate) == 0), 0.0, z)
    return np.asarray(2.0 * ndtr(-z))


def woe_error(
    n_event: FloatArray, n_nonevent: FloatArray, smoothing: float
) -> FloatArray:
    """Return the standard error of each bin's WoE; infinite where a cell is empty."""
    total_event, total_nonevent = n_event.sum(), n_nonevent.sum()
    shift = smoothing / min(total_event, total_nonevent)
    # The smoothing counts like accounts, as it does in the WoE itself.
    event = n_event + shift * total_event
    nonevent = n_nonevent + shift * total_nonevent
    with np.errstate(divide="ignore"):
        variance = (1.0 / event - 1.0 / total_event).clip(0.0)
        variance += (1.0 / nonevent - 1.0 / total_nonevent).clip(0.0)
    return np.asarray(np.sqrt(variance))
