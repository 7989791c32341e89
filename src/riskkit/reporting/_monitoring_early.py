"""What speaks before outcomes are complete, in a monitoring report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit.reporting._data import Column, ReportTable
from riskkit.reporting._document_data import DocumentSection, Part
from riskkit.reporting._monitoring_charts import Limit, Series, chart
from riskkit.reporting._monitoring_tables import numbers, pick, tabulate

if TYPE_CHECKING:
    from riskkit.monitoring import EarlyPerformanceResult, EstimateResult

__all__ = ["early_part", "early_pictures", "early_segments", "estimate_segments"]

_NUMBERS = (
    Column("n", "Accounts", "count"),
    Column("mean_pd", "Mean PD", "rate"),
    Column("developed", "Developed", "percent"),
    Column("expected", "Events expected by now", "amount"),
    Column("n_event", "Events", "count"),
    Column("actual_expected", "A/E", "number2"),
    Column("low", "from", "number2"),
    Column("high", "to", "number2"),
    Column("p_value", "p-value", "p_value"),
    Column("projected_rate", "Bad rate to come", "rate"),
    Column("projected_rate_low", "from", "rate", hidden=True),
    Column("projected_rate_high", "to", "rate", hidden=True),
    Column("reason", "Why not", hidden=True),
)
_ESTIMATE = (
    Column("period", "Period", "day"),
    Column("n", "Accounts", "count"),
    Column("event_rate", "Bad rate expected", "rate"),
    Column("event_rate_low", "from", "rate"),
    Column("event_rate_high", "to", "rate"),
    Column("gini", "Gini expected", "number3"),
    Column("gini_low", "from", "number3"),
    Column("gini_high", "to", "number3"),
    Column("ks", "KS expected", "number3"),
    Column("profit_per_account", "Profit an account", "amount"),
)


_MIN_EXPECTED = 5.0


def early_part(
    early: EarlyPerformanceResult | None, estimate: EstimateResult | None
) -> Part:
    """Return the section of outcomes that are developing, or expected."""
    tables: list[ReportTable] = []
    text = []
    if early is not None:
        tables += [
            tabulate(
                "early_ages",
                "Developing cohorts by months on book",
                (Column("months_on_book", "Months on book"), *_NUMBERS),
                early.tables["ages"],
            ),
            tabulate(
                "early_cohorts",
                f"Developing cohorts by {early.freq}",
                (
                    Column("period", "Cohort", "day"),
                    Column("status", "Outcomes"),
                    *_NUMBERS,
                    Column("p_adjusted", "after Holm", "p_value"),
                ),
                early.tables["periods"],
                note="“Developed” is the share of the events of the window that should "
                "have shown by now; “bad rate to come” is where the cohort ends if the "
                "ratio stays what it is.",
            ),
        ]
        text.append(
            f"Events so far against those expected by now, as of {early.as_of}. Seen: "
            f"{early.sees}. Not to be seen: {early.cannot_see}."
        )
    if estimate is not None:
        which = "periods" if estimate.tables["periods"]["n"] else "total"
        tables.append(
            tabulate(
                "estimate",
                "Expected from the PDs alone",
                _ESTIMATE,
                estimate.tables[which],
                note="The intervals hold the realised figures if the PDs are right.",
            )
        )
        text.append(
            f"Performance that the PDs promise. Seen: {estimate.sees}. Not to be seen: "
            f"{estimate.cannot_see}."
        )
    names = tuple(table.name for table in tables)
    section = DocumentSection("early", "Early performance", tuple(text), names)
    return section, tuple(tables)


def early_pictures(
    early: EarlyPerformanceResult | None, estimate: EstimateResult | None
) -> list[tuple[str, str]]:
    """Return captions and drawings."""
    pictures = []
    one = [Limit(1.0, "as expected")]
    if early is not None:
        for table, label, caption in (
            ("ages", "months_on_book", "Events over expected, by months on book"),
            ("periods", "period", "Events over expected, by cohort"),
        ):
            # The ratio of a few expected events says nothing, and hides all others.
            whole = early.tables[table]
            held = [i for i, e in enumerate(whole["expected"]) if e >= _MIN_EXPECTED]
            columns = pick(whole, held[-24:])
            ratio = Series(
                "A/E",
                numbers(columns, "actual_expected"),
                "points",
                low=numbers(columns, "low"),
                high=numbers(columns, "high"),
            )
            labels = [str(value) for value in columns[label]]
            pictures.append((caption, chart(caption, labels, [ratio], limits=one)))
    if estimate is not None and len(estimate.tables["periods"]["n"]) > 1:
        columns = {k: v[-24:] for k, v in estimate.tables["periods"].items()}
        caption = "Gini that the PDs promise"
        gini = Series(
            "Gini expected",
            numbers(columns, "gini"),
            "dashes",
            low=numbers(columns, "gini_low"),
            high=numbers(columns, "gini_high"),
        )
        pictures.append((caption, chart(caption, columns["period"], [gini])))
    return [(caption, svg) for caption, svg in pictures if svg]


def early_segments(early: EarlyPerformanceResult) -> ReportTable:
    """Return the segments of the developing cohorts."""
    return tabulate(
        "early_segments",
        "Developing outcomes",
        (Column("by", "By"), Column("segment", "Segment"), *_NUMBERS),
        early.tables["segments"],
    )


def estimate_segments(estimate: EstimateResult) -> ReportTable:
    """Return the segments as the PDs promise them."""
    columns = (Column("by", "By"), Column("segment", "Segment"), *_ESTIMATE[1:])
    return tabulate(
        "estimate_segments",
        "Expected from the PDs alone",
        columns,
        estimate.tables["segments"],
    )
