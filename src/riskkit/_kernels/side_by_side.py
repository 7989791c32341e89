"""Independent pieces of work, taken by two threads by turns.

NumPy works without the interpreter, so two threads do nearly twice as much where a
piece is some long operations. Where it is many short ones they wait for each other, and
one thread is faster.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["side_by_side"]

Tools = TypeVar("Tools")


def side_by_side(
    n_pieces: int,
    make_tools: Callable[[], Tools],
    work: Callable[[int, Tools], None],
    *,
    has_helper: bool,
) -> None:
    """Call ``work`` for the pieces 0, 1, ...; each thread has tools of its own.

    Pieces are begun in their order, and none after one that failed. What is raised is
    what the first piece that fails raises, as in one thread.
    """
    pieces = iter(range(n_pieces))
    failed: dict[int, BaseException] = {}

    def take() -> None:
        tools = make_tools()
        for piece in _until(pieces, failed):
            try:
                work(piece, tools)
            except BaseException as error:  # noqa: BLE001 - raised below
                failed[piece] = error

    if has_helper:
        name = "riskkit-helper"
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix=name) as pool:
            helper = pool.submit(take)
            take()
            helper.result()
    else:
        take()
    if failed:
        raise failed[min(failed)]


def _until(pieces: Iterator[int], failed: dict[int, BaseException]) -> Iterator[int]:
    # Of an iterator that is shared each number is given to one thread only.
    for piece in pieces:
        if failed:
            return
        yield piece
