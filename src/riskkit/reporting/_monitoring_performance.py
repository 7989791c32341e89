"""Mature performance in a monitoring report, and its segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit.reporting._data import Column, ReportTable
from riskkit.reporting._document_data import DocumentSection, Part
from riskkit.reporting._monitoring_charts import Limit, Series, chart
from riskkit.reporting._monitoring_tables import numbers, tabulate

if TYPE_CHECKING:
    from riskkit.monitoring import PerformanceResult

__all__ = ["SEGMENTS", "performance_part", "performance_pictures", "segment_table"]

_SHOWN = 24
_COHORTS = (
    Column("period", "Cohort", "day"),
    Column("status", "Outcomes"),
    Column("matures_on", "Mature on", "day"),
    Column("n", "Accounts", "count"),
    Column("n_known", "Outcomes known", "count", hidden=True),
    Column("n_event", "Events", "count"),
    Column("event_rate", "Bad rate", "rate"),
    Column("expected", "Expected", "rate"),
    Column("actual_expected", "A/E", "number2"),
    Column("p_value", "p-value", "p_value"),
    Column("gini", "Gini", "number3"),
    Column("gini_low", "low", "number3", hidden=True),
    Column("gini_high", "high", "number3", hidden=True),
    Column("ks", "KS", "number3"),
    Column("calibration_slope", "Slope", "number2"),
    Column("n_event_so_far", "Events so far", "count"),
    Column("event_rate_so_far", "Bad rate so far", "rate"),
    Column("reason", "Why not", hidden=True),
)
_TOTAL = (
    Column("measure", "Measure"),
    Column("value", "Now", "unit"),
    Column("low", "Interval from", "unit"),
    Column("high", "to", "unit"),
    Column("reference", "Then, or expected", "unit"),
    Column("p_value", "p-value", "p_value"),
    Column("unit", "Unit", hidden=True),
)
_BANDS = (
    Column("band", "Band"),
    Column("score", "Score"),
    Column("n_known", "Outcomes", "count"),
    Column("n_event", "Events", "count"),
    Column("event_rate", "Bad rate", "rate"),
    Column("low", "from", "rate"),
    Column("high", "to", "rate"),
    Column("expected", "Expected", "rate"),
    Column("actual_expected", "A/E", "number2"),
    Column("p_value", "p-value", "p_value"),
    Column("p_adjusted", "after Holm", "p_value"),
    Column("breaks_order", "Breaks the order", "text"),
)
SEGMENTS = (
    Column("by", "By"),
    Column("segment", "Segment"),
    Column("n", "Accounts", "count"),
    Column("n_event", "Events", "count"),
    Column("event_rate", "Bad rate", "rate"),
    Column("expected", "Expected", "rate"),
    Column("actual_expected", "A/E", "number2"),
    Column("low", "from", "rate", hidden=True),
    Column("high", "to", "rate", hidden=True),
    Column("p_value", "p-value", "p_value"),
    Column("gini", "Gini", "number3"),
    Column("reason", "Why not", hidden=True),
)


def performance_part(result: PerformanceResult) -> Part:
    """Return the section of complete outcomes, and its tables."""
    cohorts = tabulate(
        "cohorts",
        f"By cohort of a {result.freq}",
        _COHORTS,
        result.tables["periods"],
        note="Immature cohorts are shown and never averaged: what has come so far is "
        "a share of all accounts and can only rise.",
    )
    bands = dict(result.tables["bands"])
    bands["breaks_order"] = tuple("yes" if b else "" for b in bands["breaks_order"])
    tables = (
        _total(result),
        cohorts,
        tabulate("bands", "Bands of the score, safest first", _BANDS, bands),
    )
    total = result.tables["total"]
    expected = (
        "mean PDs" if result.expected_from == "pd" else "bad rates of the reference"
    )
    text = [
        f"Outcomes within {result.window} months, known {result.reporting_delay} "
        f"months later, as of {result.as_of}: {len(result.status_of('mature'))} of "
        f"{len(result.tables['periods']['period'])} cohorts are mature, "
        f"{result.maturity_note()}. Expected are {expected}.",
        f"Not to be seen here: {result.cannot_see}.",
    ]
    if total["reason"][0]:
        text.append(f"What could not be measured: {total['reason'][0]}.")
    if result.gaps:
        text.append(f"No accounts were counted in {', '.join(result.gaps)}.")
    names = tuple(table.name for table in tables)
    section = DocumentSection("performance", "Performance", tuple(text), names)
    return section, tables


def performance_pictures(result: PerformanceResult) -> list[tuple[str, str]]:
    """Return captions and drawings."""
    columns = {k: v[-_SHOWN:] for k, v in result.tables["periods"].items()}
    labels = columns["period"]
    gini = Series(
        "Gini",
        numbers(columns, "gini"),
        low=numbers(columns, "gini_low"),
        high=numbers(columns, "gini_high"),
    )
    held = result.reference["gini"]
    limits = [Limit(held, f"reference {held:.3f}")] if held == held else []
    young = [
        rate if status != "mature" else None
        for rate, status in zip(
            numbers(columns, "event_rate_so_far"), columns["status"], strict=True
        )
    ]
    bands = result.tables["bands"]
    pictures = [
        (
            "Ranking of mature cohorts",
            chart("Gini by cohort", labels, [gini], limits=limits),
        ),
        (
            "Bad rate of cohorts",
            chart(
                "Bad rate and expected bad rate by cohort",
                labels,
                [
                    Series(
                        "bad rate",
                        numbers(columns, "event_rate"),
                        "points",
                        low=numbers(columns, "low"),
                        high=numbers(columns, "high"),
                    ),
                    Series("expected", numbers(columns, "expected"), tone="alarm"),
                    Series("immature, so far", young, "dashes", "young"),
                ],
                kind="percent",
                from_zero=True,
            ),
        ),
        (
            "Bad rate of bands, safest first",
            chart(
                "Bad rate and expected bad rate by band of the score",
                [str(band) for band in bands["band"]],
                [
                    Series(
                        "bad rate",
                        numbers(bands, "event_rate"),
                        "points",
                        low=numbers(bands, "low"),
                        high=numbers(bands, "high"),
                    ),
                    Series("expected", numbers(bands, "expected"), tone="alarm"),
                ],
                kind="percent",
                from_zero=True,
            ),
        ),
    ]
    return [(caption, svg) for caption, svg in pictures if svg]


def segment_table(result: PerformanceResult) -> ReportTable:
    """Return the segments of the mature cohorts."""
    return tabulate(
        "segments", "Complete outcomes", SEGMENTS, result.tables["segments"]
    )


def _total(result: PerformanceResult) -> ReportTable:
    row = {name: values[0] for name, values in result.tables["total"].items()}
    held = result.reference
    measures: list[tuple[Any, ...]] = [
        ("Outcomes known", row["n_known"], None, None, None, None, "count"),
        ("Events", row["n_event"], None, None, None, None, "count"),
        (
            "Bad rate",
            row["event_rate"],
            row["low"],
            row["high"],
            row["expected"],
            row["p_value"],
            "rate",
        ),
        ("A/E", row["actual_expected"], None, None, 1.0, row["p_value"], "number2"),
    ]
    for key, label in (("auc", "AUC"), ("gini", "Gini"), ("ks", "KS")):
        chance = row.get(f"{key}_drop_p_value", row["gini_drop_p_value"])
        ends = row[f"{key}_low"], row[f"{key}_high"]
        measures.append((label, row[key], *ends, held[key], chance, "number3"))
    for key, label, usual in (("level", "Level", 0.0), ("slope", "Slope", 1.0)):
        ends = row[f"calibration_{key}_low"], row[f"calibration_{key}_high"]
        chance = row[f"calibration_{key}_p_value"]
        name = f"calibration_{key}"
        words = f"{label} of the calibration line"
        measures.append((words, row[name], *ends, usual, chance, "number3"))
    keys = ("measure", "value", "low", "high", "reference", "p_value", "unit")
    columns = dict(zip(keys, zip(*measures, strict=True), strict=True))
    return tabulate("performance", "All mature cohorts", _TOTAL, columns)
