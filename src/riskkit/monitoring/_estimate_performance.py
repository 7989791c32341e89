"""Performance without outcomes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from riskkit._core.columns import columns_of
from riskkit._core.dates import month_numbers, read_dates
from riskkit._core.frames import numeric_column
from riskkit._core.params import check_option
from riskkit.exceptions import InvalidInputError, InvalidTypeError
from riskkit.monitoring._baseline import Baseline
from riskkit.monitoring._counts import Groups, count_score
from riskkit.monitoring._early_performance import known_pds
from riskkit.monitoring._estimate_measures import (
    NAMES,
    Scored,
    expected_gini,
    expected_performance,
)
from riskkit.monitoring._estimate_result import EstimateResult
from riskkit.monitoring._fit_population import read_direction
from riskkit.monitoring._maturity import cohorts_of
from riskkit.monitoring._performance_bands import ScoreBands
from riskkit.monitoring._performance_checks import check_level
from riskkit.monitoring._performance_tape import read_segments
from riskkit.monitoring._periods import FREQUENCIES
from riskkit.monitoring._sample import read_rows

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.monitoring._sample import Rows
    from riskkit.typing import FloatArray

__all__ = ["estimate_performance"]


def estimate_performance(
    pd: ArrayLike,
    *,
    score: ArrayLike | None = None,
    score_direction: Literal["riskier", "safer"] | None = None,
    baseline: Baseline | None = None,
    margin: ArrayLike | float | None = None,
    loss: ArrayLike | float | None = None,
    reference_pd: ArrayLike | None = None,
    reference_y: ArrayLike | None = None,
    importance: ArrayLike | None = None,
    dates: ArrayLike | None = None,
    freq: Literal["month", "quarter", "year"] = "month",
    segments: Any = None,
    sample_weight: ArrayLike | None = None,
    ids: ArrayLike | None = None,
    level: float = 0.95,
) -> EstimateResult:
    """Estimate performance from calibrated PDs, before there is any outcome.

    If the PDs are right, they say how many events there will be at each score, and so
    how well the score will rank. What they cannot say is whether they are right: use
    this together with :func:`early_performance`.

    Parameters
    ----------
    pd : array-like of shape (n_rows,)
        Calibrated PD of each account.

    score : array-like of shape (n_rows,), default=None
        What accounts are ranked by, if not by `pd`.

    score_direction : {"riskier", "safer"}, default=None
        What a higher score means; must be said of a `score`.

    baseline : Baseline, default=None
        With PDs: what changes are measured against.

    margin, loss : float or array-like of shape (n_rows,), default=None
        Money earned on an account without the event, and lost on one with it; both, or
        neither if profit is of no interest.

    reference_pd, reference_y : array-like of shape (n_reference,), default=None
        PDs and outcomes of reference accounts. If given, the PDs are recalibrated on
        them first.

    importance : array-like of shape (n_reference,), default=None
        Weight of each reference account, from :func:`importance_weights`: the PDs are
        then right for the current population, as far as it differs from the reference
        in the features that were weighed (covariate shift).

    dates : array-like of shape (n_rows,), default=None
        Day of each account, for a table by period.

    freq : {"month", "quarter", "year"}, default="month"
        What a period is.

    segments : array-like, or mapping of str to array-like, default=None
        Segment of each row, by one or several segmentations.

    sample_weight : array-like of shape (n_rows,), default=None
        Weight of each row. A weight of 2 is the row twice.

    ids : array-like of shape (n_rows,), default=None
        Identifiers of the rows, to make sure that none comes twice.

    level : float, default=0.95
        Confidence of the intervals.

    Returns
    -------
    result : EstimateResult
        Expected event rate, AUC, Gini, KS and profit, with the intervals in which the
        realised figures will lie if the PDs are right.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If the rows cannot be used: PDs or scores that are missing, repeated ids, one of
        `margin` and `loss`, one of `reference_pd` and `reference_y`.
    InvalidTargetError
        If `reference_y` does not hold both outcomes.
    InvalidParameterError
        If a parameter is outside its domain, or the direction of the score is not said.

    See Also
    --------
    early_performance : Sees what this cannot.
    importance_weights : For another mix of applicants.

    Notes
    -----
    Every account counts as ``pd`` of an event and ``1 - pd`` of a non-event, which is
    known as confidence-based performance estimation; with importance weights as in
    [1]_. Scores close together let the expected AUC fall, so a change of it is a change
    of the population. After a recalibration by Platt's line the PDs rank as before.

    References
    ----------
    .. [1] J. Białek et al., "We don't need no labels: estimating post-deployment model
       performance under covariate shift without ground truth", arXiv:2401.08348, 2024.

    Examples
    --------
    >>> from riskkit.datasets import make_loan_book
    >>> from riskkit.monitoring import estimate_performance
    >>> book = make_loan_book(20_000, default_rate=0.07, random_state=0)
    >>> result = estimate_performance(book.pd, margin=300, loss=4000)
    >>> columns = ["event_rate", "gini", "gini_low", "gini_high", "profit_per_account"]
    >>> result.frame()[columns].round(3)
       event_rate   gini  gini_low  gini_high  profit_per_account
    0        0.07  0.491     0.465      0.518                -1.0
    """
    check_level(level)
    check_option("freq", freq, FREQUENCIES)
    read_direction(score, score_direction, pd)
    rows = read_rows(None, score, pd, None, sample_weight, ids)
    chances, effective_n = known_pds(rows), float("nan")
    recalibrated = reference_pd is not None or reference_y is not None
    if recalibrated:
        chances, effective_n = _recalibrate(
            chances, reference_pd, reference_y, importance
        )
    elif importance is not None:
        msg = (
            "importance weighs reference accounts; got it without them. Give "
            "reference_pd and reference_y, too."
        )
        raise InvalidInputError(msg)
    scored = Scored(
        chances,
        _risk(rows, score_direction),
        np.ones(rows.n_rows) if rows.weight is None else rows.weight,
        *_money(margin, loss, rows.n_rows),
    )
    total = expected_performance(scored, level)
    reference, total["banded_gini"] = _compare(baseline, rows, chances)
    periods = []
    if dates is not None:
        months = month_numbers(read_dates("dates", dates, rows.n_rows))
        for cohort in cohorts_of(np.unique(months).tolist(), freq):
            inside = np.isin(months, cohort.months)
            row = expected_performance(scored[inside], level)
            periods.append({"period": cohort.label, **row})
    parts = [
        {
            "by": by.name,
            "segment": name,
            **expected_performance(scored[by.of_row == i], level),
        }
        for by in read_segments(segments, rows.n_rows)
        for i, name in enumerate(by.levels)
    ]
    return EstimateResult(
        level=level,
        recalibrated=recalibrated,
        effective_n=effective_n,
        reference=reference,
        tables={
            "total": columns_of([total], [*NAMES, "banded_gini"]),
            "periods": columns_of(periods, ["period", *NAMES]),
            "segments": columns_of(parts, ["by", "segment", *NAMES]),
        },
    )


def _risk(rows: Rows, direction: str | None) -> FloatArray:
    if rows.score is None:
        return known_pds(rows)
    n_missing = int(np.count_nonzero(np.isnan(rows.score)))
    if n_missing:
        msg = (
            f"score must be known in every row; {n_missing} of {rows.n_rows} are "
            "missing. Leave those rows out."
        )
        raise InvalidInputError(msg)
    return -rows.score if direction == "safer" else rows.score


def _money(
    margin: Any, loss: Any, n_rows: int
) -> tuple[FloatArray | None, FloatArray | None]:
    if (margin is None) != (loss is None):
        msg = "margin and loss must be given together; got one of them."
        raise InvalidInputError(msg)
    if margin is None:
        return None, None
    return _amounts("margin", margin, n_rows), _amounts("loss", loss, n_rows)


def _amounts(name: str, values: Any, n_rows: int) -> FloatArray:
    if np.ndim(values) == 0:
        values = np.full(n_rows, values)
    column = values if hasattr(values, "dtype") else np.asarray(values)
    amounts = numeric_column(column, name)
    if amounts.shape != (n_rows,) or not np.isfinite(amounts).all():
        msg = (
            f"{name} must be one finite amount, or one for each of the {n_rows} rows; "
            f"got shape {amounts.shape}, or amounts that are missing."
        )
        raise InvalidInputError(msg)
    return amounts


def _recalibrate(
    chances: FloatArray, reference_pd: Any, reference_y: Any, importance: Any
) -> tuple[FloatArray, float]:
    """Return the PDs by the weighted outcomes of the reference, and their worth."""
    from riskkit.calibration import LogitPlattCalibrator

    if reference_pd is None or reference_y is None:
        msg = "reference_pd and reference_y must be given together; got one of them."
        raise InvalidInputError(msg)
    rows = read_rows(None, None, reference_pd, reference_y, importance)
    known = np.zeros(0, np.bool_) if rows.is_known is None else rows.is_known
    weight = np.ones(rows.n_rows) if rows.weight is None else rows.weight
    held = known & (weight > 0)
    calibrator = LogitPlattCalibrator().fit(
        known_pds(rows)[held],
        np.asarray(rows.is_event)[held],
        sample_weight=weight[held],
    )
    worth = float(weight[held].sum() ** 2 / (weight[held] ** 2).sum())
    return calibrator.predict(chances), worth


def _compare(
    baseline: Baseline | None, rows: Rows, chances: FloatArray
) -> tuple[dict[str, float], float]:
    """Return what the baseline leads one to expect, and the Gini by its bands."""
    if baseline is None:
        return {"gini": float("nan"), "event_rate": float("nan")}, float("nan")
    if not isinstance(baseline, Baseline):
        msg = (
            f"baseline must be a Baseline or None; got {type(baseline).__name__}. Make "
            "one with Baseline.fit."
        )
        raise InvalidTypeError(msg)
    bands = ScoreBands(baseline.to_spec(), n_bands=1)
    if "pd" not in bands.reference.sums:
        msg = (
            "The baseline must hold PDs to be compared with; it has none. Give pd= to "
            "Baseline.fit."
        )
        raise InvalidInputError(msg)
    counts, sums = count_score(bands.feature, replace(rows, pd=chances), Groups())
    then, order = bands.reference, bands.order
    n_scored = bands.n_scored(then)
    reference = {
        "gini": expected_gini(then.sums["pd"][order], then.n[order]),
        "event_rate": float(then.sums["pd"][order].sum()) / n_scored,
    }
    return reference, expected_gini(sums[0]["pd"][order], counts[0, 0][order])
