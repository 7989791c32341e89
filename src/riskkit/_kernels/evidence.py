"""Weight of evidence and information value, from bin counts.

Notation: ``e_i`` and ``n_i`` are the events and non-events of bin ``i``, ``E`` and
``N`` their totals, and ``a`` the smoothing. With ``s = a / min(E, N)``::

    woe_i = log((n_i / N + s) / (e_i / E + s))
    iv    = sum((n_i / N - e_i / E) * woe_i)

Sign: a positive WoE is *safer* than the portfolio [1]_.

The smoothing puts ``a`` accounts of the rarer class into every bin together with
their portfolio share of the other class, so it shrinks each bin towards the
portfolio: an empty bin has WoE 0, a bin of three accounts next to 0, and a bin of
thousands is left alone. Adding the same number to both cells instead (the usual
"+0.5") turns a handful of accounts into strong evidence and makes the WoE of one bin
depend on how many other bins there are; here each bin stands alone, so IV is a sum
over bins that a dynamic programme can maximise exactly.

References
----------
.. [1] N. Siddiqi, "Intelligent Credit Scoring", 2nd ed., Wiley, 2017, ch. 10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import Counts, FloatArray

__all__ = ["evidence_terms", "information_value", "weight_of_evidence"]


def evidence_terms(
    n_event: Counts,
    n_nonevent: Counts,
    total_event: Counts | float,
    total_nonevent: Counts | float,
    smoothing: float,
) -> tuple[FloatArray, FloatArray]:
    """Return each bin's WoE and its term of the IV, for totals given apart.

    The arguments broadcast. Without smoothing an empty cell has an infinite WoE, an
    empty bin WoE 0.
    """
    shift = smoothing / np.minimum(total_event, total_nonevent)
    p = n_event / np.asarray(total_event, dtype=np.float64)
    q = n_nonevent / np.asarray(total_nonevent, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        woe = np.log(q + shift) - np.log(p + shift)
        term = (q - p) * woe
    empty = (p == 0) & (q == 0)
    return np.where(empty, 0.0, woe), np.where(empty, 0.0, term)


def weight_of_evidence(
    n_event: Counts, n_nonevent: Counts, smoothing: float
) -> FloatArray:
    """Return the WoE of each bin; infinite in empty cells when unsmoothed."""
    return evidence_terms(
        n_event, n_nonevent, float(n_event.sum()), float(n_nonevent.sum()), smoothing
    )[0]


def information_value(n_event: Counts, n_nonevent: Counts, smoothing: float) -> float:
    """Return the IV summed over the bins."""
    terms = evidence_terms(
        n_event, n_nonevent, float(n_event.sum()), float(n_nonevent.sum()), smoothing
    )[1]
    return float(terms.sum())
