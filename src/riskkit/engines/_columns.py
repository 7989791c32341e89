"""What is kept of one column: values or bands of numbers, or levels, with counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from riskkit._kernels.value_bands import (
    ValueBands,
    add_bands,
    count_values,
    widen_bands,
)
from riskkit.binning import FeatureCounts
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskkit._core.frames import LevelColumn
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["ColumnCounts", "LevelCounts", "NumberCounts", "add_columns"]


@dataclass(frozen=True)
class NumberCounts:
    """Numbers: the special ``codes`` one by one, all others in ``bands``.

    ``code_counts`` has the events and non-events of the codes, in two rows.
    """

    codes: tuple[float, ...]
    code_counts: FloatArray
    bands: ValueBands

    kind = "numeric"

    @classmethod
    def of_rows(
        cls,
        x: FloatArray,
        is_event: BoolArray,
        weight: FloatArray | None,
        codes: tuple[float, ...],
        *,
        max_values: int,
        n_bits: int = 0,
    ) -> NumberCounts:
        """Count rows, in bands of at least ``n_bits``."""
        code_counts = np.zeros((2, len(codes)))
        for k, code in enumerate(codes):
            here = x == code
            if not here.any():
                continue
            amount = np.ones(x.size) if weight is None else weight
            code_counts[:, k] = (
                amount[here & is_event].sum(),
                amount[here & ~is_event].sum(),
            )
            x, is_event = x[~here], is_event[~here]
            weight = None if weight is None else weight[~here]
        bands = count_values(x, is_event, weight, max_bands=max_values, n_bits=n_bits)
        return cls(codes, code_counts, bands)

    @property
    def is_blank(self) -> bool:
        """Whether no value was seen, so that it might be of the other kind."""
        return not len(self.bands.upper) and not self.code_counts.any()

    @property
    def missing(self) -> tuple[float, float]:
        """Events and non-events without a value."""
        return self.bands.missing_event, self.bands.missing_nonevent

    @property
    def totals(self) -> tuple[float, float]:
        """Events and non-events."""
        bands, codes = self.bands, self.code_counts.sum(axis=1)
        return (
            float(bands.n_event.sum() + codes[0] + bands.missing_event),
            float(bands.n_nonevent.sum() + codes[1] + bands.missing_nonevent),
        )

    def with_missing(self, event: float, nonevent: float) -> NumberCounts:
        """Return the counts with further accounts without a value."""
        bands = replace(
            self.bands,
            missing_event=self.bands.missing_event + event,
            missing_nonevent=self.bands.missing_nonevent + nonevent,
        )
        return replace(self, bands=bands)

    def add(self, other: NumberCounts, max_values: int) -> NumberCounts:
        """Return the counts of both sets of rows."""
        return NumberCounts(
            self.codes,
            self.code_counts + other.code_counts,
            add_bands(self.bands, other.bands, max_bands=max_values),
        )

    def widen(self, n_bits: int) -> NumberCounts:
        """Return the counts in bands of so many bits."""
        size = max(1, len(self.bands.upper))
        return replace(
            self, bands=widen_bands(self.bands, max_bands=size, n_bits=n_bits)
        )

    def feature_counts(self, apart: Sequence[float]) -> FeatureCounts:
        """Return values and counts; codes that are not ``apart`` are plain values."""
        bands = self.bands
        plain = [k for k, code in enumerate(self.codes) if code not in apart]
        kept = [k for k, code in enumerate(self.codes) if code in apart]
        if plain:
            values = np.array([self.codes[k] for k in plain])
            for row, is_event in enumerate((True, False)):
                bands = add_bands(
                    bands,
                    count_values(
                        values,
                        np.full(values.size, is_event),
                        self.code_counts[row, plain],
                        max_bands=values.size,
                        n_bits=bands.n_bits,
                    ),
                    max_bands=len(bands.upper) + values.size,
                )
        codes = np.array([self.codes[k] for k in kept])
        ends = bands.values
        # A band that ends at a code counts only what lies below it.
        ends = np.where(np.isin(ends, codes), np.nextafter(ends, -np.inf), ends)
        return FeatureCounts(
            np.concatenate([ends, codes, [np.nan]]),
            np.concatenate(
                [bands.n_event, self.code_counts[0, kept], [bands.missing_event]]
            ),
            np.concatenate(
                [bands.n_nonevent, self.code_counts[1, kept], [bands.missing_nonevent]]
            ),
            banded=bands.n_bits > 0,
            exact=tuple(codes.tolist()),
        )


@dataclass(frozen=True)
class LevelCounts:
    """Levels with their events and non-events, sorted; no names once too many.

    Of a column with more levels than are kept, ``levels`` is None and ``counts`` has
    one column for all of them.
    """

    levels: tuple[str, ...] | None
    counts: FloatArray
    missing: tuple[float, float]

    kind = "categorical"

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
        n = len(column.levels)
        amount = np.ones(is_event.size) if weight is None else weight
        # One more place serves the missing values, whose code is -1.
        codes = np.where(column.codes < 0, n, column.codes)
        event = np.bincount(codes, np.where(is_event, amount, 0.0), n + 1)
        nonevent = np.bincount(codes, np.where(is_event, 0.0, amount), n + 1)
        counts = np.array([event[:n], nonevent[:n]])
        missing = float(event[n]), float(nonevent[n])
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
        return LevelCounts(None, self.counts.sum(axis=1, keepdims=True), self.missing)

    def add(self, other: LevelCounts, max_levels: int) -> LevelCounts:
        """Return the counts of both sets of rows."""
        missing = (
            self.missing[0] + other.missing[0],
            self.missing[1] + other.missing[1],
        )
        if self.levels is None or other.levels is None:
            counts = self.counts.sum(axis=1) + other.counts.sum(axis=1)
            return LevelCounts(None, counts.reshape(2, 1), missing)
        levels = tuple(sorted({*self.levels, *other.levels}))
        place = {level: k for k, level in enumerate(levels)}
        counts = np.zeros((2, len(levels)))
        for part in (self, other):
            counts[:, [place[level] for level in part.levels or ()]] += part.counts
        return LevelCounts(levels, counts, missing).limited(max_levels)

    def feature_counts(self, name: str) -> FeatureCounts:
        """Return levels and counts."""
        if self.levels is None:
            msg = (
                f"Column {name!r} must have at most max_levels levels; it has more. "
                "Leave it out, since a column of that many levels tells accounts "
                "apart by name; or group its levels, or count with more max_levels."
            )
            raise InvalidInputError(msg)
        return FeatureCounts(
            np.array([*self.levels, None], dtype=object),
            np.append(self.counts[0], self.missing[0]),
            np.append(self.counts[1], self.missing[1]),
        )


ColumnCounts: TypeAlias = "NumberCounts | LevelCounts"


def add_columns(
    name: str, one: ColumnCounts, other: ColumnCounts, limits: Mapping[str, int]
) -> ColumnCounts:
    """Return the counts of both parts of a column."""
    if isinstance(one, NumberCounts) and isinstance(other, NumberCounts):
        return one.add(other, limits["max_values"])
    if isinstance(one, LevelCounts) and isinstance(other, LevelCounts):
        return one.add(other, limits["max_levels"])
    # A part without a single value does not tell what the others hold.
    blank, known = (one, other) if one.is_blank else (other, one)
    if not blank.is_blank:
        msg = (
            f"Column {name!r} must hold numbers in every part, or levels in every "
            "part; it holds both. Cast it to one type where the parts are written."
        )
        raise InvalidInputError(msg)
    if known.is_blank:  # of two, the same one whatever their order
        blank, known = sorted((one, other), key=lambda counts: counts.kind)
    result: Any = known.with_missing(*blank.missing)
    return result  # type: ignore[no-any-return]
