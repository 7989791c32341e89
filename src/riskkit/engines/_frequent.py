"""The frequent levels of columns with too many, by a second count of the same rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from riskkit._core.frames import level_column
from riskkit._kernels.level_buckets import bucket_counts, is_frequent, n_buckets
from riskkit.engines._columns import sum_columns
from riskkit.engines._levels import LevelCounts, NamedLevels, overflows
from riskkit.engines._rows import read_part
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskkit.engines._columns import ColumnCounts
    from riskkit.engines._rows import Part
    from riskkit.engines._rules import CountRules
    from riskkit.typing import IntArray

__all__ = ["FrequentLevels", "unnamed_columns"]


class _FirstCounts(Protocol):
    """Counts of the first pass: SufficientStats, which builds on this module."""

    def _unnamed(self) -> tuple[CountRules, dict[str, LevelCounts]]: ...


class FrequentLevels:
    """Levels that may be frequent, counted by name in a second pass over the rows.

    :func:`collect_stats` makes this pass by itself. Where parts are counted one by one,
    count the same rows again, and give the result to
    :meth:`SufficientStats.with_names`.

    Parameters
    ----------
    stats : SufficientStats
        Counts of all rows, some features of which are ``unnamed``.

    Attributes
    ----------
    features : tuple of str
        The features that are counted a second time; others need not be read.

    n : float
        Accounts counted so far; sums of weights.

    Raises
    ------
    InvalidInputError
        If `stats` has no unnamed feature.

    See Also
    --------
    SufficientStats : The first pass.

    Notes
    -----
    A level is frequent if it holds at least a share of ``1 / max_levels`` of the
    accounts that have a level. The first pass counted hash buckets of levels; only
    those that hold as much can hold a frequent level, and only levels in these are
    counted by name. Memory is that of their names: of levels that hashing spreads
    evenly a quarter at most, since at most `max_levels` of four times as many buckets
    can be so full. What is found is exact, and does not depend on the order of the
    rows or the parts.

    Examples
    --------
    >>> from riskkit.engines import FrequentLevels, SufficientStats
    >>> parts = [({"city": ["Bonn", "Ulm", "Bonn"]}, [1, 0, 0]),
    ...          ({"city": ["Bonn", "Trier", "Bonn"]}, [0, 0, 1])]
    >>> stats = SufficientStats(["city"], max_levels=2)
    >>> for X, y in parts:
    ...     stats = stats.update(X, y)
    >>> stats.unnamed
    ('city',)
    >>> second = FrequentLevels(stats)
    >>> for X, y in parts:
    ...     second = second.update(X, y)
    >>> counts = stats.with_names(second).counts("city")
    >>> counts.values.tolist(), counts.is_other.tolist(), counts.n_nonevent.tolist()
    (['Bonn', None, None], [False, True, False], [2.0, 2.0, 0.0])
    """

    def __init__(self, stats: _FirstCounts) -> None:
        rules, columns = stats._unnamed()  # noqa: SLF001 (two halves of one count)
        if not columns:
            msg = (
                "stats must have features that are unnamed, since only their levels "
                "are counted a second time; it has none. Use it as it is."
            )
            raise InvalidInputError(msg)
        self._rules = rules
        self._buckets = {
            name: column.heavy_buckets(rules.max_levels)
            for name, column in columns.items()
        }
        self._n: dict[str | None, float] = {}
        self._slices: dict[str | None, dict[str, NamedLevels]] = {}

    @classmethod
    def _of(cls, rules: CountRules, buckets: Mapping[str, IntArray]) -> Self:
        levels = cls.__new__(cls)
        levels._rules, levels._buckets = rules, dict(buckets)  # noqa: SLF001 (its own)
        levels._n, levels._slices = {}, {}  # noqa: SLF001
        return levels

    @property
    def features(self) -> tuple[str, ...]:
        """The features that are counted a second time."""
        return tuple(self._buckets)

    @property
    def n(self) -> float:
        """Accounts counted so far, or the sum of their weights."""
        return sum(self._n.values())

    def update(
        self, X: Any, y: Any, *, sample_weight: Any = None, period: Any = None
    ) -> Self:
        """Count rows of the first pass again, in place.

        Parameters
        ----------
        X, y, sample_weight, period
            As for :meth:`SufficientStats.update`; of frames and mappings only the
            columns of `features` are needed.

        Returns
        -------
        self : FrequentLevels
            With the rows counted.

        Raises
        ------
        InvalidInputError, InvalidTypeError, InvalidTargetError, InvalidParameterError
            As for :meth:`SufficientStats.update`.
        """
        # An array has no names, so all of its columns have to be there.
        rules = self._rules if isinstance(X, np.ndarray) else self._narrow()
        part = read_part(X, y, rules, sample_weight, period)
        for label, rows in part.by_period():
            n = rows.is_event.size if rows.weight is None else rows.weight.sum()
            columns = {name: self._count(rows, name) for name in self.features}
            self._add(label, float(n), columns)
        return self

    def __add__(self, other: FrequentLevels) -> FrequentLevels:
        if not isinstance(other, FrequentLevels):
            return NotImplemented
        same = self._rules == other._rules and self.features == other.features
        if not same or not all(
            np.array_equal(own, other._buckets[name])
            for name, own in self._buckets.items()
        ):
            msg = (
                "Second counts must have been begun from the same first counts to be "
                "added; these differ. Make both from the counts of all rows."
            )
            raise InvalidInputError(msg)
        merged = FrequentLevels._of(self._rules, self._buckets)
        for part in (self, other):
            for label, columns in part._slices.items():
                merged._add(label, part._n[label], columns)
        return merged

    def __repr__(self) -> str:
        return (
            f"<FrequentLevels of {self.n:,.0f} accounts, {len(self.features)} features>"
        )

    def _count(self, rows: Part, name: str) -> NamedLevels:
        levels = level_column(rows.table.column(name), name)
        size = n_buckets(self._rules.max_levels)
        return NamedLevels.of_rows(
            levels, rows.is_event, rows.weight, self._buckets[name], size
        )

    def _add(
        self, label: str | None, n: float, columns: Mapping[str, NamedLevels]
    ) -> None:
        known = self._slices.get(label, {})
        self._n[label] = self._n.get(label, 0.0) + n
        self._slices[label] = {
            name: known[name].add(own) if known else own
            for name, own in columns.items()
        }

    def _name(
        self,
        rules: CountRules,
        slices: Mapping[str | None, Mapping[str, ColumnCounts]],
        unnamed: Mapping[str, LevelCounts],
    ) -> dict[str | None, dict[str, ColumnCounts]]:
        """Return the counts of the first pass with names for the unnamed columns."""
        named = {label: dict(columns) for label, columns in slices.items()}
        n = {k: sum(next(iter(own.values())).totals) for k, own in slices.items()}
        same = rules == self._rules and set(unnamed) == set(self.features)
        if not same or _held(n) != _held(self._n):
            raise self._other_rows()
        for name, whole in unnamed.items():
            levels = self._frequent(name, whole)
            for label, columns in named.items():
                first = columns[name]
                if not isinstance(first, LevelCounts) or first.is_blank:
                    continue
                second = self._slices[label][name]
                if not np.array_equal(second.totals, first.counts.sum(axis=1)):
                    raise self._other_rows()
                columns[name] = replace(first, named=second.only(levels))
        return named

    def _frequent(self, name: str, whole: LevelCounts) -> tuple[str, ...]:
        """Return the frequent levels of a column."""
        max_levels = self._rules.max_levels
        found = NamedLevels.of_none()
        for columns in self._slices.values():
            found = found.add(columns[name])
        accounts = found.counts.sum(axis=0)
        # Every level of these buckets was counted, so they hold what they held before.
        heavy = whole.heavy_buckets(max_levels)
        again = bucket_counts(found.levels, accounts, n_buckets(max_levels))
        if not np.array_equal(again[heavy], whole.hashed(max_levels)[heavy]):
            raise self._other_rows()
        kept = is_frequent(accounts, float(whole.counts.sum()), max_levels)
        return tuple(found.levels[k] for k in np.flatnonzero(kept).tolist())

    def _other_rows(self) -> InvalidInputError:
        msg = (
            "The second count must be of the same rows, labels, weights and periods as "
            f"the first; it met others, {self.n:g} accounts in all. Read a source that "
            "does not change, or count again."
        )
        return InvalidInputError(msg)

    def _narrow(self) -> CountRules:
        codes = tuple(own for own in self._rules.codes if own[0] in self._buckets)
        return replace(self._rules, features=self.features, codes=codes)


def unnamed_columns(
    slices: Mapping[str | None, Mapping[str, ColumnCounts]], rules: CountRules
) -> dict[str, LevelCounts]:
    """Return the columns of too many levels that only a second pass can name."""
    limit = rules.max_levels
    found = {}
    for name in rules.features:
        parts = [columns[name] for columns in slices.values()]
        if overflows((own for own in parts if isinstance(own, LevelCounts)), limit):
            whole = sum_columns(name, parts, rules.limits)
            if isinstance(whole, LevelCounts) and whole.frequent(limit) is None:
                found[name] = whole
    return found


def _held(n: Mapping[str | None, float]) -> dict[str | None, float]:
    """Return the periods that hold accounts."""
    return {label: accounts for label, accounts in n.items() if accounts}
