"""Rows as the bins they fall into: equal rows are one pattern with a number.

A scorecard sees of a row its bins and its outcome alone. There are far fewer different
rows of bins than rows, so a table of any size becomes a small one with weights, and the
fit on it is the fit on all rows, not on a sample.

A pattern is packed into 64-bit words, the bins of one feature after the other as digits
of a number with mixed bases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import Table
from riskkit.artifact import assign_column
from riskkit.engines._rows import read_events, read_weights
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit._kernels.value_bands import NumberArray
    from riskkit.artifact import FeatureSpec
    from riskkit.typing import FloatArray, IntArray

__all__ = [
    "PatternCounts",
    "Patterns",
    "TooManyPatternsError",
    "representative_rows",
    "unseen_level",
]

_WORD = 1 << 64


class TooManyPatternsError(InvalidInputError):
    """The rows have more patterns than are to be held."""


@dataclass(frozen=True)
class PatternCounts:
    """Packed patterns in order, one row of words each, with events and non-events."""

    words: NumberArray
    counts: FloatArray

    @property
    def n(self) -> int:
        """How many patterns there are."""
        return int(self.words.shape[1])


@dataclass(frozen=True)
class Patterns:
    """Counts the patterns of parts of a table."""

    features: tuple[FeatureSpec, ...]
    y: str
    sample_weight: str | None
    classes: tuple[Any, Any]
    max_patterns: int

    def start(self) -> list[PatternCounts]:
        """Return no patterns; a state is a list of blocks, the largest first."""
        return []

    def update(self, state: list[PatternCounts], part: Any) -> list[PatternCounts]:
        """Return the patterns with those of further rows."""
        table = Table.read(part)
        is_event = read_events(table.column(self.y), self.classes, table.n_rows)
        name = self.sample_weight
        given = None if name is None else table.column(name)
        weight = read_weights(given, table.n_rows)
        amount = np.ones(table.n_rows) if weight is None else weight
        words = np.array([self._pack(table, group) for group in self._words()])
        counts = np.array([amount * is_event, amount * ~is_event])
        return self.merge(state, [_pooled(words, counts)])

    def merge(
        self, one: list[PatternCounts], other: list[PatternCounts]
    ) -> list[PatternCounts]:
        """Return the patterns of both sets of rows.

        Blocks are pooled with the one before as soon as they are half as large: a
        large block is then gone through a few times, not once for each part.
        """
        blocks = [*one]
        for block in other:
            blocks.append(block)
            while len(blocks) > 1 and 2 * blocks[-1].n >= blocks[-2].n:
                last = blocks.pop()
                blocks[-1] = self._pool(blocks[-1], last)
        return blocks

    def finish(self, state: list[PatternCounts]) -> PatternCounts:
        """Return one block with all patterns."""
        n_words = len(self._words())
        whole = PatternCounts(np.zeros((n_words, 0), np.uint64), np.zeros((2, 0)))
        for block in reversed(state):
            whole = self._pool(whole, block)
        return whole

    def _pool(self, one: PatternCounts, other: PatternCounts) -> PatternCounts:
        both = _pooled(
            np.concatenate([one.words, other.words], axis=1),
            np.concatenate([one.counts, other.counts], axis=1),
        )
        if both.n > self.max_patterns:
            msg = (
                f"The rows must have at most {self.max_patterns} different patterns of "
                f"bins over {len(self.features)} features to be held; they have more."
            )
            raise TooManyPatternsError(msg)
        return both

    def unpack(self, state: PatternCounts) -> list[IntArray]:
        """Return the bin of every pattern, one array for each feature."""
        bins: list[IntArray] = []
        for words, group in zip(state.words, self._words(), strict=True):
            rest = words
            digits = []
            for feature in reversed(group):
                base = np.uint64(feature.n_bins)
                digits.append((rest % base).astype(np.intp))
                rest = rest // base
            bins += reversed(digits)
        return bins

    def _words(self) -> list[list[FeatureSpec]]:
        """Return the features of each word: as many as have room."""
        groups: list[list[FeatureSpec]] = [[]]
        size = 1
        for feature in self.features:
            if size * feature.n_bins >= _WORD:
                groups.append([])
                size = 1
            groups[-1].append(feature)
            size *= feature.n_bins
        return groups

    def _pack(self, table: Table, group: Sequence[FeatureSpec]) -> NumberArray:
        word = np.zeros(table.n_rows, np.uint64)
        for feature in group:
            bins = assign_column(feature, table.column(feature.name))
            word = word * np.uint64(feature.n_bins) + bins.astype(np.uint64)
        return word


def representative_rows(
    features: Sequence[FeatureSpec], bins: Sequence[IntArray]
) -> dict[str, Any]:
    """Return columns whose values fall into the given bins."""
    return {
        feature.name: _values_in_bins(feature)[codes]
        for feature, codes in zip(features, bins, strict=True)
    }


def _values_in_bins(feature: FeatureSpec) -> Any:
    """Return a value of each bin; a bin no row can fall into has a missing one."""
    if feature.kind == "categorical":
        first = [group[0] if group else None for group in feature.levels]
        codes = [str(group.codes[0]) for group in feature.special]
        unseen = unseen_level(feature)
        return np.array([*first, *codes, None, unseen], dtype=object)
    inside = list(feature.edges)
    last = inside[-1] if inside else 0.0
    codes = {float(code) for group in feature.special for code in group.codes}
    # The largest number of each bin that is no special code.
    values = []
    for edge in inside:
        value = edge
        while value in codes:
            value = float(np.nextafter(value, -np.inf))
        values.append(value)
    last = float(np.nextafter(last, np.inf)) if inside else 0.0
    while last in codes:
        last = float(np.nextafter(last, np.inf))
    special = [float(group.codes[0]) for group in feature.special]
    return np.array([*values, last, *special, np.nan, np.nan])


def unseen_level(feature: FeatureSpec) -> str:
    """Return a level that falls into the bin of levels unknown to a feature."""
    known = {*feature.level_bins()}
    unseen = "unseen"
    while unseen in known:
        unseen += "'"
    return unseen


def _pooled(words: NumberArray, counts: FloatArray) -> PatternCounts:
    """Add up equal patterns, and put them in order."""
    if not words.shape[1]:
        return PatternCounts(words, counts)
    order = np.lexsort(words[::-1])
    words = words[:, order]
    is_new = np.append(True, (words[:, 1:] != words[:, :-1]).any(axis=0))
    starts = np.flatnonzero(is_new)
    pooled = np.add.reduceat(counts[:, order], starts, axis=1)
    return PatternCounts(words[:, starts], pooled)
