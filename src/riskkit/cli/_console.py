"""What people see while a command works and when it is done; all of it on stderr."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Self

from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

__all__ = ["Steps", "people", "plain_table", "say", "show_left_out"]


class Steps:
    """The named steps of a long command: a bar on a terminal, lines elsewhere.

    Parameters
    ----------
    n_steps : int
        Number of times :meth:`start` will be called.
    """

    def __init__(self, n_steps: int) -> None:
        self._n_steps = n_steps
        self._n_started = 0
        self._console = people()
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._progress.add_task("", total=n_steps)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:  # elsewhere its end would be an empty line
            self._progress.stop()

    def start(self, name: str) -> None:
        """Begin the next step; the one before is done."""
        self._progress.update(self._task, description=name, completed=self._n_started)
        self._n_started += 1
        if not self._console.is_terminal:
            self._console.print(
                f"[{self._n_started}/{self._n_steps}] {name}", markup=False
            )


@cache
def people() -> Console:
    """Return the console that people read; one, so that lines do not cut into a bar."""
    return Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """Show a line as it is, whatever brackets it holds and however long it is."""
    people().print(text, markup=False, soft_wrap=True)


def show_left_out(left_out: Mapping[str, str], what: str) -> None:
    """Show the columns that were left out, with the reasons."""
    if not left_out:
        return
    width = max(map(len, left_out))
    say(f"{len(left_out)} column{'s' * (len(left_out) != 1)} {what}:")
    for name, reason in left_out.items():
        say(f"  {name:<{width}}  {reason}")


def plain_table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, n_text: int = 1
) -> Table:
    """Return a table whose first columns are text and whose others are numbers."""
    table = Table(box=box.SIMPLE_HEAD)
    # As text, for a name in square brackets would be read as markup.
    for j, header in enumerate(headers):
        table.add_column(Text(header), justify="left" if j < n_text else "right")
    for row in rows:
        table.add_row(*map(Text, row))
    return table
