"""Outcomes that were seen, and those that a PD stands for; counted by group.

Who was declined has no outcome. What is said about such accounts is an inference of a
model and is kept apart from what was observed in every table: ``n_event`` and
``event_rate`` speak of known outcomes alone, ``inferred_rate`` is the mean PD of the
others, and ``expected_event_rate`` puts both together. The last is missing where
somebody has neither an outcome nor a PD.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.target import encode_event
from riskkit._kernels.intervals import jeffreys_interval
from riskkit.decision._rows import as_column, read_numbers
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["EventCounts", "Outcomes", "read_outcomes"]


@dataclass(frozen=True, eq=False)
class EventCounts:
    """Accounts and events of each group, as sums of weights."""

    n: FloatArray
    n_known: FloatArray
    n_event: FloatArray
    n_inferred: FloatArray
    inferred_event: FloatArray

    @property
    def event_rate(self) -> FloatArray:
        """Events among the known outcomes; NaN without any."""
        return _ratio(self.n_event, self.n_known)

    @property
    def inferred_rate(self) -> FloatArray:
        """Mean PD of those without an outcome; NaN without any."""
        return _ratio(self.inferred_event, self.n_inferred)

    @property
    def expected_event_rate(self) -> FloatArray:
        """Seen and inferred events together; NaN where someone has neither."""
        told = self.n_known + self.n_inferred
        # Sums of weights, added in another order, differ in their last bits.
        complete = told >= self.n * (1.0 - 1e-12)
        rate = _ratio(self.n_event + self.inferred_event, told)
        return np.where(complete, rate, np.nan)

    def columns(self, level: float) -> dict[str, FloatArray]:
        """Return what tables show of events, with Jeffreys' interval of seen ones."""
        low, high = jeffreys_interval(self.n_event, self.n_known, level)
        return {
            "n_known": self.n_known,
            "n_event": self.n_event,
            "event_rate": self.event_rate,
            "event_rate_low": low,
            "event_rate_high": high,
            "n_inferred": self.n_inferred,
            "inferred_rate": self.inferred_rate,
            "expected_event_rate": self.expected_event_rate,
        }

    def plain(self) -> dict[str, tuple[float, ...]]:
        """Return the counts as plain data, which :meth:`read` takes."""
        names = self.__dataclass_fields__
        return {name: tuple(getattr(self, name).tolist()) for name in names}

    @classmethod
    def read(cls, plain: Mapping[str, Sequence[float]]) -> EventCounts:
        """Return the counts that :meth:`plain` wrote."""
        names = list(cls.__dataclass_fields__)
        if set(plain) != set(names) or len({len(part) for part in plain.values()}) > 1:
            msg = f"counts must hold {', '.join(names)}, all of one length."
            raise InvalidParameterError(msg)
        return cls(*(np.asarray(plain[name], dtype=np.float64) for name in names))

    def cumulated(self) -> EventCounts:
        """Return the counts of each group and all before it."""
        return EventCounts(*(np.cumsum(part) for part in self._parts()))

    def at(self, place: IntArray) -> EventCounts:
        """Return the counts of some groups."""
        return EventCounts(*(part[place] for part in self._parts()))

    def pooled(self, unions: Sequence[Sequence[int]]) -> EventCounts:
        """Return the counts of unions of groups."""
        places = [np.asarray(union, dtype=np.intp) for union in unions]
        return EventCounts(
            *(
                np.array([part[place].sum() for place in places])
                for part in self._parts()
            )
        )

    def with_total(self) -> EventCounts:
        """Return the counts of all groups together, and then of each."""
        return EventCounts(*(np.append(part.sum(), part) for part in self._parts()))

    def _parts(self) -> tuple[FloatArray, ...]:
        return (
            self.n,
            self.n_known,
            self.n_event,
            self.n_inferred,
            self.inferred_event,
        )


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What is known of each row: its weight, its outcome, or a PD in its place.

    `event` is 1 or 0 where the outcome is `known`, a PD where it is `inferred`, and 0
    where there is neither.
    """

    weight: FloatArray
    known: BoolArray
    inferred: BoolArray
    event: FloatArray

    @property
    def told(self) -> BoolArray:
        """Rows with an outcome or a PD."""
        return self.known | self.inferred

    def count(self, codes: IntArray, n_groups: int) -> EventCounts:
        """Count accounts and events by group; a negative code is in no group."""
        inside = codes >= 0
        seen, assumed = inside & self.known, inside & self.inferred

        def total(rows: BoolArray, values: FloatArray) -> FloatArray:
            sums = np.bincount(codes[rows], values[rows], minlength=n_groups)
            return sums.astype(np.float64)

        events = self.weight * self.event
        return EventCounts(
            n=total(inside, self.weight),
            n_known=total(seen, self.weight),
            n_event=total(seen, events),
            n_inferred=total(assumed, self.weight),
            inferred_event=total(assumed, events),
        )


def read_outcomes(
    y: Any, pd: Any, weight: FloatArray, *, complete: str | None = None
) -> Outcomes:
    """Read outcomes, unknown ones included, and the PDs that stand in for them.

    With `complete`, the name of a function, every row must have one of the two.
    """
    n_rows = weight.size
    known, event = _read_events(y, n_rows)
    inferred = np.zeros(n_rows, dtype=np.bool_)
    if pd is not None:
        p = _read_pd(pd, n_rows)
        inferred = ~known & ~np.isnan(p)
        event = np.where(inferred, p, event)
    n_open = int(np.count_nonzero(~(known | inferred)))
    if complete is not None and n_open:
        hint = (
            "Give pd, calibrated PDs that stand for them, or leave these rows out."
            if pd is None
            else "Give a PD for each of them."
        )
        msg = (
            f"{complete} needs an outcome or a PD for every account; {n_open} of "
            f"{n_rows} have neither. {hint}"
        )
        raise InvalidTargetError(msg)
    return Outcomes(weight, known, inferred, event)


def _read_events(y: Any, n_rows: int) -> tuple[BoolArray, FloatArray]:
    """Return whose outcome is known, and 1 for an event."""
    if y is None:
        return np.zeros(n_rows, dtype=np.bool_), np.zeros(n_rows)
    column = as_column("y", y, n_rows)
    values = np.asarray(column)
    if values.dtype.kind in "biuf":
        known = ~np.isnan(values) if values.dtype.kind == "f" else None
    else:
        import pandas as pd

        known = ~np.asarray(pd.isna(values), dtype=np.bool_)
    if known is None:
        known = np.ones(n_rows, dtype=np.bool_)
    event = np.zeros(n_rows)
    if not known.any():
        return known, event
    seen = values[known]
    plain = np.isin(seen, (0, 1)) if seen.dtype.kind in "biufO" else np.array(False)
    if plain.all():
        # A small sample may hold one outcome alone, which 0 and 1 still tell apart.
        event[known] = np.asarray(seen == 1, dtype=np.float64)
    else:
        event[known] = encode_event(seen)[0]
    return known, event


def _read_pd(pd: Any, n_rows: int) -> FloatArray:
    p = read_numbers("pd", pd, n_rows)
    n_outside = int(np.count_nonzero((p < 0) | (p > 1)))
    if n_outside:
        msg = (
            f"pd must hold probabilities in [0, 1]; {n_outside} of {n_rows} are "
            "outside. Log-odds and points are none."
        )
        raise InvalidInputError(msg)
    return p


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)
