"""The bins of a feature as conditions on its column, in the order in which they count.

A special code may lie in an interval, and a missing value in none, so the first
condition that holds decides. Levels are in one group only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit.export._sql_text import case

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskkit.artifact import FeatureSpec
    from riskkit.export._sql_columns import LevelInput
    from riskkit.export._sql_dialects import Writer
    from riskkit.export._sql_text import Branch, Value

__all__ = ["bin_conditions", "by_bin", "last_bin"]


def bin_conditions(
    feature: FeatureSpec, column: str | LevelInput, writer: Writer
) -> Iterator[tuple[int, str | None]]:
    """Return every bin but the last one with its condition; None if none is in it.

    `column` is the name of a column of doubles, or what reads a column of levels.
    """
    if isinstance(column, str):
        return _intervals(feature, column, writer)
    return _groups(feature, column)


def last_bin(feature: FeatureSpec) -> int:
    """Return the bin of all that no condition has caught."""
    return len(feature.edges) if feature.kind == "numeric" else feature.unseen_bin


def by_bin(
    feature: FeatureSpec,
    column: str | LevelInput,
    writer: Writer,
    values: Sequence[str],
) -> Value:
    """Return a formula with one value for each bin; equal values share a line."""
    labels, rest = feature.labels, values[last_bin(feature)]
    found = [
        (condition, values[bin_], labels[bin_])
        for bin_, condition in bin_conditions(feature, column, writer)
        if condition
    ]
    if feature.kind == "categorical":
        branches = _joined(found, rest)
    else:
        # What stands before the intervals counts before them.
        n_before = 1 + len(feature.special)
        branches = [*found[:n_before], *_runs(found[n_before:], rest)]
        if all(value == rest for _, value, _ in branches):
            branches = []
    return case(branches, (rest, "")) if branches else rest


def _intervals(
    feature: FeatureSpec, x: str, writer: Writer
) -> Iterator[tuple[int, str]]:
    number, nan, missing = writer.number, writer.is_nan(x), f"{x} IS NULL"
    yield feature.missing_bin, missing if nan is None else f"{missing} OR {nan}"
    for bin_, group in enumerate(feature.special, start=feature.n_regular):
        codes = ", ".join(number(float(code)) for code in group.codes)
        yield bin_, f"{x} IN ({codes})"
    for bin_, edge in enumerate(feature.edges):
        yield bin_, f"{x} <= {number(edge)}"


def _groups(
    feature: FeatureSpec, column: LevelInput
) -> Iterator[tuple[int, str | None]]:
    yield feature.missing_bin, column.missing
    for bin_, group in enumerate(feature.special, start=feature.n_regular):
        yield bin_, column.among([str(code) for code in group.codes])
    for bin_, levels in enumerate(feature.levels):
        yield bin_, column.among(levels)


def _joined(found: Sequence[Branch], rest: str) -> list[Branch]:
    """Return groups of levels joined by their value; those of the rest need none."""
    conditions: dict[Value, list[str]] = {}
    remarks: dict[Value, str] = {}
    for condition, value, label in found:
        remarks[value] = "" if value in remarks else label
        conditions.setdefault(value, []).append(condition)
    return [
        (" OR ".join(of), value, remarks[value])
        for value, of in conditions.items()
        if value != rest
    ]


def _runs(found: Sequence[Branch], rest: str) -> list[Branch]:
    """Return neighbouring intervals of one value as one, without the last run."""
    values = [*(value for _, value, _ in found), rest]
    return [
        branch
        for branch, after in zip(found, values[1:], strict=True)
        if branch[1] != after
    ]
