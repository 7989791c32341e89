"""Performance from outcomes that are still developing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from riskkit._core.dates import read_date, read_event_dates, read_start_dates
from riskkit._core.params import check_option
from riskkit.exceptions import InvalidInputError, InvalidTypeError
from riskkit.monitoring._early_ages import read_ages
from riskkit.monitoring._early_curve import DevelopmentCurve
from riskkit.monitoring._early_result import EarlyPerformanceResult
from riskkit.monitoring._early_tables import Accounts, Question, early_tables
from riskkit.monitoring._maturity import MaturityRule
from riskkit.monitoring._performance_checks import check_level
from riskkit.monitoring._performance_tape import read_segments
from riskkit.monitoring._periods import FREQUENCIES
from riskkit.monitoring._sample import read_rows

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.monitoring._early_compare import Direction
    from riskkit.monitoring._sample import Rows
    from riskkit.typing import FloatArray

__all__ = ["early_performance", "known_pds"]

_DIRECTIONS = ("greater", "less", "two-sided")


def early_performance(
    pd: ArrayLike,
    *,
    dates: ArrayLike,
    event_dates: ArrayLike,
    curve: DevelopmentCurve,
    as_of: Any,
    reporting_delay: int = 0,
    freq: Literal["month", "quarter", "year"] = "month",
    segments: Any = None,
    sample_weight: ArrayLike | None = None,
    ids: ArrayLike | None = None,
    alternative: Direction = "greater",
    level: float = 0.95,
) -> EarlyPerformanceResult:
    """Hold the events of young accounts against those expected by their age.

    Long before a cohort is mature its first events say whether the PDs still hold: of
    the events of twelve months a known share shows within three.

    Parameters
    ----------
    pd : array-like of shape (n_rows,)
        PD of each account over the window of the curve, as it was when the account
        began.

    dates : array-like of shape (n_rows,)
        Day on which each account began.

    event_dates : array-like of shape (n_rows,)
        Day of the event, missing where there was none. Events later than known as of
        the day are left out, so that one tape can be read as of former days.

    curve : DevelopmentCurve
        How the events of the window come in, from the accounts trained on.

    as_of : date or str
        Day on which the tape was drawn; what happened before it is known. For a tape of
        the end of May that is the first of June.

    reporting_delay : int, default=0
        Months until the events of a day are known.

    freq : {"month", "quarter", "year"}, default="month"
        What a cohort is.

    segments : array-like, or mapping of str to array-like, default=None
        Segment of each row, by one or several segmentations.

    sample_weight : array-like of shape (n_rows,), default=None
        Weight of each row. A weight of 2 is the row twice.

    ids : array-like of shape (n_rows,), default=None
        Identifiers of the rows, to make sure that none comes twice.

    alternative : {"greater", "less", "two-sided"}, default="greater"
        Whether a small p-value speaks for more events than expected, for fewer, or for
        either.

    level : float, default=0.95
        Confidence of the intervals.

    Returns
    -------
    result : EarlyPerformanceResult
        Actual over expected events by cohort, by months on book, by segment and for
        all cohorts that are still developing.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If the rows cannot be used: PDs that are missing or none, dates that are none,
        are of several time zones or lie after `as_of`, events before the account
        began, repeated ids.
    InvalidParameterError
        If a parameter is outside its domain.

    See Also
    --------
    DevelopmentCurve : Estimates the curve.
    estimate_performance : Needs no events at all, and sees less.
    PerformanceMonitor : Cohorts whose outcomes are complete.

    Notes
    -----
    An account with PD ``p`` that is ``m`` whole months old is expected to have had
    ``p G(m)`` events, with the development curve ``G``. The test allows for the
    sampling error of the curve and of the level of the PDs, as far as both rest on the
    events that the curve was estimated from: those and the events now are two Poisson
    counts, compared by the exact binomial tail. It does not allow for defaults that
    come in waves, so judge by the size of the ratio as well. Mature cohorts are shown,
    but pooled with none.

    Examples
    --------
    A book whose odds of default rise by 40 per cent in the second year:

    >>> import numpy as np
    >>> from riskkit.datasets import make_loan_book
    >>> from riskkit.monitoring import DevelopmentCurve, early_performance
    >>> book = make_loan_book(180_000, n_months=18, default_rate=0.07, random_state=1)
    >>> late = book.dates >= np.datetime64("2021-02-01")
    >>> odds = np.where(late, 1.4, 1.0) * book.pd / (1 - book.pd)
    >>> share = np.array([1, 3, 7, 13, 21, 31, 41, 50, 58, 65, 71, 76]) / 76
    >>> reached = np.log(np.random.default_rng(0).random(180_000)) / -np.log1p(odds)
    >>> month = np.searchsorted(share, reached) + 1
    >>> events = book.dates + (30.4 * (month - 0.5)).astype("timedelta64[D]")
    >>> events[month > 12] = np.datetime64("NaT")

    The curve is that of the loans before, the tape that of the first of June 2021, when
    no riskier loan is older than four months:

    >>> curve = DevelopmentCurve.fit(
    ...     book.dates[~late], events[~late], as_of="2022-02-01")
    >>> seen = book.dates < np.datetime64("2021-06-01")
    >>> result = early_performance(
    ...     book.pd[seen], dates=book.dates[seen], event_dates=events[seen],
    ...     curve=curve, as_of="2021-06-01")
    >>> columns = ["months_on_book", "expected", "n_event", "actual_expected"]
    >>> ages = result.frame("ages")
    >>> ages[columns].round(2)
      months_on_book  expected  n_event  actual_expected
    0            1-3    111.13    153.0             1.38
    1            4-6    647.09    633.0             0.98
    2            7-9   1416.20   1384.0             0.98
    3          10-12   1303.60   1305.0             1.00
    >>> print(f"{ages.p_value[0]:.4f}")
    0.0003
    """
    check_option("freq", freq, FREQUENCIES)
    check_option("alternative", alternative, _DIRECTIONS)
    check_level(level)
    if not isinstance(curve, DevelopmentCurve):
        msg = (
            f"curve must be a DevelopmentCurve; got {type(curve).__name__}. Estimate "
            "one with DevelopmentCurve.fit."
        )
        raise InvalidTypeError(msg)
    rule = MaturityRule(curve.window, reporting_delay)
    day = read_date("as_of", as_of)
    rows = read_rows(None, None, pd, None, sample_weight, ids)
    starts = read_start_dates(dates, rows.n_rows, day)
    accounts = Accounts(
        starts,
        read_ages(starts, read_event_dates(event_dates, starts), day, rule),
        known_pds(rows),
        np.ones(rows.n_rows) if rows.weight is None else rows.weight,
    )
    tables, next_maturity = early_tables(
        accounts,
        read_segments(segments, rows.n_rows),
        Question(curve, alternative, level),
        rule,
        day,
        freq,
    )
    return EarlyPerformanceResult(
        as_of=day,
        reporting_delay=reporting_delay,
        freq=freq,
        alternative=alternative,
        level=level,
        curve=curve,
        tables=tables,
        next_maturity=next_maturity,
    )


def known_pds(rows: Rows) -> FloatArray:
    """Return the PDs; without one an account can be expected to do nothing."""
    chances = np.zeros(0) if rows.pd is None else rows.pd
    n_missing = int(np.count_nonzero(np.isnan(chances)))
    if n_missing or not chances.size:
        msg = (
            f"pd must be known in every row, and there must be one; {n_missing} of "
            f"{rows.n_rows} are missing. Leave those rows out."
        )
        raise InvalidInputError(msg)
    return chances
