"""The forest of a model that found nothing to tell accounts apart by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.artifact import TreeSpec
    from riskkit.typing import FloatArray

__all__ = ["NoTrees"]


class NoTrees:
    """A sum of no trees; libraries have none."""

    booster = None

    def log_odds(self, codes: NDArray[np.float32]) -> FloatArray:
        """Return 0 for each row."""
        return np.zeros(codes.shape[0])

    def contributions(self, codes: NDArray[np.float32]) -> FloatArray:
        """Return 0 for each column, and for their base."""
        return np.zeros((codes.shape[0], codes.shape[1] + 1))

    def trees(self) -> tuple[TreeSpec, ...]:
        """Return nothing."""
        return ()
