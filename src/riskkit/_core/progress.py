"""What a long fit is doing, on stderr."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Progress", "progress_bar"]


class Progress:
    """Tells what is being done; this one tells nobody."""

    def stage(self, text: str, total: int | None = None) -> None:
        """Say what begins, and how many steps it has if that is known."""

    def step(self, text: str = "") -> None:
        """Say that a step is done."""


class _Bar(Progress):
    """Draws a line for each stage."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._task: Any = None

    def stage(self, text: str, total: int | None = None) -> None:
        self._finish()
        self._task = self._bar.add_task(text, total=total, note="")

    def step(self, text: str = "") -> None:
        self._bar.update(self._task, advance=1, note=text)

    def _finish(self) -> None:
        if self._task is not None:
            task = self._bar.tasks[self._task]
            self._bar.update(
                self._task, total=task.completed or 1, completed=task.completed or 1
            )


@contextmanager
def progress_bar(verbose: bool | str, *, is_long: bool) -> Iterator[Progress]:
    """Yield what is told of the stages of a fit.

    With "auto" the bar shows for long work on a terminal.
    """
    if verbose == "auto":
        verbose = is_long and sys.stderr.isatty()
    if not verbose:
        yield Progress()
        return
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[note]}"),
        progress.TimeElapsedColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True)) as bar:
        yield _Bar(bar)
