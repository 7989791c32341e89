"""Lights, a verdict and alerts from what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from riskkit._core.columns import columns_of, plain
from riskkit._core.dates import read_date
from riskkit._core.notebook import rows_html
from riskkit._core.params import did_you_mean
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)
from riskkit.monitoring._warning_alerts import Alert, latest_runs, read_alerts
from riskkit.monitoring._warning_default_rules import default_rules
from riskkit.monitoring._warning_defaults import default_thresholds
from riskkit.monitoring._warning_history import WarningHistory
from riskkit.monitoring._warning_policy import WarningPolicy
from riskkit.monitoring._warning_result import WarningResult
from riskkit.monitoring._warning_rules import Judged, VerdictRule, first_rule
from riskkit.monitoring._warning_sources import (
    collect,
    day_of,
    limits_of,
    waiting_for,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from riskkit.monitoring._warning_measurement import (
        Measurement,
        SupportsMeasurements,
    )
    from riskkit.monitoring._warning_threshold import Threshold

__all__ = ["EarlyWarning"]

_COLUMNS = (
    "key", "name", "of", "role", "value", "p_value", "p_adjusted", "n", "n_event",
    "raw", "light", "why", "action", "owner",
)  # fmt: skip


class EarlyWarning:
    """Turn measurements into lights, one verdict with an action, and alerts.

    Parameters
    ----------
    thresholds : mapping of str to Threshold, default=None
        By name of the measure; those of :func:`default_thresholds` by default. A
        measure without one is listed, and not judged.

    rules : sequence of VerdictRule, default=None
        From the gravest on, the last one without conditions; those of
        :func:`default_rules` by default.

    persistence : tuple of (int, int), default=(2, 3)
        A light counts once it was seen in so many (the first number) of the last runs
        (the second) in which the measure could be evaluated; of fewer runs, if there
        were no more, all must show it. Until then red counts as amber, and amber as
        green. ``(1, 1)`` believes every run.

    multiplicity : {"by_measure", "all", "none"}, default="by_measure"
        Among which p-values of a run Holm's adjustment is made: those of the parts of
        one measure (its bands, its segments), so that ten bands are one question; all
        of the run, so that the chance of any false amber stays below the threshold; or
        none. The result says how many false ambers are to be expected.

    model_id : str, default=""
        The model.

    history : str or path, default=None
        File of JSON lines to which every run and every disposal is added, and from
        which former ones are read. In memory alone by default.

    on_alert : callable, default=None
        Called with each :class:`Alert` that a run opens or makes worse, after the
        history is written: send a mail there, or post ``alert.to_dict()`` to a
        webhook. riskkit itself sends nothing.

    See Also
    --------
    PerformanceMonitor, early_performance, estimate_performance, StabilityMonitor :
        Where measurements come from.

    Notes
    -----
    A measure is red if its size is beyond the red limit and its p-value below that of
    red; amber likewise. What cannot be evaluated counts neither for nor against. The
    verdict is that of the first rule that fires.

    Examples
    --------
    >>> from riskkit.monitoring import EarlyWarning, Measurement
    >>> warning = EarlyWarning(model_id="card-7", on_alert=lambda alert: None)
    >>> for month, ratio in (("2024-01-31", 1.02), ("2024-02-29", 1.31)):
    ...     measured = Measurement(
    ...         "actual_expected", ratio, p_value=1e-4, n_event=300)
    ...     result = warning.evaluate(measured, as_of=month)
    >>> result
    <WarningResult as of 2024-02-29: watch (amber), rule a_measure_amber, 1 alert>

    It is red, but not yet in two of three runs. In March it is again:

    >>> measured = Measurement("actual_expected", 1.3, p_value=1e-4, n_event=310)
    >>> result = warning.evaluate(measured, as_of="2024-03-31")
    >>> print(result.summary())
    recalibrate (red) as of 2024-03-31
    rule level_red: at least 1 of level red
    fired by actual_expected
    action: Recalibrate the PDs on recent outcomes; review price, provisions and
    cut-offs that use them. (model owner)
    1 p-value of 1 measure, adjusted after Holm within each: at most 0.05 falsely amber
    measures are to be expected
    >>> alert = warning.alerts()[0]
    >>> alert.light, alert.opened
    ('red', '2024-02-29')
    >>> warning.close(alert.id, by="R. Weber", on="2024-04-12", note="PDs recalibrated")
    ... # doctest: +ELLIPSIS
    Alert(id='2024-02-29/actual_expected', ... state='closed', ...)
    """

    def __init__(
        self,
        thresholds: Mapping[str, Threshold] | None = None,
        *,
        rules: Sequence[VerdictRule] | None = None,
        persistence: tuple[int, int] = (2, 3),
        multiplicity: Literal["by_measure", "all", "none"] = "by_measure",
        model_id: str = "",
        history: str | os.PathLike[str] | None = None,
        on_alert: Callable[[Alert], object] | None = None,
    ) -> None:
        self._policy = WarningPolicy(
            dict(default_thresholds() if thresholds is None else thresholds),
            tuple(default_rules() if rules is None else rules),
            persistence,
            multiplicity,
        )
        if not isinstance(model_id, str):
            msg = f"model_id must be text; got {type(model_id).__name__}."
            raise InvalidTypeError(msg)
        self.model_id = model_id
        if on_alert is not None and not callable(on_alert):
            msg = f"on_alert must be callable; got {type(on_alert).__name__}."
            raise InvalidTypeError(msg)
        self.on_alert = on_alert
        self._history = WarningHistory(history)
        self._check_model()

    @property
    def thresholds(self) -> dict[str, Threshold]:
        """A copy of the thresholds, by name of the measure."""
        return dict(self._policy.thresholds)

    @property
    def rules(self) -> tuple[VerdictRule, ...]:
        """The rules of the verdict, from the gravest on."""
        return self._policy.rules

    def evaluate(
        self,
        *sources: SupportsMeasurements | Measurement,
        as_of: Any = None,
    ) -> WarningResult:
        """Judge a run, add it to the history, and tell of new alerts.

        Parameters
        ----------
        *sources : results or Measurement
            Results of this package, and single measurements. Of a stability result the
            youngest period is judged.

        as_of : date or str, default=None
            Day of the run; by default the latest day of the results. A run as of the
            day of the last one takes its place.

        Returns
        -------
        result : WarningResult
            Lights, verdict and alerts.

        Raises
        ------
        InvalidTypeError
            If a source is neither.
        InvalidInputError
            If a measure comes twice, or the day lies before that of the last run.
        InvalidParameterError
            If there is no day.
        """
        measured = collect(sources)
        day = str(day_of(sources, as_of))
        before = latest_runs(self._history.records)
        if before and before[-1]["as_of"] > day:
            msg = (
                f"Runs must be made in the order of time; got {day} after "
                f"{before[-1]['as_of']}."
            )
            raise InvalidInputError(msg)
        before = [run for run in before if run["as_of"] < day]
        thresholds, rules = self._policy.thresholds, self._policy.rules
        with_threshold = [m for m in measured if m.name in thresholds]
        rows, chance_note = self._policy.judge(with_threshold, before)
        found = [Judged(r["key"], r["role"], r["light"]) for r in rows]
        rule, fired_by = first_rule(rules, found)
        known = read_alerts(self._history.records)
        self._history.add(
            {
                "type": "run",
                "as_of": day,
                "model_id": self.model_id,
                "verdict": rule.verdict,
                "light": rule.light,
                "rule": rule.name,
                "fired_by": list(fired_by),
                "measures": [{k: plain(v) for k, v in r.items()} for r in rows],
            }
        )
        alerts = read_alerts(self._history.records)
        new = [a for a in alerts.values() if _is_news(a, known.get(a.id), day)]
        result = WarningResult(
            as_of=day,
            model_id=self.model_id,
            rule=rule,
            fired_by=fired_by,
            measures=columns_of(rows, _COLUMNS),
            alerts=tuple(a for a in alerts.values() if a.state != "closed"),
            new_alerts=tuple(new),
            unjudged=tuple(m.key for m in measured if m.name not in thresholds),
            chance_note=chance_note,
            not_seen=limits_of(sources),
            waiting_for=waiting_for(sources),
            thresholds=self.thresholds,
            runs=self.runs(),
        )
        if self.on_alert is not None:
            for alert in new:
                self.on_alert(alert)
        return result

    def acknowledge(self, alert_id: str, *, by: str, on: Any, note: str = "") -> Alert:
        """Say that somebody has taken an alert up.

        Parameters
        ----------
        alert_id : str
            The alert.

        by : str
            Who.

        on : date or str
            When.

        note : str, default=""
            What is being done.

        Returns
        -------
        alert : Alert
            As it stands now.

        Raises
        ------
        InvalidParameterError
            If there is no such alert, it is closed, or a parameter is empty.
        """
        return self._dispose("acknowledge", alert_id, by, note, on)

    def close(self, alert_id: str, *, by: str, on: Any, note: str) -> Alert:
        """Say how an alert was disposed of; the same measure can raise another one.

        Parameters
        ----------
        alert_id : str
            The alert.

        by : str
            Who.

        on : date or str
            When.

        note : str
            What was found and done: recalibrated, feed repaired, accepted and why.

        Returns
        -------
        alert : Alert
            As it stands now.

        Raises
        ------
        InvalidParameterError
            If there is no such alert, it is closed, or a parameter is empty.
        """
        if not note:
            msg = "note must say what was found and done; got nothing."
            raise InvalidParameterError(msg)
        return self._dispose("close", alert_id, by, note, on)

    def alerts(self, *, closed: bool = False) -> tuple[Alert, ...]:
        """Return the alerts that wait, or all of them.

        Parameters
        ----------
        closed : bool, default=False
            Whether closed ones are returned as well.

        Returns
        -------
        alerts : tuple of Alert
            In the order in which they were opened.
        """
        found = read_alerts(self._history.records).values()
        return tuple(a for a in found if closed or a.state != "closed")

    def runs(self) -> tuple[dict[str, Any], ...]:
        """Return the runs of the history, in the order of time."""
        return tuple(dict(run) for run in latest_runs(self._history.records))

    def __repr__(self) -> str:
        return (
            f"<EarlyWarning of {len(self.thresholds)} thresholds, {len(self.runs())} "
            f"runs, {len(self.alerts())} open alerts>"
        )

    def _repr_html_(self) -> str:
        names = ["measure", "amber", "red", "action"]
        rows = [[name, t.amber, t.red, t.action] for name, t in self.thresholds.items()]
        return rows_html(repr(self), names, rows, n_rows=len(rows), most=40)

    def _dispose(self, kind: str, alert_id: str, by: str, note: str, on: Any) -> Alert:
        alert = read_alerts(self._history.records).get(alert_id)
        waiting = [a.id for a in self.alerts()]
        if alert is None or alert.state == "closed":
            what = "is closed already" if alert is not None else "is not known"
            hint = did_you_mean(alert_id, waiting)
            msg = f"The alert {alert_id!r} {what}; {len(waiting)} are open.{hint}"
            raise InvalidParameterError(msg)
        if not isinstance(by, str) or not by or not isinstance(note, str):
            msg = "by must name somebody, and note must be text."
            raise InvalidParameterError(msg)
        day = str(read_date("on", on))
        self._history.add(
            {"type": kind, "alert": alert_id, "by": by, "note": note, "on": day}
        )
        return read_alerts(self._history.records)[alert_id]

    def _check_model(self) -> None:
        others = {r["model_id"] for r in self._history.records if r["type"] == "run"}
        others.discard(self.model_id)
        if others:
            msg = (
                f"The history must belong to the model {self.model_id!r}; it holds "
                f"runs of {sorted(others)[0]!r}. Name another file, or the model."
            )
            raise InvalidInputError(msg)


def _is_news(alert: Alert, known: Alert | None, day: str) -> bool:
    """Return whether a run opened the alert, or made it worse."""
    if alert.last_seen != day or alert.state == "closed":
        return False
    return known is None or known.light != alert.light
