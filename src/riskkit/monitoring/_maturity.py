"""When the outcomes of a cohort can be told.

A cohort holds the accounts that began in one month, quarter or year. Its outcomes are
complete once the performance window has passed for its last account and the delay after
that, with which outcomes come to be known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.dates import add_months
from riskkit._core.params import check_int
from riskkit.monitoring._periods import read_periods

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Days = NDArray[np.datetime64]

__all__ = ["Cohort", "MaturityRule", "cohorts_of", "month_name", "month_of"]

_SPANS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class MaturityRule:
    """Months of performance, and months until the outcomes of a day are known."""

    window: int
    reporting_delay: int

    def __post_init__(self) -> None:
        check_int("window", self.window, low=1)
        check_int("reporting_delay", self.reporting_delay, low=0)

    def known_until(self, as_of: np.datetime64) -> np.datetime64:
        """Return the first day of which nothing is known yet."""
        day: np.datetime64 = add_months(as_of, -self.reporting_delay)
        return day

    def matures_on(self, end: np.datetime64) -> np.datetime64:
        """Return when the outcomes of accounts that began before `end` are known."""
        day: np.datetime64 = add_months(end, self.window + self.reporting_delay)
        return day


@dataclass(frozen=True)
class Cohort:
    """Calendar months that are judged together; `end` is the first day after them."""

    label: str
    months: tuple[int, ...]
    end: np.datetime64


def cohorts_of(months: Iterable[int], freq: str) -> list[Cohort]:
    """Return the months, quarters or years that hold the given calendar months."""
    held = np.unique(np.array(sorted(months), dtype=np.int64))
    first_days = held.astype("datetime64[M]").astype("datetime64[D]")
    labels, place = read_periods(first_days, held.size, freq)
    cohorts = []
    for code, label in enumerate(labels):
        months = held[place == code]
        end = np.datetime64(int(months[0] // _SPANS[freq] + 1) * _SPANS[freq], "M")
        cohorts.append(
            Cohort(label, tuple(months.tolist()), end.astype("datetime64[D]"))
        )
    return cohorts


def month_name(month: int) -> str:
    """Return a calendar month as text that sorts in the order of time."""
    return str(np.datetime64(month, "M"))


def month_of(name: Any) -> int:
    """Return the calendar month that the text names."""
    return int(np.datetime64(name, "M").astype(np.int64))
