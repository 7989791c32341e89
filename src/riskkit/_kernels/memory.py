"""Memory that is used again: fresh pages cost more than the arithmetic done in them.

Counting touches a column of rows a few times, and so needs work arrays as long as the
column; and the counts of a chunk of columns live until the chunk is solved. Both are
allocated once for a whole fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["BLOCK", "N_BANDS", "Arena", "CountWorkspace", "KeyArray"]

KeyArray = NDArray[np.uint64]

BLOCK = 1 << 14  # rows per pass: the work arrays stay in the cache of one core
N_BANDS = 1 << 16  # values of the leading 16 bits of a float64
_ALIGNMENT = 64
# NumPy asks for huge pages from 4 MB on; they are slow to come where memory is short.
_BLOCK_BYTES = 3 << 20


class Arena:
    """Arrays handed out from blocks of memory, until it is cleared.

    Whoever clears the arena must have no more use for the arrays that came from it.
    """

    def __init__(self) -> None:
        self._blocks: list[NDArray[np.uint8]] = []
        self._n_full = 0
        self._n_used = 0  # bytes of the first block that is not full

    def clear(self) -> None:
        """Take back every array handed out."""
        self._n_full = self._n_used = 0

    def empty(self, size: int, dtype: DTypeLike) -> NDArray[Any]:
        """Return an uninitialised array; one larger than a block is not kept."""
        n_bytes = size * np.dtype(dtype).itemsize
        if n_bytes > _BLOCK_BYTES:
            return np.empty(size, dtype=dtype)
        if self._n_used + n_bytes > _BLOCK_BYTES:
            self._n_full, self._n_used = self._n_full + 1, 0
        if self._n_full == len(self._blocks):
            self._blocks.append(np.empty(_BLOCK_BYTES, dtype=np.uint8))
        start, end = self._n_used, self._n_used + n_bytes
        self._n_used = end + -end % _ALIGNMENT
        return self._blocks[self._n_full][start:end].view(dtype)


@dataclass(frozen=True)
class CountWorkspace:
    """Arrays used for one column after the other.

    The first four are as long as a column, ``value`` and ``looked_up`` as a block of
    rows; the last two have an entry for each band of ``radix``.
    """

    numbers: IntArray
    scaled: FloatArray
    flags: BoolArray
    event_numbers: IntArray
    value: FloatArray
    looked_up: KeyArray
    shift_of_band: KeyArray
    offset_of_band: IntArray

    @classmethod
    def of(cls, n_rows: int, n_events: int = 0) -> CountWorkspace:
        """Allocate for columns of so many rows."""
        block = min(n_rows, BLOCK)
        return cls(
            np.empty(n_rows, dtype=np.intp),
            np.empty(n_rows),
            np.empty(n_rows + 1, dtype=bool),
            np.empty(n_events, dtype=np.intp),
            np.empty(block),
            np.empty(block, dtype=np.uint64),
            np.empty(N_BANDS, dtype=np.uint64),
            np.empty(N_BANDS, dtype=np.intp),
        )
