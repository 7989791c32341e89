"""What differs between two documents, entry by entry; standard library only.

Entries of a list are matched by what they are called (the name of a feature, the
borders of a bin, a grade, a level), so that one more bin is one more line, and not a
difference of every bin behind it.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["ArtifactDifference", "differences"]

_NAMES = ("name", "level", "grade", "label", "special")
_LONGEST = 100  # characters of what is shown of a whole entry


@dataclass(frozen=True, slots=True)
class ArtifactDifference:
    """One difference between two artifacts.

    Parameters
    ----------
    part : str
        Part of the artifact, such as ``"model"`` or ``"strategy"``.

    place : str
        What differs, from the outside in: feature, bin, value.

    kind : {"added", "removed", "changed"}
        Whether it is in the second artifact only, in the first only, or in both.

    before, after : float, str, bool or None
        The values, or what an entry holds in short; None on the side without one.

    Examples
    --------
    >>> from riskkit.export import ArtifactDifference
    >>> ArtifactDifference("model", "income, Missing, points", "changed", 3.0, 1.0).kind
    'changed'
    """

    part: str
    place: str
    kind: Literal["added", "removed", "changed"]
    before: float | str | bool | None
    after: float | str | bool | None


def differences(
    part: str, before: Any, after: Any, place: tuple[str, ...] = ()
) -> Iterator[ArtifactDifference]:
    """Yield what differs between two values that stand at one place of a document."""
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _entries(part, before, after, place)
    elif _has_records(before, after):
        first, second = _named(before), _named(after)
        yield from _entries(part, first, second, place)
        shared = [name for name in first if name in second]
        if shared != [name for name in second if name in first]:
            order = (*place, "order")
            there = [name for name in second if name in first]
            yield _changed(part, order, ", ".join(shared), ", ".join(there))
    elif not _same(before, after):
        if isinstance(before, list) and isinstance(after, list):
            yield _changed(part, place, *_lists(before, after))
        else:
            yield _changed(part, place, _short(before), _short(after))


def _entries(
    part: str, before: dict[str, Any], after: dict[str, Any], place: tuple[str, ...]
) -> Iterator[ArtifactDifference]:
    for name in [*before, *(name for name in after if name not in before)]:
        here = (*place, name)
        if name not in after:
            yield ArtifactDifference(
                part, _path(here), "removed", _short(before[name]), None
            )
        elif name not in before:
            yield ArtifactDifference(
                part, _path(here), "added", None, _short(after[name])
            )
        else:
            yield from differences(part, before[name], after[name], here)


def _has_records(before: Any, after: Any) -> bool:
    """Return whether both are lists of records, of which one is not empty."""
    if not isinstance(before, list) or not isinstance(after, list):
        return False
    entries = [*before, *after]
    return bool(entries) and all(isinstance(entry, dict) for entry in entries)


def _named(entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the entries by what they are called; positions where nothing tells."""
    names = [_name(entry) or str(k + 1) for k, entry in enumerate(entries)]
    n_named = Counter(names)
    seen: Counter[str] = Counter()
    found = {}
    for name, entry in zip(names, entries, strict=True):
        seen[name] += 1
        found[f"{name} ({seen[name]})" if n_named[name] > 1 else name] = entry
    return found


def _name(entry: dict[str, Any]) -> str | None:
    if {"lower", "upper"} <= entry.keys() and "grade" not in entry:
        low, high = entry["lower"], entry["upper"]
        start = "(-inf" if low is None else f"({low:.12g}"
        return f"{start}, inf)" if high is None else f"{start}, {high:.12g}]"
    for word in ("missing", "unseen"):
        if entry.get(word) is True:
            return word.title()
    if "levels" in entry and "name" not in entry:
        return ", ".join(map(str, entry["levels"]))
    for knot in ("upper", "lower", "at"):
        if knot in entry and "pd" in entry and "grade" not in entry:
            value = entry[knot]
            return f"{knot} {'end' if value is None else format(value, '.12g')}"
    for key in _NAMES:
        if isinstance(entry.get(key), str):
            return str(entry[key])
    return None


def _lists(before: list[Any], after: list[Any]) -> tuple[str, str]:
    """Return two lists in short; of long ones of a length how many entries differ."""
    shown = _short(before), _short(after)
    if len(before) == len(after) and max(map(len, shown)) >= _LONGEST:
        n_other = sum(not _same(a, b) for a, b in zip(before, after, strict=True))
        return f"{len(before)} entries", f"{n_other} of them differ"
    return str(shown[0]), str(shown[1])


def _same(before: Any, after: Any) -> bool:
    # True equals 1 in Python, and is another value here.
    return type(before) is type(after) and before == after


def _changed(
    part: str, place: tuple[str, ...], before: Any, after: Any
) -> ArtifactDifference:
    return ArtifactDifference(part, _path(place), "changed", before, after)


def _path(place: tuple[str, ...]) -> str:
    return " / ".join(place)


def _short(value: Any) -> Any:
    """Return a value that fits into a table."""
    if value is None:
        return "none"
    if isinstance(value, (bool, float, int, str)):
        return value
    if isinstance(value, dict) and {"woe", "points"} <= value.keys():
        return f"WoE {value['woe']:.4f}, points {value['points']:g}"
    if isinstance(value, dict) and "bins" in value:
        return f"{len(value['bins'])} bins"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
