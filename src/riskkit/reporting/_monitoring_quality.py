"""Feeds, logged scores and fraud alerts in a monitoring report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit.reporting._data import Column
from riskkit.reporting._document_data import DocumentSection, Part
from riskkit.reporting._monitoring_charts import Limit, Series, chart
from riskkit.reporting._monitoring_tables import numbers, pick, tabulate

if TYPE_CHECKING:
    from riskkit.monitoring import (
        AlertPerformanceResult,
        FeedResult,
        ScoreCheckResult,
    )

__all__ = ["alert_part", "alert_pictures", "quality_part"]

_FEEDS = (
    Column("feature", "Feature"),
    Column("finding", "Finding", "words"),
    Column("factor", "Factor", "number3", hidden=True),
    Column("psi", "CSI", "number3"),
    Column("psi_rescaled", "CSI in the old unit", "number3"),
    Column("repeated", "Repeated values", "percent"),
    Column("reason", "Why not", "words"),
)
_SCORES = (
    Column("period", "Period", "day"),
    Column("n", "Rows", "count"),
    Column("n_differ", "Differ", "count"),
    Column("share_differ", "Share", "percent"),
    Column("largest_difference", "Largest difference", "number4"),
    Column("mean_difference", "Mean difference", "number4"),
    Column("only_logged", "Only logged", "count"),
    Column("only_recomputed", "Only recomputed", "count"),
)
_ALERTS = (
    Column("period", "Period", "day"),
    Column("status", "Labels"),
    Column("n", "Cases", "count"),
    Column("n_alert", "Alerts", "count"),
    Column("alert_rate", "Alert rate", "rate"),
    Column("n_reviewed", "Reviewed", "count"),
    Column("n_event", "Fraud among them", "count"),
    Column("precision", "Precision", "percent"),
    Column("low", "from", "percent"),
    Column("high", "to", "percent"),
    Column("captured", "Fraud caught", "percent"),
    Column("amount_captured", "Money caught", "percent"),
    Column("days_to_label", "Days to the label", "count"),
    Column("late_labels", "Late labels", "percent"),
    Column("reason", "Why not", hidden=True),
)


def quality_part(feeds: FeedResult | None, scores: ScoreCheckResult | None) -> Part:
    """Return the section of what must be right before anything else is read."""
    tables, text = [], []
    if feeds is not None:
        odd = [
            i
            for i, (n_breaks, reason) in enumerate(
                zip(feeds.columns["n_breaks"], feeds.columns["reason"], strict=True)
            )
            if n_breaks or reason
        ]
        n = len(feeds.columns["feature"])
        text.append(
            f"Of {n} feeds {len(feeds.broken)} are broken: gone, constant, in another "
            "unit, or a repetition of the period before."
        )
        if feeds.new_columns:
            new = len(feeds.new_columns)
            text.append(f"{new} column{'s' * (new != 1)} of the tape are no feature.")
        if odd:
            found = pick(feeds.columns, odd)
            tables.append(tabulate("feeds", "Feeds", _FEEDS, found))
    if scores is not None:
        tables.append(
            tabulate(
                "score_check",
                "Logged scores beside those of the model",
                _SCORES,
                scores.columns,
                note=f"Scores that differ by more than {scores.tolerance:g}, and those "
                "that only one side has.",
            )
        )
    names = tuple(table.name for table in tables)
    section = DocumentSection("quality", "Data quality", tuple(text), names)
    return section, tuple(tables)


def alert_part(alerts: AlertPerformanceResult) -> Part:
    """Return the section of a detector's alerts."""
    table = tabulate("fraud_alerts", "Alerts by period", _ALERTS, alerts.periods)
    text = (
        f"A period is judged {alerts.label_days} days after its end, as of "
        f"{alerts.as_of}. Not to be seen: {alerts.cannot_see}.",
    )
    return DocumentSection("fraud", "Fraud alerts", text, (table.name,)), (table,)


def alert_pictures(alerts: AlertPerformanceResult) -> list[tuple[str, str]]:
    """Return captions and drawings."""
    columns = {k: v[-24:] for k, v in alerts.periods.items()}
    limits = {
        name: [Limit(value, f"expected {value:.1%}")] if value == value else []
        for name, value in (
            ("rate", alerts.expected_rate),
            ("precision", alerts.expected_precision),
        )
    }
    rate = Series("alert rate", numbers(columns, "alert_rate"))
    precision = Series(
        "precision",
        numbers(columns, "precision"),
        "points",
        low=numbers(columns, "low"),
        high=numbers(columns, "high"),
    )
    periods = columns["period"]
    pictures = [
        (
            "Share of cases that are alerts",
            chart(
                "Alert rate by period",
                periods,
                [rate],
                kind="percent",
                limits=limits["rate"],
                from_zero=True,
            ),
        ),
        (
            "Share of the reviewed that are fraud",
            chart(
                "Precision by period",
                periods,
                [precision],
                kind="percent",
                limits=limits["precision"],
                from_zero=True,
            ),
        ),
    ]
    return [(caption, svg) for caption, svg in pictures if svg]
