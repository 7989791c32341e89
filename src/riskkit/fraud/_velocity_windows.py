"""Counts, sums and distinct values over windows of past events, all rows at once.

Notation: an event of entity ``e`` at time ``t`` sees the events of ``e`` whose age
``t - t'`` lies in ``(d, d + w]``. Within an entity these are neighbours in the order
of time, so two binary searches find them and differences of running totals sum them.

Distinct values: an occurrence at ``s`` makes its value count for the moments in
``(s, min(s + w, s_next)]``, where ``s_next`` is the next occurrence of that value.
These intervals do not overlap for one value, so the number of distinct values at ``t``
is the number of intervals begun before ``t`` less those ended before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.typing import IntArray

__all__ = ["Slices", "Timeline"]


@dataclass(frozen=True)
class Slices:
    """For every event, the places ``[low, high)`` of those it sees."""

    low: IntArray
    high: IntArray

    @property
    def count(self) -> IntArray:
        """Events seen."""
        return self.high - self.low

    def total(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sum whole numbers, given in the order of places.

        The running total may pass the end of 64 bits and come round; differences are
        right all the same.
        """
        running = np.zeros(values.size + 1, dtype=np.int64)
        np.cumsum(values, out=running[1:])
        found: NDArray[np.int64] = running[self.high] - running[self.low]
        return found


class Timeline:
    """Events sorted by entity and time.

    `order` gives the row of each place; every other array is in the order of places.
    """

    def __init__(self, codes: IntArray, times: NDArray[np.int64]) -> None:
        known = np.flatnonzero(codes >= 0)
        self._moments, rank = np.unique(times[known], return_inverse=True)
        # Ranks of moments run from 0 to their number, so entities stay apart.
        self._stride = np.int64(self._moments.size + 1)
        keys = codes[known].astype(np.int64) * self._stride + rank
        by_key = np.argsort(keys, kind="stable")
        self.order: IntArray = known[by_key].astype(np.intp)
        self.times: NDArray[np.int64] = times[self.order]
        self._keys = keys[by_key]
        self._rank = rank[by_key]
        self._places: dict[int, IntArray] = {}

    def slices(self, delay: int, width: int) -> Slices:
        """Return what each event sees at ages in ``(delay, delay + width]``."""
        return Slices(self._before(delay + width), self._before(delay))

    def distinct(self, values: IntArray, width: int) -> NDArray[np.int64]:
        """Count distinct values at ages in ``(0, width]``; -1 is no value."""
        is_held = values >= 0
        held = np.flatnonzero(is_held)
        rank, entity = self._rank[held], self._keys[held] // self._stride
        pair = entity * np.int64(values.max(initial=0) + 1) + values[held]
        by_pair = np.argsort(pair, kind="stable")  # by time within a pair
        pair = pair[by_pair]
        # An interval has ended at the first moment that is later than its end.
        late = np.searchsorted(self._moments, self._moments + width, side="right")
        ended = late[rank[by_pair]]
        again = np.flatnonzero(pair[1:] == pair[:-1])
        ended[again] = np.minimum(ended[again], rank[by_pair[again + 1]] + 1)
        ended = np.sort(entity[by_pair] * self._stride + ended)
        n_held = np.zeros(values.size + 1, dtype=np.int64)
        np.cumsum(is_held, out=n_held[1:])
        begun = n_held[self._before(0)]
        over = np.searchsorted(ended, self._keys, side="right")
        return np.asarray(begun - over, dtype=np.int64)

    def _before(self, age: int) -> IntArray:
        """Return the entity's first place at or after the moment `age` before."""
        if age not in self._places:
            # Looked up once for each moment, in the order of time.
            early = np.searchsorted(self._moments, self._moments - age, side="left")
            keys = self._keys - self._rank + early[self._rank]
            self._places[age] = np.searchsorted(self._keys, keys, side="left")
        return self._places[age]
