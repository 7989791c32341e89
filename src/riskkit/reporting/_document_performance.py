"""How the model does on the samples given, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.divergence import psi_terms
from riskkit.metrics import cap_curve
from riskkit.reporting._data import Column, ReportTable
from riskkit.reporting._document_data import DocumentSection
from riskkit.reporting._performance import (
    MEASURES,
    Z95,
    calibration,
    curves,
    figures_of,
)
from riskkit.reporting._population import SMOOTHING, make_table
from riskkit.reporting._thresholds import ReportThresholds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.reporting._document_data import Part
    from riskkit.reporting._document_given import DocumentSample
    from riskkit.reporting._document_model import DocumentedModel

__all__ = ["calibration_table", "drawn", "performance"]

_WITHOUT_OUTCOMES = ("Accounts", "Mean PD", "Mean points")


def performance(documented: DocumentedModel, samples: Sequence[DocumentSample]) -> Part:
    """Lay the measures of all samples side by side."""
    if not samples:
        text = (
            "No sample was given, so nothing was measured: see X=, y= and samples=.",
        )
        return DocumentSection("performance", "Performance", text), ()
    measured = [_measures(documented, sample) for sample in samples]
    table = ReportTable(
        "performance",
        "Measures of each sample",
        (
            Column("measure", "Measure"),
            Column("unit", "Unit", hidden=True),
            *(Column(sample.name, sample.name, "unit") for sample in samples),
        ),
        tuple(
            (measure, unit, *(values[measure] for values in measured))
            for measure, unit in _rows(documented, samples)
        ),
        "Of the PD of the model as it is used; equal PDs count half in AUC and KS. The "
        "interval of the AUC is DeLong's. A blank means that the sample cannot tell.",
    )
    text = (
        "Samples have the names that the author gave them. On rows that the model "
        "learned from, every measure looks better than on new ones.",
    )
    section = DocumentSection("performance", "Performance", text, (table.name,))
    return section, (table,)


def drawn(
    documented: DocumentedModel,
    samples: Sequence[DocumentSample],
    chosen: DocumentSample | None,
) -> Part:
    """Return the numbers behind the pictures of the performance."""
    tables: list[ReportTable] = []
    ranked = [sample for sample in samples if sample.has_both]
    if ranked:
        grid = np.linspace(0.0, 1.0, 101)
        columns: dict[Column, Any] = {
            Column("share", "Share of accounts, riskiest first", "percent"): grid
        }
        for sample in ranked:
            column = Column(sample.name, f"Events captured, {sample.name}", "percent")
            one = sample.scored
            columns[column] = np.interp(grid, *cap_curve(one.is_event, one.pd))
        tables.append(make_table("cap_curves", "Events captured", columns, ""))
    if chosen in ranked and chosen is not None and documented.card is not None:
        tables += [
            table
            for table in curves(chosen.scored, None)
            if table.name == "points_distribution"
        ]
    names = tuple(table.name for table in tables)
    title = "Numbers behind the pictures"
    return DocumentSection("curves", title, (), names, "data"), tuple(tables)


def calibration_table(sample: DocumentSample) -> ReportTable:
    """Compare mean PD and bad rate in tenths of a sample; a document does not judge."""
    table = calibration(sample.scored, ReportThresholds())
    kept = [k for k, column in enumerate(table.columns) if column.key != "status"]
    return ReportTable(
        table.name,
        f"{sample.name}: groups of equal size by PD, safest first",
        tuple(table.columns[k] for k in kept),
        tuple(tuple(row[k] for k in kept) for row in table.rows),
        table.note + " The p-value is that of Jeffreys' two-sided test of the mean PD.",
    )


def _rows(
    documented: DocumentedModel, samples: Sequence[DocumentSample]
) -> list[tuple[str, str]]:
    rows = []
    for measure, unit in MEASURES:
        if measure == "Mean points" and documented.card is None:
            continue
        rows.append((measure, unit))
        if measure == "AUC":
            rows += [(f"AUC, {end} (95 %)", "number3") for end in ("low", "high")]
    if documented.card is not None and _banded(documented):
        rows.append(("PSI of the points against training", "number3"))
    if not any(sample.has_outcomes for sample in samples):
        rows = [row for row in rows if row[0] in _WITHOUT_OUTCOMES or "PSI" in row[0]]
    return rows


def _measures(documented: DocumentedModel, sample: DocumentSample) -> dict[str, Any]:
    one = sample.figures
    half = Z95 * np.sqrt(one.auc_variance)
    names = [measure for measure, _ in MEASURES]
    values: dict[str, Any] = dict(zip(names, figures_of(one), strict=True))
    values["AUC, low (95 %)"] = max(0.0, one.auc - half) if half == half else None
    values["AUC, high (95 %)"] = min(1.0, one.auc + half) if half == half else None
    if not sample.has_outcomes:
        values = {
            name: value if name in _WITHOUT_OUTCOMES else None
            for name, value in values.items()
        }
    if documented.card is not None and _banded(documented):
        baseline = documented.card.baseline_
        expected = np.asarray(baseline.points.n, np.float64)
        bands = sample.scored.bands(baseline)
        actual = np.bincount(bands, minlength=expected.size).astype(np.float64)
        values["PSI of the points against training"] = float(
            psi_terms(expected, actual, SMOOTHING).sum()
        )
    return values


def _banded(documented: DocumentedModel) -> bool:
    return bool(sum(documented.card.baseline_.points.n) > 0)
