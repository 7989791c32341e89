"""Columns counted chunk by chunk, with a second thread to help.

Sorting is most of the work of counting, and NumPy sorts without the interpreter. So a
second thread sorts the columns of the next chunk while the first searches those before.
Of tables too long to be sorted it counts every other column. The counts are the same
with it and without.
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
    from concurrent.futures import Executor, Future
    from contextlib import AbstractContextManager

    from riskkit._kernels.cells import CellCounts, TargetRows
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
    if target.n_effective >= SORT_BELOW:
        yield from _count_shared(columns, by_value, chunks, target)
        return
    arenas = Arena(), Arena()  # one for the chunk at work, one for the next

    with _sorting_thread(len(is_event)) as pool:

        def start(number: int) -> list[Callable[[], CellCounts]]:
            if number == len(chunks):
                return []
            arena = arenas[number % 2]
            arena.clear()
            sorts = None if pool is None else _SharedSorts(pool)
            return [
                start_count(columns[k], target, arena, by_value=by_value[k], pool=sorts)
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


class _SharedSorts:
    """Sorts of a chunk: another thread begins with the first, who waits with the last.

    So nobody is idle while the first chunk is sorted, before which there is no search.
    """

    def __init__(self, pool: Executor) -> None:
        self._pool = pool
        self._begun: list[tuple[Future[None], Callable[[], None]]] = []

    def submit(self, sort: Callable[[], None]) -> Callable[[], None]:
        """Have a column sorted; call the result to wait for it."""
        own = self._pool.submit(sort)
        self._begun.append((own, sort))

        def finish() -> None:
            while not own.done() and self._begun:
                last, sort_last = self._begun.pop()
                if last.cancel():
                    sort_last()
            if not own.cancelled():
                own.result()

        return finish


def _sorting_thread(n_rows: int) -> AbstractContextManager[Executor | None]:
    """Return the second thread, or None where columns are soon sorted."""
    if n_rows < _SORT_AHEAD:
        return nullcontext()
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="riskkit-sort")


def _count_shared(
    columns: Sequence[FloatArray],
    by_value: Sequence[bool],
    chunks: Sequence[range],
    target: TargetRows,
) -> Iterator[Iterator[CellCounts]]:
    """Yield the counts of each chunk; two threads take its columns by turns."""
    targets = target, target.for_another_thread()
    arenas = Arena(), Arena()

    def count(k: int, thread: int) -> CellCounts:
        return start_count(
            columns[k], targets[thread], arenas[thread], by_value=by_value[k]
        )()

    def each(chunk: range, pool: Executor) -> Iterator[CellCounts]:
        for arena in arenas:
            arena.clear()
        others = {k: pool.submit(count, k, 1) for k in chunk[1::2]}
        for k in chunk:
            yield others[k].result() if k in others else count(k, 0)

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="riskkit-count") as pool:
        for chunk in chunks:
            yield each(chunk, pool)
