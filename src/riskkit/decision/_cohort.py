"""What becomes of the customers contacted in one week or month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_int, check_option
from riskkit._kernels.intervals import jeffreys_interval
from riskkit.decision._cohort_result import CohortResult
from riskkit.decision._cohort_rows import read_followed, whole_periods
from riskkit.decision._cohort_times import median_time
from riskkit.decision._rows import check_level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from riskkit._core.columns import Columns
    from riskkit.decision._cohort_rows import Followed
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["cohort_followup"]

_EVERYONE = "all"
_FREQS = ("week", "month")


def cohort_followup(
    table: Any,
    stages: Sequence[str] | Mapping[str, str],
    *,
    as_of: Any,
    freq: str = "month",
    n_periods: int = 12,
    by: str | ArrayLike | None = None,
    units: str | ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
) -> CohortResult:
    """Follow cohorts from the first contact through registration to the loan.

    Parameters
    ----------
    table : frame or mapping of columns
        One row for each customer who was contacted.

    stages : sequence of str, or mapping of str to str
        Columns with the day of each stage, in order: the first contact, known in every
        row, then what came of it, empty where it did not come (yet); or names of stages
        with their columns.

    as_of : date or str
        Day on which the table was read; what happened on it or later is not known.

    freq : {"week", "month"}, default="month"
        Length of a cohort and of a period since the contact. Weeks begin on Monday.

    n_periods : int, default=12
        Periods since the contact to show.

    by : str or array-like of shape (n_rows,), optional
        Groups to follow apart, such as the channel: a column, or values.

    units : str or array-like of shape (n_rows,), optional
        Who was contacted, to make sure that nobody is counted twice.

    sample_weight : array-like of shape (n_rows,), optional
        Weight of each row; a weight of 2 is the row twice.

    level : float, default=0.95
        Level of the intervals.

    Returns
    -------
    result : CohortResult
        With ``.frame(table)``, ``.triangle(stage)``, ``.compare(stage)``.

    Raises
    ------
    InvalidInputError
        If dates are text or missing where they must be known, a stage lies before the
        one it follows or comes without it, a contact lies after `as_of`, or a unit
        stands twice.
    InvalidParameterError
        If fewer than two stages are named, or a parameter is outside its domain.

    See Also
    --------
    funnel : The same stages without dates.
    riskkit.backtest.vintage_table : Loans by month on book.
    riskkit.plotting.CohortDisplay : The triangle.

    Notes
    -----
    The ``k``-th month since the contact runs until the same day ``k`` months later. A
    cohort is mature at ``k`` if its last customer was watched so long; before, some had
    less time than others, and their share is too low: it is marked, and has no
    interval. What a cohort has not begun is not there at all.

    Times to a stage are estimated by Kaplan and Meier's method, so that customers who
    are still on their way count for the time they were watched. The median of those who
    have come by now would be too short: it knows the quick ones only.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.decision import cohort_followup
    >>> day = np.array(["2024-01-05", "2024-01-20", "2024-02-10"], "datetime64[D]")
    >>> nat = np.datetime64("NaT")
    >>> contacts = {
    ...     "contacted": day,
    ...     "registered": np.array([day[0] + 3, day[1] + 40, nat]),
    ...     "funded": np.array([day[0] + 50, nat, nat]),
    ... }
    >>> result = cohort_followup(contacts, ["contacted", "registered", "funded"],
    ...                          as_of="2024-04-01")
    >>> result.triangle("registered")
    period     1    2    3
    cohort
    2024-01  0.5  1.0  1.0
    2024-02  0.0  0.0  NaN
    >>> result.triangle("registered", mature_only=True)
    period     1    2
    cohort
    2024-01  0.5  1.0
    2024-02  0.0  NaN
    """
    check_level(level)
    check_option("freq", freq, _FREQS)
    check_int("n_periods", n_periods, low=1)
    rows = read_followed(
        table,
        stages,
        as_of=as_of,
        freq=freq,
        by=by,
        units=units,
        sample_weight=sample_weight,
    )
    # Brackets tell everyone from a group of that name.
    everyone = f"({_EVERYONE})" if _EVERYONE in rows.groups else _EVERYONE
    groups = (everyone, *rows.groups)
    return CohortResult(
        stages=rows.stages,
        groups=groups,
        cohorts=rows.cohorts,
        freq=freq,
        as_of=str(rows.as_of),
        level=level,
        n_later=rows.n_later,
        tables={
            "cells": _cells(rows, groups, n_periods, level),
            "times": _times(rows, groups, level),
        },
    )


def _cells(
    rows: Followed, groups: tuple[str, ...], n_periods: int, level: float
) -> Columns:
    begun, mature = _ages(rows)
    n_columns = int(min(begun.max(), n_periods))
    shape = (len(groups), len(rows.cohorts), n_columns)
    n = _by_cohort(rows, np.ones(rows.weight.size, dtype=np.bool_), None, shape)
    reached = [np.repeat(n, n_columns, axis=2)]
    for days in rows.days[1:]:
        came = ~np.isnat(days)
        period = np.zeros(came.size, dtype=np.intp)
        period[came] = whole_periods(rows.starts[came], days[came], rows.freq)
        new = _by_cohort(rows, came & (period < n_columns), period, shape)
        reached.append(np.cumsum(new, axis=2))
    periods = np.arange(1, n_columns + 1)
    is_begun = np.broadcast_to(periods <= begun[:, None], shape)
    is_mature = np.broadcast_to(periods <= mature[:, None], shape)
    whole = np.broadcast_to(n, shape)
    # Groups without a customer in a cohort have no cell there.
    shown = is_begun & (whole > 0)
    group, cohort, column = np.nonzero(shown)
    parts: list[dict[str, Any]] = []
    for k, stage in enumerate(rows.stages[1:], start=1):
        count, size, last = reached[k][shown], whole[shown], is_mature[shown]
        # Sums of weights may exceed those they are part of in their last bits.
        low, high = jeffreys_interval(np.minimum(count, size), size, level)
        parts.append(
            {
                "group": np.array(groups, dtype=object)[group],
                "cohort": np.array(rows.cohorts, dtype=object)[cohort],
                "stage": np.full(size.size, stage, dtype=object),
                "period": column + 1,
                "n": size,
                "n_reached": count,
                "share": count / size,
                "low": np.where(last, low, np.nan),
                "high": np.where(last, high, np.nan),
                "share_previous": _ratio(count, reached[k - 1][shown]),
                "status": np.where(last, "mature", "immature"),
            }
        )
    return {
        name: tuple(np.concatenate([part[name] for part in parts]).tolist())
        for name in parts[0]
    }


def _ages(rows: Followed) -> tuple[IntArray, IntArray]:
    """Return the periods that each cohort has begun, and those it has completed."""
    order = np.argsort(rows.starts, kind="stable")
    _, first = np.unique(rows.cohort[order], return_index=True)
    oldest = rows.starts[order][first]
    # Something is known of the period in which the day before as_of lies.
    yesterday = rows.as_of - np.timedelta64(1, "D")
    begun = whole_periods(oldest, yesterday, rows.freq) + 1
    mature = np.maximum(whole_periods(rows.cohort_ends, rows.as_of, rows.freq), 0)
    return begun, mature


def _by_cohort(
    rows: Followed,
    held: BoolArray,
    period: IntArray | None,
    shape: tuple[int, int, int],
) -> FloatArray:
    """Return the weight of some rows by group (everyone first), cohort and period."""
    n_columns = 1 if period is None else shape[2]
    place = rows.group * shape[1] + rows.cohort
    if period is not None:
        place = place * n_columns + period
    n_groups = max(len(rows.groups), 1)
    sums = np.bincount(
        place[held], rows.weight[held], minlength=n_groups * shape[1] * n_columns
    )
    each = sums.astype(np.float64).reshape(n_groups, shape[1], n_columns)
    total = each.sum(axis=0, keepdims=True)
    return np.concatenate([total, each]) if rows.groups else total


def _times(rows: Followed, groups: tuple[str, ...], level: float) -> Columns:
    """Return the median days to each stage, from the contact and the stage before."""
    everyone = np.ones(rows.weight.size, dtype=np.bool_)
    table = [
        {"group": group, "stage": stage, "since": rows.stages[origin]}
        | _time(rows, everyone if g == 0 else rows.group == g - 1, origin, k, level)
        for g, group in enumerate(groups)
        for k, stage in enumerate(rows.stages[1:], start=1)
        for origin in dict.fromkeys((0, k - 1))
    ]
    return {name: tuple(row[name] for row in table) for name in table[0]}


def _time(
    rows: Followed, inside: BoolArray, origin: int, k: int, level: float
) -> dict[str, float]:
    since = rows.days[origin]
    held = inside & ~np.isnat(since)
    came = held & ~np.isnat(rows.days[k])
    end = np.where(came, rows.days[k], rows.as_of - np.timedelta64(1, "D"))
    days = (end[held] - since[held]).astype(np.intp)
    weight = rows.weight[held]
    median, low, high, share = median_time(days, came[held], weight, level)
    return {
        "n": float(weight.sum()),
        "n_reached": float(rows.weight[came].sum()),
        "median_days": median,
        "low": low,
        "high": high,
        "share_in_the_end": share,
    }


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)
