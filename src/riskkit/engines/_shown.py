"""Counting with a word on stderr of how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from riskkit._core.frames import Table
from riskkit._core.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit._core.progress import Progress
    from riskkit.engines._engine import Aggregation, Engine

__all__ = ["fold_shown"]

State = TypeVar("State")


def fold_shown(
    engine: Engine,
    job: Aggregation[State],
    columns: Sequence[str],
    *,
    verbose: bool | str,
    stage: str,
) -> State:
    """Fold all rows; a line tells how many have been read, where they come in parts.

    Dask and Spark count elsewhere, and have displays of their own.
    """
    with progress_bar(verbose, is_long=engine.is_streamed) as progress:
        progress.stage(stage)
        if engine.is_streamed:
            job = _Told(job, progress)
        return engine.fold(job, columns)


@dataclass
class _Told(Generic[State]):
    """A job that says how many rows it has seen."""

    job: Aggregation[State]
    progress: Progress
    n_rows: int = 0

    def start(self) -> State:
        return self.job.start()

    def update(self, state: State, part: Any) -> State:
        state = self.job.update(state, part)
        self.n_rows += Table.read(part).n_rows
        self.progress.step(f"{self.n_rows:,} rows")
        return state

    def merge(self, one: State, other: State) -> State:
        return self.job.merge(one, other)
