"""DuckDB relations, and Parquet files that DuckDB reads under a limit of memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from riskkit.engines._duckdb_memory import (
    RowGroups,
    is_out_of_memory,
    read_limit,
    too_little,
)
from riskkit.engines._engine import (
    UnreadRelationError,
    check_columns,
    fold_parts,
    import_engine,
)
from riskkit.engines._files import check_schemas, find_files
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from riskkit.artifact import ScorecardSpec
    from riskkit.engines._engine import Aggregation, EngineOptions

__all__ = ["open_engine"]

State = TypeVar("State")

_VIEW = "applications"  # what a statement calls the relation
# In the place of DuckDB's own text, which holds values of rows.
_UNREADABLE_FILES = (
    "DuckDB could not read the source. All files must hold the same columns with the "
    "same types; run the query in DuckDB to see which does not."
)


def open_engine(
    source: Any, options: EngineOptions, *, asked: bool
) -> DuckDBEngine | None:
    """Take a relation; Parquet paths if asked to, or if memory is to be limited."""
    if type(source).__module__.split(".")[0] in ("duckdb", "_duckdb"):
        import_engine("duckdb", "sql")
        if not hasattr(source, "to_arrow_table"):
            msg = (
                "source must be a relation of DuckDB, such as "
                f"connection.table('loans'); got its {type(source).__name__}."
            )
            raise InvalidInputError(msg)
        if options.memory_limit is not None:
            msg = (
                "memory_limit is set where a connection is opened; the relation has "
                "one already. Run SET memory_limit on it, or give Parquet paths."
            )
            raise InvalidParameterError(msg)
        return DuckDBEngine(_opaque(source), options)
    if not asked and options.memory_limit is None:
        return None
    files = find_files(source)
    if not files:
        return None
    duckdb = import_engine("duckdb", "sql")
    check_schemas(files)
    connection = duckdb.connect()
    try:
        if options.memory_limit is not None:
            read_limit(options.memory_limit)
            connection.execute("SET memory_limit = ?", [options.memory_limit])
        # DuckDB believes the statistics of a file, which leave NaN out, and would take
        # isnan() for false: of files, it has to be told.
        relation = connection.sql(
            "SELECT * FROM read_parquet(?, can_have_nan = true)", params=[files]
        )
    except duckdb.Error as error:
        if options.memory_limit is not None and is_out_of_memory(error):
            groups = RowGroups.read(files)
            raise too_little(
                repr(options.memory_limit),
                groups.columns,
                needed=groups.bytes_needed(groups.columns),
                error=error,
            ) from None
        raise InvalidInputError(_UNREADABLE_FILES) from None
    return FilesEngine(relation, options, connection, files)


class DuckDBEngine:
    """A relation, whose rows come in batches of Arrow."""

    is_streamed = True

    def __init__(self, relation: Any, options: EngineOptions) -> None:
        self._relation = relation
        self._options = options
        self.columns = list(relation.columns)

    def fold(self, job: Aggregation[State], columns: Sequence[str]) -> State:
        """Take the batches in turn."""
        return fold_parts(job, self._tables(columns))

    def score(self, card: ScorecardSpec, keep: Sequence[str]) -> Any:
        """Return a relation that scores the rows inside DuckDB."""
        from riskkit.artifact import Artifact, Manifest
        from riskkit.export import to_sql

        model = Artifact(Manifest("scorecard"), card)
        sql = to_sql(model, dialect="duckdb", table=_VIEW, keep=keep, reasons=0)
        return self._relation.query(_VIEW, sql)

    def _tables(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        import pyarrow as pa

        duckdb = import_engine("duckdb", "sql")
        chosen = self._relation.select(*(duckdb.ColumnExpression(c) for c in columns))
        try:
            reader = chosen.to_arrow_reader(self._options.batch_rows)
            is_empty = True
            for batch in reader:
                is_empty = False
                yield pa.Table.from_batches([batch])
            if is_empty:
                yield reader.schema.empty_table()
        except (duckdb.Error, OSError) as error:
            if not is_out_of_memory(error):
                raise self._unreadable() from None
            raise self._too_little(columns, error) from None

    def _unreadable(self) -> InvalidInputError:
        msg = (
            "DuckDB could not read the relation. Run its query in DuckDB to see why; "
            "one over a reader can be read once."
        )
        return UnreadRelationError(msg)

    def _too_little(
        self, columns: Sequence[str], error: Exception | None
    ) -> InvalidParameterError:
        setting = self._relation.query(_VIEW, "SELECT current_setting('memory_limit')")
        limit = f"that of its connection, {setting.fetchall()[0][0]}"
        return too_little(limit, columns, needed=None, error=error)


class FilesEngine(DuckDBEngine):
    """Parquet files, read on a connection of their own."""

    def __init__(
        self,
        relation: Any,
        options: EngineOptions,
        connection: Any,
        files: Sequence[str],
    ) -> None:
        super().__init__(relation, options)
        self._connection = connection  # closes with the last reference to it
        self._files = files
        self._n_threads = int(self._setting("threads"))
        self._groups: RowGroups | None = None

    def fold(self, job: Aggregation[State], columns: Sequence[str]) -> State:
        """Take the batches in turn, on as many threads as the memory has room for."""
        self._fit_threads(columns)
        return super().fold(job, columns)

    def score(self, card: ScorecardSpec, keep: Sequence[str]) -> Any:
        """Return a relation that scores the rows inside DuckDB.

        What it lacks is told here: whoever runs the relation would get DuckDB's error.
        """
        names = [item.feature.name for item in card.characteristics]
        check_columns(names, self.columns)
        columns = list(dict.fromkeys([*keep, *names]))
        if self._fit_threads(columns):
            return super().score(card, keep)
        raise self._too_little(columns, None)

    def _unreadable(self) -> InvalidInputError:
        return InvalidInputError(_UNREADABLE_FILES)

    def _fit_threads(self, columns: Sequence[str]) -> bool:
        """Take no more threads than have room; return whether one surely has."""
        if self._options.memory_limit is None:
            return True
        limit = read_limit(self._options.memory_limit)
        n_room = int(limit // self._needed(columns))
        n_threads = max(1, min(n_room, self._n_threads))
        self._connection.execute(f"SET threads = {n_threads}")
        return n_room > 0

    def _needed(self, columns: Sequence[str]) -> float:
        if self._groups is None:
            self._groups = RowGroups.read(self._files)
        return self._groups.bytes_needed(columns)

    def _too_little(
        self, columns: Sequence[str], error: Exception | None
    ) -> InvalidParameterError:
        limit = self._options.memory_limit
        told = self._setting("memory_limit") if limit is None else repr(limit)
        return too_little(told, columns, needed=self._needed(columns), error=error)

    def _setting(self, name: str) -> str:
        found = self._connection.execute("SELECT current_setting(?)", [name])
        return str(found.fetchall()[0][0])


def _opaque(relation: Any) -> Any:
    """Return the relation with doubles about which DuckDB knows nothing.

    A relation over Parquet may carry the belief that no value is NaN, through sums and
    products as well. What comes out of a list has no such statistics.
    """
    columns = zip(relation.columns, map(str, relation.types), strict=True)
    items = []
    for name, kind in columns:
        quoted = '"' + name.replace('"', '""') + '"'
        is_float = kind in ("DOUBLE", "FLOAT")
        items.append(f"[{quoted}][1] AS {quoted}" if is_float else quoted)
    return relation.project(", ".join(items))
