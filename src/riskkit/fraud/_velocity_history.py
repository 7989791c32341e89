"""The past of one entity, with running totals over its windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit.fraud._velocity_plan import SECOND, UNITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.fraud._velocity_plan import Entity, VelocityPlan, Window

__all__ = ["History", "Layout", "PastEvent"]

_NAN = float("nan")
# A list drops its oldest entries only when they are many and the larger part.
_FEWEST_DROPPED = 32


class PastEvent:
    """An event that later ones can see."""

    __slots__ = ("event_id", "is_event", "levels", "time", "units")

    def __init__(
        self,
        time: int,
        units: int | None,
        levels: tuple[str | None, ...],
        is_event: int = 0,
        event_id: str | None = None,
    ) -> None:
        self.time = time
        self.units = units
        self.levels = levels
        self.is_event = is_event
        self.event_id = event_id


class _Running:
    """Totals over the events ``[low, high)`` of a history: those in one window."""

    __slots__ = (
        "counted",
        "delay",
        "high",
        "low",
        "n_event",
        "n_known",
        "units",
        "width",
    )

    def __init__(self, window: Window, n_counted: int) -> None:
        self.delay = window.delay
        self.width = window.width
        self.low = self.high = 0
        self.n_known = self.units = self.n_event = 0
        self.counted: list[dict[str, int]] = [{} for _ in range(n_counted)]

    def move_to(self, time: int, past: list[PastEvent], places: Sequence[int]) -> None:
        """Let in what has become old enough at `time`, let out what is too old."""
        youngest = time - self.delay
        oldest = youngest - self.width
        while self.high < len(past) and past[self.high].time < youngest:
            self._change(past[self.high], 1, places)
            self.high += 1
        while self.low < self.high and past[self.low].time < oldest:
            self._change(past[self.low], -1, places)
            self.low += 1

    def _change(self, event: PastEvent, sign: int, places: Sequence[int]) -> None:
        if event.units is not None:
            self.n_known += sign
            self.units += sign * event.units
        self.n_event += sign * event.is_event
        for values, place in zip(self.counted, places, strict=False):
            level = event.levels[place]
            if level is None:
                continue
            n_left = values.get(level, 0) + sign
            if n_left:
                values[level] = n_left
            else:
                del values[level]


class Layout:
    """What is the same in the history of every card, or of every shop."""

    __slots__ = (
        "delayed",
        "longest",
        "nobody",
        "places",
        "size",
        "statistics",
        "windows",
    )

    def __init__(self, plan: VelocityPlan, entity: Entity) -> None:
        self.windows = plan.windows
        self.delayed = plan.delayed
        widths = [window.width for window in plan.windows]
        self.longest = widths.index(max(widths))
        self.places = [plan.level_columns.index(c) for c in plan.counted(entity)]
        self.statistics = frozenset(plan.statistics)
        self.nobody = History(self)  # without a past, whoever asks
        self.size = len(self.nobody.features(PastEvent(0, None, ())))


class History:
    """Past events of one entity in the order of time."""

    __slots__ = ("_delayed", "_layout", "_past", "_windows")

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._past: list[PastEvent] = []
        self._windows = [_Running(w, len(layout.places)) for w in layout.windows]
        self._delayed = [_Running(w, 0) for w in layout.delayed]

    def append(self, event: PastEvent) -> None:
        """Add an event that is not older than any other."""
        self._past.append(event)

    def ends_with(self, event: PastEvent) -> bool:
        """Return whether this is the youngest event, so that all are as old."""
        return self._past[-1] is event

    def features(self, event: PastEvent) -> list[float]:
        """Return the features of an event not older than any other of the past."""
        layout, past, time = self._layout, self._past, event.time
        found: list[float] = []
        for j, running in enumerate(self._windows):
            running.move_to(time, past, layout.places)
            found += self._of_window(running, event)
            if self._delayed:
                delayed = self._delayed[j]
                delayed.move_to(time, past, ())
                found += self._of_events(delayed)
        if "since" in layout.statistics:
            longest = self._windows[layout.longest]
            seen = longest.high > longest.low
            last = past[longest.high - 1].time if seen else time
            found.append((time - last) / SECOND if seen else _NAN)
        self._drop()
        return found

    def relabel(self, event: PastEvent, is_event: bool) -> None:
        """Change an outcome in the windows that the event has entered already."""
        change = int(is_event) - event.is_event
        for running in self._delayed:
            inside = self._past[running.low : running.high]
            if change and any(other is event for other in inside):
                running.n_event += change

    def _of_window(self, running: _Running, event: PastEvent) -> list[float]:
        wanted = self._layout.statistics
        found: list[float] = []
        if "count" in wanted:
            found.append(float(running.high - running.low))
        total = float(running.units) / UNITS
        mean = total / running.n_known if running.n_known else _NAN
        if "sum" in wanted:
            found.append(total)
        if "mean" in wanted:
            found.append(mean)
        if "ratio" in wanted:
            known = event.units is not None and mean > 0
            found.append(float(event.units or 0) / UNITS / mean if known else _NAN)
        return found + [float(len(values)) for values in running.counted]

    def _of_events(self, running: _Running) -> list[float]:
        n_seen = running.high - running.low
        found: list[float] = []
        if "event_count" in self._layout.statistics:
            found.append(float(running.n_event))
        if "event_rate" in self._layout.statistics:
            found.append(running.n_event / n_seen if n_seen else _NAN)
        return found

    def _drop(self) -> None:
        """Forget events that no window will let in or holds."""
        if len(self._past) < _FEWEST_DROPPED:
            return
        every = (*self._windows, *self._delayed)
        n_old = min(running.low for running in every)
        if 2 * n_old < len(self._past):
            return
        del self._past[:n_old]
        for running in every:
            running.low -= n_old
            running.high -= n_old
