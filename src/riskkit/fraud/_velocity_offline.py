"""Velocity features of a whole table, computed at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.frames import LevelColumn
from riskkit.fraud._velocity_events import Events
from riskkit.fraud._velocity_plan import SECOND, UNITS
from riskkit.fraud._velocity_windows import Timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from riskkit.fraud._velocity_plan import Entity, VelocityPlan, Window
    from riskkit.typing import FloatArray

__all__ = ["join_events", "velocity_table"]


def velocity_table(plan: VelocityPlan, events: Events) -> FloatArray:
    """Return one column for each of ``plan.names``, one row for each event."""
    found = np.full((events.times.size, len(plan.names)), np.nan, order="F")
    place = 0
    for entity in plan.entities:
        columns, order = _entity_columns(plan, events, entity)
        for column in columns:
            found[order, place] = column
            place += 1
    return found


def join_events(parts: Sequence[Events]) -> Events:
    """Put tables of events below each other; their levels have common codes."""
    first = parts[0]
    if len(parts) == 1:
        return first
    return Events(
        times=np.concatenate([e.times for e in parts]),
        units=np.concatenate([e.units for e in parts]),
        known=np.concatenate([e.known for e in parts]),
        is_event=np.concatenate([e.is_event for e in parts]),
        levels={
            name: LevelColumn(
                np.concatenate([e.levels[name].codes for e in parts]), column.levels
            )
            for name, column in first.levels.items()
        },
        ids=None,
    )


def _entity_columns(
    plan: VelocityPlan, events: Events, entity: Entity
) -> tuple[list[FloatArray], NDArray[np.intp]]:
    """Return the columns of an entity, and the rows their entries belong to."""
    line = Timeline(events.codes(entity), events.times)
    columns: list[FloatArray] = []
    delayed = {window.name: window for window in plan.delayed}
    for window in plan.windows:
        columns += _window_columns(plan, events, entity, line, window)
        if window.name in delayed:
            columns += _event_columns(plan, events, line, delayed[window.name])
    if "since" in plan.statistics:
        columns.append(_since(line, max(w.width for w in plan.windows)))
    return columns, line.order


def _window_columns(
    plan: VelocityPlan, events: Events, entity: Entity, line: Timeline, window: Window
) -> list[FloatArray]:
    wanted = plan.statistics
    seen = line.slices(window.delay, window.width)
    columns = [seen.count.astype(np.float64)] if "count" in wanted else []
    if {"sum", "mean", "ratio"} & set(wanted):
        known = events.known[line.order]
        sums = seen.total(events.units[line.order]) / UNITS
        n_known = seen.total(known.astype(np.int64))
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.where(n_known > 0, sums / n_known, np.nan)
            ratio = (events.units[line.order] / UNITS) / mean
        ratio[~known | ~(mean > 0)] = np.nan
        amounts = {"sum": sums, "mean": mean, "ratio": ratio}
        columns += [column for word, column in amounts.items() if word in wanted]
    for name in plan.counted(entity):
        values = events.levels[name].codes[line.order]
        columns.append(line.distinct(values, window.width).astype(np.float64))
    return columns


def _event_columns(
    plan: VelocityPlan, events: Events, line: Timeline, window: Window
) -> list[FloatArray]:
    seen = line.slices(window.delay, window.width)
    n_event = seen.total(events.is_event[line.order].astype(np.int64))
    with np.errstate(invalid="ignore"):
        rate = n_event / seen.count
    columns = {"event_count": n_event.astype(np.float64), "event_rate": rate}
    return [column for word, column in columns.items() if word in plan.statistics]


def _since(line: Timeline, width: int) -> FloatArray:
    """Return seconds since the last event, NaN where none lies within `width`."""
    seen = line.slices(0, width)
    last = np.maximum(seen.high - 1, 0)
    seconds = (line.times - line.times[last]) / SECOND
    return np.where(seen.count > 0, seconds, np.nan)
