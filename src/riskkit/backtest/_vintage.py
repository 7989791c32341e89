"""Vintages: loans that began together, followed month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.dates import read_date
from riskkit._core.params import check_bool
from riskkit._kernels.intervals import jeffreys_interval
from riskkit.backtest._checks import check_level
from riskkit.backtest._vintage_book import VintageCounts, count_vintages
from riskkit.backtest._vintage_result import VintageResult
from riskkit.backtest._vintage_tail import pooled_hazard, project

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

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
    check_bool("projection", projection)
    check_level(level)
    counts = count_vintages(
        dates,
        event_dates,
        as_of=as_of,
        reporting_delay=reporting_delay,
        freq=freq,
        n_months=n_months,
        close_dates=close_dates,
        amount=amount,
        event_amount=event_amount,
        sample_weight=sample_weight,
    )
    return VintageResult(
        as_of=str(read_date("as_of", as_of)),
        freq=freq,
        level=level,
        n_event_later=counts.n_event_later,
        tables={
            "cells": _cells(counts, level, by_amount=amount is not None),
            "hazard": _hazard(counts, level),
            "projection": _projection(counts, level, by_amount=amount is not None)
            if projection
            else {},
        },
    )


def _cells(counts: VintageCounts, level: float, *, by_amount: bool) -> dict[str, Any]:
    n_vintages, n_months = counts.seen.shape
    month = np.arange(1, n_months + 1)
    begun = month <= counts.begun_months[:, None]
    mature = month <= counts.mature_months[:, None]
    n = np.broadcast_to(counts.n[:, None], begun.shape)
    event = np.cumsum(counts.seen, axis=1)
    low, high = jeffreys_interval(event, n, level)
    columns: dict[str, Any] = {
        "vintage": np.repeat(np.array(counts.labels, dtype=object), n_months),
        "month": np.tile(month, n_vintages),
        "n": n,
        "n_event": event,
        "event_rate": _ratio(event, n),
        "event_rate_low": np.where(mature, low, np.nan),
        "event_rate_high": np.where(mature, high, np.nan),
        "n_at_risk": counts.open_at_risk,
        "n_new": counts.open_event,
        "hazard": _ratio(counts.open_event, counts.open_at_risk),
    }
    if by_amount:
        amount = np.broadcast_to(counts.amount[:, None], begun.shape)
        lost = np.cumsum(counts.seen_amount, axis=1)
        columns |= {
            "amount": amount,
            "event_amount": lost,
            "amount_rate": _ratio(lost, amount),
        }
    columns["status"] = np.where(mature, "mature", "immature").astype(object)
    return {k: np.ravel(v)[begun.ravel()].tolist() for k, v in columns.items()}


def _hazard(counts: VintageCounts, level: float) -> dict[str, Any]:
    at_risk, event = counts.open_at_risk.sum(axis=0), counts.open_event.sum(axis=0)
    low, high = jeffreys_interval(event, at_risk, level)
    seen = at_risk > 0
    pooled = pooled_hazard(counts.event, counts.at_risk)
    columns = {
        "month": np.arange(1, at_risk.size + 1),
        "n_at_risk": at_risk,
        "n_event": event,
        "hazard": _ratio(event, at_risk),
        "low": np.where(seen, low, np.nan),
        "high": np.where(seen, high, np.nan),
        # Closed loans stay at risk here, so that it is the curve of a default rate.
        "event_rate": 1.0 - np.cumprod(1.0 - pooled),
    }
    return {name: values.tolist() for name, values in columns.items()}


def _projection(
    counts: VintageCounts, level: float, *, by_amount: bool
) -> dict[str, Any]:
    seen = counts.seen.sum(axis=1)
    ahead = project(counts.n, counts.event, counts.at_risk, seen, counts.alive, level)
    columns: dict[str, Any] = {
        "vintage": list(counts.labels),
        "n": counts.n,
        "n_event": seen,
        "mature_months": np.minimum(counts.mature_months, counts.seen.shape[1]),
        "event_rate": _ratio(seen, counts.n),
        **ahead,
    }
    if by_amount:
        # An event to come costs, as a share of the mean loan, what events have cost.
        cost = _ratio(counts.seen_amount.sum(), seen.sum()) / _ratio(
            counts.amount.sum(), counts.n.sum()
        )
        lost = _ratio(counts.seen_amount.sum(axis=1), counts.amount)
        columns["amount_rate"] = lost
        for end in ("projected", "low", "high"):
            columns[f"amount_{end}"] = lost + cost * (
                ahead[end] - columns["event_rate"]
            )
    return {name: np.asarray(values).tolist() for name, values in columns.items()}


def _ratio(part: Any, whole: Any) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.true_divide(part, whole))
