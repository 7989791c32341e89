"""Whether neighbouring bins keep their ranking in every period.

For bin ``b`` and period ``t`` let ``r_bt`` be the event rate and ``n_bt`` the accounts.
A step between neighbours ``b, b+1`` that rises over all periods together must not fall
in any period that counts, and the other way round::

    (r_{b+1,t} - r_{b,t}) * direction >= 0    for all t with n_bt, n_{b+1,t} >= s_t

Without a direction the trend is free to rise or fall here, but not to do both. The
least size ``s_t`` is that at which a bin with the event rate of the whole period
expects a given number of events, or of non-events if these are rarer. It depends on the
outcomes of the period only through its total, so that a bin cannot escape the rule by
having had few events, and a period without events never counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["PeriodCounts", "keeps_ranking", "least_sizes", "period_rates"]


@dataclass(frozen=True)
class PeriodCounts:
    """Counts per period: cells ``(n_periods, n_cells, n_features)``, lumps likewise.

    ``least_size`` is ``s_t`` of the module's formula.
    """

    event: FloatArray
    nonevent: FloatArray
    lump_event: FloatArray
    lump_nonevent: FloatArray
    least_size: FloatArray

    def of_features(self, features: Any) -> PeriodCounts:
        """Return the counts of some features, chosen by slice, mask or positions."""
        return PeriodCounts(
            self.event[..., features],
            self.nonevent[..., features],
            self.lump_event[..., features],
            self.lump_nonevent[..., features],
            self.least_size,
        )


def least_sizes(
    event: FloatArray, nonevent: FloatArray, n_expected: float
) -> FloatArray:
    """Return ``s_t`` from the totals of each period; infinite where a class lacks."""
    rarer = np.minimum(event, nonevent)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = n_expected * (event + nonevent) / rarer
    return np.where(rarer > 0, size, np.inf)


def period_rates(
    periods: PeriodCounts, first: IntArray, last: IntArray, load: int
) -> Iterator[FloatArray]:
    """Yield, per period, the rates of bins ``first..last``; nan if it does not count.

    Each has shape ``(n_bins, n_features)``.
    """
    members = [k for k in range(periods.lump_event.shape[1]) if load >> k & 1]
    for t, least in enumerate(periods.least_size):
        counts = []
        for cells, lumps in (
            (periods.event[t], periods.lump_event[t]),
            (periods.nonevent[t], periods.lump_nonevent[t]),
        ):
            before = np.zeros((cells.shape[0] + 1, cells.shape[1]))
            np.cumsum(cells, axis=0, out=before[1:])
            counts.append(before[last + 1] - before[first] + lumps[members].sum(axis=0))
        size = counts[0] + counts[1]
        counted = (size >= least) & (size > 0)
        yield np.divide(counts[0], size, out=np.full(size.shape, np.nan), where=counted)


def keeps_ranking(
    left: FloatArray, right: FloatArray, step: FloatArray, direction: int
) -> BoolArray:
    """Return whether the step has its direction in every period that counts.

    ``left`` and ``right`` are the rates by period, along the first axis; ``step`` is
    that of all periods together, read if the direction is 0.
    """
    shape = np.broadcast_shapes(left.shape[1:], right.shape[1:])
    rises: BoolArray = np.ones(shape, dtype=bool)
    falls: BoolArray = np.ones(shape, dtype=bool)
    for before, after in zip(left, right, strict=True):
        # Comparisons with nan are false: such a period contradicts nothing.
        if direction >= 0:
            rises &= ~(after < before)
        if direction <= 0:
            falls &= ~(after > before)
    if direction:
        return rises if direction > 0 else falls
    return np.where(step > 0, rises, np.where(step < 0, falls, rises | falls))
