"""The validation report of a scorecard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit import __version__
from riskkit.exceptions import InvalidParameterError, InvalidTypeError
from riskkit.reporting._data import ReportData
from riskkit.reporting._performance import (
    calibration,
    curves,
    performance_table,
    periods_table,
)
from riskkit.reporting._periods import cut_periods
from riskkit.reporting._population import characteristics, score_bands
from riskkit.reporting._render import render
from riskkit.reporting._sample import ScoredSample, measure
from riskkit.reporting._thresholds import ReportThresholds
from riskkit.reporting._verdict import judge, run_checks

if TYPE_CHECKING:
    import os

    from numpy.typing import ArrayLike

    from riskkit.reporting._result import ReportResult

__all__ = ["compute_validation", "validation_report"]


def validation_report(
    model: Any,
    X: Any,
    y: ArrayLike,
    *,
    expected: tuple[Any, ArrayLike] | None = None,
    title: str = "Scorecard validation",
    dates: ArrayLike | None = None,
    thresholds: ReportThresholds | None = None,
    path: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> ReportResult:
    """Examine a scorecard on a sample with known outcomes, in one offline page.

    Parameters
    ----------
    model : ScorecardClassifier
        A fitted scorecard.

    X : frame or array-like of shape (n_samples, n_features)
        The sample; columns of a frame are matched by name.

    y : array-like of shape (n_samples,)
        Outcomes, labelled as in training. One class alone is allowed; what needs
        both is then not evaluable.

    expected : tuple of (X, y), default=None
        The training sample, or another reference, for measures that need rows. The
        distributions are always compared with the counts stored in the model.

    title : str, default="Scorecard validation"
        Heading of the page.

    dates : array-like of shape (n_samples,), default=None
        Date of each row, for rows by quarter, or by year beyond four years.

    thresholds : ReportThresholds, default=None
        Where amber and red begin; None stands for ``ReportThresholds()``.

    path : path, default=None
        Where to save the page; None saves nothing.

    overwrite : bool, default=False
        Whether a file at `path` is replaced.

    Returns
    -------
    result : ReportResult
        With ``.html``, ``.verdict``, ``.frame(name)``, ``.to_dict()`` and ``.save()``.

    Raises
    ------
    InvalidInputError
        If columns are missing, or dates are missing or of other rows.
    InvalidTargetError
        If outcomes are missing or carry labels that were not there in training.
    InvalidTypeError, sklearn.exceptions.NotFittedError
        If `model` is no scorecard, or is not fitted.
    InvalidParameterError
        If `expected` is not a pair or `title` is no text.
    OutputError
        If the page cannot be saved.

    See Also
    --------
    riskkit.metrics.psi : The stability index.
    ReportThresholds : The limits, and how to change them.

    Notes
    -----
    The page holds counts and rates, never a row. It loads nothing, runs nothing, and
    equal input gives equal bytes.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.datasets import load_sba_loans
    >>> from riskkit.reporting import validation_report
    >>> from riskkit.scorecard import ScorecardClassifier
    >>> loans = load_sba_loans()
    >>> X, y = loans.data[["GrAppv", "UrbanRural", "same_state"]], loans.target
    >>> late = loans.dates >= np.datetime64("2004-01-01")
    >>> card = ScorecardClassifier().fit(X[~late], y[~late])
    >>> report = validation_report(card, X[late], y[late], dates=loans.dates[late])
    >>> report.verdict.word
    'Recalibrate'
    """
    data = compute_validation(
        model, X, y, expected=expected, title=title, dates=dates, thresholds=thresholds
    )
    result = render(data)
    if path is not None:
        result.save(path, overwrite)
    return result


def compute_validation(
    model: Any,
    X: Any,
    y: ArrayLike,
    *,
    expected: tuple[Any, ArrayLike] | None = None,
    title: str = "Scorecard validation",
    dates: ArrayLike | None = None,
    thresholds: ReportThresholds | None = None,
) -> ReportData:
    """Return everything that the page of :func:`validation_report` will say."""
    limits = ReportThresholds() if thresholds is None else thresholds
    _check_model(model)
    _check_arguments(expected, title, limits)
    sample = ScoredSample.read(model, X, y, "the sample")
    reference = None
    if expected is not None:
        reference = ScoredSample.read(model, *expected, "expected")
    actual = measure(sample)
    of_training = None if reference is None else measure(reference)

    bands = score_bands(sample, model.baseline_, limits)
    overview, bins = characteristics(sample, model.spec_, model.baseline_, limits)
    tables = [
        performance_table(actual, of_training, sample, model.baseline_),
        *curves(sample, reference),
        calibration(sample, limits),
        bands,
        overview,
        bins,
    ]
    window = None
    if dates is not None:
        periods, window = cut_periods(dates, sample.table.n_rows)
        tables.append(periods_table(sample, periods, model.baseline_, limits))
    checks = run_checks(
        actual, of_training, {table.name: table for table in tables}, limits
    )
    return ReportData(
        kind="validation",
        title=title,
        facts=_facts(model, actual.n, actual.n_event, window),
        verdict=judge(checks),
        checks=checks,
        tables=tuple(tables),
        thresholds=limits,
        version=__version__,
    )


def _check_model(model: Any) -> None:
    if not hasattr(model, "predict_points"):
        msg = (
            "model must be a fitted scorecard, with points and stored counts; got "
            f"{type(model).__name__}."
        )
        raise InvalidTypeError(msg)
    if not hasattr(model, "baseline_"):
        from sklearn.exceptions import NotFittedError

        msg = f"This {type(model).__name__} is not fitted yet. Call fit first."
        raise NotFittedError(msg)


def _check_arguments(expected: Any, title: Any, limits: Any) -> None:
    if expected is not None and not (
        isinstance(expected, (tuple, list)) and len(expected) == 2
    ):
        msg = f"expected must be a pair (X, y) or None; got {type(expected).__name__}."
        raise InvalidParameterError(msg)
    if not isinstance(title, str) or not title.strip():
        msg = f"title must be text that is not empty; got {title!r}."
        raise InvalidParameterError(msg)
    if not isinstance(limits, ReportThresholds):
        msg = (
            f"thresholds must be ReportThresholds or None; got {type(limits).__name__}."
        )
        raise InvalidParameterError(msg)


def _facts(
    model: Any, n: float, n_event: float, window: tuple[str, str] | None
) -> tuple[tuple[str, str], ...]:
    scaling = model.spec_.scaling
    n_kept = len(model.spec_.characteristics)
    facts = [
        ("Model", f"Scorecard of {n_kept} characteristic{'s' * (n_kept != 1)}"),
        (
            "Points",
            f"{scaling.base_points:g} at {scaling.base_odds:g} : 1, "
            f"{scaling.pdo:g} double the odds",
        ),
        (
            "Trained on",
            f"{model.n_rows_:,.0f} accounts, {model.n_events_:,.0f} events",
        ),
        ("Sample", f"{n:,.0f} accounts, {n_event:,.0f} events"),
    ]
    if window is not None:
        facts.append(("Dates", f"{window[0]} to {window[1]}"))
    return tuple(facts)
