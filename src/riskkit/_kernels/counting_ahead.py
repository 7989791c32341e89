"""Columns counted chunk by chunk, the next one sorted while this one is solved.

Sorting is most of the work of counting, and NumPy sorts without the interpreter. So a
second thread sorts the columns of the next chunk while the first searches those before;
it does nothing else, and the counts are the same with it and without.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import TYPE_CHECKING

from riskkit._kernels.cell_counting import SORT_BELOW, start_count
from riskkit._kernels.cells import target_rows
from riskkit._kernels.memory import Arena

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager

    from riskkit._kernels.cells import CellCounts
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["count_ahead"]

_SORT_AHEAD = 20_000  # rows from which sorting takes much longer than asking for it


def count_ahead(
    columns: Sequence[FloatArray],
    by_value: Sequence[bool],
    chunks: Sequence[range],
    is_event: BoolArray,
    sample_weight: FloatArray | None,
) -> Iterator[Iterator[CellCounts]]:
    """Yield, per chunk, the counts of its columns one by one.

    ``by_value`` says which columns need one cell per value. The counts of a chunk are
    good until the chunk after it is asked for.
    """
    target = target_rows(is_event, sample_weight)
    arenas = Arena(), Arena()  # one for the chunk at work, one for the next

    with _sorting_thread(len(is_event), target.n_effective) as pool:

        def start(number: int) -> list[Callable[[], CellCounts]]:
            if number == len(chunks):
                return []
            arena = arenas[number % 2]
            arena.clear()
            return [
                start_count(columns[k], target, arena, by_value=by_value[k], pool=pool)
                for k in chunks[number]
            ]

        def each(number: int) -> Iterator[CellCounts]:
            arenas[0].clear()
            for k in chunks[number]:
                yield start_count(columns[k], target, arenas[0], by_value=by_value[k])()

        if pool is None:
            yield from map(each, range(len(chunks)))
            return
        started = start(0)
        for number in range(len(chunks)):
            following = start(number + 1)
            yield (finish() for finish in started)
            started = following


def _sorting_thread(
    n_rows: int, n_effective: float
) -> AbstractContextManager[Executor | None]:
    """Return the second thread, or None where nothing is sorted or is soon sorted."""
    if n_rows < _SORT_AHEAD or n_effective >= SORT_BELOW:
        return nullcontext()
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="riskkit-sort")
