"""From the model's PD to the one that is used, and to grades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.logistic import logit
from riskkit.artifact import (
    IntervalMapSpec,
    LogOddsMapSpec,
    SegmentedMapSpec,
    StepMapSpec,
    apply_pd_map,
)
from riskkit.exceptions import InvalidTypeError
from riskkit.reporting._data import Column, ReportTable
from riskkit.reporting._document_data import DocumentSection
from riskkit.reporting._document_performance import calibration_table
from riskkit.reporting._population import make_table
from riskkit.scaling import MasterScale

if TYPE_CHECKING:
    from riskkit.artifact import PDMapSpec
    from riskkit.reporting._document_data import Part
    from riskkit.reporting._document_given import DocumentSample
    from riskkit.reporting._document_model import DocumentedModel

__all__ = ["calibration", "grades"]

_PDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8)


def calibration(documented: DocumentedModel, sample: DocumentSample | None) -> Part:
    """Describe the calibration, and hold the PDs against outcomes."""
    tables: list[ReportTable] = []
    pd_map = documented.pd_map
    if not pd_map.steps:
        text = [
            "No calibration was applied: the PD is what the points stand for on the "
            "scale."
            if documented.is_expert
            else "No calibration was applied: the PD is the model's own."
        ]
    else:
        text = [
            "The PD, or the log-odds, of the model inside go through these steps; each "
            "keeps the order of the accounts, within a segment where there are "
            "segments."
        ]
        tables += [_steps(pd_map), _curve(pd_map)]
        if documented.calibrated is not None:
            text.append(
                "The calibration of CalibratedPD learned from PDs of rows that the "
                "model giving them had not seen (cross-fitting), unless that model was "
                "frozen."
            )
        if pd_map.columns:
            tables.append(_segments(documented.calibrated))
            text.append(
                "Each segment has a map of its own, mixed with the pooled one by the "
                "weight in its table. The steps show the pooled maps."
            )
    if sample is not None and sample.has_outcomes:
        tables.append(calibration_table(sample))
    else:
        text.append("No sample with outcomes was given to hold the PDs against.")
    names = tuple(table.name for table in tables)
    return DocumentSection("calibration", "Calibration", tuple(text), names), tuple(
        tables
    )


def grades(scale: Any, sample: DocumentSample | None) -> Part:
    """Put a sample into the grades of a master scale."""
    if scale is None:
        text = ("No master scale was given: see grades=.",)
        return DocumentSection("grades", "Master scale", text), ()
    if not isinstance(scale, MasterScale):
        msg = (
            "grades must be a fitted riskkit.scaling.MasterScale; got "
            f"{type(scale).__name__}."
        )
        raise InvalidTypeError(msg)
    scale.to_spec()  # raises unless it is fitted
    if sample is None:
        found, what = scale.table_, "the rows that the scale was fitted to"
    else:
        outcomes = sample.scored.is_event.astype(int) if sample.has_outcomes else None
        found, what = scale.grade_table(sample.scored.pd, outcomes), sample.name
    frame = found.frame()
    table = make_table(
        "grades",
        f"Grades of {what}, safest first",
        {
            Column(key, label, kind): frame[key].to_numpy()
            for key, label, kind in _GRADES
        },
        "Low and high are Jeffreys' 95 % interval of the bad rate, for independent "
        "accounts. PD is the one that stands for the grade.",
    )
    text = (
        f"Concentration (Herfindahl-Hirschman index): {found.hhi:.3f}; as many grades, "
        f"filled evenly, would have {1 / len(frame):.3f}.",
        _order(found.inversions),
    )
    return DocumentSection("grades", "Master scale", text, (table.name,)), (table,)


_GRADES = (
    ("grade", "Grade", "text"),
    ("lower", "PD above", "pd"),
    ("upper", "PD up to", "pd"),
    ("pd", "PD", "pd"),
    ("n", "Accounts", "count"),
    ("share", "Share", "bar-actual"),
    ("pd_mean", "Mean PD", "pd"),
    ("n_event", "Events", "count"),
    ("event_rate", "Bad rate", "rate"),
    ("rate_low", "Low", "rate"),
    ("rate_high", "High", "rate"),
)


def _order(inversions: tuple[tuple[str, str], ...]) -> str:
    if not inversions:
        return "No riskier grade has a lower bad rate than the filled one before it."
    pairs = ", ".join(f"{safer} and {riskier}" for safer, riskier in inversions)
    return (
        "The riskier of these neighbours has the lower bad rate in this sample, which "
        f"may be chance: {pairs}."
    )


def _steps(pd_map: PDMapSpec) -> ReportTable:
    rows: list[tuple[Any, ...]] = []
    for number, step in enumerate(pd_map.steps, 1):
        spec = step.pooled if isinstance(step, SegmentedMapSpec) else step
        given = "log-odds" if spec.scale == "log_odds" else "PD"
        if isinstance(spec, LogOddsMapSpec):
            same = spec.a == spec.b
            what = "Line on the log-odds" if same else "Beta map on the log-odds"
            rows.append((number, what, given, spec.a, spec.b, spec.c, None))
        elif isinstance(spec, StepMapSpec):
            what = "Steps" if spec.interpolation == "step" else "Line through points"
            rows.append((number, what, given, None, None, None, len(spec.values)))
        elif isinstance(spec, IntervalMapSpec):
            size = len(spec.low) + len(spec.high)
            what = "Middle of a Venn-Abers interval"
            rows.append((number, what, given, None, None, None, size))
    return ReportTable(
        "calibration_steps",
        "Steps from the model's PD to the one that is used",
        (
            Column("step", "Step", "count"),
            Column("map", "Map"),
            Column("given", "Is given"),
            Column("a", "a", "coefficient"),
            Column("b", "b", "coefficient"),
            Column("c", "c", "coefficient"),
            Column("n_values", "Values in its table", "count"),
        ),
        tuple(rows),
        "On the log-odds: ln(odds of the event) = a · ln p − b · ln(1 − p) + c. The "
        "tables of other maps are in the saved model.",
    )


def _curve(pd_map: PDMapSpec) -> ReportTable:
    given = np.array(_PDS)
    pooled = [s.pooled if isinstance(s, SegmentedMapSpec) else s for s in pd_map.steps]
    x = logit(given) if pd_map.scale == "log_odds" else given
    columns = {
        Column("given", "PD of the model", "pd"): given,
        Column("used", "PD used", "pd"): apply_pd_map(pooled, x)[0],
    }
    return make_table("calibration_curve", "What the steps do to a PD", columns, "")


def _segments(calibrated: Any) -> ReportTable:
    frame = calibrated.segments_frame()
    columns: dict[Column, Any] = {
        Column("segment", "Segment"): frame["segment"].to_numpy(),
        Column("n", "Accounts", "count"): frame["n"].to_numpy(),
        Column("n_event", "Events", "count"): frame["n_event"].to_numpy(),
        Column("event_rate", "Bad rate", "rate"): frame["event_rate"].to_numpy(),
        Column("own_weight", "Weight of its own map", "percent"): (
            frame["own_weight"].to_numpy()
        ),
        Column("status", "Status"): frame["status"].to_numpy(),
    }
    return make_table("segments", f"Segments by {calibrated.segments}", columns, "")
