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

_FRACTIONAL = "typeof({c}) SIMILAR TO 'FLOAT|DOUBLE|DECIMAL.*'"


@dataclass(frozen=True)
class LevelInput:
    """A column of levels: the text it holds, or the number, or either of them."""

    writer: Writer
    items: tuple[Item, ...]
    text: str | None
    number: str | None

    @property
    def missing(self) -> str:
        """The condition that nothing is known."""
        given = [x for x in (self.text, self.number) if x is not None]
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
    as_text = f"CAST({c} AS {words.text})"
    if stored == "number":
        item = Item.of(name, _double(writer, c, stored), column)
        return LevelInput(writer, (item,), None, name)
    if stored == "boolean":
        lines = _truth(writer, f"CAST({c} AS {words.whole})", "1", "0")
        return LevelInput(writer, (Item(name, lines, column),), name, None)
    if stored == "text" or not words.knows_types:
        item = Item.of(name, as_text, column)
        return LevelInput(writer, (item,), name, None)
    fractional, number = _FRACTIONAL.format(c=c), f"{name}_number"
    truth = _truth(writer, as_text, "'true'", "'false'")
    text_of: list[Branch] = [
        (fractional, "NULL", ""),
        (f"typeof({c}) = 'BOOLEAN'", truth, ""),
    ]
    # The first condition keeps the CASE: see below.
    known = f"{c} IS NOT NULL AND {fractional}"
    number_of: list[Branch] = [(known, f"TRY_CAST({c} AS {words.double})", "")]
    items = (
        Item(name, case(text_of, (as_text, "")), f"{column}, unless it is a fraction"),
        Item(number, case(number_of), f"{column}, if it is one"),
    )
    return LevelInput(writer, items, name, number)


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


def _truth(writer: Writer, of: str, yes: str, no: str) -> tuple[str, ...]:
    names: list[Branch] = [
        (yes, writer.quote_text("True"), ""),
        (no, writer.quote_text("False"), ""),
    ]
    return case(names, of=of)


def _number_of(level: str) -> float | None:
    """Return the finite number whose level this is, if there is one."""
    try:
        number = float(level)
    except ValueError:
        return None
    return number if math.isfinite(number) and level_key(number) == level else None
