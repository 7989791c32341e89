"""The monitoring report: lights, verdict and everything behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit import __version__
from riskkit.exceptions import InvalidParameterError, InvalidTypeError
from riskkit.monitoring import WarningResult
from riskkit.reporting._data import Column, ReportTable, Verdict
from riskkit.reporting._document_data import DocumentSection, Part
from riskkit.reporting._monitoring_annex import (
    annex_part,
    measures_table,
    methods_part,
)
from riskkit.reporting._monitoring_data import MonitoringData, MonitoringReport
from riskkit.reporting._monitoring_early import (
    early_part,
    early_segments,
    estimate_segments,
)
from riskkit.reporting._monitoring_lights import light_grids, light_table
from riskkit.reporting._monitoring_performance import performance_part, segment_table
from riskkit.reporting._monitoring_population import population_part
from riskkit.reporting._monitoring_quality import alert_part, quality_part
from riskkit.reporting._monitoring_render import render_monitoring
from riskkit.reporting._monitoring_sources import Sources
from riskkit.reporting._monitoring_tables import tabulate
from riskkit.reporting._monitoring_tiles import tiles

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

__all__ = ["monitoring_report"]

_WORDS = {
    "no_action": "No action",
    "watch": "Watch",
    "recalibrate": "Recalibrate",
    "redevelop": "Redevelop",
    "no_outcome_yet": "No outcome yet",
}
_ALERTS = (
    Column("key", "Measure"),
    Column("light", "Light", "light"),
    Column("light_now", "Now", "light"),
    Column("opened", "Opened", "day"),
    Column("state", "State"),
    Column("why", "Why", "words"),
    Column("action", "What to do", "words"),
    Column("owner", "Owner"),
    Column("by", "Taken up by"),
    Column("note", "Note", "words"),
)


def monitoring_report(
    warning: WarningResult,
    *results: Any,
    title: str = "Model monitoring",
    facts: Mapping[str, str] | None = None,
    path: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> MonitoringReport:
    """Say on one page what a run found, what to do, and on what grounds.

    Parameters
    ----------
    warning : WarningResult
        Verdict, lights and alerts of the run, from
        :meth:`~riskkit.monitoring.EarlyWarning.evaluate`.

    *results : results of riskkit.monitoring
        What the lights were drawn from, at most one of each kind: stability,
        performance, early performance, estimate, feeds, scores, fraud alerts.

    title : str, default="Model monitoring"
        Heading of the page.

    facts : mapping of str to str, default=None
        What else the head should say: owner, data digest, who ran it and when. The
        page itself knows no clock.

    path : path, default=None
        Where to save the page; None saves nothing.

    overwrite : bool, default=False
        Whether a file at `path` is replaced.

    Returns
    -------
    report : MonitoringReport
        With ``.html``, ``.verdict``, ``.frame(name)``, ``.to_dict()`` and ``.save()``.

    Raises
    ------
    InvalidTypeError
        If `warning` or one of the results is none of riskkit.monitoring.
    InvalidInputError
        If two results are of one kind, or a stability result holds no period.
    InvalidParameterError
        If `title` is no text, or `facts` hold anything else.
    OutputError
        If the page cannot be saved.

    See Also
    --------
    riskkit.monitoring.EarlyWarning : Judges the results.
    validation_report : A scorecard on one sample.

    Notes
    -----
    The page loads nothing and runs nothing: it reads the same offline, on paper, and
    with scripts switched off. Every table stands in it as JSON and as CSV. It holds
    counts and rates, never a row, and equal input gives equal bytes.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.monitoring import Baseline, EarlyWarning, StabilityMonitor
    >>> from riskkit.reporting import monitoring_report
    >>> rng = np.random.default_rng(0)
    >>> baseline = Baseline.fit({"income": rng.lognormal(8, 0.5, 5000)})
    >>> monitor = StabilityMonitor(baseline)
    >>> for month, mean in (("2024-01", 8.0), ("2024-02", 8.4)):
    ...     rows = {"income": rng.lognormal(mean, 0.5, 800)}
    ...     monitor = monitor.update(rows, period=month)
    >>> stability = monitor.result()
    >>> warning = EarlyWarning(model_id="card 7")
    >>> warning = warning.evaluate(stability, as_of="2024-03-01")
    >>> report = monitoring_report(warning, stability)
    >>> report.verdict.word
    'Watch'
    >>> report.frame("features")[["feature", "psi", "band"]].round(2)
      feature   psi band
    0  income  0.66  red
    """
    sources = Sources.read(results)
    _check(warning, title, facts)
    grids = light_grids(warning, sources.stability, sources.performance, sources.early)
    parts = [part for part in _parts(warning, sources) if part[1] or part[0].text]
    tables = [table for _, held in parts for table in held if table.rows]
    data = MonitoringData(
        title=title,
        facts=_facts(warning, sources, facts),
        verdict=Verdict(
            _WORDS[warning.verdict],
            warning.light,
            _reason(warning),
            _with_owner(warning),
        ),
        notes=_notes(warning),
        checks=tiles(warning),
        sections=tuple(section for section, _ in parts),
        tables=(light_table(grids), *tables),
        version=__version__,
    )
    report = render_monitoring(data, grids, sources, warning)
    if path is not None:
        report.save(path, overwrite)
    return report


def _parts(warning: WarningResult, sources: Sources) -> list[Part]:
    parts = [_alerts(warning)]
    if sources.feeds is not None or sources.scores is not None:
        parts.append(quality_part(sources.feeds, sources.scores))
    if sources.stability is not None:
        parts.append(population_part(sources.stability))
    if sources.performance is not None:
        parts.append(performance_part(sources.performance))
    if sources.early is not None or sources.estimate is not None:
        parts.append(early_part(sources.early, sources.estimate))
    parts.append(_segments(sources))
    if sources.alerts is not None:
        parts.append(alert_part(sources.alerts))
    if sources.stability is not None or sources.performance is not None:
        section, tables = annex_part(sources.stability, sources.performance)
        if tables:
            parts.append((section, tables))
    measures = measures_table(warning)
    section = DocumentSection("measures", "Everything judged", (), (measures.name,))
    parts.append((section, (measures,)))
    parts.append(methods_part(warning.thresholds, warning.not_seen))
    return parts


def _alerts(warning: WarningResult) -> Part:
    columns = {
        column.key: [getattr(alert, column.key) for alert in warning.alerts]
        for column in _ALERTS
    }
    table = tabulate("alerts", "Alerts that wait", _ALERTS, columns)
    text = () if warning.alerts else ("No alert waits to be closed.",)
    held = (table,) if table.rows else ()
    names = tuple(t.name for t in held)
    return DocumentSection("alerts", "Alerts", text, names), held


def _segments(sources: Sources) -> Part:
    tables: list[ReportTable] = []
    if sources.performance is not None:
        tables.append(segment_table(sources.performance))
    if sources.early is not None:
        tables.append(early_segments(sources.early))
    if sources.estimate is not None:
        tables.append(estimate_segments(sources.estimate))
    held = tuple(table for table in tables if table.rows)
    names = tuple(table.name for table in held)
    return DocumentSection("segments", "Segments", (), names), held


def _facts(
    warning: WarningResult, sources: Sources, given: Mapping[str, str] | None
) -> tuple[tuple[str, str], ...]:
    facts = [("Model", warning.model_id or "not named"), ("As of", warning.as_of)]
    if sources.stability is not None:
        result = sources.stability
        first, last = result.periods[0], result.periods[-1]
        n = float(result.by_period["n"][-1])
        then = float(result.by_feature["n_expected"][-1, 0])
        facts += [
            ("Periods", first if first == last else f"{first} to {last}"),
            (f"Accounts in {last}", f"{n:,.0f}"),
            ("Accounts in the reference", f"{then:,.0f}"),
        ]
    if sources.performance is not None:
        result = sources.performance
        months = f"{result.window} + {result.reporting_delay} months"
        facts += [
            ("Window and delay", months),
            ("Next to mature", result.maturity_note()),
        ]
    return (*facts, *dict(given or {}).items())


def _reason(warning: WarningResult) -> str:
    words = warning.rule.words()
    text = f"Rule {warning.rule.name}: {words}."
    if warning.fired_by and warning.rule.conditions:
        shown = ", ".join(warning.fired_by[:6])
        more = len(warning.fired_by) - 6
        text += f" Fired by {shown}{f' and {more} more' if more > 0 else ''}."
    return text


def _with_owner(warning: WarningResult) -> str:
    owner = f" ({warning.owner})" if warning.owner else ""
    return f"{warning.action}{owner}"


def _notes(warning: WarningResult) -> tuple[str, ...]:
    notes = []
    if warning.waiting_for:
        notes.append(f"Waiting for {'; '.join(warning.waiting_for)}.")
    lights = warning.measures["light"]
    n_open = lights.count("not_evaluable")
    if n_open:
        notes.append(
            f"{n_open} of {len(lights)} measures could not be evaluated; they count "
            "neither for nor against."
        )
    if warning.unjudged:
        notes.append(f"Without a threshold: {', '.join(warning.unjudged[:10])}.")
    note = warning.chance_note
    notes.append(f"{note[:1].upper()}{note[1:]}.")
    return tuple(notes)


def _check(warning: Any, title: Any, facts: Any) -> None:
    if not isinstance(warning, WarningResult):
        msg = (
            f"warning must be a WarningResult; got {type(warning).__name__}. Make one "
            "with EarlyWarning().evaluate(*results)."
        )
        raise InvalidTypeError(msg)
    if not isinstance(title, str) or not title.strip():
        msg = f"title must be text that is not empty; got {title!r}."
        raise InvalidParameterError(msg)
    if facts is not None and not all(
        isinstance(text, str) for pair in dict(facts).items() for text in pair
    ):
        msg = "facts must be a mapping from text to text, or None; got others."
        raise InvalidParameterError(msg)
