"""Velocity features of one event at a time."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Any, Self

from riskkit._core.levels import level_key
from riskkit._core.params import check_bool, did_you_mean
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.fraud._velocity_history import History, Layout, PastEvent
from riskkit.fraud._velocity_names import Names
from riskkit.fraud._velocity_plan import SECOND
from riskkit.fraud._velocity_state import plan_parameters, read_state, write_state
from riskkit.fraud._velocity_values import amount_of, check_past, moment_of

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

    from riskkit.fraud._velocity_plan import VelocityPlan

__all__ = ["VelocityStream"]


class VelocityStream:
    """Velocity features of events as they happen, one at a time.

    Made by :meth:`VelocityFeatures.stream` or :meth:`load`. It gives the numbers that
    :meth:`VelocityFeatures.transform` gives for a table of the same events, to the
    last bit, in a time that does not grow with the history.

    Parameters
    ----------
    plan : VelocityPlan
        Columns and features; :meth:`VelocityFeatures.stream` makes it.

    key : bytes or None, default=None
        Secret of 16 to 64 bytes under which names are remembered as digests, None to
        remember them as they are.

    Attributes
    ----------
    parameters : dict
        Those of :class:`VelocityFeatures` with the same columns, as plain data.

    n_events : int
        Events remembered: those that a later event can still see.

    feature_names : tuple of str
        Names of the features, in order.

    See Also
    --------
    VelocityFeatures : The same features of a whole table.

    Notes
    -----
    The state is the events of the longest window, delay included; older ones are
    forgotten, and so are entities without any. Entities, counted values and
    identifiers are kept as they are given, or with a `key` as BLAKE2b digests under
    it: the same events, the same features, and no name in memory or in the file. The
    key itself is not saved.

    Examples
    --------
    >>> from riskkit.fraud import VelocityFeatures
    >>> stream = VelocityFeatures("card", windows="1h", amount="amount").stream()
    >>> stream.observe({"card": "a", "time": 0, "amount": 10.0})["card_count_1h"]
    0.0
    >>> found = stream.observe({"card": "a", "time": 60, "amount": 30.0})
    >>> found["card_count_1h"], found["card_amount_ratio_1h"], found["card_since"]
    (1.0, 3.0, 60.0)
    """

    def __init__(self, plan: VelocityPlan, key: bytes | None = None) -> None:
        self._plan = plan
        self._names = Names(key)
        self._histories: tuple[dict[Any, History], ...] = tuple(
            {} for _ in plan.entities
        )
        self._log: deque[PastEvent] = deque()
        self._by_id: dict[str, PastEvent] = {}
        self._clock: int | None = None
        place = {name: j for j, name in enumerate(plan.level_columns)}
        self._places = [[place[c] for c in entity.columns] for entity in plan.entities]
        self._layouts = [Layout(plan, entity) for entity in plan.entities]
        self.feature_names = plan.names

    @property
    def parameters(self) -> dict[str, Any]:
        """Those of `VelocityFeatures` that make the same columns."""
        return plan_parameters(self._plan)

    @property
    def n_events(self) -> int:
        """Events remembered."""
        return len(self._log)

    def observe(
        self, record: Mapping[str, Any], *, as_of: Any = None
    ) -> dict[str, float]:
        """Return the features of an event, and remember it for later ones.

        Parameters
        ----------
        record : mapping of str to value
            The event by column; an outcome in it is not looked at. Its time is a
            datetime, the ISO text of one, or a number of seconds.

        as_of : datetime or number of seconds, optional
            The present; an event later than it is refused.

        Returns
        -------
        features : dict of str to float
            NaN where an entity is missing, or where nothing is known.

        Raises
        ------
        InvalidInputError
            If a column is absent, the event lies before the last one or in the future,
            its amount is negative or too large, or its identifier is missing or has
            been seen. Nothing is remembered then.
        InvalidTypeError
            If the amount is no number, or a name neither text nor number.
        """
        event = self._read(record, as_of)
        event.event_id = self._new_id(record)
        found = self._features(event)
        self._remember(event)
        return dict(zip(self.feature_names, found, strict=True))

    def peek(self, record: Mapping[str, Any], *, as_of: Any = None) -> dict[str, float]:
        """Return the features of an event without remembering it.

        Parameters
        ----------
        record : mapping of str to value
            As in :meth:`observe`; it needs no identifier.

        as_of : datetime or number of seconds, optional
            The present; an event later than it is refused.

        Returns
        -------
        features : dict of str to float
            What :meth:`observe` would return. Time moves on to the event all the same.

        Raises
        ------
        InvalidInputError
            As :meth:`observe` does.
        InvalidTypeError
            As :meth:`observe` does.
        """
        found = self._features(self._read(record, as_of))
        return dict(zip(self.feature_names, found, strict=True))

    def label(self, event_id: Any, is_event: bool = True) -> bool:
        """Say how an event came out.

        It enters the features once its age passes `label_delay`, as in a table; an
        outcome told later counts from then on.

        Parameters
        ----------
        event_id : str or int
            What the column `event_id` of :class:`VelocityFeatures` held.

        is_event : bool, default=True
            False takes an earlier True back.

        Returns
        -------
        known : bool
            False if no such event is remembered: it is too old to be seen by any.

        Raises
        ------
        InvalidInputError
            If there are no outcomes or identifiers in the features.
        InvalidParameterError
            If `is_event` is no bool.
        """
        if self._plan.event is None or self._plan.event_id is None:
            msg = (
                "Outcomes need VelocityFeatures(event=..., event_id=...); these "
                "features have none."
            )
            raise InvalidInputError(msg)
        check_bool("is_event", is_event)
        name = self._names(self._plan.event_id, level_key(event_id))
        event = self._by_id.get(name or "")
        if event is None:
            return False
        for key, histories, _ in self._by_entity(event):
            if key is not None:
                histories[key].relabel(event, is_event)
        event.is_event = int(is_event)
        return True

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the state as an npz file of plain arrays, whole or not at all.

        Parameters
        ----------
        path : str or path
            Where to.

        overwrite : bool, default=False
            Whether a file that is there already may be replaced.

        Raises
        ------
        OutputError
            If the place cannot be written to, or holds something already.
        """
        write_state(
            path,
            self._plan,
            self._log,
            self._clock,
            key_check=self._names.check,
            overwrite=overwrite,
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, key: bytes | None = None) -> Self:
        """Read a state back; nothing in the file is executed.

        Parameters
        ----------
        path : str or path
            A file written by :meth:`save`.

        key : bytes, optional
            The key that the saved stream had, if it had one.

        Returns
        -------
        stream : VelocityStream
            It goes on as the saved one would have.

        Raises
        ------
        ArtifactError
            If the file is damaged or of another kind.
        InvalidParameterError
            If the key is not the one of the saved stream.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from riskkit.fraud import VelocityFeatures, VelocityStream
        >>> stream = VelocityFeatures("card", windows="1h").stream()
        >>> _ = stream.observe({"card": "a", "time": 0})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     stream.save(Path(folder) / "state.npz")
        ...     again = VelocityStream.load(Path(folder) / "state.npz")
        >>> again.observe({"card": "a", "time": 9})
        {'card_count_1h': 1.0, 'card_since': 9.0}
        """
        plan, events, clock, key_check = read_state(path)
        stream = cls(plan, key)
        if stream._names.check != key_check:
            with_key = "a key" if key_check is not None else "no key"
            given = "no key" if key is None else "another one"
            msg = (
                f"The state must be loaded as it was saved, with {with_key}; got "
                f"{given if key_check is not None else 'a key'}. Its names would "
                "never be met again."
            )
            raise InvalidParameterError(msg)
        stream.extend(events)
        stream._clock = clock
        return stream

    def extend(self, events: Iterable[PastEvent]) -> None:
        """Remember events without computing their features.

        Parameters
        ----------
        events : iterable of PastEvent
            As :meth:`VelocityFeatures.stream` reads them, in the order of time.
        """
        for event in events:
            self._remember(event)

    def __repr__(self) -> str:
        names = self.feature_names
        return f"<VelocityStream of {self.n_events:,} events, {len(names)} features>"

    def _read(self, record: Mapping[str, Any], as_of: Any) -> PastEvent:
        plan = self._plan
        absent = [name for name in plan.columns if name not in record]
        if absent:
            hint = did_you_mean(absent[0], [str(name) for name in record])
            msg = (
                f"An event must have {len(plan.columns)} columns; {len(absent)} are "
                f"absent: {', '.join(map(repr, absent))}.{hint} Give None where "
                "nothing is known."
            )
            raise InvalidInputError(msg)
        time = moment_of(record[plan.time], plan.time)
        check_past(time, as_of, plan.time)
        if self._clock is not None and time < self._clock:
            behind = (self._clock - time) / SECOND
            msg = (
                "Events must come in the order of time; this one lies "
                f"{behind:g} s before the last. Sort them first: hold events back for "
                "as long as late ones may take."
            )
            raise InvalidInputError(msg)
        units: int | None = 0
        if plan.amount is not None:
            net = plan.negative_amounts == "net"
            units = amount_of(record[plan.amount], plan.amount, negative_allowed=net)
        levels = tuple(
            self._names(name, level_key(record[name])) for name in plan.level_columns
        )
        return PastEvent(time, units, levels)

    def _new_id(self, record: Mapping[str, Any]) -> str | None:
        name = self._plan.event_id
        if name is None:
            return None
        event_id = self._names(name, level_key(record.get(name)))
        if event_id is None or event_id in self._by_id:
            what = "is missing" if event_id is None else "has been seen already"
            msg = (
                f"{name!r} must name every event once; the identifier of this one "
                f"{what}. It is not counted again."
            )
            raise InvalidInputError(msg)
        return event_id

    def _by_entity(
        self, event: PastEvent
    ) -> Iterator[tuple[Any, dict[Any, History], Layout]]:
        """Yield what each entity is called, None where it is missing, and its place."""
        for places, histories, layout in zip(
            self._places, self._histories, self._layouts, strict=True
        ):
            if len(places) == 1:
                yield event.levels[places[0]], histories, layout
                continue
            names = tuple(event.levels[place] for place in places)
            yield None if None in names else names, histories, layout

    def _features(self, event: PastEvent) -> list[float]:
        self._move_on(event.time)
        found: list[float] = []
        for key, histories, layout in self._by_entity(event):
            if key is None:
                found += [math.nan] * layout.size
                continue
            found += histories.get(key, layout.nobody).features(event)
        return found

    def _remember(self, event: PastEvent) -> None:
        self._move_on(event.time)
        self._log.append(event)
        if event.event_id is not None:
            self._by_id[event.event_id] = event
        for key, histories, layout in self._by_entity(event):
            if key is not None:
                if key not in histories:
                    histories[key] = History(layout)
                histories[key].append(event)

    def _move_on(self, time: int) -> None:
        """Forget what nothing from `time` on can see, and entities without a past."""
        self._clock = time
        oldest = time - self._plan.horizon
        while self._log and self._log[0].time < oldest:
            event = self._log.popleft()
            if event.event_id is not None:
                del self._by_id[event.event_id]
            for key, histories, _ in self._by_entity(event):
                if key is not None and histories[key].ends_with(event):
                    del histories[key]
