"""Polars lazy frames, and Parquet files that Polars streams."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from riskkit.engines._engine import fold_parts, import_engine
from riskkit.engines._files import check_schemas, differing_types, find_files
from riskkit.engines._polars_score import score_expressions
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskkit.artifact import ScorecardSpec
    from riskkit.engines._engine import Aggregation, EngineOptions

__all__ = ["open_engine"]

State = TypeVar("State")

_GROUP_BYTES = 1 << 26  # of files that are streamed together


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
    import_engine("polars", "polars")
    check_schemas(files)
    return FilesEngine(files, options)


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
        self.is_streamed = not is_eager
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
        if self._is_eager:
            yield self._frame.select(columns).collect()
            return
        yield from _stream(self._frame.select(columns), self._batch_rows)


class FilesEngine(PolarsEngine):
    """Parquet files, of which a few are streamed at a time.

    Polars decodes row groups of many files ahead of what is counted, more than a
    gigabyte for a million rows of twenty columns in each.
    """

    def __init__(self, files: Sequence[str], options: EngineOptions) -> None:
        polars = import_engine("polars", "polars")
        self._files = files
        super().__init__(polars.scan_parquet(files), options)

    def _parts(self, columns: Sequence[str]) -> Iterator[Any]:
        polars = import_engine("polars", "polars")
        for files in _groups(self._files):
            frame = polars.scan_parquet(files, low_memory=True).select(columns)
            try:
                yield from _stream(frame, self._batch_rows)
            except InvalidInputError:
                found = differing_types(files, columns)
                if found is None:
                    raise
                name, one, other = found
                msg = (
                    f"Polars reads a column of one type in every file; {name!r} is "
                    f"{one} in one file and {other} in another. Cast it where the "
                    "files are written, or say engine='duckdb', which reads both."
                )
                raise InvalidInputError(msg) from None


def _stream(frame: Any, batch_rows: int) -> Iterator[Any]:
    """Yield the batches of a lazy frame, or a single one without rows."""
    polars = import_engine("polars", "polars")
    try:
        is_empty = True
        for part in frame.collect_batches(
            chunk_size=batch_rows, maintain_order=False, engine="streaming"
        ):
            is_empty = False
            yield part
        if is_empty:
            yield polars.DataFrame(schema=_schema(frame))
    except polars.exceptions.PolarsError:
        raise _unreadable() from None


def _groups(files: Sequence[str]) -> Iterator[list[str]]:
    """Yield files that are streamed together: one large one, or some small ones."""
    group: list[str] = []
    size = 0
    for path in files:
        group.append(path)
        size += Path(path).stat().st_size
        if size >= _GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


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
