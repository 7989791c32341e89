"""What trees split on, as columns: the raw number itself, or the code of a bin.

Trees split on whole numbers that stand for bins. Where these are the numbers of the
intervals of a feature, a code that is at most ``t`` is a value that is at most the edge
on the right of interval ``t``: the statement says ``income <= 2500``, and no interval
has to be found first. Missing and special values are NULL if trees send them their own
way; else a number of the interval whose code they have stands for them.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from riskkit.export._sql_bins import by_bin
from riskkit.export._sql_text import Item

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskkit.artifact import CodingSpec, FeatureSpec
    from riskkit.export._sql_columns import LevelInput
    from riskkit.export._sql_dialects import Writer

__all__ = ["CodeColumn", "CodeColumns"]

_LARGEST = sys.float_info.max  # above every edge

# One for each bin of a feature; None where trees send an account their own way.
_Codes = tuple[int | None, ...]


class CodeColumns:
    """Gathers the columns that the trees of all members split on, each of them once.

    Parameters
    ----------
    writer : Writer
        Writes in the dialect.

    columns : mapping of str to (str or LevelInput)
        By the name of a field a column of doubles, or what reads a column of levels.
    """

    def __init__(self, writer: Writer, columns: Mapping[str, str | LevelInput]) -> None:
        self._writer, self._columns = writer, columns
        self._found: dict[tuple[FeatureSpec, _Codes], CodeColumn] = {}

    def column(self, coding: CodingSpec, place: int) -> CodeColumn:
        """Return a column of a coding."""
        spec = coding.columns[place]
        feature = coding.features[spec.feature]
        name = f"c{len(self._found) + 1}"
        new = CodeColumn(name, feature, spec.codes, self._writer)
        return self._found.setdefault((feature, spec.codes), new)

    def items(self) -> list[Item]:
        """Return the columns that were asked for."""
        return [c.item(self._columns[c.feature.name]) for c in self._found.values()]


@dataclass(frozen=True)
class CodeColumn:
    """A column that trees split on, and who goes to which side of a split."""

    name: str
    feature: FeatureSpec
    codes: _Codes
    writer: Writer

    def side(self, *, left: bool, threshold: int, missing: bool) -> str:
        """Return the condition of one side; `missing` is whether NULL goes there."""
        least, most = self._ends
        if least <= threshold < most:
            condition = f"{self.name} {'<=' if left else '>'} {self._border(threshold)}"
        else:  # all that have a code go to one side
            takes_all = left == (threshold >= most)
            condition = f"{self.name} IS NOT NULL" if takes_all else "1 = 0"
        lacking = missing and None in self.codes
        return f"{condition} OR {self.name} IS NULL" if lacking else condition

    def item(self, column: str | LevelInput) -> Item:
        """Return the column."""
        if isinstance(column, str) and self._is_raw:
            n = self.feature.n_regular
            values = [column] * n + [self._stand_in(code) for code in self.codes[n:]]
        else:
            values = ["NULL" if code is None else str(code) for code in self.codes]
        formula = by_bin(self.feature, column, self.writer, values)
        if formula == "NULL":
            formula = f"CAST(NULL AS {self.writer.dialect.whole})"
        return Item.of(self.name, formula, self.feature.name)

    @cached_property
    def _is_raw(self) -> bool:
        """Whether the codes are the numbers of the intervals."""
        n = self.feature.n_regular
        return (
            self.feature.kind == "numeric"
            and self.codes[:n] == tuple(range(n))
            and self._ends[1] < n
        )

    @cached_property
    def _ends(self) -> tuple[int, int]:
        """The least and the largest code."""
        known = [code for code in self.codes if code is not None]
        return min(known, default=0), max(known, default=0)

    def _border(self, threshold: int) -> str:
        if not self._is_raw:
            return str(threshold)
        return self.writer.number(float(self.feature.edges[threshold]))

    def _stand_in(self, code: int | None) -> str:
        """Return a number of the interval with this code, NULL without one."""
        if code is None:
            return "NULL"
        edges = self.feature.edges
        return self.writer.number(float(edges[code]) if code < len(edges) else _LARGEST)
