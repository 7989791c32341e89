"""What is kept of a column: values or bands of numbers, or levels, with counts."""

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
from riskkit.engines._levels import LevelCounts
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from riskkit.typing import BoolArray, FloatArray

__all__ = ["ColumnCounts", "NumberCounts", "add_columns", "sum_columns"]


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


def sum_columns(
    name: str, parts: Iterable[ColumnCounts], limits: Mapping[str, int]
) -> ColumnCounts:
    """Return the counts of all parts of a column, of which there is one at least."""
    whole, *others = parts
    for other in others:
        whole = add_columns(name, whole, other, limits)
    return whole
