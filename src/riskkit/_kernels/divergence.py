"""How far two samples differ over the same bins, from counts.

Notation: ``x_i`` and ``a_i`` are the expected (reference) and the actual (current)
counts of bin ``i``, ``B`` the bins that hold something in either sample, ``s`` the
smoothing. The shares and the index are::

    p_i = (x_i + s) / (sum(x) + s * B)
    q_i = (a_i + s) / (sum(a) + s * B)
    psi = sum((q_i - p_i) * log(q_i / p_i))

No term is negative, the two samples may change places, and 0 means equal shares. A
bin that is empty in both samples says nothing and is left out, so that a bin kept for
missing or unseen values costs nothing until it fills. Without smoothing a bin that is
empty in one sample alone makes the index infinite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["mean_shift", "psi_terms"]


def psi_terms(expected: FloatArray, actual: FloatArray, smoothing: float) -> FloatArray:
    """Return the term of each bin; 0 where both samples are empty."""
    filled = (expected > 0) | (actual > 0)
    n_filled = np.count_nonzero(filled)
    p = (expected + smoothing) / (expected.sum() + smoothing * n_filled)
    q = (actual + smoothing) / (actual.sum() + smoothing * n_filled)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = (q - p) * (np.log(q) - np.log(p))
    return np.where(filled, terms, 0.0)


def mean_shift(
    expected: FloatArray, actual: FloatArray, value: FloatArray
) -> FloatArray:
    """Return what each bin adds to the change of the mean of `value`."""
    return np.asarray((actual / actual.sum() - expected / expected.sum()) * value)
