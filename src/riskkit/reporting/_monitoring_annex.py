"""The annex of a monitoring report: tests, thresholds, methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit.metrics import concentration_test
from riskkit.reporting._data import Column, ReportTable, plain
from riskkit.reporting._document_data import DocumentSection, Part
from riskkit.reporting._monitoring_tables import pick, tabulate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.monitoring import (
        PerformanceResult,
        StabilityResult,
        Threshold,
        WarningResult,
    )

__all__ = ["annex_part", "measures_table", "methods_part"]

_MEASURES = (
    Column("key", "Measure"),
    Column("light", "Light", "light"),
    Column("value", "Value", "number4"),
    Column("p_value", "p-value", "p_value"),
    Column("p_adjusted", "after Holm", "p_value"),
    Column("n", "Accounts", "count"),
    Column("n_event", "Events", "count"),
    Column("raw", "Light of this run", "light", hidden=True),
    Column("why", "Why", "words"),
    Column("action", "What to do", hidden=True),
    Column("owner", "Owner"),
)
_TESTS = (
    Column("test", "Test"),
    Column("of", "Of"),
    Column("value", "Value", "number4"),
    Column("against", "Against", "number4"),
    Column("p_value", "p-value", "p_value"),
    Column("null", "Hypothesis that a small p-value speaks against", "words"),
)
_THRESHOLDS = (
    Column("measure", "Measure"),
    Column("amber", "Amber"),
    Column("red", "Red"),
    Column("p_amber", "p amber", "number2"),
    Column("p_red", "p red", "number2"),
    Column("least", "At least"),
    Column("role", "Stands for"),
    Column("owner", "Owner"),
    Column("action", "What to do", "words"),
)
_PART = ("feature_csi", "missing_change", "unseen_share", "feed_break")


def measures_table(warning: WarningResult) -> ReportTable:
    """Return what was judged, the gravest first; green features are left out."""
    columns = warning.measures
    order = ("red", "amber", "not_evaluable", "green")
    held = [
        i
        for i, (name, light) in enumerate(
            zip(columns["name"], columns["light"], strict=True)
        )
        if name not in _PART or light in ("amber", "red")
    ]
    held.sort(key=lambda i: order.index(columns["light"][i]))
    left = len(columns["key"]) - len(held)
    note = f"{left} measures of features that are green or open stand above." * (
        left > 0
    )
    return tabulate("measures", "All lights", _MEASURES, pick(columns, held), note=note)


def annex_part(
    stability: StabilityResult | None, performance: PerformanceResult | None
) -> Part:
    """Return the tests that supervisors ask for, of the portfolio and of each band."""
    rows: list[tuple[Any, ...]] = []
    if performance is not None:
        rows += _of_performance(performance)
    if stability is not None and "score" in stability.kinds:
        rows += _of_stability(stability)
    keys = [column.key for column in _TESTS]
    columns = {key: [row[i] for row in rows] for i, key in enumerate(keys)}
    table = tabulate("tests", "Validation tests", _TESTS, columns)
    trend = None
    if performance is not None:
        trend = tabulate(
            "trend",
            "Trends of the mature cohorts",
            (
                Column("measure", "Measure"),
                Column("z", "Mann-Kendall z", "number3"),
                Column("p_value", "p-value", "p_value"),
                Column("slope", "Sen slope a month", "number4"),
                Column("low", "from", "number4"),
                Column("high", "to", "number4"),
                Column("n_periods", "Cohorts", "count"),
                Column("reason", "Why not", "words"),
            ),
            performance.tables["trend"],
        )
    tables = tuple(t for t in (table, trend) if t is not None and t.rows)
    text = (
        "The tests follow the ECB's instructions for reporting the validation results "
        "of internal models (2019); bands of the score stand for rating grades. No "
        "regulator fixes limits for them.",
    )
    names = tuple(t.name for t in tables)
    return DocumentSection("annex", "Regulatory annex", text, names), tables


def methods_part(thresholds: dict[str, Threshold], not_seen: Sequence[str]) -> Part:
    """Return the limits of this run, and how everything was computed."""
    rows = [_limits(name, held) for name, held in thresholds.items()]
    columns = {c.key: [row[c.key] for row in rows] for c in _THRESHOLDS}
    terms = [*_TERMS, ("Not to be seen by any of them", "; ".join(not_seen))]
    method = ReportTable(
        "methods",
        "Methods",
        (Column("term", "Term"), Column("text", "Meaning")),
        tuple((term, text) for term, text in terms if text),
    )
    tables = (
        method,
        tabulate("thresholds", "Limits of this run", _THRESHOLDS, columns),
    )
    text = (
        "The limits are the policy of this run. What credit teams commonly use is the "
        "default; no law or regulator fixes it.",
    )
    section = DocumentSection(
        "methods", "Methods and limits", text, ("thresholds", "methods")
    )
    return section, tables


def _of_performance(result: PerformanceResult) -> list[tuple[Any, ...]]:
    total = {name: values[0] for name, values in result.tables["total"].items()}
    rows: list[tuple[Any, ...]] = [
        (
            "AUC against initial AUC",
            "portfolio",
            total["auc"],
            result.reference["auc"],
            total["gini_drop_p_value"],
            "the AUC is not below the initial one",
        ),
        (
            "Jeffreys",
            "portfolio",
            total["event_rate"],
            total["expected"],
            total["p_value"],
            "the PD is the event rate",
        ),
    ]
    bands = result.tables["bands"]
    for i, band in enumerate(bands["band"]):
        rows.append(
            (
                "Jeffreys",
                f"band {band}",
                bands["event_rate"][i],
                bands["expected"][i],
                bands["p_adjusted"][i],
                "the PD is the event rate; after Holm over the bands",
            )
        )
    return rows


def _of_stability(result: StabilityResult) -> list[tuple[Any, ...]]:
    at = len(result.names) - 1
    row = {name: plain(values[-1, at]) for name, values in result.by_feature.items()}
    start, width = int(result.partition.starts[at]), int(result.partition.widths[at])
    bands = slice(start, start + width - 2)  # accounts without a score have no band
    now, then = (result.by_bin[name][-1, bands] for name in ("n", "n_expected"))
    last = result.periods[-1]
    rows: list[tuple[Any, ...]] = [
        (
            "PSI of the score",
            last,
            row["psi"],
            row["bias"],
            row["p_value"],
            "both are of one population; beside the size that chance gives",
        )
    ]
    if now.size > 1 and now.sum() and then.sum():
        test = concentration_test(now, initial_n=then)
        rows.append(
            (
                "Concentration (CV of the bands)",
                last,
                test.details["cv"],
                test.details["initial_cv"],
                test.p_value,
                "accounts are no more concentrated than in the reference",
            )
        )
    return rows


def _limits(name: str, held: Threshold) -> dict[str, Any]:
    least = []
    if held.min_n:
        least.append(f"{held.min_n:g} accounts")
    if held.min_events:
        least.append(f"{held.min_events:g} events")
    return {
        "measure": name,
        "amber": _limit(held.amber, held.side),
        "red": _limit(held.red, held.side),
        "p_amber": held.p_amber,
        "p_red": held.p_red,
        "least": ", ".join(least),
        "role": held.role,
        "owner": held.owner,
        "action": held.action,
    }


def _limit(limit: float | tuple[float, float], side: str) -> str:
    if isinstance(limit, tuple):
        return f"outside {limit[0]:g} to {limit[1]:g}"
    return f"{'≥' if side == 'above' else '≤'} {limit:g}"


_TERMS = (
    (
        "Lights",
        "Red is a size beyond the red limit and a p-value below that of red; amber "
        "likewise. What cannot be evaluated counts neither for nor against. In the "
        "grids every period is judged by itself; the verdict also asks for persistence "
        "and adjusts p-values for the number of questions.",
    ),
    (
        "PSI and CSI",
        "Sum over the bins of (q − p) · ln(q / p), p the share in the reference and q "
        "the share now, with half an account added to every bin that is not empty in "
        "both. Cuts are those of the reference; missing, special and unseen values are "
        "bins of their own. The p-value is the chi-square tail of PSI / (1/n + 1/m) "
        "(Yurdakul and Naranjo, 2020).",
    ),
    (
        "Points effect",
        "Sum over the bins of (q − p) · points: the change of the mean points that "
        "comes from this feature.",
    ),
    (
        "Mix and rate",
        "The change of the bad rate is that of other people, Σ (q − p) · rate then, "
        "and that of other risk within the bins, Σ q · (rate now − rate then).",
    ),
    (
        "Gini, KS",
        "Gini = 2 · AUC − 1, equal scores count half, intervals after DeLong; KS is "
        "the largest gap between the distributions of events and non-events.",
    ),
    (
        "A/E",
        "Events over expected events. Of complete outcomes the p-value is that of "
        "Jeffreys' test. Of developing ones expected are the PDs times the share of "
        "events that should have shown by now.",
    ),
    (
        "Bad rate, event",
        "The event is the outcome that the model predicts; the bad rate is the share "
        "of events. Intervals after Jeffreys take accounts as independent; where "
        "defaults come in waves the truth is less certain than they say.",
    ),
    (
        "Precision at capacity",
        "Share of fraud among the cases with the highest scores, as many as can be "
        "reviewed.",
    ),
)
