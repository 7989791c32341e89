"""Windows of time to learn from and to be judged on, laid out on the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.dates import add_months
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Days = NDArray[np.datetime64]

__all__ = ["Layout", "Window", "lay_out", "window_label"]


@dataclass(frozen=True, slots=True)
class Window:
    """Days to train on and later days to test on; each end is the first day after.

    Parameters
    ----------
    label : str
        The test days: ``2004``, ``2004 Q1``, ``2004-01``, or first and last month.

    train_start, train_end, test_start, test_end : numpy.datetime64
        Days; the ends themselves belong to neither.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.backtest import OutOfTimeSplit
    >>> dates = np.arange("2001-01", "2005-01", dtype="datetime64[M]")
    >>> window = OutOfTimeSplit(dates).windows()[0]
    >>> window.label, str(window.train_end), str(window.test_start)
    ('2003', '2002-01-01', '2003-01-01')
    """

    label: str
    train_start: np.datetime64
    train_end: np.datetime64
    test_start: np.datetime64
    test_end: np.datetime64


@dataclass(frozen=True)
class Layout:
    """How the windows lie; every length is in months."""

    scheme: str
    n_splits: int | None
    train_months: int | None
    test_months: int
    step_months: int
    gap: int
    first_test: np.datetime64 | None
    as_of: np.datetime64 | None
    label_months: int  # until an outcome is known


def lay_out(days: Days, layout: Layout) -> list[Window]:
    """Return the windows in order of time; there is at least one."""
    first_day, after = days.min(), days.max() + np.timedelta64(1, "D")
    starts = _test_starts(first_day, after, layout)
    if layout.as_of is not None:
        reach = layout.test_months + layout.label_months
        starts = [s for s in starts if add_months(s, reach) <= layout.as_of]
    if layout.n_splits is not None:
        if len(starts) < layout.n_splits:
            msg = (
                f"n_splits must be at most {len(starts)}, as many test windows as fit "
                f"between {first_day} and {after - np.timedelta64(1, 'D')}; got "
                f"{layout.n_splits}. Shorten train_months or test_months."
            )
            raise InvalidParameterError(msg)
        starts = starts[len(starts) - layout.n_splits :]
    if not starts:
        # The first window that could be, so that the reader sees what is missing.
        start = _first_test(first_day, layout)
        known = add_months(start, layout.test_months + layout.label_months)
        msg = (
            "The dates must hold at least one test window; the first would begin on "
            f"{start}, after {layout.train_months or 12} months of training and a gap "
            f"of {layout.gap} months, and its outcomes would be known on {known}. The "
            f"dates end on {after - np.timedelta64(1, 'D')}"
            + (f", as_of is {layout.as_of}." if layout.as_of is not None else ".")
        )
        raise InvalidInputError(msg)
    windows = []
    for start in starts:
        judged = starts[0] if layout.scheme == "anchored" else start
        train_end = add_months(judged, -layout.gap)
        train_start = _month_start(first_day)
        if layout.scheme == "rolling":
            train_start = add_months(train_end, -(layout.train_months or 12))
        end = add_months(start, layout.test_months)
        windows.append(
            Window(window_label(start, end), train_start, train_end, start, end)
        )
    return windows


def window_label(start: np.datetime64, end: np.datetime64) -> str:
    """Return the name of the days from `start` until before `end`."""
    first, after = start.astype("datetime64[M]"), end.astype("datetime64[M]")
    if start != first or end != after:
        return f"{start} to {end - np.timedelta64(1, 'D')}"
    year, month = divmod(int(first.astype(np.int64)) + 12 * 1970, 12)
    n_months = int((after - first).astype(np.int64))
    if n_months == 1:
        return f"{year:04d}-{month + 1:02d}"
    if n_months == 3 and month % 3 == 0:
        return f"{year:04d} Q{month // 3 + 1}"
    if n_months == 12 and month == 0:
        return f"{year:04d}"
    return f"{first} to {after - np.timedelta64(1, 'M')}"


def _test_starts(
    first_day: np.datetime64, after: np.datetime64, layout: Layout
) -> list[np.datetime64]:
    start = _first_test(first_day, layout)
    starts = []
    # A window that the dates only begin to fill is no window: its rows are few, and
    # whoever compares it with the others compares seasons. A month is never cut.
    last = add_months(_month_start(after - np.timedelta64(1, "D")), 1)
    while add_months(start, layout.test_months) <= last:
        starts.append(start)
        start = add_months(start, layout.step_months)
    return starts


def _first_test(first_day: np.datetime64, layout: Layout) -> np.datetime64:
    if layout.first_test is not None:
        return layout.first_test
    month = _month_start(first_day)
    earliest: np.datetime64 = add_months(
        month, (layout.train_months or 12) + layout.gap
    )
    span = layout.test_months
    if 12 % span:
        return earliest
    # Years, half-years and quarters begin where the calendar's do.
    number = int(earliest.astype("datetime64[M]").astype(np.int64))
    whole = -(-number // span) * span
    start: np.datetime64 = np.datetime64(whole, "M").astype("datetime64[D]")
    return start


def _month_start(day: np.datetime64) -> np.datetime64:
    month: np.datetime64 = day.astype("datetime64[M]").astype("datetime64[D]")
    return month
