"""Performance of a model over time, on outcomes that are complete."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Self

from riskkit._core.dates import (
    month_numbers,
    read_date,
    read_start_dates,
)
from riskkit._core.notebook import facts_html
from riskkit._core.params import check_int, check_option
from riskkit.artifact import PopulationSpec, read_population, write_population
from riskkit.exceptions import InvalidInputError, InvalidTypeError
from riskkit.monitoring._baseline import Baseline, check_same
from riskkit.monitoring._maturity import MaturityRule, month_name
from riskkit.monitoring._performance_bands import ScoreBands, score_alone
from riskkit.monitoring._performance_checks import check_level
from riskkit.monitoring._performance_history import History
from riskkit.monitoring._performance_report import build_result
from riskkit.monitoring._performance_tape import (
    count_tape,
    event_in_window,
    read_segments,
)
from riskkit.monitoring._periods import FREQUENCIES
from riskkit.monitoring._sample import read_rows

if TYPE_CHECKING:
    import os

    from numpy.typing import ArrayLike

    from riskkit.monitoring._performance_result import PerformanceResult

__all__ = ["PerformanceMonitor"]

_REPEATS = ("add", "refuse", "replace")


class PerformanceMonitor:
    """Ranking, calibration and order of a score, on cohorts with complete outcomes.

    Parameters
    ----------
    baseline : Baseline
        The reference, with bands of the score. It should hold outcomes: they are what
        ranking is compared with.

    window : int, default=12
        Months on book within which the event counts.

    reporting_delay : int, default=0
        Months until the outcomes of a day are known.

    n_bands : int, default=10
        Bands of the score that tables show. Ranking and calibration are computed on
        all bands of the baseline: give it a hundred (``n_score_bands=100``) and they
        are those of single accounts to three digits or more.

    level : float, default=0.95
        Confidence of the intervals.

    Attributes
    ----------
    baseline : Baseline
        A copy of the reference, its score alone.

    periods : tuple of str
        The months counted so far.

    See Also
    --------
    early_performance : Speaks before cohorts are mature.
    estimate_performance : Needs no outcomes.
    EarlyWarning : Turns results into lights, a verdict and alerts.

    Notes
    -----
    A cohort, the accounts that began in a month, quarter or year, enters a statistic
    once `window` and `reporting_delay` have passed since its last day. Before, it is
    kept for drawing.

    Only counts are kept, by month, segment and band. Those of chunks and of machines
    are added up, and the sum is that of the pooled rows to the last bit if weights are
    whole numbers. A later tape takes the place of the months it holds, since their
    outcomes have moved on.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.datasets import make_loan_book
    >>> from riskkit.monitoring import Baseline, PerformanceMonitor
    >>> book = make_loan_book(30_000, n_months=24, default_rate=0.08, random_state=0)
    >>> first = book.dates < np.datetime64("2020-07-01")
    >>> baseline = Baseline.fit(
    ...     pd=book.pd[first], y=book.target[first], n_score_bands=100)
    >>> monitor = PerformanceMonitor(baseline, window=12)
    >>> monitor = monitor.update(
    ...     pd=book.pd, y=book.target, dates=book.dates, as_of=book.as_of)
    >>> result = monitor.result(freq="quarter")
    >>> columns = ["period", "status", "n", "event_rate", "expected", "gini"]
    >>> result.frame()[columns].round(3)[2:6]
        period    status       n  event_rate  expected   gini
    2  2020 Q3    mature  3686.0       0.072      0.08  0.506
    3  2020 Q4    mature  3818.0       0.080      0.08  0.487
    4  2021 Q1  immature  3759.0         NaN       NaN    NaN
    5  2021 Q2  immature  3786.0         NaN       NaN    NaN
    >>> result.maturity_note()
    'next 2021 Q1 on 2022-04-01'
    """

    def __init__(
        self,
        baseline: Baseline,
        *,
        window: int = 12,
        reporting_delay: int = 0,
        n_bands: int = 10,
        level: float = 0.95,
    ) -> None:
        if not isinstance(baseline, Baseline):
            msg = (
                f"baseline must be a Baseline; got {type(baseline).__name__}. Make one "
                "with Baseline.fit or Baseline.from_scorecard."
            )
            raise InvalidTypeError(msg)
        check_int("n_bands", n_bands, low=1)
        check_level(level)
        self._rule = MaturityRule(window, reporting_delay)
        self.window = window
        self.reporting_delay = reporting_delay
        self.n_bands = n_bands
        self.level = level
        self._population = score_alone(baseline.to_spec())
        self._bands = ScoreBands(self._population, n_bands)
        self._history = History.empty()

    @property
    def baseline(self) -> Baseline:
        """A copy of the reference, its score alone."""
        return Baseline(self._population)

    @property
    def periods(self) -> tuple[str, ...]:
        """The months counted so far."""
        return tuple(map(month_name, sorted(self._history.observed)))

    def update(
        self,
        *,
        dates: ArrayLike,
        as_of: Any,
        score: ArrayLike | None = None,
        pd: ArrayLike | None = None,
        y: ArrayLike | None = None,
        event_dates: ArrayLike | None = None,
        segments: Any = None,
        sample_weight: ArrayLike | None = None,
        ids: ArrayLike | None = None,
        repeat: Literal["add", "refuse", "replace"] = "add",
    ) -> Self:
        """Count a tape of accounts and their outcomes, in place.

        Parameters
        ----------
        dates : array-like of shape (n_rows,)
            Day on which each account began.

        as_of : date or str
            Day on which the tape was drawn; what happened before it is known. For a
            tape of the end of May that is the first of June.

        score, pd : array-like of shape (n_rows,), default=None
            As in :meth:`Baseline.fit`. Expected event rates are mean PDs; without PDs
            they are those of the bands of the reference.

        y : array-like of shape (n_rows,), default=None
            1 for an event within the window, 0 for none, missing where it is not
            known. What it says of accounts that are still young is never averaged.

        event_dates : array-like of shape (n_rows,), default=None
            Day of the event, missing where there was none: in the place of `y`, which
            then follows from the window and the delay.

        segments : array-like, or mapping of str to array-like, default=None
            Segment of each row, by one or several segmentations.

        sample_weight : array-like of shape (n_rows,), default=None
            Weight of each row. A weight of 2 is the row twice.

        ids : array-like of shape (n_rows,), default=None
            Identifiers of the rows, to make sure that none comes twice. Not kept.

        repeat : {"add", "refuse", "replace"}, default="add"
            What to do with a month that was counted before as of the same day: add
            (a further chunk of the tape), refuse (a job that runs twice must not count
            twice), or replace it. Counts of an earlier day are always replaced.

        Returns
        -------
        self : PerformanceMonitor
            With the rows counted.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If the rows cannot be used: dates that are none, are of several time zones
            or lie after `as_of`, repeated ids, a month counted later already. Nothing
            is counted then.
        InvalidTargetError
            If a label is other than 0, 1 or missing, or there are no outcomes.
        InvalidParameterError
            If `as_of` or `repeat` is outside its domain.
        """
        check_option("repeat", repeat, _REPEATS)
        day = read_date("as_of", as_of)
        rows = read_rows(None, score, pd, None, sample_weight, ids)
        starts = read_start_dates(dates, rows.n_rows, day)
        outcomes = event_in_window(y, event_dates, starts, day, self._rule)
        rows = read_rows(None, score, pd, outcomes, sample_weight)
        counts = count_tape(
            self._bands.feature,
            rows,
            month_numbers(starts),
            read_segments(segments, rows.n_rows),
        )
        self._history = self._history.with_tape(counts, day, repeat)
        return self

    def result(
        self,
        *,
        freq: Literal["month", "quarter", "year"] = "month",
        last: int | None = None,
    ) -> PerformanceResult:
        """Judge the cohorts whose outcomes are complete.

        Parameters
        ----------
        freq : {"month", "quarter", "year"}, default="month"
            What a cohort is.

        last : int, default=None
            How many of the youngest mature cohorts the totals, bands and segments are
            of; all by default.

        Returns
        -------
        result : PerformanceResult
            Measures, bands, segments and trends.

        Raises
        ------
        InvalidInputError
            If nothing was counted.
        InvalidParameterError
            If `freq` or `last` is outside its domain.
        """
        check_option("freq", freq, FREQUENCIES)
        check_int("last", last, low=1, none_allowed=True)
        if not self._history.observed:
            msg = "Nothing was counted yet; call update with a tape first."
            raise InvalidInputError(msg)
        return build_result(
            self._history,
            self._bands,
            self._rule,
            freq=freq,
            level=self.level,
            last=last,
        )

    def merge(self, other: PerformanceMonitor) -> Self:
        """Return a new monitor with the counts of both.

        Parameters
        ----------
        other : PerformanceMonitor
            Counts of other rows over the same reference, with the same window.

        Returns
        -------
        merged : PerformanceMonitor
            Neither of the two is changed.

        Raises
        ------
        InvalidInputError
            If references, windows or delays differ, or the outcomes of a common month
            were taken on different days.
        """
        check_same(self.baseline, other.baseline)
        if self._rule != other._rule:
            msg = (
                "Both must have one window and one reporting delay; got "
                f"{self._rule.window} and {self._rule.reporting_delay} months, and "
                f"{other._rule.window} and {other._rule.reporting_delay}."
            )
            raise InvalidInputError(msg)
        return self._with(self._history.merged(other._history))

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write reference and counts as a JSON file; equal monitors give equal bytes.

        Parameters
        ----------
        path : str or path
            Where to.

        overwrite : bool, default=False
            Whether a file that is there already may be replaced.

        Raises
        ------
        OutputError
            If the place cannot be written to, or holds something already.
        """
        write_population(path, self.to_spec(), overwrite=overwrite)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        model_id: str | None = None,
        window: int | None = None,
        reporting_delay: int = 0,
        n_bands: int = 10,
        level: float = 0.95,
    ) -> Self:
        """Read a file that :meth:`save` wrote; every value in it is checked.

        Parameters
        ----------
        path : str or path
            The file.

        model_id : str, default=None
            The model it must belong to; any by default.

        window : int, default=None
            The window that the outcomes must have been counted for; that of the file
            by default, and 12 months if it holds no counts.

        reporting_delay, n_bands, level
            As of the class.

        Returns
        -------
        monitor : PerformanceMonitor
            With the counts of the file.

        Raises
        ------
        ArtifactError
            If there is no such file, or it is not as riskkit writes it.
        InvalidInputError
            If it belongs to another model, or was counted for another window.
        """
        spec = read_population(path)
        if model_id is not None and spec.model_id != model_id:
            msg = (
                f"The file must belong to the model {model_id!r}; it belongs to "
                f"{spec.model_id!r}."
            )
            raise InvalidInputError(msg)
        history, counted = History.of_specs(spec.periods)
        if window is not None and counted is not None and window != counted:
            msg = (
                f"Outcomes must be of the window of {window} months; those of the file "
                f"were counted for {counted}. Count the tape anew."
            )
            raise InvalidInputError(msg)
        new = cls(
            Baseline(spec),
            window=window or counted or 12,
            reporting_delay=reporting_delay,
            n_bands=n_bands,
            level=level,
        )
        return new._with(history)

    def to_spec(self) -> PopulationSpec:
        """Return the reference and all counts as plain data."""
        return replace(self._population, periods=self._history.to_specs(self.window))

    def __repr__(self) -> str:
        return (
            f"<PerformanceMonitor of {len(self.periods)} months, window "
            f"{self.window} + {self.reporting_delay} months>"
        )

    def _repr_html_(self) -> str:
        facts = {
            "Months": len(self.periods),
            "First": self.periods[0] if self.periods else None,
            "Last": self.periods[-1] if self.periods else None,
            "Window": f"{self.window} months",
            "Reporting delay": f"{self.reporting_delay} months",
        }
        return facts_html("PerformanceMonitor", facts)

    def _with(self, history: History) -> Self:
        new = copy(self)
        new._history = history  # noqa: SLF001  (its own class)
        return new
