"""Gauss-Legendre nodes, found once for each number of them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["legendre_nodes"]


@lru_cache(maxsize=32)
def legendre_nodes(n: int) -> tuple[FloatArray, FloatArray]:
    """Return `n` nodes in (-1, 1) and their weights, not to be written to."""
    x, w = np.polynomial.legendre.leggauss(n)
    x.flags.writeable = w.flags.writeable = False
    return x, w
