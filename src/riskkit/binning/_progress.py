"""A progress bar for long fits, on stderr."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["progress_bar"]

_LONG = 20_000_000  # cells of a table that take more than a few seconds


@contextmanager
def progress_bar(
    verbose: bool | str, n_features: int, n_rows: int
) -> Iterator[Callable[[int], None] | None]:
    """Yield what to call with the number of features just finished, or None.

    With "auto" the bar shows for large tables on a terminal.
    """
    if verbose == "auto":
        verbose = n_features * n_rows > _LONG and sys.stderr.isatty()
    if not verbose:
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    with bar:
        task = bar.add_task("Binning features", total=n_features)
        yield lambda done: bar.advance(task, done)
