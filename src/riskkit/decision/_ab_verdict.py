"""Which arm is better, why, and what speaks against saying so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["ArmVerdict", "judge_experiment"]


@dataclass(frozen=True)
class ArmVerdict:
    """The verdict of a whole experiment."""

    word: str
    reason: str
    concerns: tuple[str, ...]


def judge_experiment(
    rows: Sequence[Mapping[str, Any]], refused: str, concerns: Sequence[str]
) -> ArmVerdict:
    """Put the comparisons of everyone into words, and those of segments against it."""
    if refused:
        return ArmVerdict("not_evaluable", refused, tuple(concerns))
    overall = [row for row in rows if row["scope"] == "all"]
    by_word = {
        word: [row for row in overall if row["verdict"] == word]
        for word in ("better", "worse", "unclear", "not_evaluable")
    }
    told = [_told(row) for row in overall if row["verdict"] in ("better", "worse")]
    rest = [str(row["arm"]) for row in by_word["unclear"]]
    if rest:
        told.append(f"{_listed(rest)}: a difference may be chance.")
    told += [f"{row['arm']!r}: {row['reason']}." for row in by_word["not_evaluable"]]
    worse = [
        f"{row['arm']!r} is worse in {row['scope']} {row['group']!r}: "
        f"{row['difference']:+.5g}."
        for row in rows
        if row["scope"] != "all" and row["verdict"] == "worse"
        if row["arm"] in {r["arm"] for r in by_word["better"]}
    ]
    word = next(word for word in by_word if by_word[word])
    if word == "better" and worse:
        word = "mixed"
    return ArmVerdict(word, " ".join(told), (*concerns, *worse))


def _told(row: Mapping[str, Any]) -> str:
    return (
        f"{row['arm']!r} is {row['verdict']}: {row['value']:.5g} against "
        f"{row['value_control']:.5g}, a difference of {row['difference']:+.5g}."
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
