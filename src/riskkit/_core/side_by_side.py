"""Independent work shared by two threads, where NumPy does it without the interpreter.

Two, whatever the machine has: a call that was not asked for many must not take them.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["side_by_side"]


def side_by_side(work: Callable[[int], None], n: int, *, alone: bool = False) -> None:
    """Call ``work`` with the numbers from 0 to ``n - 1``, in two threads unless alone.

    The first error is raised once the work that was begun has ended.
    """
    if alone or n < 2 or (os.cpu_count() or 1) < 2:
        for number in range(n):
            work(number)
        return
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="riskkit") as pool:
        for _ in pool.map(work, range(n)):
            pass
