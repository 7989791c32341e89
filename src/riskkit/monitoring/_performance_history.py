"""What a performance monitor has counted: cohorts, and parts of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from riskkit._core.dates import read_date
from riskkit._core.params import check_int
from riskkit.exceptions import ArtifactError, InvalidInputError
from riskkit.monitoring._counts import Counts
from riskkit.monitoring._maturity import month_name, month_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    from riskkit.artifact import PeriodSpec

__all__ = ["EVERYONE", "History", "Part"]

EVERYONE = ("", "")


class Part(NamedTuple):
    """One level of one segmentation, in one month; `EVERYONE` is the whole month."""

    month: int
    segment: tuple[str, str]


@dataclass(frozen=True, eq=False)
class History:
    """Counts of each part, and the day on which the outcomes of a month were taken."""

    counts: dict[Part, Counts]
    observed: dict[int, np.datetime64]

    @classmethod
    def empty(cls) -> History:
        """Return one without months."""
        return cls({}, {})

    def with_tape(
        self, counts: dict[Part, Counts], day: np.datetime64, repeat: str
    ) -> History:
        """Return the history with the months of a tape that was drawn on `day`.

        The outcomes of a month that was counted earlier have moved on, so the new
        counts take the place of the old ones. Of the same day they are another chunk.
        """
        months = {part.month for part in counts}
        self._check_later(months, day)
        known = {m for m in months if self.observed.get(m) == day}
        if known and repeat == "refuse":
            msg = (
                "Every cohort must be counted once for a day; counted before as of "
                f"{day}: {_names(known)}. Leave them out, or say repeat='replace'."
            )
            raise InvalidInputError(msg)
        dropped = months if repeat == "replace" else months - known
        kept = {p: c for p, c in self.counts.items() if p.month not in dropped}
        new = History(counts, dict.fromkeys(months, day))
        rest = {m: d for m, d in self.observed.items() if m not in dropped}
        return History(kept, rest).merged(new)

    def merged(self, other: History) -> History:
        """Return the sum of both; months that both have must be of one day."""
        common = set(self.observed) & set(other.observed)
        moved = {m for m in common if self.observed[m] != other.observed[m]}
        if moved:
            msg = (
                "Counts of a cohort can be added if its outcomes were taken on one "
                f"day; those of {_names(moved)} were taken on two. Count both from one "
                "tape, or update one monitor with the later tape."
            )
            raise InvalidInputError(msg)
        for month in common:
            if self._segmentations(month) != other._segmentations(month):
                msg = (
                    f"{month_name(month)} must be counted by the same segments in all "
                    f"chunks; got {sorted(self._segmentations(month))} and "
                    f"{sorted(other._segmentations(month))}."
                )
                raise InvalidInputError(msg)
        both = dict(self.counts)
        for part, counts in other.counts.items():
            both[part] = both[part] + counts if part in both else counts
        if len({"pd_known" in counts.sums for counts in both.values()}) > 1:
            msg = (
                "pd must be given of all rows or of none; got months with and without. "
                "Without it, what is expected would change its meaning."
            )
            raise InvalidInputError(msg)
        return History(both, {**self.observed, **other.observed})

    def total(
        self, months: Iterable[int], segment: tuple[str, str] = EVERYONE
    ) -> Counts | None:
        """Return the sum of a part over months; None if none of them holds it."""
        total = None
        for month in months:
            counts = self.counts.get(Part(month, segment))
            if counts is not None:
                total = counts if total is None else total + counts
        return total

    def segments(self) -> list[tuple[str, str]]:
        """Return every segmentation and level."""
        return sorted({part.segment for part in self.counts} - {EVERYONE})

    def to_specs(self, window: int) -> dict[str, PeriodSpec]:
        """Return plain data; the name of an entry says what it is."""
        specs = {}
        for part in sorted(self.counts):
            day = str(self.observed[part.month])
            name = json.dumps([window, month_name(part.month), day, *part.segment])
            specs[name] = self.counts[part].to_spec()
        return specs

    @classmethod
    def of_specs(cls, specs: dict[str, PeriodSpec]) -> tuple[History, int | None]:
        """Read plain data, and the window it was counted for; every name is checked."""
        counts: dict[Part, Counts] = {}
        observed: dict[int, np.datetime64] = {}
        windows = set()
        for name, spec in specs.items():
            window, part, day = _parse(name)
            windows.add(window)
            if observed.setdefault(part.month, day) != day or part in counts:
                msg = (
                    f"{month_name(part.month)} must be counted once, as of one day; "
                    "the file holds it twice."
                )
                raise ArtifactError(msg)
            counts[part] = Counts.of_spec(spec)
        if len(windows) > 1:
            msg = f"Periods must be of one window; got {sorted(windows)[:10]}."
            raise ArtifactError(msg)
        return cls(counts, observed), windows.pop() if windows else None

    def _check_later(self, months: set[int], day: np.datetime64) -> None:
        newer = {m for m in months if m in self.observed and self.observed[m] > day}
        if newer:
            msg = (
                f"as_of must not lie before the last count of a cohort; got {day}, but "
                f"{_names(newer)} was counted later. Count tapes in the order of time."
            )
            raise InvalidInputError(msg)

    def _segmentations(self, month: int) -> set[str]:
        return {part.segment[0] for part in self.counts if part.month == month}


def _parse(name: str) -> tuple[int, Part, np.datetime64]:
    try:
        window, month, day, by, level = json.loads(name)
        check_int("window", window, low=1)
        if not all(isinstance(text, str) for text in (month, day, by, level)):
            raise ValueError
        return window, Part(month_of(month), (by, level)), read_date("day", day)
    except (ValueError, TypeError, RecursionError) as error:
        msg = (
            "Periods must be named by window, month, day, segmentation and level, as a "
            "performance monitor names them; got another name."
        )
        raise ArtifactError(msg) from error


def _names(months: set[int]) -> str:
    shown = ", ".join(month_name(month) for month in sorted(months)[:10])
    return shown + f" and {len(months) - 10} more" * (len(months) > 10)
