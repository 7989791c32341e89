"""The shape that a sequence of event rates follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["shape_of"]


def shape_of(event_rate: FloatArray) -> str:
    """Return the simplest trend that the rates follow, ties allowed; else ``none``."""
    steps = np.sign(np.diff(event_rate[~np.isnan(event_rate)]))
    steps = steps[steps != 0]
    if not steps.size:
        return "none"
    turns = np.count_nonzero(np.diff(steps))
    if turns == 0:
        return "ascending" if steps[0] > 0 else "descending"
    if turns == 1:
        return "peak" if steps[0] > 0 else "valley"
    return "none"
