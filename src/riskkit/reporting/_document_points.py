"""From log-odds to points, how far whole points are off, and outcomes beside them."""

from __future__ import annotations

import math
import warnings
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.logistic import sigmoid
from riskkit._kernels.points import points_line
from riskkit.exceptions import ConvergenceWarning
from riskkit.plotting import edge_labels
from riskkit.reporting._data import Column, ReportTable
from riskkit.reporting._document_data import DocumentSection
from riskkit.reporting._document_scorecard import possible_bins
from riskkit.reporting._population import make_table
from riskkit.scaling import rounding_report, score_to_odds_check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskkit.reporting._document_data import Part
    from riskkit.reporting._document_given import DocumentSample
    from riskkit.reporting._document_model import DocumentedModel

__all__ = ["points"]

_MOST_LINES = 24  # of the ladder of points


def points(documented: DocumentedModel, sample: DocumentSample | None) -> Part:
    """State the scale, what it says about odds and PD, and how outcomes lie on it."""
    spec = documented.spec_
    factor, offset = points_line(
        spec.scaling.pdo, spec.scaling.base_points, spec.scaling.base_odds
    )
    lowest, highest = _extremes(documented)
    rows: list[tuple[str, str, Any]] = [
        (_SCALING.get(name, (name,))[0], _unit(name, value), value)
        for name, value in asdict(spec.scaling).items()
    ]
    rows += [
        ("Points for one unit of log-odds", "number4", factor),
        ("Points at odds of 1 : 1", "number4", offset),
        ("Intercept, in log-odds of the event", "coefficient", spec.intercept),
        ("Base points that everyone gets", "points", spec.offset_points),
        ("Least points that can occur", "points", lowest),
        ("Most points that can occur", "points", highest),
    ]
    scale = ReportTable(
        "scaling",
        "The scale",
        (
            Column("item", "Item"),
            Column("unit", "Unit", hidden=True),
            Column("value", "Value", "unit"),
        ),
        tuple(rows),
    )
    tables = [scale, _ladder(documented, lowest, highest)]
    text = [
        "points = points at the base odds + (points that double the odds / ln 2) · (ln "
        "odds − ln base odds), with odds of non-event to event: up is safer. The "
        "points of an account are the base points that everyone gets, if any, and "
        "those of its bins.",
    ]
    if spec.scaling.rounding == "integer" and not documented.is_expert:
        text.append(
            "The points of every bin are whole numbers whose sum is the score. The PD "
            "is computed from the log-odds and is not rounded."
        )
        tables += _rounding(documented, sample)
    if documented.is_expert:
        text.append(
            "The PD is what the scale says about given points. It is no estimate."
        )
    if documented.pd_map.steps:
        text.append(
            "PDs here are those of the scorecard; the PD that is used is the "
            "calibrated one."
        )
    if sample is not None and sample.has_both:
        tables.append(_outcomes(documented, sample))
    names = tuple(table.name for table in tables)
    return DocumentSection("points", "Points", tuple(text), names), tuple(tables)


_SCALING: Mapping[str, tuple[str, str]] = {
    "base_points": ("Points at the base odds", "points"),
    "base_odds": ("Base odds, non-event to event", ""),
    "pdo": ("Points that double the odds", ""),
    "rounding": ("Rounding of the points of a bin", "text"),
}
_ERRORS = (
    ("max_error", "Largest distance from the unrounded points", "number2"),
    ("rms_error", "Root of the mean squared distance", "number2"),
    ("mean_error", "Mean of points less unrounded points", "change-number3"),
    ("spearman", "Rank correlation (Spearman)", "number4"),
    ("turned_share", "Pairs of accounts that change their order", "rate"),
    ("tied_share", "Pairs that get equal points", "rate"),
)


def _unit(name: str, value: Any) -> str:
    if unit := _SCALING.get(name, ("", ""))[1]:
        return unit
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "text"
    return "count" if float(value).is_integer() else "number4"


def _extremes(documented: DocumentedModel) -> tuple[float, float]:
    spec = documented.spec_
    worth = [
        np.asarray(item.points)[possible_bins(item)] for item in spec.characteristics
    ]
    ends = [spec.offset_points + sum(f(v) for v in worth) for f in (np.min, np.max)]
    return float(ends[0]), float(ends[1])


def _rounding(
    documented: DocumentedModel, sample: DocumentSample | None
) -> list[ReportTable]:
    """Compare whole points with the line through the log-odds."""
    scaling = documented.spec_.scaling
    if sample is None:
        report, where = getattr(documented.card, "rounding_report_", None), "training"
    else:
        factor, offset = points_line(
            scaling.pdo, scaling.base_points, scaling.base_odds
        )
        log_odds = np.asarray(documented.card.decision_function(sample.X), np.float64)
        exact = offset - factor * log_odds
        report, where = rounding_report(exact, sample.scored.points), sample.name
    if report is None:
        return []
    return [
        ReportTable(
            "rounding",
            f"Whole points beside unrounded ones, {where}",
            (
                Column("item", "Item"),
                Column("unit", "Unit", hidden=True),
                Column("value", "Value", "unit"),
            ),
            tuple((text, unit, getattr(report, key)) for key, text, unit in _ERRORS),
            f"An account that is one point off has odds off by the factor "
            f"{2 ** (1 / scaling.pdo):.4f}.",
        )
    ]


def _ladder(documented: DocumentedModel, lowest: float, highest: float) -> ReportTable:
    """Return odds and PD at every doubling of the odds within reach."""
    scaling = documented.spec_.scaling
    factor, offset = points_line(scaling.pdo, scaling.base_points, scaling.base_odds)
    first = math.floor((lowest - scaling.base_points) / scaling.pdo)
    last = math.ceil((highest - scaling.base_points) / scaling.pdo)
    every = max(1, -(-(last - first) // _MOST_LINES))
    steps = np.arange(first, last + every, every, dtype=np.float64)
    worth = scaling.base_points + scaling.pdo * steps
    log_odds = (offset - worth) / factor
    with np.errstate(over="ignore"):  # given points may stand for any odds
        odds = np.exp(-log_odds)
    columns: dict[Column, Any] = {
        Column("points", "Points", "points"): worth,
        Column("odds", "Odds, non-event to event", "number2"): odds,
        Column("pd", "PD", "rate"): sigmoid(log_odds),
    }
    return make_table(
        "points_to_pd",
        "What points stand for",
        columns,
        "From one line to the next the odds double"
        + (f" {every} times." if every > 1 else ".")
        + " The lines enclose all points that can occur.",
    )


def _outcomes(documented: DocumentedModel, sample: DocumentSample) -> ReportTable:
    """Hold the odds that the scale promises against those observed."""
    with warnings.catch_warnings():
        # Points that separate the outcomes have no slope; a blank says so.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = score_to_odds_check(
            sample.scored.is_event.astype(int),
            sample.scored.points,
            documented.spec_.scaling,
        )
    columns: dict[Column, Any] = {
        Column("band", "Points"): edge_labels(found.high[:-1]),
        Column("n", "Accounts", "count"): found.n,
        Column("n_event", "Events", "count"): found.n_event,
        Column("mean_points", "Mean points", "amount"): found.mean_points,
        Column("expected_odds", "Odds of the scale", "number2"): found.expected_odds,
        Column("odds", "Odds observed", "number2"): found.odds,
        Column("odds_low", "Low", "number2"): found.odds_low,
        Column("odds_high", "High", "number2"): found.odds_high,
        Column("points_off", "Off by points", "change-points"): found.points_off,
        Column("p_value", "p-value", "p_value"): found.p_value,
    }
    slope = (
        f" Over the whole sample {found.pdo:.1f} points doubled the odds, and the base "
        f"odds were found at {found.base_points:.0f} points."
        if math.isfinite(found.pdo)
        else ""
    )
    return make_table(
        "score_to_odds",
        f"Outcomes on the scale, {sample.name}, fewest points first",
        columns,
        "Low and high are Jeffreys' 95 % interval of the odds, for independent "
        "accounts; above 0 points off the band is safer than its points say." + slope,
    )
