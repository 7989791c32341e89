"""Arrow datasets, Parquet files and globs of them, and streams of record batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from riskkit.engines._batches import gather
from riskkit.engines._engine import fold_parts
from riskkit.engines._files import check_schemas, find_files
from riskkit.engines._scores import score_part
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskkit.artifact import ScorecardSpec
    from riskkit.engines._engine import Aggregation, EngineOptions

__all__ = ["open_engine"]

State = TypeVar("State")

_BUFFER = 2  # batches read ahead: more of them fill the memory, not the processor
_BUFFER_BYTES = 1 << 20  # of a column of a file, whose pages are decoded when needed


def open_engine(
    source: Any, options: EngineOptions, *, asked: bool
) -> ArrowEngine | None:
    """Take a dataset, a reader of batches, a Parquet path, or a list of paths."""
    del asked
    if isinstance(source, pa.RecordBatchReader):
        reader = ds.Scanner.from_batches(source)
        return ArrowEngine(reader, list(source.schema.names), options)
    files = find_files(source)
    if files:
        check_schemas(files)
        return FilesEngine(files, options)
    if not isinstance(source, ds.Dataset):
        return None
    return ArrowEngine(source, list(source.schema.names), options)


class ArrowEngine:
    """Batches of rows from files or a stream."""

    is_streamed = True

    def __init__(self, source: Any, columns: list[str], options: EngineOptions) -> None:
        if options.memory_limit is not None:
            msg = (
                "memory_limit is for the engine duckdb; arrow holds a few batches of "
                "batch_rows rows. Lower batch_rows, or say engine='duckdb'."
            )
            raise InvalidParameterError(msg)
        self._source = source
        self._batch_rows = options.batch_rows
        self.columns = columns

    def fold(self, job: Aggregation[State], columns: Sequence[str]) -> State:
        """Take the batches in turn."""
        return fold_parts(job, self._tables(columns))

    def score(self, card: ScorecardSpec, keep: Sequence[str]) -> Any:
        """Return a reader of batches, which are scored when they are asked for."""
        names = [item.feature.name for item in card.characteristics]
        tables = self._tables([*dict.fromkeys([*keep, *names])])
        scored = (score_part(card, table, keep) for table in tables)
        first = next(scored)

        def batches() -> Iterator[pa.RecordBatch]:
            yield from first.to_batches()
            for table in scored:
                yield from table.cast(first.schema).to_batches()

        return pa.RecordBatchReader.from_batches(first.schema, batches())

    def _tables(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        if isinstance(self._source, ds.Scanner):
            batches = self._source.to_batches()
        else:
            batches = self._source.to_batches(
                columns=list(columns),
                batch_size=self._batch_rows,
                batch_readahead=_BUFFER,
                fragment_readahead=1,
            )
        return gather(batches, self._batch_rows, lambda: self._schema(columns))

    def _schema(self, columns: Sequence[str]) -> pa.Schema:
        whole = getattr(self._source, "schema", None) or self._source.dataset_schema
        return pa.schema([whole.field(name) for name in columns])


class FilesEngine(ArrowEngine):
    """Parquet files, decoded one after the other.

    A dataset would decode whole row groups of several files ahead of what is counted:
    hundreds of megabytes for a million rows of twenty columns each.
    """

    def __init__(self, files: Sequence[str], options: EngineOptions) -> None:
        self._files = files
        super().__init__(None, pq.read_schema(files[0]).names, options)

    def _tables(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        return gather(
            self._batches(columns), self._batch_rows, lambda: self._schema(columns)
        )

    def _schema(self, columns: Sequence[str]) -> pa.Schema:
        whole = pq.read_schema(self._files[0])
        return pa.schema([whole.field(name) for name in columns])

    def _batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        for path in self._files:
            with pq.ParquetFile(path, buffer_size=_BUFFER_BYTES) as file:
                yield from file.iter_batches(self._batch_rows, columns=list(columns))
