"""Record batches of any size as tables of about one size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["gather"]


def gather(
    batches: Iterable[pa.RecordBatch],
    n_rows: int,
    schema: Callable[[], pa.Schema] | None = None,
) -> Iterator[pa.Table]:
    """Yield tables of at least ``n_rows`` each, the last may have fewer.

    Row groups and the batches of an engine may be much smaller than what is counted at
    a time, which would cost a pass for each. A batch of other types, as of another
    file, begins a table. Where no row arrives, an empty table of the ``schema`` tells
    the columns, if there is one.
    """
    waiting: list[pa.RecordBatch] = []
    n_waiting = n_given = 0
    known = None
    for batch in batches:
        if waiting and batch.schema != known:
            n_given += 1
            yield pa.Table.from_batches(waiting)
            waiting, n_waiting = [], 0
        known = batch.schema
        waiting.append(batch)
        n_waiting += batch.num_rows
        if n_waiting >= n_rows:
            n_given += 1
            yield pa.Table.from_batches(waiting)
            waiting, n_waiting = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)
    elif not n_given and (known is not None or schema is not None):
        yield pa.Table.from_batches([], schema=known or schema())  # type: ignore[misc]
