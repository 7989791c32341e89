"""Which rows a model learns from and which it is judged on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from riskkit.exceptions import InvalidInputError, InvalidTargetError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.typing import IntArray

__all__ = ["Split", "out_of_time", "random_hold_out", "read_days"]

# The share of the last rows that is nearest to this, cut between two days.
_LAST_SHARE = 0.225
_HOLD_OUT_SHARE = 0.3


@dataclass(frozen=True)
class Split:
    """Rows to learn from and rows to judge on, and the days of each where known."""

    kind: str
    train: IntArray
    test: IntArray
    days: NDArray[Any] | None = None

    def window(self, rows: IntArray) -> tuple[str, str] | None:
        """Return the first and the last day of some rows."""
        if self.days is None:
            return None
        return str(self.days[rows].min()), str(self.days[rows].max())


def out_of_time(days: NDArray[Any], y: IntArray) -> Split:
    """Judge on the last rows; rows of one day are never separated."""
    import numpy as np

    _, first_rows, counts = np.unique(
        np.sort(days), return_index=True, return_counts=True
    )
    if counts.size < 2:
        msg = (
            "An out-of-time split needs rows of at least two days; all "
            f"{days.size} rows have one. Leave --date out for a random hold-out."
        )
        raise InvalidInputError(msg)
    shares = 1.0 - first_rows[1:] / days.size
    boundary = np.unique(days)[1 + int(np.argmin(np.abs(shares - _LAST_SHARE)))]
    later = days >= boundary
    split = Split("out of time", np.flatnonzero(~later), np.flatnonzero(later), days)
    return _with_both_classes(split, y)


def random_hold_out(y: IntArray, seed: int) -> Split:
    """Judge on rows drawn at random, with the event rate of the table."""
    import numpy as np
    from sklearn.model_selection import train_test_split

    n_rare = int(min(y.sum(), y.size - y.sum()))
    if n_rare < 4:
        msg = (
            "A hold-out needs at least 4 events and 4 non-events; the rarer of the two "
            f"stands {n_rare} times in {y.size} rows."
        )
        raise InvalidTargetError(msg)
    train, test = train_test_split(
        np.arange(y.size), test_size=_HOLD_OUT_SHARE, stratify=y, random_state=seed
    )
    return _with_both_classes(Split("hold-out", np.sort(train), np.sort(test)), y)


def read_days(column: Any, name: str) -> NDArray[Any]:
    """Return the day of each row."""
    import pandas as pd

    moments = column
    if not pd.api.types.is_datetime64_any_dtype(column):
        moments = pd.to_datetime(column, format="ISO8601", utc=True)
    n_missing = int(moments.isna().sum())
    if n_missing:
        msg = (
            f"The date column {name!r} must be known in every row; {n_missing} of "
            f"{len(moments)} rows have none. Leave those rows out of the table."
        )
        raise InvalidInputError(msg)
    # A column with a time zone keeps its own days; text with offsets is read in UTC.
    return moments.dt.tz_localize(None).to_numpy().astype("datetime64[D]")  # type: ignore[no-any-return]


def _with_both_classes(split: Split, y: IntArray) -> Split:
    for rows, part in ((split.train, "earlier"), (split.test, "later")):
        if split.kind != "out of time":
            part = "training" if rows is split.train else "test"
        n_event = int(y[rows].sum())
        if n_event in (0, rows.size):
            what = "events" if n_event == 0 else "non-events"
            msg = (
                f"The {part} part of the rows holds no {what} ({rows.size} rows). "
                "Both outcomes are needed on both sides of the split."
            )
            raise InvalidTargetError(msg)
    return split
