"""The layout of a statement: named columns, CASE with one bin a line, and comments."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from riskkit.export._sql_dialects import Dialect

__all__ = ["Branch", "Item", "Query", "Value", "case", "comment", "wrapped"]

_LONGEST_COMMENT = 60
_WIDTH = 84

# What follows from a condition: one line, or the lines of another CASE. A line may be
# broken inside a quoted text and is never taken apart.
Value = str | tuple[str, ...]
# A condition, what follows from it, and a remark.
Branch = tuple[str, Value, str]


@dataclass(frozen=True)
class Item:
    """One column of a SELECT: the lines of its formula, its name, a remark."""

    name: str
    lines: tuple[str, ...]
    remark: str = ""

    @classmethod
    def of(cls, name: str, formula: Value, remark: str = "") -> Item:
        """Return a column, whether its formula is one line or several."""
        lines = (formula,) if isinstance(formula, str) else formula
        return cls(name, lines, remark)


@dataclass
class Query:
    """Intermediate tables, each reading the one before, and what is selected last."""

    dialect: Dialect
    source: str
    parts: list[str] = field(default_factory=list)

    def add(self, name: str, remark: str, items: Iterable[Item]) -> None:
        """Add a table: all columns of the one before, and further ones."""
        after_as, after_select, at_end = self.dialect.fence
        rows = _listed(items)
        if self.parts:
            rows = ["    *" + "," * bool(rows), *rows]
        lines = [
            f"{name} AS{after_as} (",
            f"  -- {remark}",
            f"  SELECT{after_select}",
            *rows,
            f"  FROM {self.source}",
        ]
        if at_end:
            lines.append(f"  {at_end}")
        self.parts.append("\n".join([*lines, ")"]))
        self.source = name

    def finish(self, items: Iterable[Item]) -> str:
        """Return the statement that selects these columns."""
        rows = [line[2:] for line in _listed(items)]
        last = "\n".join(["SELECT", *rows, f"FROM {self.source}"])
        return "WITH " + ",\n".join(self.parts) + "\n" + last


def case(
    branches: Iterable[Branch], otherwise: tuple[Value, str] | None = None, of: str = ""
) -> tuple[str, ...]:
    """Return the lines of a CASE, one branch a line; a value may be a CASE itself."""
    lines = [f"CASE {of}".rstrip()]
    for condition, value, text in branches:
        lines += _branch(f"WHEN {condition} THEN", value, text)
    if otherwise is not None:
        lines += _branch("ELSE", *otherwise)
    return (*lines, "END")


def _branch(head: str, value: Value, text: str) -> list[str]:
    if isinstance(value, str):
        return [f"  {head} {value}{comment(text)}"]
    return [f"  {head}{comment(text)}", *(f"    {line}" for line in value)]


def comment(text: str) -> str:
    """Return a remark for the end of a line, which nothing in `text` can end."""
    # A label may hold anything: line ends, the marks of other comments, and the
    # backslash with which Spark carries a comment over to the next line.
    plain = "".join(c if c.isprintable() else " " for c in text).replace("\\", "/")
    plain = plain.replace("*/", "* /").replace("/*", "/ *").strip()
    if len(plain) > _LONGEST_COMMENT:
        plain = plain[: _LONGEST_COMMENT - 3] + "..."
    return f" -- {plain}" if plain else ""


def wrapped(formula: str) -> tuple[str, ...]:
    """Return a long formula of short terms as lines."""
    return tuple(wrap(formula, _WIDTH, break_long_words=False, break_on_hyphens=False))


def _listed(items: Iterable[Item]) -> list[str]:
    """Return the lines of a list of columns, each with its comma before its remark."""
    columns, lines = list(items), []
    for place, item in enumerate(columns, start=1):
        comma = "," if place < len(columns) else ""
        *upper, last = item.lines
        lines += [f"    {line}" for line in upper]
        named = last if item.lines == (item.name,) else f"{last} AS {item.name}"
        lines.append(f"    {named}{comma}{comment(item.remark)}")
    return lines
