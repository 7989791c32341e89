"""Polars lazy frames, and Parquet files that Polars streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from riskkit.engines._arrow import find_files
from riskkit.engines._engine import fold_parts, import_engine
from riskkit.engines._polars_score import score_expressions
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskkit.artifact import ScorecardSpec
    from riskkit.engines._engine import Aggregation, EngineOptions

__all__ = ["open_engine"]

State = TypeVar("State")


def open_engine(
    source: Any, options: EngineOptions, *, asked: bool
) -> PolarsEngine | None:
    """Take a lazy or eager frame, and Parquet paths if asked to."""
    if type(source).__module__.startswith("polars."):
        polars = import_engine("polars", "polars")
        if isinstance(source, polars.DataFrame):
            return PolarsEngine(source.lazy(), options, is_eager=True)
        if isinstance(source, polars.LazyFrame):
            return PolarsEngine(source, options)
        return None
    files = find_files(source) if asked else []
    if not files:
        return None
    polars = import_engine("polars", "polars")
    return PolarsEngine(polars.scan_parquet(files), options)


class PolarsEngine:
    """A lazy frame, whose rows come in batches of the streaming engine."""

    def __init__(
        self, frame: Any, options: EngineOptions, *, is_eager: bool = False
    ) -> None:
        if options.memory_limit is not None:
            msg = (
                "memory_limit is for the engine duckdb; Polars has none. Lower "
                "batch_rows, or say engine='duckdb'."
            )
            raise InvalidParameterError(msg)
        self._frame = frame
        self._batch_rows = options.batch_rows
        self._is_eager = is_eager
        self.columns = list(_schema(frame))

    def fold(self, job: Aggregation[State], columns: Sequence[str]) -> State:
        """Take the batches in turn."""
        return fold_parts(job, self._parts(columns))

    def score(self, card: ScorecardSpec, keep: Sequence[str]) -> Any:
        """Return a frame of the same kind, scored by expressions of Polars."""
        expressions = score_expressions(card, _schema(self._frame))
        scored = self._frame.select(*keep, *expressions)
        return scored.collect() if self._is_eager else scored

    def _parts(self, columns: Sequence[str]) -> Iterator[Any]:
        polars = import_engine("polars", "polars")
        chosen = self._frame.select(columns)
        if self._is_eager:
            yield chosen.collect()
            return
        try:
            is_empty = True
            for part in chosen.collect_batches(
                chunk_size=self._batch_rows, maintain_order=False, engine="streaming"
            ):
                is_empty = False
                yield part
            if is_empty:
                yield polars.DataFrame(schema=_schema(chosen))
        except polars.exceptions.PolarsError:
            raise _unreadable() from None


def _schema(frame: Any) -> Any:
    polars = import_engine("polars", "polars")
    try:
        return frame.collect_schema()
    except polars.exceptions.PolarsError:
        raise _unreadable() from None


def _unreadable() -> InvalidInputError:
    """Return an error without the text of Polars, which may hold values of rows."""
    msg = (
        "Polars could not read the source. All files must hold the same columns with "
        "the same types; collect the frame in Polars to see which does not."
    )
    return InvalidInputError(msg)
