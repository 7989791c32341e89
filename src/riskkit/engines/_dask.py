"""Dask frames, whose partitions are counted where they lie."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from riskkit.engines._engine import import_engine
from riskkit.engines._files import check_schemas, find_files
from riskkit.engines._scores import score_part
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.artifact import ScorecardSpec
    from riskkit.engines._engine import Aggregation, EngineOptions

__all__ = ["open_engine"]

State = TypeVar("State")

_FAN_IN = 8  # states merged by one task: few enough to lie in memory side by side


def open_engine(
    source: Any, options: EngineOptions, *, asked: bool
) -> DaskEngine | None:
    """Take a Dask frame, and Parquet paths if asked to."""
    is_frame = type(source).__module__.startswith("dask.dataframe.")
    files = find_files(source) if asked and not is_frame else []
    if not is_frame and not files:
        return None
    dask_frame = import_engine("dask.dataframe", "dask")
    if files:
        check_schemas(files)
        return DaskEngine(dask_frame.read_parquet(files), options)
    if not isinstance(source, dask_frame.DataFrame):
        msg = (
            "source must be a frame of Dask with columns; got a "
            f"{type(source).__name__}. Turn a series into a frame by to_frame()."
        )
        raise InvalidInputError(msg)
    return DaskEngine(source, options)


class DaskEngine:
    """A frame in partitions, on whatever scheduler Dask is told to use."""

    is_streamed = False

    def __init__(self, frame: Any, options: EngineOptions) -> None:
        if options.memory_limit is not None:
            msg = (
                "memory_limit is for the engine duckdb; workers of Dask have limits of "
                "their own. Say LocalCluster(memory_limit=...), or make smaller "
                "partitions by frame.repartition(partition_size='100MB')."
            )
            raise InvalidParameterError(msg)
        self.frame = frame
        self._batch_rows = options.batch_rows
        self.columns = list(frame.columns)

    def fold(self, job: Aggregation[State], columns: Sequence[str]) -> State:
        """Count each partition by a task of its own, and merge the counts as a tree.

        A task is a function of its partition alone: if a worker dies, Dask does its
        tasks again, and nothing is counted twice.
        """
        delayed = import_engine("dask", "dask").delayed
        shared = delayed(job, traverse=False)
        count = delayed(_count, pure=False)
        merge = delayed(_merge, pure=False)
        states = [
            count(shared, part, self._batch_rows)
            for part in self.frame[list(columns)].to_delayed()
        ]
        while len(states) > 1:
            groups = range(0, len(states), _FAN_IN)
            states = [merge(shared, states[k : k + _FAN_IN]) for k in groups]
        try:
            state: State = states[0].compute()
        except _killed_workers() as error:
            msg = (
                "Workers of Dask must hold a partition of "
                f"{len(columns)} columns and its counts; some died at it again and "
                "again, as those do that run out of memory. Make smaller partitions by "
                "frame.repartition(partition_size='100MB'), lower batch_rows, or give "
                "workers more by LocalCluster(memory_limit=...)."
            )
            raise InvalidParameterError(msg) from error
        return state

    def score(self, card: ScorecardSpec, keep: Sequence[str]) -> Any:
        """Return a Dask frame, whose partitions are scored when they are asked for."""
        names = [item.feature.name for item in card.characteristics]
        frame = self.frame[[*dict.fromkeys([*keep, *names])]]
        rule = partial(_score, card=card, keep=tuple(keep))
        return frame.map_partitions(rule, meta=rule(frame._meta))  # noqa: SLF001


def _killed_workers() -> tuple[type[Exception], ...]:
    """Return the error of a cluster that gave a task up; threads have none."""
    scheduler = sys.modules.get("distributed.scheduler")
    return () if scheduler is None else (scheduler.KilledWorker,)


def _count(job: Aggregation[State], part: Any, batch_rows: int) -> State:
    """Count a partition in slices, so that the work takes no more than a slice does."""
    state = job.update(job.start(), part.iloc[:batch_rows])
    for start in range(batch_rows, len(part), batch_rows):
        state = job.update(state, part.iloc[start : start + batch_rows])
    return state


def _merge(job: Aggregation[State], states: Sequence[State]) -> State:
    first, *others = states
    for other in others:
        first = job.merge(first, other)
    return first


def _score(part: Any, card: ScorecardSpec, keep: tuple[str, ...]) -> Any:
    return score_part(card, part, keep)
