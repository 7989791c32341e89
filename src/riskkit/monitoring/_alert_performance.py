"""Fraud alerts over time: how many, how right, and how late one learns it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from riskkit._core.columns import columns_of
from riskkit._core.dates import (
    month_numbers,
    read_date,
    read_dates,
    read_event_dates,
    read_start_dates,
)
from riskkit._core.params import check_int, check_option, check_real
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.metrics import binomial_test, jeffreys_interval
from riskkit.monitoring._alert_result import COLUMNS, AlertPerformanceResult
from riskkit.monitoring._maturity import cohorts_of
from riskkit.monitoring._performance_checks import check_level
from riskkit.monitoring._periods import FREQUENCIES
from riskkit.monitoring._sample import read_rows

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from riskkit.monitoring._sample import Rows
    from riskkit.typing import BoolArray, FloatArray

    Days = NDArray[np.datetime64]

__all__ = ["alert_performance"]


def alert_performance(
    score: ArrayLike,
    *,
    dates: ArrayLike,
    as_of: Any,
    threshold: float | None = None,
    capacity: int | None = None,
    y: ArrayLike | None = None,
    label_dates: ArrayLike | None = None,
    amount: ArrayLike | None = None,
    label_days: int = 90,
    expected_rate: float | None = None,
    expected_precision: float | None = None,
    freq: Literal["month", "quarter", "year"] = "month",
    ids: ArrayLike | None = None,
    level: float = 0.95,
) -> AlertPerformanceResult:
    """Judge the alerts of a detector by what can be reviewed, once labels are in.

    Parameters
    ----------
    score : array-like of shape (n_rows,)
        Anomaly score or probability of fraud; up is riskier.

    dates : array-like of shape (n_rows,)
        Day of each case.

    as_of : date or str
        Day on which the tape was drawn; what happened before it is known.

    threshold : float, default=None
        Score from which on a case is an alert.

    capacity : int, default=None
        Cases that can be reviewed in a period: those with the highest scores are,
        among the alerts if there is a threshold. At least one of the two is needed.

    y : array-like of shape (n_rows,), default=None
        1 for fraud, 0 for none, missing where it is not known. Without it the number
        of alerts is all that can be told.

    label_dates : array-like of shape (n_rows,), default=None
        Day on which each label came to be known, missing where it has not.

    amount : array-like of shape (n_rows,), default=None
        Money at stake in each case, for the share of it that was caught.

    label_days : int, default=90
        Days after which labels should be in: a period is judged once they have passed
        since its last day.

    expected_rate, expected_precision : float, default=None
        Share of cases that are alerts, and share of the reviewed that are fraud, as
        measured when the detector was taken into use.

    freq : {"month", "quarter", "year"}, default="month"
        What a period is.

    ids : array-like of shape (n_rows,), default=None
        Identifiers of the cases, to make sure that none comes twice.

    level : float, default=0.95
        Confidence of the intervals.

    Returns
    -------
    result : AlertPerformanceResult
        Alerts, precision at capacity, capture and days to the label, by period.

    Raises
    ------
    InvalidInputError, InvalidTypeError, InvalidTargetError
        If the cases cannot be used: scores or dates that are missing, a day on or
        after `as_of`, repeated ids, labels other than 0, 1 or missing.
    InvalidParameterError
        If a parameter is outside its domain, or neither `threshold` nor `capacity` is
        given.

    See Also
    --------
    EarlyWarning : Judges the measurements.

    Notes
    -----
    Precision at capacity is the share of fraud among the reviewed whose label is
    known. Of cases that share the score at which capacity ends, each counts with the
    chance of being drawn, so the order of the rows does not matter. Its interval is
    Jeffreys'.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.monitoring import alert_performance
    >>> rng = np.random.default_rng(0)
    >>> fraud = rng.random(6000) < 0.03
    >>> score = rng.normal(size=6000) + 2 * fraud
    >>> days = np.datetime64("2024-01-01") + np.arange(6000) // 50
    >>> result = alert_performance(
    ...     score, dates=days, as_of="2024-05-01", y=fraud, capacity=60, label_days=30)
    >>> columns = ["period", "status", "n_reviewed", "precision", "captured"]
    >>> result.frame()[columns].round(2)
        period    status  n_reviewed  precision  captured
    0  2024-01    mature        60.0       0.47      0.50
    1  2024-02    mature        60.0       0.33      0.48
    2  2024-03    mature        60.0       0.42      0.56
    3  2024-04  immature        60.0        NaN       NaN
    """
    check_option("freq", freq, FREQUENCIES)
    check_int("capacity", capacity, low=1, none_allowed=True)
    check_int("label_days", label_days, low=0)
    check_level(level)
    if threshold is None and capacity is None:
        msg = "threshold or capacity must say what an alert is; got neither."
        raise InvalidParameterError(msg)
    if threshold is not None:
        check_real("threshold", threshold)
    for name, share in (
        ("expected_rate", expected_rate),
        ("expected_precision", expected_precision),
    ):
        if share is not None:
            check_real(name, share, low=0, high=1)
    day = read_date("as_of", as_of)
    rows = read_rows(None, score, None, y, None, ids)
    starts = read_start_dates(dates, rows.n_rows, day)
    cases = _Cases(
        _known_scores(rows),
        starts,
        *_labels(rows, label_dates, starts, day),
        _amounts(amount, rows.n_rows),
    )
    months = month_numbers(starts)
    periods, pooled = [], []
    for cohort in cohorts_of(np.unique(months).tolist(), freq):
        mine = cases.where(np.isin(months, cohort.months))
        matures_on = cohort.end + np.timedelta64(label_days, "D")
        reviewed, n_alert = mine.reviewed(threshold, capacity)
        row = {"period": cohort.label, "matures_on": matures_on}
        is_mature = day >= matures_on
        if is_mature:
            pooled.append((mine, reviewed))
        row |= {
            "status": "mature" if is_mature else "immature",
            "complete": day >= cohort.end,
            "n": mine.score.size,
            "n_alert": n_alert,
            "alert_rate": n_alert / mine.score.size,
            "n_reviewed": float(reviewed.sum()),
            "reason": "" if is_mature else f"labels are complete on {matures_on}",
        }
        judged = [(mine, reviewed)] if is_mature else []
        periods.append(row | _outcomes(judged, label_days, level))
    total = _outcomes(pooled, label_days, level)
    return AlertPerformanceResult(
        as_of=day,
        label_days=label_days,
        expected_rate=_or_nan(expected_rate),
        expected_precision=_or_nan(expected_precision),
        periods=columns_of(periods, COLUMNS),
        total=total,
        p_values={
            "alert_rate": _rate_chance(periods, expected_rate),
            "alert_precision": _precision_chance(total, expected_precision),
        },
    )


@dataclass(frozen=True)
class _Cases:
    """Cases of a period; one entry each."""

    score: FloatArray
    dates: Days
    is_known: BoolArray
    is_event: BoolArray
    label_dates: Days
    amount: FloatArray

    def where(self, mask: BoolArray) -> _Cases:
        return _Cases(
            self.score[mask],
            self.dates[mask],
            self.is_known[mask],
            self.is_event[mask],
            self.label_dates[mask],
            self.amount[mask],
        )

    def reviewed(
        self, threshold: float | None, capacity: int | None
    ) -> tuple[FloatArray, int]:
        """Return the chance that each case is reviewed, and the number of alerts."""
        is_alert = np.ones(self.score.size, np.bool_)
        if threshold is not None:
            is_alert = self.score >= threshold
        n_alert = int(np.count_nonzero(is_alert))
        if capacity is None or n_alert <= capacity:
            return is_alert.astype(np.float64), n_alert
        among = self.score[is_alert]
        last = np.partition(among, among.size - capacity)[among.size - capacity]
        above, tied = self.score > last, self.score == last
        share = (capacity - np.count_nonzero(above)) / np.count_nonzero(tied)
        found: FloatArray = np.where(above, 1.0, np.where(tied, share, 0.0))
        return found, n_alert if threshold is not None else capacity


def _outcomes(
    parts: list[tuple[_Cases, FloatArray]], label_days: int, level: float
) -> dict[str, float]:
    """Return precision, capture and the time that labels took; NaN without any."""
    names = (
        "n_known", "n_event", "precision", "low", "high", "captured",
        "amount_captured", "days_to_label", "late_labels", "n_labelled",
    )  # fmt: skip
    if not parts:
        return dict.fromkeys(names, float("nan"))
    n_event = n_known = fraud = caught = at_stake = 0.0
    for cases, reviewed in parts:
        hit = reviewed * cases.is_event
        n_event += float(hit.sum())
        n_known += float((reviewed * cases.is_known).sum())
        fraud += float(np.count_nonzero(cases.is_event))
        caught += float((hit * cases.amount).sum())
        at_stake += float((cases.is_event * cases.amount).sum())
    low, high = jeffreys_interval(n_event, n_known, level=level)
    waits = np.concatenate([(c.label_dates - c.dates)[c.is_event] for c, _ in parts])
    days = waits[~np.isnat(waits)].astype(np.float64)
    return {
        "n_known": n_known,
        "n_event": n_event,
        "precision": n_event / n_known if n_known else float("nan"),
        "low": float(low),
        "high": float(high),
        "captured": n_event / fraud if fraud else float("nan"),
        "amount_captured": caught / at_stake if at_stake > 0 else float("nan"),
        "days_to_label": float(np.median(days)) if days.size else float("nan"),
        "late_labels": float(np.mean(days > label_days)) if days.size else float("nan"),
        "n_labelled": float(days.size),
    }


def _rate_chance(periods: list[dict[str, Any]], expected: float | None) -> float:
    complete = [row for row in periods if row["complete"]]
    if expected is None or not complete:
        return float("nan")
    row = complete[-1]
    test = binomial_test(row["n_alert"], row["n"], expected, alternative="two-sided")
    return float(test.p_value)


def _precision_chance(total: dict[str, float], expected: float | None) -> float:
    if expected is None or not total["n_known"] > 0:
        return float("nan")
    test = binomial_test(
        total["n_event"], total["n_known"], expected, alternative="less"
    )
    return float(test.p_value)


def _known_scores(rows: Rows) -> FloatArray:
    score = np.zeros(0) if rows.score is None else rows.score
    n_missing = int(np.count_nonzero(np.isnan(score)))
    if n_missing:
        msg = (
            f"score must be known of every case; {n_missing} of {rows.n_rows} are "
            "missing. Leave those cases out, and count them elsewhere."
        )
        raise InvalidInputError(msg)
    return score


def _labels(
    rows: Rows, label_dates: Any, starts: Days, day: np.datetime64
) -> tuple[BoolArray, BoolArray, Days]:
    nothing = np.zeros(rows.n_rows, np.bool_)
    known = nothing if rows.is_known is None else rows.is_known
    event = nothing if rows.is_event is None else rows.is_event
    if label_dates is None:
        return known, event, np.full(rows.n_rows, "NaT", dtype="datetime64[D]")
    read_dates("label_dates", label_dates, rows.n_rows, missing_allowed=True)
    labelled = read_event_dates(label_dates, starts)
    # What was labelled after the day of the tape was not known on it.
    known = known & (labelled < day)
    return known, event & known, np.where(known, labelled, np.datetime64("NaT", "D"))


def _amounts(amount: Any, n_rows: int) -> FloatArray:
    if amount is None:
        return np.zeros(n_rows)
    read = read_rows(None, amount, None, None, None).score
    if read is None or read.shape != (n_rows,) or np.isnan(read).any():
        msg = f"amount must hold one known amount for each of the {n_rows} cases."
        raise InvalidInputError(msg)
    if (read < 0).any():
        msg = f"amount must not be negative; {np.count_nonzero(read < 0)} amounts are."
        raise InvalidInputError(msg)
    return read


def _or_nan(share: float | None) -> float:
    return float("nan") if share is None else float(share)
