"""How columns of a table are read: as doubles, or as the levels of the model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskkit._core.levels import level_key
from riskkit.export._sql_text import Item, case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.export._sql_dialects import Writer
    from riskkit.export._sql_text import Branch, Value

__all__ = ["LevelInput", "read_levels", "read_numbers"]

_TRUTHS = {"True": "1", "False": "0"}
_FRACTIONAL = "typeof({c}) SIMILAR TO 'FLOAT|DOUBLE|DECIMAL.*'"


@dataclass(frozen=True)
class LevelInput:
    """A column of levels: names of the columns that hold its text, number or truth.

    Where there are several, a row has a value in one of them.
    """

    writer: Writer
    items: tuple[Item, ...]
    text: str | None = None
    number: str | None = None
    truth: str | None = None

    @property
    def missing(self) -> str:
        """The condition that nothing is known."""
        given = [x for x in (self.text, self.number, self.truth) if x is not None]
        condition = " AND ".join(f"{x} IS NULL" for x in given)
        nan = None if self.number is None else self.writer.is_nan(self.number)
        return condition if nan is None else f"{condition} OR {nan}"

    def among(self, levels: Sequence[str]) -> str | None:
        """Return the condition that the level is one of these; None if it cannot be."""
        conditions = []
        if self.text is not None and levels:
            texts = ", ".join(map(self.writer.quote_text, levels))
            conditions.append(f"{self.text} IN ({texts})")
        numbers = [n for n in map(_number_of, levels) if n is not None]
        if self.number is not None and numbers:
            listed = ", ".join(map(self.writer.number, numbers))
            conditions.append(f"{self.number} IN ({listed})")
        truths = [_TRUTHS[level] for level in levels if level in _TRUTHS]
        if self.truth is not None and truths:
            conditions.append(f"{self.truth} IN ({', '.join(truths)})")
        return " OR ".join(conditions) or None


def read_numbers(writer: Writer, column: str, name: str, stored: str | None) -> Item:
    """Return the column of doubles `name`, NULL or NaN where nothing is known."""
    return Item.of(name, _double(writer, writer.quote_name(column), stored), column)


def read_levels(
    writer: Writer, column: str, name: str, stored: str | None
) -> LevelInput:
    """Return how a column of levels is read.

    Levels are told apart by :func:`riskkit._core.levels.level_key`: the text itself,
    whole numbers by their digits, ``True`` and ``False``. Other numbers are compared
    as numbers, because their text differs between engines.
    """
    words, c = writer.dialect, writer.quote_name(column)
    if stored == "number":
        item = Item.of(name, _double(writer, c, stored), column)
        return LevelInput(writer, (item,), number=name)
    if stored == "boolean":
        item = Item.of(name, f"CAST({c} AS {words.whole})", column)
        return LevelInput(writer, (item,), truth=name)
    as_text = writer.level(c)
    if stored == "text" or not words.knows_types:
        return LevelInput(writer, (Item.of(name, as_text, column),), text=name)
    fractional, number, truth = _FRACTIONAL.format(c=c), f"n{name}", f"t{name}"
    is_truth = f"typeof({c}) = 'BOOLEAN'"
    text_of: list[Branch] = [(f"{fractional} OR {is_truth}", "NULL", "")]
    # The first condition keeps the CASE: see below.
    known = f"{c} IS NOT NULL AND {fractional}"
    number_of: list[Branch] = [(known, f"TRY_CAST({c} AS {words.double})", "")]
    truth_of: list[Branch] = [(is_truth, f"TRY_CAST({c} AS {words.whole})", "")]
    items = (
        Item(name, case(text_of, (as_text, "")), column),
        Item(number, case(number_of), f"{column}, if it is stored with fractions"),
        Item(truth, case(truth_of), f"{column}, if it is stored as true or false"),
    )
    return LevelInput(writer, items, name, number, truth)


def _double(writer: Writer, c: str, stored: str | None) -> Value:
    words = writer.dialect
    if stored == "boolean":
        return f"CAST(CAST({c} AS {words.whole}) AS {words.double})"
    as_double = f"CAST({c} AS {words.double})"
    if not words.knows_types:
        return as_double
    # DuckDB rounds integers of 128 bits twice on their way to a double, but reads their
    # digits exactly. And it believes that a column of a Parquet file holds no NaN, and
    # that no formula of it does, unless a CASE comes between.
    digits = f"CAST(CAST({c} AS {words.text}) AS {words.double})"
    branches: list[Branch] = [
        (f"{c} IS NULL", "NULL", ""),
        (f"typeof({c}) LIKE '%HUGEINT'", digits, ""),
    ]
    return case(branches, (as_double, ""))


def _number_of(level: str) -> float | None:
    """Return the finite number whose level this is, if there is one."""
    try:
        number = float(level)
    except ValueError:
        return None
    return number if math.isfinite(number) and level_key(number) == level else None
