"""How long each account has been observed, and in which month its event came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.dates import full_months

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.monitoring._maturity import MaturityRule
    from riskkit.typing import BoolArray, IntArray

    Days = NDArray[np.datetime64]

__all__ = ["Ages", "read_ages"]


@dataclass(frozen=True)
class Ages:
    """One entry a row; months on book are counted from 1."""

    age: IntArray  # whole months observed, at most the window
    is_event: BoolArray  # within these months
    event_month: IntArray  # the month on book of the event; 0 without one


def read_ages(
    starts: Days, events: Days, as_of: np.datetime64, rule: MaturityRule
) -> Ages:
    """Return what is known of each account as of a day.

    An event in a month that has not passed yet is left out: the accounts beside it have
    not had the whole of that month to show theirs.
    """
    until = rule.known_until(as_of)
    age = np.clip(full_months(starts, until), 0, rule.window)
    month = np.zeros(starts.size, dtype=np.intp)
    held = np.flatnonzero(events < until)  # NaT is before nothing
    month[held] = full_months(starts[held], events[held]) + 1
    is_event = (month > 0) & (month <= age)
    return Ages(age, is_event, np.where(is_event, month, 0))
