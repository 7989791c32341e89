"""The logistic link for one number, by the standard library.

The same operations as in ``riskkit._kernels`` for arrays, so that both give the same
bits.
"""

from __future__ import annotations

import math

__all__ = ["log_probabilities", "log_sigmoid", "sigmoid"]

# PDs keep this distance from 0 and 1, as in riskkit._kernels.calibration.
_LIMIT = 2.0**-53


def sigmoid(log_odds: float) -> float:
    """Return ``1 / (1 + exp(-log_odds))``; beyond 700 the exponential overflows."""
    return 1.0 / (1.0 + math.exp(min(max(-log_odds, -700.0), 700.0)))


def log_sigmoid(z: float) -> float:
    """Return ``ln(1 / (1 + exp(-z)))``."""
    return -math.log1p(math.exp(-z)) if z >= 0 else z - math.log1p(math.exp(z))


def log_probabilities(p: float) -> tuple[float, float]:
    """Return ``ln(p)`` and ``ln(1 - p)``, finite for every PD."""
    p = min(max(p, _LIMIT), 1.0 - _LIMIT)
    return math.log(p), math.log1p(-p)
