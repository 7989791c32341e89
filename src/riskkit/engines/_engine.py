"""What an engine has to be able to do, and how a source finds its engine.

An engine is a class with a module of its own that is listed in ``_MODULES``. All it
supplies is a way to bring rows, part by part, to an :class:`Aggregation`, and to score
rows where they lie. An engine on several machines makes a state for each partition and
merges the states; one on a single machine takes the parts in turn.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from riskkit._core.params import did_you_mean
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
    MissingExtraError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from riskkit.artifact import ScorecardSpec

__all__ = [
    "Aggregation",
    "Engine",
    "EngineOptions",
    "UnreadRelationError",
    "check_columns",
    "fold_parts",
    "import_engine",
    "open_source",
]

State = TypeVar("State")

# In the order in which a source is offered to them; the last takes any table in memory.
_MODULES = {
    "duckdb": "riskkit.engines._duckdb",
    "polars": "riskkit.engines._polars",
    "dask": "riskkit.engines._dask",
    "spark": "riskkit.engines._spark",
    "arrow": "riskkit.engines._arrow",
    "memory": "riskkit.engines._memory",
}


class UnreadRelationError(InvalidInputError):
    """A relation brought no rows: its query fails, or an earlier pass used it up."""


class Aggregation(Protocol[State]):
    """Counts that add up: made of parts in any order, they are those of the whole."""

    def start(self) -> State:
        """Return the counts of no rows."""
        ...

    def update(self, state: State, part: Any) -> State:
        """Return the counts with the rows of a table in memory; may reuse `state`."""
        ...

    def merge(self, one: State, other: State) -> State:
        """Return the counts of both."""
        ...


class EngineOptions(Protocol):
    """How much an engine may use."""

    @property
    def memory_limit(self) -> str | None:
        """Memory of DuckDB."""
        ...

    @property
    def batch_rows(self) -> int:
        """Rows in memory at a time."""
        ...


class Engine(Protocol):
    """A source of rows on some engine."""

    @property
    def columns(self) -> list[str]:
        """Names of its columns."""
        ...

    @property
    def is_streamed(self) -> bool:
        """Whether parts come to this process in turn, so that it can tell of each."""
        ...

    def fold(self, job: Aggregation[State], columns: Sequence[str]) -> State:
        """Return the counts of all rows, of which only `columns` are read."""
        ...

    def score(self, card: ScorecardSpec, keep: Sequence[str]) -> Any:
        """Return ``pd``, ``points`` and ``log_odds`` beside the columns kept."""
        ...


def open_source(source: Any, engine: str | None, options: EngineOptions) -> Engine:
    """Return the engine of a source; `engine` chooses where several could read it."""
    if engine is not None and engine not in _MODULES:
        msg = (
            f"engine must be one of {', '.join(_MODULES)}, or None; got {engine!r}."
            f"{did_you_mean(str(engine), _MODULES)}"
        )
        raise InvalidParameterError(msg)
    for name, module in _MODULES.items():
        if engine is None or engine == name:
            opened = import_module(module).open_engine(
                source, options, asked=engine == name
            )
            if opened is not None:
                return opened  # type: ignore[no-any-return]
    on = "" if engine is None else f" on {engine}"
    msg = (
        f"source must be a table, chunks of one, or a path{on}; got "
        f"{type(source).__name__}. See the page on engines for what each one reads."
    )
    raise InvalidTypeError(msg)


def fold_parts(job: Aggregation[State], parts: Iterable[Any]) -> State:
    """Take the parts in turn."""
    state = job.start()
    for part in parts:
        state = job.update(state, part)
        del part  # before the next one is read: one in memory, not two
    return state


def check_columns(names: Iterable[str], present: Sequence[str]) -> None:
    """Raise if a column is asked for that the source does not have."""
    for name in names:
        if name not in present:
            msg = (
                f"The source has no column {name!r}; it has {len(present)} others."
                f"{did_you_mean(name, present)}"
            )
            raise InvalidInputError(msg)


def import_engine(module: str, extra: str) -> Any:
    """Import the library of an engine, or name the extra that brings it."""
    try:
        return import_module(module)
    except ImportError as error:
        msg = (
            f"The engine {module} is not installed. It comes with riskkit[{extra}]: "
            f"pip install 'riskkit[{extra}]'."
        )
        raise MissingExtraError(msg) from error
