"""From a tape to the results of all monitors that it allows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.monitoring import (
    Baseline,
    DevelopmentCurve,
    PerformanceMonitor,
    StabilityMonitor,
    alert_performance,
    check_feeds,
    check_scores,
    early_performance,
    estimate_performance,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from numpy.typing import NDArray

    from riskkit.artifact import Artifact
    from riskkit.cli._monitor_config import MonitorConfig
    from riskkit.cli._monitor_tape import Tape
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["Job", "Parts", "make_baseline", "part_tape"]

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Parts:
    """The rows that are watched, and those that the baseline is learned from."""

    watched: Tape
    reference: Tape | None


def part_tape(config: MonitorConfig, tape: Tape, other: Tape | None) -> Parts:
    """Part the tape at the end of the reference."""
    until = config.reference.until
    if config.reference.table is not None:
        return Parts(tape, other)
    if until is None:
        return Parts(tape, None)
    then = tape.dates < np.datetime64(until, "D")
    for rows, where in ((then, "before"), (~then, "since")):
        if not rows.any():
            msg = (
                f"reference.until must part the tape; no row began {where} {until}. "
                "Check the day, and --as-of."
            )
            raise InvalidParameterError(msg)
    return Parts(tape.where(~then), tape.where(then))


def make_baseline(
    config: MonitorConfig, artifact: Artifact | None, parts: Parts, as_of: date
) -> Baseline:
    """Load the baseline, take that of the model, or learn it."""
    model_id = config.model.id
    if config.model.baseline is not None:
        baseline = Baseline.load(config.path(config.model.baseline))
        if baseline.model_id not in (None, model_id):
            msg = (
                f"The baseline must belong to the model {model_id!r}; it belongs to "
                f"{baseline.model_id!r}. Name its own baseline, or the right model.id."
            )
            raise InvalidInputError(msg)
        return baseline
    if parts.reference is None:
        return Baseline.from_scorecard(artifact, model_id=model_id)
    tape, rules = parts.reference, config.reference
    features = _features(config, artifact, tape)
    direction: Any = None
    if tape.score is not None:
        # Points of a scorecard are safer the higher; other scores have been declared.
        direction = config.data.score_direction or "safer"
    return Baseline.fit(
        tape.frame[features] if features else None,
        score=tape.score,
        score_direction=direction,
        pd=tape.pd,
        y=_known_outcomes(config, tape, as_of),
        special_codes=list(rules.special_codes) or None,
        n_bins=rules.n_bins,
        n_score_bands=rules.n_score_bands,
        model_id=model_id,
    )


def _features(
    config: MonitorConfig, artifact: Artifact | None, tape: Tape
) -> list[str]:
    from riskkit.cli._columns import check_column
    from riskkit.cli._monitor_tape import named_roles
    from riskkit.schema import infer_schema

    if config.reference.features:
        for name in config.reference.features:
            check_column("reference.features", name, tape.frame.columns)
        return list(config.reference.features)
    if artifact is not None:
        return list(artifact.fields)
    named = set(named_roles(config).values())
    rest = [name for name in tape.frame.columns if name not in named]
    return list(infer_schema(tape.frame[rest]).features) if rest else []


def _known_outcomes(
    config: MonitorConfig, tape: Tape, as_of: date
) -> FloatArray | None:
    """Return the outcomes of rows that are old enough, NaN of all others."""
    import pandas as pd

    rules = config.performance
    ends = pd.DatetimeIndex(tape.dates) + pd.DateOffset(months=rules.window)
    if tape.event_dates is not None:
        y = (pd.DatetimeIndex(tape.event_dates) < ends).astype(np.float64)
    elif tape.y is not None:
        y = pd.to_numeric(tape.y, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    else:
        return None
    told = ends + pd.DateOffset(months=rules.reporting_delay)
    return np.where(told <= pd.Timestamp(as_of), y, np.nan)


@dataclass
class Job:
    """What is measured, in the order of the report; notes say what could not be."""

    config: MonitorConfig
    baseline: Baseline
    parts: Parts
    as_of: date
    results: list[Any] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    population: StabilityMonitor | None = None

    def steps(self) -> list[tuple[str, Callable[[], None]]]:
        """Return the steps that the tape allows, by what people read."""
        tape, config = self.parts.watched, self.config
        has_outcome = tape.event_dates is not None or tape.y is not None
        steps: list[tuple[str, Callable[[], None]]] = []
        if self.baseline.features:
            steps.append(("Looking at the feeds", self._feeds))
        if tape.logged is not None:
            steps.append(("Comparing logged scores with the model", self._scores))
        steps.append(("Comparing the population", self._stability))
        if has_outcome and self.baseline.score_direction is not None:
            steps.append(("Judging complete outcomes", self._performance))
        if tape.event_dates is not None and tape.pd is not None:
            steps.append(("Judging developing outcomes", self._early))
        if tape.pd is not None:
            steps.append(("Estimating what the PDs promise", self._estimate))
        if config.alerts is not None:
            steps.append(("Judging fraud alerts", self._alerts))
        return steps

    def _feeds(self) -> None:
        tape, rules = self.parts.watched, self.config.population
        number = (
            tape.dates.astype("datetime64[M]").astype(np.intp) // _MONTHS[rules.freq]
        )
        last = number.max()
        now, before = (tape.frame[number == last - k] for k in (0, 1))
        self.results.append(
            check_feeds(
                now,
                self.baseline,
                previous=before if len(before) else None,
                static=rules.static,
                min_n=rules.min_n,
            )
        )

    def _scores(self) -> None:
        tape, rules = self.parts.watched, self.config.population
        if tape.logged is not None:
            self.results.append(
                check_scores(
                    *tape.logged,
                    tolerance=rules.score_tolerance,
                    period=tape.dates,
                    freq=rules.freq,
                )
            )

    def _stability(self) -> None:
        tape, rules = self.parts.watched, self.config.population
        csi, psi = (self.config.thresholds[k] for k in ("feature_csi", "score_psi"))
        held = psi if not self.baseline.features else csi
        limits = (float(held.amber), float(held.red))  # type: ignore[arg-type]
        monitor = StabilityMonitor(self.baseline, limits=limits, min_n=rules.min_n)
        held_columns = [n for n in self.baseline.features if n in tape.frame.columns]
        monitor.update(
            tape.frame[held_columns] if self.baseline.features else None,
            score=tape.score,
            pd=tape.pd,
            y=_known_outcomes(self.config, tape, self.as_of),
            period=tape.dates,
            ids=self._ids(tape),
            freq=rules.freq,
        )
        self.population = monitor
        self.results.append(monitor.result())

    def _performance(self) -> None:
        tape, rules = self.parts.watched, self.config.performance
        monitor = PerformanceMonitor(
            self.baseline, window=rules.window, reporting_delay=rules.reporting_delay
        )
        monitor.update(
            dates=tape.dates,
            as_of=self.as_of,
            score=tape.score,
            pd=tape.pd,
            y=tape.y,
            event_dates=tape.event_dates,
            segments=self._segments(tape),
        )
        self.results.append(monitor.result(freq=rules.freq, last=rules.last))

    def _early(self) -> None:
        rules = self.config.performance
        try:
            curve = self._curve()
        except InvalidInputError as error:
            self.notes.append(f"No early performance: {error}")
            return
        held, pd = _with_pd(self.parts.watched)
        self.results.append(
            early_performance(
                pd,
                dates=held.dates,
                event_dates=held.event_dates,
                curve=curve,
                as_of=self.as_of,
                reporting_delay=rules.reporting_delay,
                freq=rules.freq,
                segments=self._segments(held),
            )
        )

    def _curve(self) -> DevelopmentCurve:
        rules = self.config.performance
        if rules.curve is not None:
            return _read_curve(self.config, rules.curve)
        tape = self.parts.reference
        if tape is None or tape.event_dates is None:
            tape = self.parts.watched.where(~self._is_young(self.parts.watched))
        return DevelopmentCurve.fit(
            tape.dates,
            tape.event_dates,
            as_of=self.as_of,
            window=rules.window,
            reporting_delay=rules.reporting_delay,
        )

    def _estimate(self) -> None:
        """Look at the accounts that nothing complete is known of yet."""
        tape = self.parts.watched
        young, pd = _with_pd(tape.where(self._is_young(tape)))
        if not young.n_rows:
            self.notes.append("No estimate: no account with a PD is young.")
            return
        spec = self.baseline.to_spec()
        has_pd = "pd" in spec.reference.sums
        # What accounts are ranked by must be what the baseline holds bands of.
        is_score = spec.score is not None and spec.score.feature.name == "score"
        self.results.append(
            estimate_performance(
                pd,
                score=young.score if is_score else None,
                score_direction=self.baseline.score_direction if is_score else None,
                baseline=self.baseline if has_pd else None,
                dates=young.dates,
                freq=self.config.population.freq,
                segments=self._segments(young),
            )
        )

    def _alerts(self) -> None:
        rules, tape = self.config.alerts, self.parts.watched
        if rules is None:
            return

        def column(name: str | None) -> Any:
            return None if name is None else tape.frame[name]

        import pandas as pd

        labelled = column(rules.label_date)
        if labelled is not None:
            labelled = pd.to_datetime(labelled, format="ISO8601")
        self.results.append(
            alert_performance(
                column(rules.score),
                dates=tape.dates,
                as_of=self.as_of,
                threshold=rules.threshold,
                capacity=rules.capacity,
                y=column(rules.outcome),
                label_dates=labelled,
                amount=column(rules.amount),
                label_days=rules.label_days,
                expected_rate=rules.expected_rate,
                expected_precision=rules.expected_precision,
                freq=rules.freq,
            )
        )

    def _is_young(self, tape: Tape) -> BoolArray:
        import pandas as pd

        rules = self.config.performance
        months = rules.window + rules.reporting_delay
        ends = pd.DatetimeIndex(tape.dates) + pd.DateOffset(months=months)
        young: NDArray[np.bool_] = np.asarray(ends > pd.Timestamp(self.as_of))
        return young

    def _ids(self, tape: Tape) -> Any:
        name = self.config.data.id
        return None if name is None else tape.frame[name]

    def _segments(self, tape: Tape) -> Any:
        names = self.config.data.segments
        return {name: tape.frame[name] for name in names} or None


def _with_pd(tape: Tape) -> tuple[Tape, FloatArray]:
    """Return the rows that were scored, and their PDs."""
    pd = np.full(tape.n_rows, np.nan) if tape.pd is None else tape.pd
    known = ~np.isnan(pd)
    if tape.score is not None:
        known &= ~np.isnan(tape.score)
    return tape.where(known), pd[known]


def _read_curve(config: MonitorConfig, name: str) -> DevelopmentCurve:
    path = config.path(name)
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        msg = f"performance.curve must name a JSON file; {str(path)!r} is none."
        raise InvalidParameterError(msg) from error
    if not isinstance(plain, dict):
        msg = "performance.curve must hold what DevelopmentCurve.to_dict gives."
        raise InvalidParameterError(msg)
    curve = DevelopmentCurve.from_dict(plain)
    if curve.window != config.performance.window:
        msg = (
            f"performance.curve must be of {config.performance.window} months, the "
            f"window; it is of {curve.window}."
        )
        raise InvalidParameterError(msg)
    return curve
