"""What is kept of a column of levels: all by name, or the frequent ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.level_buckets import (
    bucket_counts,
    buckets_of,
    is_frequent,
    n_buckets,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from riskkit._core.frames import LevelColumn
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["ROUNDING", "LevelCounts", "NamedLevels", "overflows"]

ROUNDING = 1e-9  # of sums beyond 2**53 units of weight, which floats hold no more


@dataclass(frozen=True)
class NamedLevels:
    """Some levels with their events and non-events, sorted, and all others as one.

    ``counts`` has a column for each of the levels, ``rest`` is that of all others.
    """

    levels: tuple[str, ...]
    counts: FloatArray
    rest: FloatArray

    @classmethod
    def of_none(cls) -> NamedLevels:
        """Return the counts of no rows."""
        return cls((), np.zeros((2, 0)), np.zeros(2))

    @classmethod
    def of_rows(
        cls,
        column: LevelColumn,
        is_event: BoolArray,
        weight: FloatArray | None,
        chosen: IntArray,
        n: int,
    ) -> NamedLevels:
        """Count rows, by name those levels that lie in the `chosen` of `n` buckets."""
        counts, _ = _count(column, is_event, weight)
        here = np.isin(buckets_of(column.levels, n), chosen)
        levels = tuple(column.levels[k] for k in np.flatnonzero(here).tolist())
        return cls(levels, counts[:, here], counts[:, ~here].sum(axis=1))

    @property
    def totals(self) -> FloatArray:
        """Events and non-events of all levels."""
        return np.asarray(self.counts.sum(axis=1) + self.rest)

    def add(self, other: NamedLevels) -> NamedLevels:
        """Return the counts of both sets of rows, by every name of either."""
        levels, counts = _added(self, other)
        return NamedLevels(levels, counts, self.rest + other.rest)

    def only(self, levels: tuple[str, ...]) -> NamedLevels:
        """Return the counts with exactly these names, in this order."""
        if levels == self.levels:
            return self
        place = {level: k for k, level in enumerate(self.levels)}
        known = [(k, place[level]) for k, level in enumerate(levels) if level in place]
        to, at = np.array(known, dtype=np.intp).reshape(-1, 2).T
        counts = np.zeros((2, len(levels)))
        counts[:, to] = self.counts[:, at]
        return NamedLevels(levels, counts, self.totals - counts.sum(axis=1))


@dataclass(frozen=True)
class LevelCounts:
    """Levels with their events and non-events, sorted; no names once too many.

    Of a column with more levels than are kept, ``levels`` is None, ``counts`` has one
    column for all of them, and ``buckets`` the accounts by hash bucket. All this
    is a function of the rows alone.

    ``named`` has the frequent levels of a column, once a second pass has found them.
    Parts are added with their names if these are the same: a level that is frequent
    in both is so in the sum, and one that is so in the sum is frequent in one of them.
    """

    levels: tuple[str, ...] | None
    counts: FloatArray
    missing: tuple[float, float]
    buckets: FloatArray | None = None
    named: NamedLevels | None = None

    kind = "categorical"

    @classmethod
    def of_none(cls) -> LevelCounts:
        """Return the counts of no rows."""
        return cls((), np.zeros((2, 0)), (0.0, 0.0))

    @classmethod
    def of_rows(
        cls,
        column: LevelColumn,
        is_event: BoolArray,
        weight: FloatArray | None,
        *,
        max_levels: int,
    ) -> LevelCounts:
        """Count rows."""
        counts, missing = _count(column, is_event, weight)
        return cls(column.levels, counts, missing).limited(max_levels)

    @property
    def is_blank(self) -> bool:
        """Whether no level was seen, so that it might be of the other kind."""
        return self.levels is not None and not self.levels

    @property
    def totals(self) -> tuple[float, float]:
        """Events and non-events."""
        event, nonevent = self.counts.sum(axis=1) + np.array(self.missing)
        return float(event), float(nonevent)

    def with_missing(self, event: float, nonevent: float) -> LevelCounts:
        """Return the counts with further accounts without a level."""
        missing = self.missing[0] + event, self.missing[1] + nonevent
        return replace(self, missing=missing)

    def limited(self, max_levels: int) -> LevelCounts:
        """Return the counts, without names if there are more than `max_levels`."""
        if self.levels is None or len(self.levels) <= max_levels:
            return self
        counts = self.counts.sum(axis=1, keepdims=True)
        return replace(
            self, levels=None, counts=counts, buckets=self.hashed(max_levels)
        )

    def hashed(self, max_levels: int) -> FloatArray:
        """Return the accounts by bucket."""
        if self.levels is None and self.buckets is not None:
            return self.buckets
        accounts = self.counts.sum(axis=0)
        return bucket_counts(self.levels or (), accounts, n_buckets(max_levels))

    def add(self, other: LevelCounts, max_levels: int) -> LevelCounts:
        """Return the counts of both sets of rows."""
        missing = (
            self.missing[0] + other.missing[0],
            self.missing[1] + other.missing[1],
        )
        if self.is_blank or other.is_blank:
            known = other if self.is_blank else self
            return replace(known, missing=missing)
        named = _same_names(self.named, other.named)
        if self.levels is not None and other.levels is not None:
            levels, counts = _added(self, other)
            return LevelCounts(levels, counts, missing, named=named).limited(max_levels)
        counts = self.counts.sum(axis=1) + other.counts.sum(axis=1)
        buckets = self.hashed(max_levels) + other.hashed(max_levels)
        return LevelCounts(None, counts.reshape(2, 1), missing, buckets, named)

    def heavy_buckets(self, max_levels: int) -> IntArray:
        """Return the buckets that may hold a frequent level."""
        buckets = self.hashed(max_levels)
        return np.flatnonzero(is_frequent(buckets, buckets.sum(), max_levels))

    def frequent(self, max_levels: int) -> NamedLevels | None:
        """Return the frequent levels; None if only a second pass can tell them."""
        if self.named is not None or self.heavy_buckets(max_levels).size:
            return self.named
        return NamedLevels((), np.zeros((2, 0)), self.counts.sum(axis=1))

    def only(self, levels: tuple[str, ...]) -> NamedLevels:
        """Return the counts by these names, which are those of the whole column."""
        if self.named is not None and self.named.levels == levels:
            return self.named
        every = NamedLevels(self.levels or (), self.counts, np.zeros(2))
        if self.levels is None:  # none of the names then: they all are among `named`
            every = NamedLevels((), np.zeros((2, 0)), self.counts.sum(axis=1))
        return every.only(levels)

    def agrees(self, named: NamedLevels, max_levels: int) -> bool:
        """Return whether names and their counts may be those of these rows."""
        if len(named.levels) > max_levels:
            return False
        if self.levels is not None:
            own = NamedLevels(self.levels, self.counts, np.zeros(2)).only(named.levels)
            return _are_close(named.counts, own.counts) and _are_close(
                named.rest, own.rest
            )
        accounts = named.counts.sum(axis=0)
        buckets = self.hashed(max_levels)
        used = bucket_counts(named.levels, accounts, buckets.size)
        return _are_close(named.totals, self.counts.sum(axis=1)) and bool(
            (used <= buckets * (1 + ROUNDING)).all()
        )


def overflows(parts: Iterable[LevelCounts], max_levels: int) -> bool:
    """Return whether the parts have more than `max_levels` levels together."""
    names: set[str] = set()
    for part in parts:
        if part.levels is None:
            return True
        names.update(part.levels)
    return len(names) > max_levels


def _are_close(one: FloatArray, other: FloatArray) -> bool:
    return bool(np.allclose(one, other, rtol=ROUNDING, atol=0.0))


def _count(
    column: LevelColumn, is_event: BoolArray, weight: FloatArray | None
) -> tuple[FloatArray, tuple[float, float]]:
    """Return events and non-events of each level, and of missing values."""
    n = len(column.levels)
    amount = np.ones(is_event.size) if weight is None else weight
    # One more place serves the missing values, whose code is -1.
    codes = np.where(column.codes < 0, n, column.codes)
    event = np.bincount(codes, np.where(is_event, amount, 0.0), n + 1)
    nonevent = np.bincount(codes, np.where(is_event, 0.0, amount), n + 1)
    return np.array([event[:n], nonevent[:n]]), (float(event[n]), float(nonevent[n]))


def _same_names(
    one: NamedLevels | None, other: NamedLevels | None
) -> NamedLevels | None:
    """Return the counts of both parts if they have the same names."""
    if one is None or other is None or one.levels != other.levels:
        return None
    return one.add(other)


def _added(
    one: NamedLevels | LevelCounts, other: NamedLevels | LevelCounts
) -> tuple[tuple[str, ...], FloatArray]:
    """Return all levels of two sets, and the counts of both."""
    first, second = one.levels or (), other.levels or ()
    if first == second:
        return first, one.counts + other.counts
    levels = tuple(sorted({*first, *second}))
    place = {level: k for k, level in enumerate(levels)}
    counts = np.zeros((2, len(levels)))
    for part, own in ((one, first), (other, second)):
        counts[:, [place[level] for level in own]] += part.counts
    return levels, counts
