"""A tape of accounts: its cohorts, outcomes and segments, read and counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.dates import add_months, read_event_dates
from riskkit._core.frames import is_frame, level_column
from riskkit.exceptions import InvalidInputError, InvalidTargetError
from riskkit.monitoring._counts import Counts, Groups, count_score
from riskkit.monitoring._performance_history import EVERYONE, Part

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.artifact import FeatureSpec
    from riskkit.monitoring._maturity import MaturityRule
    from riskkit.monitoring._sample import Rows
    from riskkit.typing import FloatArray, IntArray

    Days = NDArray[np.datetime64]

__all__ = [
    "Segmentation",
    "count_tape",
    "event_in_window",
    "read_segments",
]

_MISSING = "missing"
_MOST_LEVELS = 1_000


@dataclass(frozen=True)
class Segmentation:
    """One way to part the rows: the levels, and each row's position among them."""

    name: str
    levels: tuple[str, ...]
    of_row: IntArray


def event_in_window(
    y: Any, event_dates: Any, starts: Days, as_of: np.datetime64, rule: MaturityRule
) -> Any:
    """Return `y`, or what the dates of the events make of it as of a day."""
    if (y is None) == (event_dates is None):
        msg = (
            "Outcomes must be given once, as y or as event_dates; got "
            f"{'neither' if y is None else 'both'}."
        )
        raise InvalidTargetError(msg)
    if event_dates is None:
        return y
    events = read_event_dates(event_dates, starts)
    is_known = events < rule.known_until(as_of)
    outcomes: FloatArray = 1.0 * (is_known & (events < add_months(starts, rule.window)))
    return outcomes


def read_segments(segments: Any, n_rows: int) -> list[Segmentation]:
    """Return the segmentations; a missing segment is one of its own."""
    if segments is None:
        return []
    if is_frame(segments):
        names = getattr(segments, "column_names", None) or list(segments.columns)
        segments = {name: segments[name] for name in names}
    if not isinstance(segments, Mapping):
        segments = {"segment": segments}
    return [_read_one(name, column, n_rows) for name, column in segments.items()]


def _read_one(name: Any, column: Any, n_rows: int) -> Segmentation:
    if not isinstance(name, str) or not name:
        msg = f"segments must be named by text; got a name of {type(name).__name__}."
        raise InvalidInputError(msg)
    # Objects keep a missing value among texts; NumPy would make a text of it.
    values = column if hasattr(column, "dtype") else np.asarray(column, dtype=object)
    coded = level_column(values, name)
    if coded.codes.shape != (n_rows,):
        msg = (
            f"Segment {name!r} must hold one level for each of the {n_rows} rows; got "
            f"{coded.codes.size}."
        )
        raise InvalidInputError(msg)
    levels, of_row = list(coded.levels), coded.codes.copy()
    if (of_row < 0).any():
        if _MISSING not in levels:
            levels.append(_MISSING)
        of_row[of_row < 0] = levels.index(_MISSING)
    if len(levels) > _MOST_LEVELS:
        msg = (
            f"Segment {name!r} must have at most {_MOST_LEVELS} levels; got "
            f"{len(levels)}. Cut a number or a date into bands first."
        )
        raise InvalidInputError(msg)
    return Segmentation(name, tuple(levels), of_row)


def count_tape(
    feature: FeatureSpec, rows: Rows, months: IntArray, segments: list[Segmentation]
) -> dict[Part, Counts]:
    """Return the counts of each month, and of each segment in it."""
    held, place = np.unique(months, return_inverse=True)
    name, level = EVERYONE
    everyone = Segmentation(name, (level,), np.zeros_like(place))
    counts = {}
    for by in [everyone, *segments]:
        n_levels = len(by.levels)
        groups = Groups(held.size * n_levels, place * n_levels + by.of_row)
        (n, known, event), sums = count_score(feature, rows, groups)
        for g in np.flatnonzero(n.any(axis=1)).tolist():
            part = Part(int(held[g // n_levels]), (by.name, by.levels[g % n_levels]))
            # Of the sums only the expected events are of use.
            expected = {k: v for k, v in sums[g].items() if k == "pd_known"}
            counts[part] = Counts(n[g], known[g], event[g], expected)
    return counts
