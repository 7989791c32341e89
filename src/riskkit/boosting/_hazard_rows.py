"""Accounts as rows of one month, or of one band of months, each.

The likelihood of a discrete-time hazard is that of independent yes-or-no outcomes, one
for each month in which an account was at risk: 0 for a month it survived, 1 for the
month of the event. Months before an account was watched do not count (late entry), nor
do those after it was lost from sight (censoring). Where the hazard is held equal over a
band of months, the months that were survived are one row with their number as weight.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from riskkit.boosting._hazard_spells import Spells
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["HazardRows", "all_months", "band_ends", "hazard_rows", "n_at_risk"]

_MOST_ROWS = 50_000_000


@dataclass(frozen=True, eq=False)
class HazardRows:
    """Rows at risk: whose they are, the last month of their band, and the outcome."""

    row: IntArray
    month: IntArray
    is_event: BoolArray
    n_months: FloatArray


def band_ends(bands: Iterable[int] | None, last: int) -> IntArray:
    """Return the last month of each band up to `last`."""
    if bands is None:
        return np.arange(1, last + 1)
    return np.array([*(end for end in bands if end < last), last], dtype=np.intp)


def hazard_rows(spells: Spells, ends: IntArray) -> HazardRows:
    """Return the rows at risk of each spell, in order of row and month."""
    first = np.searchsorted(ends, spells.start, side="right")
    # A spell that ends in a band is at risk in it.
    past = np.searchsorted(ends, spells.end, side="left") + 1
    n_bands = np.where(spells.end > spells.start, past - first, 0)
    n_rows = int(n_bands.sum())
    if n_rows > _MOST_ROWS:
        msg = (
            f"The months of all rows must be at most {_MOST_ROWS:,}; got {n_rows:,}. "
            "Give bands of months, or max_month."
        )
        raise InvalidInputError(msg)
    row = np.repeat(np.arange(spells.start.size), n_bands)
    offset = np.repeat(np.cumsum(n_bands) - n_bands, n_bands)
    band = np.arange(n_rows) - offset + first[row]
    lower = np.concatenate([[0], ends[:-1]])[band]
    n_months = np.minimum(ends[band], spells.end[row]) - np.maximum(
        lower, spells.start[row]
    )
    has_event = spells.is_event[row] & (spells.end[row] <= ends[band])
    survived = n_months - has_event
    kept = np.flatnonzero(survived > 0)
    events = np.flatnonzero(has_event)
    place = np.concatenate([kept, events])
    is_event = np.repeat([False, True], [kept.size, events.size])
    order = np.lexsort((is_event, place))
    place, is_event = place[order], is_event[order]
    return HazardRows(
        row[place],
        ends[band[place]],
        is_event,
        np.where(is_event, 1.0, survived[place]),
    )


def all_months(spells: Spells) -> HazardRows:
    """Return a row for each month at risk, that of the event like all others."""
    last = max(1, int(spells.end.max()))
    return hazard_rows(
        replace(spells, is_event=np.zeros_like(spells.is_event)), band_ends(None, last)
    )


def n_at_risk(spells: Spells, weight: FloatArray, last: int) -> FloatArray:
    """Return the accounts at risk in each of the months 1 to `last`."""
    watched = spells.end > spells.start
    came = np.bincount(spells.start[watched], weight[watched], minlength=last + 1)
    left = np.bincount(spells.end[watched], weight[watched], minlength=last + 1)
    # Who enters at s is at risk from month s + 1 on, who leaves at e until month e.
    return np.asarray(np.cumsum(came - left)[:last])
