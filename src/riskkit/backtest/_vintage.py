"""Vintages: loans that began together, followed month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit._core.params import check_bool, check_int
from riskkit.backtest._checks import check_level
from riskkit.backtest._vintage_counts import VintageCounts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.backtest._vintage_result import VintageResult

__all__ = ["vintage_table"]


def vintage_table(
    dates: ArrayLike,
    event_dates: ArrayLike,
    *,
    as_of: Any,
    freq: str = "month",
    n_months: int | None = None,
    reporting_delay: int = 0,
    close_dates: ArrayLike | None = None,
    amount: ArrayLike | None = None,
    event_amount: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    projection: bool = True,
    level: float = 0.95,
) -> VintageResult:
    """Follow loans that began together, by month on book.

    Parameters
    ----------
    dates : array-like of shape (n_rows,)
        Day on which each loan began.

    event_dates : array-like of shape (n_rows,)
        Day of the event, missing where there was none. What came after `as_of` is not
        known yet, so that a past state of the book can be rebuilt.

    as_of : date or str
        Day on which the tape was drawn; what happened before it is known.

    freq : {"month", "quarter", "year"}, default="month"
        Length of a vintage.

    n_months : int or None, default=None
        Months on book to show; None takes as many as the oldest loan has.

    reporting_delay : int, default=0
        Months until the events of a day are known.

    close_dates : array-like of shape (n_rows,), default=None
        Day on which a loan was repaid or closed, missing where it is open. Closed loans
        stay in the denominator of the rates, and leave that of the hazard.

    amount : array-like of shape (n_rows,), default=None
        Amount of each loan when it began, for rates by amount beside those by count.

    event_amount : array-like of shape (n_rows,), default=None
        Amount lost or outstanding at the event; missing where there was none, and the
        amount of the loan by default.

    sample_weight : array-like of shape (n_rows,), default=None
        Weight of each loan.

    projection : bool, default=True
        Whether vintages are projected to `n_months`.

    level : float, default=0.95
        Level of the intervals.

    Returns
    -------
    result : VintageResult
        With ``.frame()``, ``.triangle()``, ``.hazard()`` and ``.projection()``.

    Raises
    ------
    InvalidInputError
        If dates are missing, text or numbers, loans begin on `as_of` or later, default
        or close before they begin, or amounts are negative or missing.
    InvalidParameterError
        If a parameter is outside its domain, or `n_months` is more than was observed.

    See Also
    --------
    VintageCounts : Loans that come in parts.
    transition_matrix : Moves between states of delinquency.
    riskkit.monitoring.early_performance : Young cohorts against their PDs.

    Notes
    -----
    The rate of a vintage at month ``k`` is the share of all its loans with an event
    within ``k`` months of their beginning. A cell is *mature* if every loan of the
    vintage was watched for ``k`` whole months; in an *immature* one some were not, so
    that its rate is too low: it is shown, marked, and enters no average.

    The projection takes the hazard of each month on book from all loans that were
    watched for the whole of it (Kaplan-Meier, or chain ladder [1]_), times a level of
    the vintage: its events over those expected so far, drawn to 1 as far as the
    vintages are alike (a gamma distribution by moments). The interval is that of the
    negative binomial number of events to come, and counts what is not known of hazards
    and level. It does not know a crisis that no vintage has met yet.

    References
    ----------
    .. [1] T. Mack, "Distribution-free calculation of the standard error of chain ladder
       reserve estimates", ASTIN Bulletin 23, 1993.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.backtest import vintage_table
    >>> dates = np.array(["2020-01-10", "2020-01-20", "2020-02-05"], "datetime64[D]")
    >>> events = np.array(["2020-02-15", "NaT", "NaT"], "datetime64[D]")
    >>> result = vintage_table(dates, events, as_of="2020-04-15")
    >>> result.triangle()
    month      1    2    3
    vintage
    2020-01  0.0  0.5  0.5
    2020-02  0.0  0.0  0.0
    >>> result.triangle("status")
    month         1       2         3
    vintage
    2020-01  mature  mature  immature
    2020-02  mature  immature  immature
    """
    counts = VintageCounts(as_of, freq=freq, reporting_delay=reporting_delay)
    check_int("n_months", n_months, low=1, none_allowed=True)
    check_bool("projection", projection)
    check_level(level)
    counts.update(
        dates,
        event_dates,
        close_dates=close_dates,
        amount=amount,
        event_amount=event_amount,
        sample_weight=sample_weight,
    )
    return counts.table(n_months=n_months, projection=projection, level=level)
