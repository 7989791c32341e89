"""Rows that choose the parameters, and rows that confirm the choice."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np

from riskkit.boosting._folds import inner_folds
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from riskkit.boosting._folds import Fold
    from riskkit.typing import BoolArray, IntArray

__all__ = ["check_confirm", "confirming_folds", "inside"]


def check_confirm(confirm: object) -> None:
    """Raise unless it is a share of the rows or a number of folds."""
    if isinstance(confirm, Integral) and not isinstance(confirm, bool):
        if int(confirm) >= 2:
            return
    elif isinstance(confirm, Real) and 0.05 <= float(confirm) <= 0.5:
        return
    msg = (
        "confirm must be a share of the rows between 0.05 and 0.5, or an integer >= 2, "
        f"the number of outer folds; got {confirm!r}."
    )
    raise InvalidParameterError(msg)


def confirming_folds(
    confirm: float, is_event: BoolArray, dates: IntArray | None, seed: int
) -> list[Fold]:
    """Return pairs of rows that choose and rows that confirm."""
    if isinstance(confirm, Integral):
        return inner_folds(int(confirm), is_event, dates, seed=seed, all_folds=True)
    if dates is None:
        from sklearn.model_selection import StratifiedShuffleSplit

        splitter = StratifiedShuffleSplit(
            1, test_size=float(confirm), random_state=seed
        )
        (train, judged), *_ = splitter.split(is_event, is_event)
        return [(np.sort(train), np.sort(judged))]
    below = np.cumsum(np.bincount(dates)) / dates.size
    # A date is never torn apart.
    start = int(np.searchsorted(below, 1.0 - confirm - 1e-12)) + 1
    train, judged = np.flatnonzero(dates < start), np.flatnonzero(dates >= start)
    for rows in (train, judged):
        if is_event[rows].all() or not is_event[rows].any():
            msg = (
                f"dates must leave events and non-events in the last {confirm:.0%} of "
                "the rows and before them; they do not. Give another share, or search "
                "without dates."
            )
            raise InvalidInputError(msg)
    return [(train, judged)]


def inside(rows: IntArray, folds: list[Fold]) -> list[Fold]:
    """Return folds of a part of the rows as places among all rows."""
    return [(rows[train], rows[judged]) for train, judged in folds]
