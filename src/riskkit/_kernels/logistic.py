"""The logistic link, and its inverse, the same to the bit for one row and for many."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["logit", "sigmoid"]


def sigmoid(log_odds: FloatArray) -> FloatArray:
    """Return ``1 / (1 + exp(-log_odds))``.

    NumPy's vectorised ``exp`` may differ from the C library's in the last bit, and
    with the instruction set; the C library's is taken for every row, as the scorer
    of single rows does. Beyond 700 the exponential would overflow where the
    probability already is 0 or 1 to the last bit.
    """
    clipped = np.clip(-log_odds, -700.0, 700.0)
    powers = np.fromiter(map(math.exp, clipped.tolist()), np.float64, clipped.size)
    return np.asarray(1.0 / (1.0 + powers))


def logit(probability: FloatArray) -> FloatArray:
    """Return ``log(p / (1 - p))``."""
    p = np.asarray(probability, dtype=np.float64)
    return np.asarray(np.log(p) - np.log1p(-p))
