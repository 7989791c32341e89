"""Arrow datasets, Parquet files and globs of them, and streams of record batches."""

from __future__ import annotations

import os
from collections.abc import Sequence
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
import pyarrow.dataset as ds

from riskkit.engines._engine import fold_parts
from riskkit.engines._scores import score_part
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskkit.artifact import ScorecardSpec
    from riskkit.engines._engine import Aggregation, EngineOptions

__all__ = ["find_files", "open_engine"]

State = TypeVar("State")

_BUFFER = 2  # batches read ahead: more of them fill the memory, not the processor


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
        _check_schemas(files)
        source = ds.dataset(files, format="parquet")
    if not isinstance(source, ds.Dataset):
        return None
    return ArrowEngine(source, list(source.schema.names), options)


def find_files(source: Any) -> list[str]:
    """Return the Parquet files of a path, a glob, a folder, or a list of these."""
    given = source if isinstance(source, Sequence) else [source]
    if isinstance(source, str):
        given = [source]
    if not given or not all(isinstance(item, str | os.PathLike) for item in given):
        return []
    files = []
    for item in map(os.fspath, given):
        here = [item] if Path(item).is_file() else _matches(item)
        folders = [path for path in here if Path(path).is_dir()]
        here = [path for path in here if path not in folders]
        for folder in folders:
            here += sorted(map(str, Path(folder).rglob("*.parquet")))
        if not here:
            msg = (
                "source must name Parquet files; nothing matches one of the "
                f"{len(given)} paths given. Check the folder and the pattern."
            )
            raise InvalidInputError(msg)
        files += here
    return files


def _matches(pattern: str) -> list[str]:
    """Return what a pattern names; it may begin anywhere, unlike those of a Path."""
    return sorted(glob(pattern, recursive=True))  # noqa: PTH207


class ArrowEngine:
    """Batches of rows from files or a stream."""

    def __init__(self, source: Any, columns: list[str], options: EngineOptions) -> None:
        if options.memory_limit is not None:
            msg = (
                "memory_limit is for the engine duckdb; arrow holds "
                f"{_BUFFER + 1} batches of batch_rows rows. Lower batch_rows, or say "
                "engine='duckdb'."
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
        # Row groups may be much smaller than a batch, which costs a pass for each.
        waiting: list[pa.RecordBatch] = []
        n_waiting = 0
        n_given = 0
        schema = None
        for batch in batches:
            schema = batch.schema
            waiting.append(batch)
            n_waiting += batch.num_rows
            if n_waiting >= self._batch_rows:
                n_given += 1
                yield pa.Table.from_batches(waiting)
                waiting, n_waiting = [], 0
        if waiting or not n_given:
            yield pa.Table.from_batches(waiting, schema=schema or self._schema(columns))

    def _schema(self, columns: Sequence[str]) -> pa.Schema:
        whole = getattr(self._source, "schema", None) or self._source.dataset_schema
        return pa.schema([whole.field(name) for name in columns])


def _check_schemas(files: Sequence[str]) -> None:
    """Raise unless all files have columns of the same names and kinds.

    Arrow takes the columns of the first file, and fills those that another lacks with
    missing values: nobody would know.
    """
    import pyarrow.parquet as pq

    first: dict[str, str] = {}
    for number, path in enumerate(files, start=1):
        schema = pq.read_schema(path)
        kinds = {field.name: _kind(field.type) for field in schema}
        if number == 1:
            first = kinds
            continue
        missing = sorted(set(first) - set(kinds))
        if missing:
            msg = (
                f"Every file must hold the columns of the first; file {number} of "
                f"{len(files)} lacks {len(missing)}: {missing[0]!r}. Write all files "
                "with the same columns."
            )
            raise InvalidInputError(msg)
        for name, kind in kinds.items():
            known = first.get(name, kind)
            if "null" not in (kind, known) and kind != known:
                msg = (
                    f"Column {name!r} must be of one kind in every file; it holds "
                    f"{known} in the first and {kind} in file {number} of "
                    f"{len(files)}. Cast it where the files are written."
                )
                raise InvalidInputError(msg)


def _kind(dtype: pa.DataType) -> str:
    if pa.types.is_dictionary(dtype):
        dtype = dtype.value_type
    if pa.types.is_null(dtype):
        return "null"
    if pa.types.is_temporal(dtype):
        return "dates"
    if (
        pa.types.is_integer(dtype)
        or pa.types.is_floating(dtype)
        or pa.types.is_boolean(dtype)
        or pa.types.is_decimal(dtype)
    ):
        return "numbers"
    return "text"
