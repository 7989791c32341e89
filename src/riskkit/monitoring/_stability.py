"""Stability of a population against its reference."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Literal, Self

from riskkit._core.notebook import facts_html
from riskkit._core.params import check_option, check_real
from riskkit.artifact import PopulationSpec, read_population, write_population
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)
from riskkit.monitoring._baseline import Baseline, check_same
from riskkit.monitoring._compare import Limits, compare_counts
from riskkit.monitoring._counts import Counts, Groups, count_rows
from riskkit.monitoring._partition import Partition
from riskkit.monitoring._periods import read_periods
from riskkit.monitoring._sample import read_rows

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import ArrayLike

    from riskkit.artifact import PeriodSpec
    from riskkit.monitoring._stability_result import StabilityResult

__all__ = ["StabilityMonitor"]

_REPEATS = ("add", "refuse", "replace")


class StabilityMonitor:
    """Count populations over the bins of a reference, and say how far they moved.

    Parameters
    ----------
    baseline : Baseline
        The reference. What is done to it later does not reach the monitor.

    smoothing : float, default=0.5
        Accounts added to every bin of both samples; see :func:`riskkit.metrics.psi`.

    limits : tuple of float, default=(0.10, 0.25)
        Index from which a feature is amber, and red. A convention, not a law.

    min_n : float, default=100
        Accounts that a period needs to be judged.

    Attributes
    ----------
    baseline : Baseline
        A copy of the reference.

    periods : tuple of str
        The periods counted so far.

    See Also
    --------
    Baseline : The reference.
    riskkit.metrics.psi_test : The index, its bias and its p-value.

    Notes
    -----
    Only counts are kept, so months can be added chunk by chunk, merged from several
    machines, joined to quarters, saved as JSON and compared again under other limits.
    Merged counts are those of the pooled rows to the last bit, as long as weights are
    whole numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.monitoring import Baseline, StabilityMonitor
    >>> rng = np.random.default_rng(0)
    >>> baseline = Baseline.fit({"income": rng.lognormal(8, 0.5, 5000)})
    >>> monitor = StabilityMonitor(baseline)
    >>> for month, mean in (("2024-01", 8.0), ("2024-02", 8.1), ("2024-03", 8.3)):
    ...     rows = {"income": rng.lognormal(mean, 0.5, 800)}
    ...     monitor = monitor.update(rows, period=month)
    >>> monitor.result().frame()[["period", "psi", "bias", "p_value", "band"]].round(3)
        period    psi   bias  p_value   band
    0  2024-01  0.010  0.013    0.666  green
    1  2024-02  0.075  0.013    0.000  green
    2  2024-03  0.332  0.013    0.000    red
    """

    def __init__(
        self,
        baseline: Baseline,
        *,
        smoothing: float = 0.5,
        limits: tuple[float, float] = (0.10, 0.25),
        min_n: float = 100,
    ) -> None:
        if not isinstance(baseline, Baseline):
            msg = (
                f"baseline must be a Baseline; got {type(baseline).__name__}. Make one "
                "with Baseline.fit or Baseline.from_scorecard."
            )
            raise InvalidTypeError(msg)
        check_real("smoothing", smoothing, low=0)
        check_real("min_n", min_n, low=0)
        spec = baseline.to_spec()
        self._model_id = spec.model_id
        self._partition = Partition(spec.features, spec.score, spec.score_direction)
        self._reference = Counts.of_spec(spec.reference)
        self.smoothing = smoothing
        self.limits = _check_limits(limits)
        self.min_n = min_n
        self._counts: dict[str, Counts] = {}

    @property
    def baseline(self) -> Baseline:
        """A copy of the reference."""
        return Baseline(self._spec({}))

    @property
    def periods(self) -> tuple[str, ...]:
        """The periods counted so far, in the order of their labels."""
        return tuple(sorted(self._counts))

    def update(
        self,
        X: Any = None,
        *,
        period: Any,
        score: ArrayLike | None = None,
        pd: ArrayLike | None = None,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        ids: ArrayLike | None = None,
        freq: Literal["month", "quarter", "year"] = "month",
        repeat: Literal["add", "refuse", "replace"] = "add",
    ) -> Self:
        """Count rows into their periods, in place.

        Parameters
        ----------
        X, score, pd, y, sample_weight
            As in :meth:`Baseline.fit`. Columns that are no feature are ignored.

        period : str, date, or array-like of shape (n_rows,)
            Period of the rows, one for all or one for each: a label that sorts in the
            order of time, or a date.

        ids : array-like of shape (n_rows,), default=None
            Identifiers of the rows, to make sure that none comes twice. Not kept.

        freq : {"month", "quarter", "year"}, default="month"
            What dates are cut into.

        repeat : {"add", "refuse", "replace"}, default="add"
            What to do with a period that was counted before: add (a further chunk of
            it), refuse (a job that runs twice must not count twice), or replace it.

        Returns
        -------
        self : StabilityMonitor
            With the rows counted.

        Raises
        ------
        SchemaError
            If a feature has no column; new columns are named as well.
        InvalidInputError, InvalidTypeError, InvalidTargetError
            If the rows cannot be used, or a period is refused. Nothing is counted then.
        InvalidParameterError
            If `freq` or `repeat` is another word.
        """
        check_option("repeat", repeat, _REPEATS)
        rows = read_rows(X, score, pd, y, sample_weight, ids)
        labels, of_row = read_periods(period, rows.n_rows, freq)
        twice = [label for label in labels if label in self._counts]
        if twice and repeat == "refuse":
            msg = (
                "Every period must be counted once; counted before: "
                f"{', '.join(twice[:10])}. Leave it out, or say repeat='replace'."
            )
            raise InvalidInputError(msg)
        groups = Groups(len(labels), None if len(labels) == 1 else of_row)
        counted = count_rows(self._partition, rows, groups)
        known = {} if repeat == "replace" else self._counts
        for label, counts in zip(labels, counted, strict=True):
            self._counts[label] = known[label] + counts if label in known else counts
        return self

    def compare(
        self,
        X: Any = None,
        *,
        score: ArrayLike | None = None,
        pd: ArrayLike | None = None,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        ids: ArrayLike | None = None,
        label: str = "current",
    ) -> StabilityResult:
        """Compare one sample with the reference; nothing is kept of it.

        Parameters
        ----------
        X, score, pd, y, sample_weight, ids
            As in :meth:`update`.

        label : str, default="current"
            What the result calls the sample.

        Returns
        -------
        result : StabilityResult
            Of a single period.

        Raises
        ------
        SchemaError, InvalidInputError, InvalidTypeError, InvalidTargetError
            As :meth:`update` does.
        """
        rows = read_rows(X, score, pd, y, sample_weight, ids)
        counted = count_rows(self._partition, rows, Groups())
        return self._compare({label: counted[0]})

    def result(self) -> StabilityResult:
        """Compare every period with the reference.

        Returns
        -------
        result : StabilityResult
            One entry a period.
        """
        return self._compare(self._counts)

    def pooled(self, *, label: str = "all") -> StabilityResult:
        """Compare all periods together with the reference.

        Parameters
        ----------
        label : str, default="all"
            What the result calls them.

        Returns
        -------
        result : StabilityResult
            The same as of the pooled rows.
        """
        return self.regroup(lambda _: label).result()

    def regroup(self, labels: Mapping[str, str] | Callable[[str], str]) -> Self:
        """Return a new monitor with periods joined, months to quarters for instance.

        Parameters
        ----------
        labels : mapping or callable
            New label of each period.

        Returns
        -------
        regrouped : StabilityMonitor
            This one is not changed.

        Raises
        ------
        InvalidInputError
            If a mapping lacks a period.
        """
        if not callable(labels):
            absent = [period for period in self.periods if period not in labels]
            if absent:
                msg = (
                    f"labels must name all {len(self._counts)} periods; it lacks "
                    f"{', '.join(absent[:10])}."
                )
                raise InvalidInputError(msg)
        find = labels if callable(labels) else labels.__getitem__
        return self._with((find(p), self._counts[p]) for p in self.periods)

    def merge(self, other: StabilityMonitor) -> Self:
        """Return a new monitor with the counts of both; a common period is added up.

        Parameters
        ----------
        other : StabilityMonitor
            Counts of other rows over the same reference.

        Returns
        -------
        merged : StabilityMonitor
            With the limits of this one. Neither of the two is changed.

        Raises
        ------
        InvalidInputError
            If the bins or the models of the two references differ.
        """
        check_same(self.baseline, other.baseline)
        return self._with([*self._counts.items(), *other._counts.items()])

    def to_spec(self) -> PopulationSpec:
        """Return the reference and all periods as plain data."""
        return self._spec({p: self._counts[p].to_spec() for p in self.periods})

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write reference and periods as a JSON file; limits are policy and left out.

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
        smoothing: float = 0.5,
        limits: tuple[float, float] = (0.10, 0.25),
        min_n: float = 100,
    ) -> Self:
        """Read a file that :meth:`save` wrote; every value in it is checked.

        Parameters
        ----------
        path : str or path
            The file.

        model_id : str, default=None
            The model it must belong to; any by default.

        smoothing, limits, min_n
            As of the class.

        Returns
        -------
        monitor : StabilityMonitor
            With the periods of the file.

        Raises
        ------
        ArtifactError
            If there is no such file, or it is not as riskkit writes it.
        InvalidInputError
            If it belongs to another model.
        """
        spec = read_population(path)
        if model_id is not None and spec.model_id != model_id:
            msg = (
                f"The file must belong to the model {model_id!r}; it belongs to "
                f"{spec.model_id!r}."
            )
            raise InvalidInputError(msg)
        new = cls(Baseline(spec), smoothing=smoothing, limits=limits, min_n=min_n)
        return new._with(
            (period, Counts.of_spec(counts)) for period, counts in spec.periods.items()
        )

    def __repr__(self) -> str:
        return f"<StabilityMonitor of {len(self._counts)} periods, {self.baseline!r}>"

    def _repr_html_(self) -> str:
        facts = {
            "Periods": len(self._counts),
            "First": next(iter(self._counts), None),
            "Last": next(reversed(self._counts), None),
            "Against": repr(self.baseline),
        }
        return facts_html("StabilityMonitor", facts)

    def _with(self, periods: Iterable[tuple[str, Counts]]) -> Self:
        """Return a new monitor with these periods; equal labels are added up."""
        joined: dict[str, Counts] = {}
        for period, counts in periods:
            known = joined.get(period)
            joined[period] = counts if known is None else known + counts
        new = copy(self)
        new._counts = joined  # noqa: SLF001  (its own class)
        return new

    def _spec(self, periods: dict[str, PeriodSpec]) -> PopulationSpec:
        return PopulationSpec(
            features=self._partition.features,
            score=self._partition.score,
            score_direction=self._partition.score_direction,
            reference=self._reference.to_spec(),
            periods=periods,
            model_id=self._model_id,
        )

    def _compare(self, counts: Mapping[str, Counts]) -> StabilityResult:
        limits = Limits(self.smoothing, self.limits, self.min_n)
        return compare_counts(self._partition, self._reference, counts, limits)


def _check_limits(limits: Any) -> tuple[float, float]:
    if not isinstance(limits, tuple) or len(limits) != 2:
        msg = f"limits must be a tuple of two numbers, amber and red; got {limits!r}."
        raise InvalidParameterError(msg)
    for limit in limits:
        check_real("limits", limit, low=0)
    if limits[0] > limits[1]:
        msg = f"limits must let amber begin before red; got {limits!r}."
        raise InvalidParameterError(msg)
    return limits
