"""Where on the card's log-odds a later table changes its value.

Calibrations and grades keep the order of the accounts, so ``pd <= border`` is the same
as ``log_odds <= cut`` with the right cut. Log-odds are plain sums, equal to the bit in
every database; PDs go through ``exp`` and ``ln``, whose last bit is not. An account
whose PD *is* a border, as those are that a step function or a master scale was made
from, keeps its side of it only if the comparison is made on the log-odds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from riskkit._kernels.logistic import sigmoid
from riskkit.artifact import apply_pd_map

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskkit.artifact import CalibrationSpec, SegmentedMapSpec
    from riskkit.typing import FloatArray, IntArray

__all__ = ["curve_of", "cuts_below"]


def curve_of(
    steps: Sequence[CalibrationSpec | SegmentedMapSpec],
    scale: Literal["pd", "log_odds"],
    end: int | None = None,
    segment: tuple[str, str | None] | None = None,
) -> Callable[[FloatArray], FloatArray]:
    """Return what some steps make of the log-odds: the PD, or one end of its interval.

    `segment` is a column and a level, for all accounts alike.
    """

    def value(log_odds: FloatArray) -> FloatArray:
        x = sigmoid(log_odds) if scale == "pd" else log_odds
        columns = {}
        if segment is not None:
            columns[segment[0]] = np.full(x.size, segment[1], dtype=object)
        pd, interval = apply_pd_map(steps, x, columns)
        return pd if end is None or interval is None else interval[:, end]

    return value


def cuts_below(
    curve: Callable[[FloatArray], FloatArray],
    borders: Sequence[float],
    *,
    strictly: bool = False,
) -> list[float]:
    """Return the largest log-odds that keep the curve at each border or below it.

    With `strictly`, below it. Found by halving over all doubles, for all borders at
    once; without any such log-odds the answer is the lowest double, which no account
    reaches.
    """
    limits = np.asarray(borders, dtype=np.float64)
    largest = np.finfo(np.float64).max
    low = np.full(limits.size, _rank(np.array([-largest]))[0])
    high = np.full(limits.size, _rank(np.array([largest]))[0])
    while limits.size and (high > low).any():
        # The sum of both could overflow; rounding up ends at neighbours.
        middle = low + (high // 2 - low // 2)
        middle += (middle <= low) & (high > low)
        middle = np.minimum(middle, high)
        value = curve(_unrank(middle))
        below = value < limits if strictly else value <= limits
        low = np.where(below, middle, low)
        high = np.where(below, high, middle - 1)
    return [float(z) for z in _unrank(low)]


def _rank(x: FloatArray) -> IntArray:
    """Return integers in the order of the doubles, neighbours next to each other."""
    bits = x.view(np.int64)
    return np.where(bits >= 0, bits, np.iinfo(np.int64).min - bits)


def _unrank(rank: IntArray) -> FloatArray:
    bits = np.where(rank >= 0, rank, np.iinfo(np.int64).min - rank)
    return bits.view(np.float64)
