"""Numbers out of a printed table, or an error that says which line is not there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["NUMBER", "find", "find_all", "numbers"]

NUMBER = r"([-+]?[\d,]+(?:\.\d+)?)"


def numbers(groups: Iterable[str]) -> list[float]:
    """Return groups of a match as numbers."""
    return [float(part.replace(",", "")) for part in groups]


def find(pattern: str, text: str) -> list[float]:
    """Return the numbers in the groups of the first match."""
    match = re.search(pattern.replace("NUM", NUMBER), text, re.MULTILINE)
    if match is None:
        raise unreadable(pattern)
    return numbers(match.groups())


def find_all(pattern: str, text: str) -> list[tuple[str, ...]]:
    """Return the groups of every match; there must be one."""
    found = re.findall(pattern, text, re.MULTILINE)
    if not found:
        raise unreadable(pattern)
    return found


def unreadable(pattern: str) -> ValueError:
    """Return the error of a text that a benchmark no longer prints."""
    return ValueError(
        f"the printed text should hold a line like {pattern!r}; it holds none. Mend"
        " the reading in benchmarks/readings.py, or run the benchmark again."
    )
