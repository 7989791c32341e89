"""Which velocity features there are, what they are called, how far back they look.

Offline and online computation share this plan. Money is counted in whole units of a
hundredth of a cent and time in whole microseconds: sums of whole numbers are exact in
any order, which makes both computations agree to the last bit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from riskkit._core.params import check_option
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "MOST_AMOUNT",
    "SECOND",
    "STATISTICS",
    "UNITS",
    "Entity",
    "VelocityPlan",
    "Window",
    "duration_text",
    "read_duration",
]

SECOND = 1_000_000  # microseconds
UNITS = 10_000.0  # units of money in 1
MOST_AMOUNT = 1e11  # nine thousand of these still sum up within 64 bits
# In the order of the columns.
STATISTICS = (
    "count",
    "sum",
    "mean",
    "ratio",
    "distinct",
    "event_count",
    "event_rate",
    "since",
)
_OF_AMOUNT = ("sum", "mean", "ratio")
_OF_EVENTS = ("event_count", "event_rate")
_SPANS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h|d|w)")
_LONGEST = 100 * 366 * 86_400 * SECOND


@dataclass(frozen=True)
class Entity:
    """A column, or several that name something together, such as card and shop."""

    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        """What its features begin with."""
        return "+".join(self.columns)


@dataclass(frozen=True)
class Window:
    """Ages in ``(delay, delay + width]``, in microseconds."""

    name: str
    delay: int
    width: int


@dataclass(frozen=True)
class VelocityPlan:
    """Columns to read and features to compute."""

    entities: tuple[Entity, ...]
    windows: tuple[Window, ...]  # without delay
    time: str
    amount: str | None
    distinct: tuple[str, ...]
    event: str | None
    label_delay: int
    event_id: str | None
    statistics: tuple[str, ...]
    negative_amounts: str

    @classmethod
    def make(
        cls,
        *,
        entities: Any,
        windows: Any,
        time: Any,
        amount: Any,
        distinct: Any,
        event: Any,
        label_delay: Any,
        event_id: Any,
        statistics: Any,
        negative_amounts: Any,
    ) -> VelocityPlan:
        """Check parameters as users give them."""
        for name, column in (("time", time), ("amount", amount), ("event", event)):
            _check_column(name, column, none_allowed=name != "time")
        _check_column("event_id", event_id, none_allowed=True)
        check_option("negative_amounts", negative_amounts, ("raise", "net"))
        known = _statistics(statistics, amount, distinct, event)
        delay = 0
        if event is not None:
            if label_delay is None:
                msg = (
                    "label_delay must say how long it takes until an event is known; "
                    "got None. Give a duration such as '7d', or event=None."
                )
                raise InvalidParameterError(msg)
            delay = read_duration("label_delay", label_delay, zero_allowed=True)
        elif label_delay is not None:
            msg = (
                "label_delay must be None without event; got a delay. Name the column "
                "of the outcomes in event."
            )
            raise InvalidParameterError(msg)
        return cls(
            entities=_entities(entities),
            windows=_windows(windows),
            time=time,
            amount=amount,
            distinct=_names("distinct", distinct, least=0),
            event=event,
            label_delay=delay,
            event_id=event_id,
            statistics=known,
            negative_amounts=negative_amounts,
        )

    @cached_property
    def delayed(self) -> tuple[Window, ...]:
        """The windows of outcomes, which end where outcomes begin to be known."""
        if not set(_OF_EVENTS) & set(self.statistics):
            return ()
        return tuple(Window(w.name, self.label_delay, w.width) for w in self.windows)

    @cached_property
    def horizon(self) -> int:
        """The greatest age at which an event still enters a feature."""
        return max(w.delay + w.width for w in (*self.windows, *self.delayed))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every column that an event must have, without outcome and identifier."""
        amount = () if self.amount is None else (self.amount,)
        return tuple(dict.fromkeys([*self.level_columns, self.time, *amount]))

    @cached_property
    def level_columns(self) -> tuple[str, ...]:
        """The columns whose values are names: of entities, and those counted."""
        named = [column for entity in self.entities for column in entity.columns]
        return tuple(dict.fromkeys([*named, *self.distinct]))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in their order."""
        named = []
        for entity in self.entities:
            for window in self.windows:
                named += [
                    name
                    for statistic in self.statistics
                    for name in self._names_of(statistic, entity, window.name)
                ]
            if "since" in self.statistics:
                named.append(f"{entity.name}_since")
        return tuple(named)

    def counted(self, entity: Entity) -> tuple[str, ...]:
        """Return the columns to count values of; its own would always count 1."""
        if "distinct" not in self.statistics:
            return ()
        return tuple(name for name in self.distinct if name not in entity.columns)

    def _names_of(self, statistic: str, entity: Entity, window: str) -> list[str]:
        if statistic == "since":
            return []
        if statistic == "distinct":
            return [f"{entity.name}_n_{name}_{window}" for name in self.counted(entity)]
        if statistic in _OF_AMOUNT:
            return [f"{entity.name}_{self.amount}_{statistic}_{window}"]
        return [f"{entity.name}_{statistic}_{window}"]


def duration_text(width: int) -> str:
    """Return microseconds as a duration that reads back as the same number."""
    return f"{width / SECOND:.6f}".rstrip("0").rstrip(".") + "s"


def _check_column(name: str, value: Any, *, none_allowed: bool) -> None:
    if value is None and none_allowed:
        return
    if not isinstance(value, str) or not value:
        msg = f"{name} must name a column; got {value!r}."
        raise InvalidParameterError(msg)


def _names(name: str, value: Any, *, least: int) -> tuple[str, ...]:
    given = (value,) if isinstance(value, str) else value
    names = tuple(given) if isinstance(given, (list, tuple)) else ()
    sound = isinstance(given, (list, tuple)) and len(set(names)) == len(names)
    if (
        not sound
        or len(names) < least
        or not all(isinstance(n, str) and n for n in names)
    ):
        msg = f"{name} must name one or several different columns; got {value!r}."
        raise InvalidParameterError(msg)
    return names


def _entities(value: Any) -> tuple[Entity, ...]:
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, (list, tuple)) or not given:
        msg = (
            "entities must name a column, or list columns and tuples of columns that "
            f"name something together; got {value!r}."
        )
        raise InvalidParameterError(msg)
    entities = tuple(Entity(_names("entities", one, least=1)) for one in given)
    if len({entity.name for entity in entities}) < len(entities):
        msg = f"entities must differ; got {value!r}."
        raise InvalidParameterError(msg)
    return entities


def _windows(value: Any) -> tuple[Window, ...]:
    given = [value] if isinstance(value, (str, timedelta)) else value
    if not isinstance(given, (list, tuple)) or not given:
        msg = f"windows must list durations such as '24h'; got {value!r}."
        raise InvalidParameterError(msg)
    windows = tuple(Window(_label(w), 0, read_duration("windows", w)) for w in given)
    if len({w.width for w in windows}) < len(windows):
        msg = f"windows must differ in length; got {value!r}."
        raise InvalidParameterError(msg)
    return windows


def read_duration(name: str, value: Any, *, zero_allowed: bool = False) -> int:
    """Return microseconds."""
    width = -1
    if isinstance(value, timedelta):
        width = value // timedelta(microseconds=1)
    elif isinstance(value, str) and (found := _DURATION.fullmatch(value.strip())):
        width = round(float(found[1]) * _SPANS[found[2]] * SECOND)
    if not (0 if zero_allowed else 1) <= width <= _LONGEST:
        msg = (
            f"{name} must be a positive duration up to 100 years: a number and one of "
            f"{tuple(_SPANS)}, such as '24h', or a timedelta; got {value!r}."
        )
        raise InvalidParameterError(msg)
    return width


def _label(window: Any) -> str:
    if isinstance(window, timedelta):
        return duration_text(window // timedelta(microseconds=1))
    return str(window).strip().replace(" ", "")


def _statistics(
    value: Any, amount: Any, distinct: Sequence[str], event: Any
) -> tuple[str, ...]:
    absent: dict[str, str] = {}
    if amount is None:
        absent |= dict.fromkeys(_OF_AMOUNT, "amount")
    if not distinct:
        absent |= {"distinct": "distinct"}
    if event is None:
        absent |= dict.fromkeys(_OF_EVENTS, "event")
    if value is None:
        return tuple(word for word in STATISTICS if word not in absent)
    given = _names("statistics", value, least=1)
    for word in given:
        check_option("statistics", word, STATISTICS)
        if word in absent:
            msg = (
                f"statistics={word!r} needs the parameter {absent[word]!r}; it is not "
                "given."
            )
            raise InvalidParameterError(msg)
    return tuple(word for word in STATISTICS if word in given)
