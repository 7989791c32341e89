"""Counts of every feature's values: all that bins, drift and vintages need of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from riskkit.engines._columns import NumberCounts, add_columns, sum_columns
from riskkit.engines._counts_of_columns import (
    counts_by_period,
    counts_of_column,
    describe_column,
)
from riskkit.engines._frequent import FrequentLevels, unnamed_columns
from riskkit.engines._rows import read_part
from riskkit.engines._rules import CountRules, read_rules
from riskkit.engines._stats_file import read_stats, write_stats
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from riskkit.binning import FeatureCounts
    from riskkit.engines._columns import ColumnCounts
    from riskkit.engines._levels import LevelCounts
    from riskkit.engines._rows import Part

__all__ = ["SufficientStats"]


class SufficientStats:
    """Events and non-events at every value of every feature, by period if asked for.

    Counts of parts of a table add up, with ``+`` or :meth:`update`, to those of the
    whole: equal rows give equal bytes, however they were parted and in whatever order
    they were added. Binners, baselines and tables by period are fitted from them.

    Parameters
    ----------
    features : sequence of str
        The columns to count.

    special_codes : sequence, dict or None, default=None
        Numbers that stand for a reason, as for
        :class:`~riskkit.binning.OptimalBinner`. They are counted one by one however
        many values a feature has, so that a binner can set them apart.

    classes : sequence of two labels, default=(0, 1)
        The non-event and the event label. They are told rather than learned, because
        a part may hold only one of them.

    max_values : int, default=20000
        Values of a numeric feature that are counted one by one. A feature with more is
        counted in bands of neighbouring values, as narrow as leave at most so many.

    max_levels : int, default=100000
        Levels of a categorical feature that are kept by name. Of a feature with more,
        a second pass names those that hold at least a share of ``1 / max_levels`` of
        the accounts with a level; all others are one group.

    Attributes
    ----------
    features : tuple of str
        The columns that are counted.

    classes : tuple
        The non-event and the event label.

    periods : tuple of str or None
        Periods in order, None last where it is missing; ``(None,)`` without periods.

    n, n_event : float
        Accounts and events; sums of weights.

    unnamed : tuple of str
        Features with more than `max_levels` levels whose frequent ones only a second
        pass over the rows can name.

    See Also
    --------
    collect_stats : Counts a table of any engine.
    FrequentLevels : The second pass, which names the levels of unnamed features.
    fit_binner : Bins from counts.

    Notes
    -----
    All counts are exact, those of bands as well. What bands lose is where between two
    of their ends a value lies, so a binner fitted to them puts its edges on those ends
    alone. A band that keeps ``m`` digits of the mantissa is no wider than ``2**-m`` of
    its values; :meth:`frame` has ``m`` as ``n_digits`` (52 for single values), the
    bound as ``relative_width``, and as ``largest_share`` the accounts in the fullest
    band of several values, which bounds the error of every quantile and of every
    event rate below an edge.

    Of a categorical feature with more than `max_levels` levels, the accounts are
    counted in hash buckets, at least four times as many as `max_levels`. They tell
    which levels may be frequent, and a second pass counts those by name, exactly.
    Names survive ``+`` where both sides have the same ones, or one has no level at
    all; otherwise the feature is unnamed again, because a level that was pooled may
    have become frequent. Of an identifier no bucket is so full that a level in it
    could be frequent: it needs no second pass, and all of its levels are one group.

    Weights have to be multiples of ``2**-20``: their sums have no rounding error then,
    which would depend on the order of the parts.

    Examples
    --------
    >>> from riskkit.engines import SufficientStats
    >>> january = SufficientStats(["age"]).update({"age": [25.0, 31.0]}, [1, 0])
    >>> february = SufficientStats(["age"]).update({"age": [25.0, None]}, [0, 0])
    >>> both = january + february
    >>> both.n, both.n_event
    (4.0, 1.0)
    >>> both.to_bytes() == (february + january).to_bytes()
    True
    """

    def __init__(
        self,
        features: Sequence[str],
        *,
        special_codes: Any = None,
        classes: Any = (0, 1),
        max_values: int = 20_000,
        max_levels: int = 100_000,
    ) -> None:
        self._rules = read_rules(
            features, special_codes, classes, max_values, max_levels
        )
        self._slices: dict[str | None, dict[str, ColumnCounts]] = {}

    @classmethod
    def _of(
        cls, rules: CountRules, slices: Mapping[str | None, dict[str, ColumnCounts]]
    ) -> Self:
        stats = cls.__new__(cls)
        stats._rules, stats._slices = rules, dict(slices)  # noqa: SLF001 (its own)
        return stats

    @property
    def features(self) -> tuple[str, ...]:
        """The columns that are counted."""
        return self._rules.features

    @property
    def classes(self) -> tuple[Any, Any]:
        """The non-event and the event label."""
        return self._rules.classes

    @property
    def periods(self) -> tuple[str | None, ...]:
        """Periods in order, None last; ``(None,)`` without periods."""
        return tuple(sorted(self._slices, key=lambda p: (p is None, p or "")))

    @property
    def n(self) -> float:
        """Accounts, or the sum of their weights."""
        return sum(self._totals())

    @property
    def n_event(self) -> float:
        """Events."""
        return self._totals()[0]

    @property
    def unnamed(self) -> tuple[str, ...]:
        """Features with too many levels, the frequent ones of which have no names."""
        return tuple(self._unnamed()[1])

    def update(
        self, X: Any, y: Any, *, sample_weight: Any = None, period: Any = None
    ) -> Self:
        """Count further rows, in place.

        Parameters
        ----------
        X : frame, mapping of columns, or array of shape (n_rows, n_features)
            Rows in memory. Extra columns are ignored.

        y : array-like of shape (n_rows,)
            Labels of `classes`.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights, multiples of ``2**-20``. A weight of 2 is the row twice.

        period : array-like of shape (n_rows,), default=None
            Period of each row: text, numbers or dates.

        Returns
        -------
        self : SufficientStats
            With the rows counted.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If a column is missing, or holds numbers where it held levels.
        InvalidTargetError
            If a label is missing or other than `classes`.
        InvalidParameterError
            If a weight is no multiple of ``2**-20``, or negative.
        """
        part = read_part(X, y, self._rules, sample_weight, period)
        for label, rows in part.by_period():
            self._add_part(label, rows)
        return self

    def __add__(self, other: SufficientStats) -> SufficientStats:
        if not isinstance(other, SufficientStats):
            return NotImplemented
        if other._rules != self._rules:
            msg = (
                "Counts must have been made by the same rules to be added: features, "
                "special_codes, classes, max_values and max_levels. Count again."
            )
            raise InvalidInputError(msg)
        merged = SufficientStats._of(self._rules, self._slices)
        for label, columns in other._slices.items():
            merged._add_columns(label, columns)
        return merged

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SufficientStats):
            return NotImplemented
        return self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return (
            f"<SufficientStats of {self.n:,.0f} accounts, {len(self.features)} features"
            f", {len(self._slices)} period(s)>"
        )

    def counts(
        self, feature: str, *, by_period: bool = False, special_codes: Any = ()
    ) -> FeatureCounts:
        """Return the values of a feature with their counts.

        Parameters
        ----------
        feature : str
            Its name.

        by_period : bool, default=False
            Whether the counts of the periods are kept apart.

        special_codes : sequence of float, default=()
            Codes that stay single values; those that the rules count apart otherwise
            count in the band that they lie in.

        Returns
        -------
        counts : FeatureCounts
            What :meth:`~riskkit.binning.OptimalBinner.fit_counts` takes. With more than
            `max_levels` levels, one entry stands for all that are not frequent.

        Raises
        ------
        InvalidParameterError
            If there is no such feature.
        InvalidInputError
            If it is unnamed, or no row was counted.
        """
        whole = self._column(feature)
        limits = self._rules.limits
        if not by_period:
            return counts_of_column(feature, whole, special_codes, limits["max_levels"])
        slices = {label: self._slices[label][feature] for label in self.periods}
        return counts_by_period(feature, whole, slices, special_codes, limits)

    def frame(self) -> pd.DataFrame:
        """Return one row for each feature: how it is counted, and how finely.

        Returns
        -------
        frame : DataFrame
            Columns feature, kind, n_values (values, bands, or levels with a name; NaN
            for an unnamed feature), n_digits, relative_width, largest_share (accounts
            in the fullest band, or in all levels without a name), n_missing.
        """
        import pandas as pd

        max_levels = self._rules.max_levels
        rows = [
            describe_column(name, self._column(name), self.n, max_levels)
            for name in self.features
        ]
        return pd.DataFrame(rows)

    def to_bytes(self) -> bytes:
        """Return the counts as bytes; equal rows give equal bytes.

        Returns
        -------
        data : bytes
            A JSON header and plain arrays; nothing in it can be executed.
        """
        slices = {label: self._slices[label] for label in self.periods}
        return write_stats(self._rules, slices)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what :meth:`to_bytes` wrote.

        Parameters
        ----------
        data : bytes
            The counts.

        Returns
        -------
        stats : SufficientStats
            Equal to those written.

        Raises
        ------
        ArtifactError
            If the bytes are damaged or of another kind.
        """
        return cls._of(*read_stats(data))

    def with_names(self, levels: FrequentLevels) -> Self:
        """Return these counts with the names of frequent levels.

        Parameters
        ----------
        levels : FrequentLevels
            Begun from these counts, with the same rows counted again.

        Returns
        -------
        stats : SufficientStats
            New counts, without unnamed features.

        Raises
        ------
        InvalidInputError
            If the second count is of other rows.
        InvalidTypeError
            If `levels` is of another type.
        """
        if not isinstance(levels, FrequentLevels):
            msg = f"levels must be FrequentLevels; got {type(levels).__name__}."
            raise InvalidTypeError(msg)
        rules, columns = self._unnamed()
        named = levels._name(rules, self._slices, columns)  # noqa: SLF001 (two halves)
        return self._of(rules, named)

    def _add_part(self, label: str | None, part: Part) -> None:
        known = self._slices.get(label, {})
        columns = {}
        for name in self.features:
            column = known.get(name)
            n_bits = column.bands.n_bits if isinstance(column, NumberCounts) else 0
            columns[name] = part.count(name, self._rules, n_bits)
        self._add_columns(label, columns)

    def _add_columns(
        self, label: str | None, columns: Mapping[str, ColumnCounts]
    ) -> None:
        known = self._slices.get(label)
        if known is None:
            self._slices[label] = dict(columns)
            return
        limits = self._rules.limits
        self._slices[label] = {
            name: add_columns(name, known[name], columns[name], limits)
            for name in self.features
        }

    def _unnamed(self) -> tuple[CountRules, dict[str, LevelCounts]]:
        return self._rules, unnamed_columns(self._slices, self._rules)

    def _column(self, feature: str) -> ColumnCounts:
        """Return the counts of a feature over all periods."""
        if feature not in self.features:
            msg = f"feature must be one of those counted; got {feature!r}."
            raise InvalidParameterError(msg)
        if not self._slices:
            msg = "No rows were counted: the source is empty. Check its filter or path."
            raise InvalidInputError(msg)
        parts = (self._slices[label][feature] for label in self.periods)
        return sum_columns(feature, parts, self._rules.limits)

    def _totals(self) -> tuple[float, float]:
        event = nonevent = 0.0
        for columns in self._slices.values():
            of_one = next(iter(columns.values())).totals
            event, nonevent = event + of_one[0], nonevent + of_one[1]
        return event, nonevent
