"""DuckDB relations, and Parquet files that DuckDB reads under a limit of memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from riskkit.engines._engine import fold_parts, import_engine
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
    if options.memory_limit is not None:
        try:
            connection.execute("SET memory_limit = ?", [options.memory_limit])
        except duckdb.Error as error:
            msg = (
                "memory_limit must be a size such as '4GB'; got "
                f"{options.memory_limit!r}."
            )
            raise InvalidParameterError(msg) from error
    try:
        # DuckDB believes the statistics of a file, which leave NaN out, and would take
        # isnan() for false: of files, it has to be told.
        relation = connection.sql(
            "SELECT * FROM read_parquet(?, can_have_nan = true)", params=[files]
        )
    except duckdb.Error:
        raise _unreadable() from None
    return DuckDBEngine(relation, options, connection)


class DuckDBEngine:
    """A relation, whose rows come in batches of Arrow."""

    is_streamed = True

    def __init__(
        self, relation: Any, options: EngineOptions, connection: Any = None
    ) -> None:
        self._relation = relation
        self._connection = connection  # closes with the last reference to it
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
            # Errors of a stream come through Arrow, which leaves only their text.
            if "Out of Memory" not in str(error):
                raise _unreadable() from None
            limit = self._options.memory_limit or "The memory that DuckDB may use"
            msg = (
                f"{limit} is too little for {len(columns)} columns in batches of "
                f"{self._options.batch_rows} rows. Raise memory_limit, lower "
                "batch_rows, or count fewer features at a time."
            )
            raise InvalidParameterError(msg) from None


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


def _unreadable() -> InvalidInputError:
    """Return an error without DuckDB's own text, which holds values of rows."""
    msg = (
        "DuckDB could not read the source. All files must hold the same columns with "
        "the same types; run the query in DuckDB to see which does not."
    )
    return InvalidInputError(msg)
