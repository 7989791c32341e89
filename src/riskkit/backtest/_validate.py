"""Validation of PDs on a sample with outcomes: every test, by grade and in all."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.columns import Columns, columns_of, plain, plain_rows, table_frame
from riskkit._core.params import check_int, check_option, check_real
from riskkit.backtest._checks import check_level
from riskkit.backtest._validate_checks import judge, run_checks
from riskkit.backtest._validate_limits import ValidationLimits
from riskkit.backtest._validate_sample import read_rows
from riskkit.backtest._validate_tables import (
    Asked,
    grade_rows,
    measures_of,
    portfolio_rows,
    segment_rows,
    year_rows,
)
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["PDValidationResult", "validate_pd"]

_YEARS = (
    "period", "n", "n_event", "event_rate", "low", "high", "pd", "actual_expected",
    "p_value", "gini", "gini_low", "gini_high",
)  # fmt: skip


_SEGMENTS = ("scope", "segment", *_YEARS[1:], "p_adjusted")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PDValidationResult:
    """What :func:`validate_pd` returns.

    Parameters
    ----------
    verdict : str
        ``"no action"``, ``"watch"``, ``"recalibrate"``, ``"redevelop"`` or
        ``"not evaluable"``.

    light : {"green", "amber", "red", "not_evaluable"}
        Its colour.

    reason : str
        The checks behind it.

    measures : dict of str to float
        Size, level, ranking and accuracy of the whole sample.

    limits : ValidationLimits
        The limits used.

    tables : dict of str to columns
        See :meth:`frame`.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.backtest import validate_pd
    >>> rng = np.random.default_rng(0)
    >>> pd = rng.beta(1, 15, 20_000)
    >>> result = validate_pd(rng.random(20_000) < 1.5 * pd, pd)
    >>> result
    <PDValidationResult: recalibrate, PDs miss what came. level (red), ...>
    """

    verdict: str
    light: str
    reason: str
    measures: dict[str, float]
    limits: ValidationLimits
    tables: dict[str, Columns]

    def frame(self, name: str = "grades") -> pd.DataFrame:
        """Return one table.

        Parameters
        ----------
        name : str, default="grades"
            ``grades``: each grade against its PD, with Jeffreys' test and Holm's
            adjustment, and whether the order of the grades is broken. ``tests`` of the
            whole sample. ``checks``: the questions behind the verdict. ``years``, of
            rows with dates. ``segments``, with p-values adjusted for their number.
            ``waterfall``: who was left out, in order.

        Returns
        -------
        frame : DataFrame
            One row for each.

        Raises
        ------
        InvalidParameterError
            If there is no such table.
        """
        check_option("name", name, tuple(self.tables))
        return table_frame(self.tables[name])

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; numbers that are not finite become None."""
        return {
            "verdict": self.verdict,
            "light": self.light,
            "reason": self.reason,
            "measures": {name: plain(v) for name, v in self.measures.items()},
            "limits": self.limits.to_dict(),
            "tables": {name: plain_rows(t) for name, t in self.tables.items()},
        }

    def __repr__(self) -> str:
        return f"<PDValidationResult: {self.verdict}, {self.reason}>"

    def _repr_html_(self) -> str:
        parts = [
            self.frame(name).to_html(index=False, na_rep="")
            for name in ("checks", "grades", "waterfall")
        ]
        return f"<p>{html.escape(repr(self)[1:-1])}</p>" + "".join(parts)


def validate_pd(
    y: ArrayLike,
    pd: ArrayLike,
    *,
    grade: ArrayLike | None = None,
    order: Sequence[str] | None = None,
    grade_pd: Mapping[str, float] | None = None,
    dates: ArrayLike | None = None,
    segments: ArrayLike | Mapping[str, ArrayLike] | None = None,
    exclusions: Mapping[str, ArrayLike] | None = None,
    initial_auc: float | None = None,
    initial_n: Mapping[str, float] | None = None,
    rho: float | None = None,
    n_bands: int = 10,
    sample_weight: ArrayLike | None = None,
    limits: ValidationLimits | None = None,
    level: float = 0.95,
) -> PDValidationResult:
    """Validate PDs on a sample with known outcomes, in all and grade by grade.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event within the horizon of the PD, 0 for none, missing where it is not
        known.

    pd : array-like of shape (n_rows,)
        PD given when the horizon began; missing where there was none.

    grade : array-like of shape (n_rows,), default=None
        Grade of each row. None cuts the PDs into `n_bands` bands of equal size.

    order : sequence of str, default=None
        Grades from the safest to the riskiest; None orders them by their mean PD.

    grade_pd : mapping of str to float, default=None
        PD of each grade, if it is not the mean of the PDs of its rows.

    dates : array-like of shape (n_rows,), default=None
        Day on which the horizon of each row began, for years and multi-year tests.

    segments : array-like of shape (n_rows,) or mapping of such, default=None
        Segment of each row, such as its channel; a mapping names several cuts. They are
        shown in a table of their own and have no part in the verdict.

    exclusions : mapping of str to array-like of bool, default=None
        Reasons to leave rows out, in order: True leaves out. A row is counted at the
        first of its reasons. Rows without a PD or an outcome are left out last.

    initial_auc : float, default=None
        AUC in development, for the test whether ranking has got worse.

    initial_n : mapping of str to float, default=None
        Accounts of each grade in development, for the test of concentration.

    rho : float, default=None
        Asset correlation, for the binomial test with a common factor.

    n_bands : int, default=10
        Bands without grades.

    sample_weight : array-like of shape (n_rows,), default=None
        Weight of each row.

    limits : ValidationLimits, default=None
        Where amber and red begin; None stands for ``ValidationLimits()``.

    level : float, default=0.95
        Level of the intervals.

    Returns
    -------
    result : PDValidationResult
        With ``.verdict``, ``.measures`` and ``.frame(name)``.

    Raises
    ------
    InvalidInputError, InvalidTargetError
        If PDs are outside [0, 1], outcomes are neither 0 nor 1, rows do not match, or
        none is left.
    InvalidParameterError
        If a parameter is outside its domain, or a grade lacks what is given by grade.

    See Also
    --------
    ValidationLimits : The rules.
    rolling_backtest : The same questions window by window.

    Notes
    -----
    The verdict is the first that applies. *Redevelop*: ranking is red. *Recalibrate*:
    level, spread or a grade is red. *Watch*: any check is amber or red. A check without
    enough outcomes, or without anything to compare with, is not evaluable, which is
    neither passed nor failed. All tests but that with `rho` take accounts as
    independent; where defaults come in waves the truth is less certain.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.backtest import validate_pd
    >>> rng = np.random.default_rng(0)
    >>> pd = rng.beta(1, 15, 20_000)
    >>> y = (rng.random(20_000) < pd).astype(float)
    >>> y[:100] = np.nan
    >>> test_accounts = np.arange(20_000) % 100 == 0
    >>> result = validate_pd(y, pd, exclusions={"test account": test_accounts})
    >>> result.verdict
    'no action'
    >>> result.frame("waterfall")[["step", "n_excluded", "n"]]
                    step  n_excluded        n
    0           all rows         0.0  20000.0
    1       test account       200.0  19800.0
    2              no PD         0.0  19800.0
    3  outcome not known        99.0  19701.0
    """
    check_level(level)
    check_int("n_bands", n_bands, low=2)
    check_real("initial_auc", initial_auc, low=0.0, high=1.0, none_allowed=True)
    limits = ValidationLimits() if limits is None else limits
    if not isinstance(limits, ValidationLimits):
        msg = f"limits must be ValidationLimits; got a {type(limits).__name__}."
        raise InvalidParameterError(msg)
    if grade is None and not (order is None and grade_pd is None and initial_n is None):
        msg = (
            "order, grade_pd and initial_n speak of grades; got them without grade. "
            "Give grade."
        )
        raise InvalidInputError(msg)
    rows = read_rows(
        y,
        pd,
        grade=grade,
        order=order,
        n_bands=n_bands,
        dates=dates,
        segments=segments,
        exclusions=exclusions,
        sample_weight=sample_weight,
    )
    asked = Asked(
        grade_pd=_by_grade("grade_pd", grade_pd, rows.grades, high=1.0),
        initial_auc=initial_auc,
        initial_n=_by_grade("initial_n", initial_n, rows.grades, high=np.inf),
        rho=rho,
        level=level,
    )
    measures = measures_of(rows, level)
    years = year_rows(rows, level)
    tests = portfolio_rows(rows, asked, years)
    grades = grade_rows(rows, asked, limits)
    checks = run_checks(measures, tests, grades, initial_auc, limits)
    word, light, reason = judge(checks)
    return PDValidationResult(
        verdict=word,
        light=light,
        reason=reason,
        measures=measures,
        limits=limits,
        tables={
            "checks": columns_of(checks, checks[0]),
            "grades": columns_of(grades, grades[0]),
            "tests": columns_of(tests, tests[0]),
            "years": columns_of(years, _YEARS),
            "segments": columns_of(segment_rows(rows, level), _SEGMENTS),
            "waterfall": columns_of(rows.waterfall, rows.waterfall[0]),
        },
    )


def _by_grade(
    name: str,
    given: Mapping[str, float] | None,
    grades: tuple[str, ...],
    *,
    high: float,
) -> FloatArray | None:
    if given is None:
        return None
    named = {str(key): value for key, value in given.items()}
    absent = [grade for grade in grades if grade not in named]
    if absent:
        shown = ", ".join(map(repr, absent[:5]))
        msg = (
            f"{name} must hold every one of the {len(grades)} grades; "
            f"{len(absent)} are missing: {shown}."
        )
        raise InvalidParameterError(msg)
    for grade in grades:
        check_real(f"{name}[{grade!r}]", named[grade], low=0.0, high=high)
    return np.array([named[grade] for grade in grades], dtype=np.float64)
