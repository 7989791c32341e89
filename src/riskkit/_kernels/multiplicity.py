"""Many questions at once: p-values that keep the chance of any false alarm.

Holm's step-down procedure [1]_: with the ``m`` p-values sorted upwards, the ``k``-th is
multiplied by ``m - k + 1`` and raised to the largest of those before it. It needs no
independence.

References
----------
.. [1] S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
   Journal of Statistics 6, 1979.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["holm"]


def holm(p_value: FloatArray) -> FloatArray:
    """Return adjusted p-values of the same shape; NaN counts as no question."""
    flat = p_value.reshape(-1)
    adjusted = np.full(flat.size, np.nan)
    asked = np.flatnonzero(~np.isnan(flat))
    order = asked[np.argsort(flat[asked], kind="stable")]
    steps = np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(flat[order] * steps), 1.0)
    return adjusted.reshape(p_value.shape)
