"""Sets of values of one field: what a condition holds for; standard library only.

Rules are compared as sets, so that a rule which can never decide is found by
arithmetic instead of by luck, and one record and a whole column are decided alike.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING

from riskkit._core.lean_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["FieldSet", "LevelSet", "NumberSet"]

# A place between numbers: just before a value (0), or just after it (1).
Cut = tuple[float, int]


@dataclass(frozen=True, slots=True)
class NumberSet:
    """A union of intervals, and whether a missing value belongs to it.

    `cuts` are increasing; the first opens an interval, the second closes it, and so
    on.
    """

    cuts: tuple[Cut, ...]
    missing: bool

    @classmethod
    def everything(cls, *, missing: bool) -> NumberSet:
        """Return all numbers."""
        return cls(((-math.inf, 0), (math.inf, 1)), missing)

    @classmethod
    def of(cls, values: Iterable[float], *, missing: bool) -> NumberSet:
        """Return some numbers."""
        cuts = [(x + 0.0, side) for x in sorted(set(values)) for side in (0, 1)]
        return cls(tuple(cuts), missing)

    @property
    def empty(self) -> bool:
        """Whether nothing belongs to the set."""
        return not self.cuts and not self.missing

    def holds(self, value: float) -> bool:
        """Return whether a number, or NaN for a missing value, belongs to the set."""
        if value != value:
            return self.missing
        return bisect_right(self.cuts, (value, 0)) % 2 == 1

    def meet(self, other: NumberSet) -> NumberSet:
        """Return what belongs to both sets."""
        cuts = _merge(self.cuts, other.cuts, lambda a, b: a and b)
        return NumberSet(cuts, self.missing and other.missing)

    def minus(self, other: NumberSet) -> NumberSet:
        """Return what belongs to this set and not to the other."""
        cuts = _merge(self.cuts, other.cuts, lambda a, b: a and not b)
        return NumberSet(cuts, self.missing and not other.missing)


@dataclass(frozen=True, slots=True)
class LevelSet:
    """Some levels, or all but some, and whether a missing value belongs to it."""

    levels: frozenset[str]
    all_but: bool
    missing: bool

    @classmethod
    def everything(cls, *, missing: bool) -> LevelSet:
        """Return all levels."""
        return cls(frozenset(), all_but=True, missing=missing)

    @property
    def empty(self) -> bool:
        """Whether nothing belongs to the set; there always is another level."""
        return not self.levels and not self.all_but and not self.missing

    def holds(self, value: str | None) -> bool:
        """Return whether a level, or None for a missing value, belongs to the set."""
        if value is None:
            return self.missing
        return (value in self.levels) != self.all_but

    def meet(self, other: LevelSet) -> LevelSet:
        """Return what belongs to both sets."""
        missing = self.missing and other.missing
        if self.all_but and other.all_but:
            return LevelSet(self.levels | other.levels, all_but=True, missing=missing)
        if self.all_but:
            return other.meet(self)
        kept = frozenset(level for level in self.levels if other.holds(level))
        return LevelSet(kept, all_but=False, missing=missing)

    def minus(self, other: LevelSet) -> LevelSet:
        """Return what belongs to this set and not to the other."""
        rest = LevelSet(other.levels, not other.all_but, not other.missing)
        return self.meet(rest)


FieldSet = NumberSet | LevelSet


def _merge(
    a: tuple[Cut, ...], b: tuple[Cut, ...], keep: Callable[[bool, bool], bool]
) -> tuple[Cut, ...]:
    """Return the cuts where membership, by `keep`, begins or ends."""
    cuts: list[Cut] = []
    inside = False
    for cut in sorted({*a, *b}):
        in_a = bisect_right(a, cut) % 2 == 1
        in_b = bisect_right(b, cut) % 2 == 1
        if keep(in_a, in_b) != inside:
            inside = not inside
            cuts.append(cut)
    return tuple(cuts)
