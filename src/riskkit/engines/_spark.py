"""Spark frames, whose partitions are counted by Spark's own workers."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import uuid4

import pyarrow as pa

from riskkit.engines._batches import gather
from riskkit.engines._engine import check_columns, fold_parts, import_engine
from riskkit.engines._files import check_schemas, files_by_types, find_files
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
    RiskkitError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from riskkit.artifact import ScorecardSpec
    from riskkit.engines._engine import Aggregation, EngineOptions

__all__ = ["open_engine"]

State = TypeVar("State")

_FAN_IN = 16  # states merged by one task
_STATE = "state"
# What the JVM says of itself, and of a process of Python that the system has ended.
_OUT_OF_MEMORY = ("OutOfMemoryError", "Python worker exited unexpectedly")


def open_engine(
    source: Any, options: EngineOptions, *, asked: bool
) -> SparkEngine | None:
    """Take a Spark frame, and Parquet paths if asked to."""
    is_spark = type(source).__module__.startswith("pyspark.")
    files = find_files(source) if asked and not is_spark else []
    if not is_spark and not files:
        return None
    sql = import_engine("pyspark.sql", "spark")
    if files:
        check_schemas(files)
        return SparkEngine(_read_files(files), options)
    if not isinstance(source, sql.DataFrame):
        msg = (
            "source must be a frame of Spark, such as spark.table('loans'); got its "
            f"{type(source).__name__}."
        )
        raise InvalidInputError(msg)
    return SparkEngine(source, options)


class SparkEngine:
    """A frame of Spark, in as many partitions as Spark gives it."""

    is_streamed = False

    def __init__(self, frame: Any, options: EngineOptions) -> None:
        if options.memory_limit is not None:
            msg = (
                "memory_limit is for the engine duckdb; Spark has limits of its own. "
                "Set spark.driver.memory and spark.executor.memory where the session "
                "is started."
            )
            raise InvalidParameterError(msg)
        self._frame = frame
        self._batch_rows = options.batch_rows
        self.columns = list(frame.columns)

    def fold(self, job: Aggregation[State], columns: Sequence[str]) -> State:
        """Count each partition where it lies, and merge the counts as a tree.

        A task is a function of its partition alone: what Spark does twice, because a
        worker was lost, is counted once.
        """
        chosen = self._frame.select([self._column(name) for name in columns])
        states = _map(chosen, _Count(job, self._batch_rows))
        n_states = _n_partitions(chosen)
        while n_states > _FAN_IN:
            n_states = -(-n_states // _FAN_IN)
            states = _map(states.repartition(n_states), _Merge(job))
        with _told_of_memory(len(columns)):
            rows = states.collect()
        found = [_read(row[0]) for row in rows]
        if not found:  # no partition held a row
            return job.update(job.start(), _empty(chosen))
        state: State = _merged(job, found)
        return state

    def score(self, card: ScorecardSpec, keep: Sequence[str]) -> Any:
        """Return a frame that scores the rows inside Spark, without Python."""
        from riskkit.artifact import Artifact, Manifest
        from riskkit.export import to_sql

        features = [item.feature for item in card.characteristics]
        check_columns([feature.name for feature in features], self.columns)
        types = {field.name: field.dataType for field in self._frame.schema.fields}
        stored = {
            f.name: word for f in features if (word := _stored_as(f, types[f.name]))
        }
        view = f"applications_{uuid4().hex}"
        sql = to_sql(
            Artifact(Manifest("scorecard"), card),
            dialect="spark",
            table=view,
            keep=keep,
            reasons=0,
            stored_as=stored,
        )
        session = self._frame.sparkSession
        self._frame.createOrReplaceTempView(view)
        try:
            return session.sql(sql)
        finally:  # the statement has been resolved, and needs the name no more
            session.catalog.dropTempView(view)

    def _column(self, name: str) -> Any:
        """Return a column; moments become those of the clock of the session."""
        functions = import_engine("pyspark.sql.functions", "spark")
        types = import_engine("pyspark.sql.types", "spark")
        column = self._frame[name]
        if isinstance(self._frame.schema[name].dataType, types.TimestampType):
            return column.cast("timestamp_ntz").alias(name)
        return functions.col(_quoted(name))


@dataclass(frozen=True)
class _Count(Generic[State]):
    """Counts the batches of one partition."""

    job: Aggregation[State]
    batch_rows: int

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        tables = gather(batches, self.batch_rows)
        try:
            first = next(tables, None)
            if first is not None:
                yield _packed(fold_parts(self.job, chain([first], tables)))
        except RiskkitError as error:
            # Spark would hand on the text of a traceback; what is wrong with a column
            # is to arrive as it was raised.
            yield _packed(error)


@dataclass(frozen=True)
class _Merge(Generic[State]):
    """Merges the states that came to one partition."""

    job: Aggregation[State]

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        states = (_read(x.as_py()) for batch in batches for x in batch.column(0))
        first = next(states, None)
        if first is None:
            return
        try:
            yield _packed(_merged(self.job, [first, *states]))
        except RiskkitError as error:
            yield _packed(error)


def _read_files(files: Sequence[str]) -> Any:
    """Return the rows of files, whose columns may be of several types of one kind.

    Spark takes the types of one file, and fails in the middle of another that holds
    whole numbers where the first holds fractions. A union finds a type for both.
    """
    session = import_engine("pyspark.sql", "spark").SparkSession.builder.getOrCreate()
    errors = import_engine("pyspark.errors", "spark")
    whole, *others = [session.read.parquet(*group) for group in files_by_types(files)]
    for frame in others:
        try:
            whole = whole.unionByName(
                frame.select([_quoted(name) for name in whole.columns])
            )
            whole.schema  # noqa: B018 (a union is resolved when it is looked at)
        except errors.AnalysisException:
            msg = (
                "Every file must hold the columns of the first in types that Spark "
                "can bring together; some do not. Cast them where the files are "
                "written."
            )
            raise InvalidInputError(msg) from None
    return whole


def _map(frame: Any, function: Callable[[Any], Iterator[pa.RecordBatch]]) -> Any:
    """Return the states that a function makes of the batches of each partition."""
    with _without_pandas():
        return frame.mapInArrow(function, f"{_STATE} binary")


def _empty(frame: Any) -> pa.Table:
    """Return a table without rows, whose columns are of the types of the frame."""
    with _without_pandas():
        return frame.limit(0).toArrow()


@contextmanager
def _told_of_memory(n_columns: int) -> Iterator[None]:
    """Say what would do where a worker of Spark had too little memory."""
    protocol = import_engine("py4j.protocol", "spark")
    try:
        yield
    except protocol.Py4JJavaError as error:
        if not any(words in str(error) for words in _OUT_OF_MEMORY):
            raise
        msg = (
            f"Workers of Spark must hold a partition of {n_columns} columns and its "
            "counts; one died, as those do that run out of memory. Make smaller "
            "partitions by frame.repartition(n), lower batch_rows, or set "
            "spark.executor.memory and spark.executor.pyspark.memory higher where the "
            "session is started."
        )
        raise InvalidParameterError(msg) from error


@contextmanager
def _without_pandas() -> Iterator[None]:
    """Let no warning pass about the version of pandas, which has no part in this."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully", FutureWarning)
        yield


def _merged(job: Aggregation[State], states: Sequence[Any]) -> State:
    for state in states:
        if isinstance(state, RiskkitError):
            raise state
    whole, *others = states
    for state in others:
        whole = job.merge(whole, state)
    result: State = whole
    return result


def _packed(state: Any) -> pa.RecordBatch:
    """Return a state as a row, in the form in which Spark itself moves objects."""
    serializers = import_engine("pyspark.serializers", "spark")
    data = serializers.CPickleSerializer().dumps(state)
    return pa.record_batch({_STATE: pa.array([data], pa.binary())})


def _read(data: bytes | bytearray) -> Any:
    """Return a state that a worker of this very session wrote."""
    serializers = import_engine("pyspark.serializers", "spark")
    return serializers.CPickleSerializer().loads(bytes(data))


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _n_partitions(frame: Any) -> int:
    return int(frame.rdd.getNumPartitions())


def _stored_as(feature: Any, kind: Any) -> str | None:
    """Return how a column holds what its text alone does not tell to the statement."""
    types = import_engine("pyspark.sql.types", "spark")
    if isinstance(kind, types.BooleanType):
        return "boolean"
    if feature.kind == "numeric":
        if isinstance(kind, types.NumericType | types.NullType):
            return None
        msg = f"Column {feature.name!r} must hold numbers; it holds {kind}."
        raise InvalidTypeError(msg)
    if isinstance(kind, types.FractionalType):
        return "number"
    return None
