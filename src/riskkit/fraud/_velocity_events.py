"""Tables of events as whole numbers and codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import LevelColumn, Table, is_frame, level_column
from riskkit.exceptions import InvalidInputError, InvalidTypeError
from riskkit.fraud._velocity_values import (
    amount_column,
    check_past,
    event_column,
    time_column,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from riskkit.fraud._velocity_plan import Entity, VelocityPlan
    from riskkit.typing import BoolArray, IntArray

__all__ = ["Events", "read_events"]


@dataclass(frozen=True)
class Events:
    """Events in the order of the rows they were read from."""

    times: NDArray[np.int64]
    units: NDArray[np.int64]
    known: BoolArray
    is_event: NDArray[np.int8]
    levels: dict[str, LevelColumn]
    ids: LevelColumn | None

    def codes(self, entity: Entity) -> IntArray:
        """Return a number for each combination of its columns, -1 if one is missing."""
        first, *others = (self.levels[name] for name in entity.columns)
        codes = first.codes
        for other in others:
            joined = codes * len(other.levels) + other.codes
            known = (codes >= 0) & (other.codes >= 0)
            codes = np.full(codes.size, -1, dtype=np.intp)
            codes[known] = np.unique(joined[known], return_inverse=True)[1]
        return codes


def read_events(
    plan: VelocityPlan, tables: Sequence[Any], as_of: Any = None
) -> tuple[Events, ...]:
    """Read tables of events; one level has one code in all of them."""
    read = [_table(plan, X) for X in tables]
    named = [*plan.level_columns, *([plan.event_id] if plan.event_id else [])]
    shared = {name: _level_columns(read, name) for name in named}
    found = []
    for j, table in enumerate(read):
        times = time_column(table.column(plan.time), plan.time)
        check_past(times, as_of, plan.time)
        units, known = np.zeros(times.size, np.int64), np.ones(times.size, np.bool_)
        if plan.amount is not None:
            units, known = amount_column(
                table.column(plan.amount),
                plan.amount,
                negative_allowed=plan.negative_amounts == "net",
            )
        is_event = np.zeros(times.size, np.int8)
        if plan.event is not None:
            is_event = event_column(table.column(plan.event), plan.event)
        levels = {name: shared[name][j] for name in plan.level_columns}
        ids = shared[plan.event_id][j] if plan.event_id is not None else None
        found.append(Events(times, units, known, is_event, levels, ids))
    _check_ids(found, plan.event_id)
    return tuple(found)


def _table(plan: VelocityPlan, X: Any) -> Table:
    if not is_frame(X) and not isinstance(X, dict):
        msg = (
            "Events must come as a table in memory with named columns; got a value of "
            f"type {type(X).__name__}."
        )
        raise InvalidTypeError(msg)
    named = dict.fromkeys(plan.columns)
    named |= dict.fromkeys(c for c in (plan.event, plan.event_id) if c is not None)
    return Table.read(X).select(list(named))


def _level_columns(tables: Sequence[Table], name: str) -> list[LevelColumn]:
    read = [level_column(table.column(name), name) for table in tables]
    if len(read) == 1:
        return read
    every = tuple(sorted({level for column in read for level in column.levels}))
    place: Mapping[str, int] = {level: code for code, level in enumerate(every)}
    found = []
    for column in read:
        # The last entry serves the code -1 of a missing value.
        codes = np.array([*(place[level] for level in column.levels), -1], np.intp)
        found.append(LevelColumn(codes[column.codes], every))
    return found


def _check_ids(events: Sequence[Events], name: str | None) -> None:
    if name is None:
        return
    codes = np.concatenate([e.ids.codes for e in events if e.ids is not None])
    n_missing = int(np.count_nonzero(codes < 0))
    n_again = codes.size - n_missing - np.unique(codes[codes >= 0]).size
    if n_missing or n_again:
        msg = (
            f"Column {name!r} must name every event once; {n_missing} of {codes.size} "
            f"rows have no name and {n_again} repeat one. An event that is counted "
            "twice makes every window wrong: drop repeated rows."
        )
        raise InvalidInputError(msg)
