"""Counting a table on any engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from riskkit._core.frames import Table
from riskkit._core.params import check_int
from riskkit.engines._engine import (
    UnreadRelationError,
    check_columns,
    open_source,
)
from riskkit.engines._frequent import FrequentLevels
from riskkit.engines._shown import fold_shown
from riskkit.engines._stats import SufficientStats
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.engines._engine import Engine

__all__ = ["Options", "collect_stats", "is_read_once", "open_table", "split_columns"]

State = TypeVar("State", SufficientStats, FrequentLevels)


@dataclass(frozen=True)
class Options:
    """How much an engine may use."""

    memory_limit: str | None
    batch_rows: int


@dataclass(frozen=True)
class Roles:
    """Which columns are what."""

    y: str
    features: tuple[str, ...]
    period: str | None
    sample_weight: str | None

    @property
    def columns(self) -> list[str]:
        """All columns that are read."""
        others = (self.y, self.period, self.sample_weight)
        return list(dict.fromkeys([*self.features, *(c for c in others if c)]))


@dataclass(frozen=True)
class _Count:
    """Counts parts into :class:`SufficientStats`."""

    roles: Roles
    parameters: dict[str, Any]

    def start(self) -> SufficientStats:
        return SufficientStats(self.roles.features, **self.parameters)

    def update(self, state: SufficientStats, part: Any) -> SufficientStats:
        return _count_part(state, part, self.roles)

    def merge(self, one: SufficientStats, other: SufficientStats) -> SufficientStats:
        return one + other


@dataclass(frozen=True)
class _Name:
    """Counts parts into :class:`FrequentLevels`."""

    roles: Roles
    empty: FrequentLevels

    def start(self) -> FrequentLevels:
        return self.empty + self.empty

    def update(self, state: FrequentLevels, part: Any) -> FrequentLevels:
        return _count_part(state, part, self.roles)

    def merge(self, one: FrequentLevels, other: FrequentLevels) -> FrequentLevels:
        return one + other


def _count_part(state: State, part: Any, roles: Roles) -> State:
    """Count the rows of a table in memory."""
    chosen = Table.read(part).select(roles.columns)
    weight, period = roles.sample_weight, roles.period
    return state.update(
        dict(zip(chosen.names, chosen.columns, strict=True)),
        chosen.column(roles.y),
        sample_weight=None if weight is None else chosen.column(weight),
        period=None if period is None else chosen.column(period),
    )


def collect_stats(
    source: Any,
    y: str,
    *,
    features: Sequence[str] | None = None,
    period: str | None = None,
    sample_weight: str | None = None,
    special_codes: Any = None,
    classes: Any = (0, 1),
    max_values: int = 20_000,
    max_levels: int = 100_000,
    engine: str | None = None,
    memory_limit: str | None = None,
    batch_rows: int = 500_000,
    verbose: bool | str = False,
) -> SufficientStats:
    """Count every value of every feature of a table of any size, in a pass or two.

    Parameters
    ----------
    source : table, chunks, relation or path
        A pandas, Polars or Arrow frame or a mapping of columns; an iterable of them;
        an Arrow dataset or reader; a Polars lazy frame; a DuckDB relation; a frame of
        Dask or Spark; a Parquet file, folder, glob, or list of files.

    y : str
        Column with the outcome.

    features : sequence of str, default=None
        Columns to count; None for all but `y`, `period` and `sample_weight`.

    period : str, default=None
        Column with the period of each row, for counts by period.

    sample_weight : str, default=None
        Column with weights, multiples of ``2**-20``.

    special_codes, classes, max_values, max_levels
        As for :class:`SufficientStats`.

    engine : {"duckdb", "polars", "dask", "spark", "arrow", "memory"}, default=None
        Who reads. None takes the source's own engine, and for paths Arrow, or DuckDB
        with a `memory_limit`.

    memory_limit : str, default=None
        Memory that DuckDB may use for files, such as ``"2GB"``.

    batch_rows : int, default=500000
        Rows in memory at a time.

    verbose : bool or "auto", default=False
        Whether a bar on stderr tells of the rows read; "auto" for one on a terminal.

    Returns
    -------
    stats : SufficientStats
        The counts: the same from every engine, to the byte. Features with more than
        `max_levels` levels are read a second time, so that their frequent levels get
        names; an iterator, a reader, or a relation over one leaves them unnamed.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If a column is missing, parts hold columns of different kinds, the source is of
        another type, or the second pass meets other rows.
    InvalidTargetError
        If a label is missing or other than `classes`.
    InvalidParameterError
        If a parameter is outside its domain, or the memory is too little.
    MissingExtraError
        If the engine is not installed.

    See Also
    --------
    fit_binner : Bins from the counts.

    Examples
    --------
    >>> import pandas as pd
    >>> from riskkit.engines import collect_stats
    >>> chunks = [pd.DataFrame({"age": [25, 31], "bad": [1, 0]}),
    ...           pd.DataFrame({"age": [25, 60], "bad": [0, 0]})]
    >>> stats = collect_stats(chunks, "bad")
    >>> stats.n, stats.n_event
    (4.0, 1.0)
    """
    opened = open_table(source, engine, memory_limit, batch_rows)
    roles = split_columns(opened, y, features, period, sample_weight)
    parameters = {
        "special_codes": special_codes,
        "classes": classes,
        "max_values": max_values,
        "max_levels": max_levels,
    }
    stats = fold_shown(
        opened,
        _Count(roles, parameters),
        roles.columns,
        verbose=verbose,
        stage="Counting values",
    )
    if is_read_once(source) or not stats.unnamed:
        return stats
    empty = FrequentLevels(stats)
    again = replace(roles, features=empty.features)
    try:
        levels = fold_shown(
            opened,
            _Name(again, empty),
            again.columns,
            verbose=verbose,
            stage="Naming frequent levels",
        )
    except UnreadRelationError:
        # Its query did run: what it lies over is a stream, read once. The counts are
        # right without names, and whoever asks for those is told.
        return stats
    return stats.with_names(levels) if levels.n else stats


def is_read_once(source: Any) -> bool:
    """Return whether a source is used up by the first pass."""
    return hasattr(source, "__next__") or hasattr(source, "read_next_batch")


def open_table(
    source: Any, engine: str | None, memory_limit: str | None, batch_rows: int
) -> Engine:
    """Return the engine of a source."""
    check_int("batch_rows", batch_rows, low=1)
    if isinstance(source, SufficientStats):
        msg = "source must be a table; got counts. They are fitted by fit_binner."
        raise InvalidInputError(msg)
    return open_source(source, engine, Options(memory_limit, int(batch_rows)))


def split_columns(
    engine: Engine,
    y: str,
    features: Sequence[str] | None,
    period: str | None,
    sample_weight: str | None,
) -> Roles:
    """Return which columns are what; all of them must be there."""
    others = [name for name in (y, period, sample_weight) if name is not None]
    check_columns(others, engine.columns)
    if features is None:
        features = [name for name in engine.columns if name not in others]
    check_columns(features, engine.columns)
    if not features or set(features) & {y}:
        msg = (
            "features must name at least one column, and not the outcome; got "
            f"{len(features)} of them."
        )
        raise InvalidParameterError(msg)
    return Roles(y, tuple(features), period, sample_weight)
