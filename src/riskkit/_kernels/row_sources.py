"""Rows seen as bins, which may be too many to hold: every sum over them is a pass.

A scorecard sees of a row its bins and its outcome alone. A *source* brings them block
by block to a *job*, whose states add up, as often as a fit asks. What is held at a time
is a block and the state, however many rows there are.

Sums of floating-point numbers depend on their order, and blocks of a table come in the
order in which an engine happens to read them. The sums ``s`` of a block are therefore
split before they are added up::

    high = 2^-10 rint(2^10 s),      low = 2^-44 rint(2^44 (s - high))

High parts below ``2^43`` and the low parts of ``2^19`` blocks, of 65,536 rows each, add
up without rounding: the total is the same in any order of the blocks, and ``2^-45`` a
block is all that is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from riskkit._kernels.bins import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from riskkit.typing import BoolArray, CodeArray, FloatArray

__all__ = [
    "BinnedRows",
    "CountedRows",
    "PairCounts",
    "RowJob",
    "RowSource",
    "joined",
    "split_sums",
]

State = TypeVar("State")

_HIGH, _LOW = 2.0**-10, 2.0**-44


@dataclass(frozen=True)
class BinnedRows:
    """The bins of some rows, one array for each feature, with outcomes and weights."""

    bins: tuple[CodeArray, ...]
    is_event: BoolArray
    weight: FloatArray | None

    def blocks(self) -> Iterator[BinnedRows]:
        """Yield the rows in blocks of a size that suits the cache."""
        for start in range(0, self.is_event.size, BLOCK):
            rows = slice(start, start + BLOCK)
            weight = None if self.weight is None else self.weight[rows]
            bins = tuple(codes[rows] for codes in self.bins)
            yield BinnedRows(bins, self.is_event[rows], weight)


class RowJob(Protocol[State]):
    """Sums over rows that add up, whatever the order of the blocks."""

    def start(self) -> State:
        """Return the state of no rows."""
        ...

    def update(self, state: State, rows: BinnedRows) -> State:
        """Return the state with further rows; may reuse `state`."""
        ...

    def merge(self, one: State, other: State) -> State:
        """Return the state of both sets of rows."""
        ...


class CountedRows(Protocol):
    """Rows whose sums are known."""

    @property
    def names(self) -> Sequence[str]:
        """Names of the features."""
        ...

    @property
    def classes(self) -> NDArray[Any]:
        """The non-event and the event label."""
        ...

    @property
    def n_rows(self) -> float:
        """Rows, as a sum of weights."""
        ...

    @property
    def n_events(self) -> float:
        """Events, as a sum of weights."""
        ...

    @property
    def n_passes(self) -> int:
        """How often the rows have been gone through."""
        ...


class RowSource(CountedRows, Protocol):
    """Rows that can be gone through again and again."""

    def fold(self, names: Sequence[str], job: RowJob[State]) -> State:
        """Return the state of all rows, which bring the bins of these features."""
        ...


def split_sums(sums: FloatArray) -> FloatArray:
    """Return the high and the low parts of sums, as two rows; see above."""
    high = np.rint(sums / _HIGH) * _HIGH
    return np.array([high, np.rint((sums - high) / _LOW) * _LOW])


def joined(parts: FloatArray) -> FloatArray:
    """Return the sums whose high and low parts these are."""
    return np.asarray(parts[0] + parts[1])


@dataclass(frozen=True)
class PairCounts:
    """Counts the rows in every bin, and in every pair of bins of two features.

    The state is one square table over the bins of all features, one after the other;
    its diagonal are the rows in each bin. Weights of riskkit's engines have few binary
    digits, so that their sums are exact.
    """

    sizes: tuple[int, ...]

    def start(self) -> FloatArray:
        """Return the table of no rows."""
        return np.zeros((sum(self.sizes), sum(self.sizes)))

    def update(self, state: FloatArray, rows: BinnedRows) -> FloatArray:
        """Count further rows."""
        spans = self.spans
        for block in rows.blocks():
            codes = [bins.astype(np.intp) for bins in block.bins]
            for j, (own, size) in enumerate(zip(codes, self.sizes, strict=True)):
                at = np.arange(spans[j].start, spans[j].stop)
                state[at, at] += np.bincount(own, block.weight, minlength=size)
                for k in range(j):
                    cells = size * self.sizes[k]
                    both = own * self.sizes[k] + codes[k]
                    table = np.bincount(both, block.weight, minlength=cells)
                    table = table.reshape(size, self.sizes[k])
                    state[spans[j], spans[k]] += table
                    state[spans[k], spans[j]] += table.T
        return state

    def merge(self, one: FloatArray, other: FloatArray) -> FloatArray:
        """Add two tables up."""
        return one + other

    @property
    def spans(self) -> list[slice]:
        """Where the bins of each feature stand."""
        ends = np.concatenate([[0], np.cumsum(self.sizes, dtype=np.intp)]).tolist()
        return [slice(*span) for span in pairwise(ends)]
