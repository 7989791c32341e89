"""Tables of how well the model does: ranking, level, calibration and time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.bins import assign_bins
from riskkit._kernels.divergence import psi_terms
from riskkit._kernels.ranking import auc, ks
from riskkit.metrics import cap_curve, ks_curve
from riskkit.plotting import PointsDistributionDisplay
from riskkit.reporting._data import Column, ReportTable
from riskkit.reporting._population import (
    SMOOTHING,
    level_status,
    make_table,
    psi_status,
)
from riskkit.reporting._sample import jeffreys, measure

if TYPE_CHECKING:
    from riskkit.artifact import BaselineSpec
    from riskkit.reporting._sample import Performance, ScoredSample
    from riskkit.reporting._thresholds import ReportThresholds
    from riskkit.typing import FloatArray, IntArray

__all__ = [
    "MEASURES",
    "Z95",
    "banded_ranking",
    "calibration",
    "curves",
    "figures_of",
    "performance_table",
    "periods_table",
]

Z95 = 1.959963984540054


def performance_table(
    actual: Performance,
    expected: Performance | None,
    sample: ScoredSample,
    baseline: BaselineSpec,
) -> ReportTable:
    """Lay the measures of the sample beside those of training."""
    n, n_event = np.asarray(baseline.points.n), np.asarray(baseline.points.n_event)
    known = [float(n.sum()), float(n_event.sum()), float(n_event.sum() / n.sum())]
    gini_now, ks_now = banded_ranking(*_banded(sample, baseline))
    gini_then, ks_then = banded_ranking(n, n_event)
    if expected is None:  # what the stored counts know
        of_training = [*known, *[None] * (len(MEASURES) - len(known))]
    else:
        of_training = [*figures_of(expected)]
    rows = [
        (*head, now, then)
        for head, now, then in zip(
            MEASURES, figures_of(actual), of_training, strict=True
        )
    ]
    rows += [
        ("Gini over the bands of points", "number3", gini_now, gini_then),
        ("KS over the bands of points", "number3", ks_now, ks_then),
    ]
    half = Z95 * np.sqrt(actual.auc_variance)
    note = (
        f"95 % interval of the AUC, after DeLong: {actual.auc - half:.3f} to "
        f"{actual.auc + half:.3f}. "
        if np.isfinite(half)
        else ""
    )
    source = (
        "The training figures come from the counts stored in the model; those that "
        "need rows are left blank."
        if expected is None
        else "The training figures are computed from the training rows given."
    )
    return ReportTable(
        "performance",
        "This sample beside training",
        (
            Column("measure", "Measure"),
            Column("unit", "Unit", hidden=True),
            Column("actual", "This sample", "unit"),
            Column("expected", "Training", "unit"),
            Column("change", "Change", "unit-change"),
        ),
        tuple((*row, _change(row[2], row[3], row[1])) for row in rows),
        note + source,
    )


MEASURES = (
    ("Accounts", "count"),
    ("Events", "count"),
    ("Bad rate", "rate"),
    ("Mean PD", "rate"),
    ("Observed / expected events", "number3"),
    ("AUC", "number3"),
    ("Gini", "number3"),
    ("KS", "number3"),
    ("Log-loss", "number4"),
    ("Brier score", "number4"),
    ("Mean points", "points"),
)


def banded_ranking(n: FloatArray, n_event: FloatArray) -> tuple[float, float]:
    """Return Gini and KS of bands of points, lowest (riskiest) first."""
    return 2 * auc(n_event, n - n_event) - 1, ks(n_event, n - n_event)


def curves(
    sample: ScoredSample, expected: ScoredSample | None
) -> tuple[ReportTable, ...]:
    """Return the numbers behind the pictures of the ranking."""
    if not 0 < sample.is_event.sum() < sample.is_event.size:
        return ()
    grid = np.linspace(0.0, 1.0, 101)
    columns = {
        Column("share", "Share of accounts", "percent"): grid,
        Column("actual", "This sample", "percent"): np.interp(
            grid, *cap_curve(sample.is_event, sample.pd)
        ),
    }
    if expected is not None:
        columns[Column("expected", "Training", "percent")] = np.interp(
            grid, *cap_curve(expected.is_event, expected.pd)
        )
    pd, event_share, nonevent_share = ks_curve(sample.is_event, sample.pd)
    # Some hundred thresholds draw the curve: half of them evenly over the distinct PDs,
    # half evenly over their range, and the one of the widest gap.
    by_value = np.searchsorted(-pd, -np.linspace(pd[0], pd[-1], 51))
    by_rank = np.linspace(0, pd.size - 1, 51).astype(np.intp)
    widest = np.argmax(np.abs(event_share - nonevent_share))
    kept = np.unique([*by_value, *by_rank, widest])
    shape = PointsDistributionDisplay.from_predictions(sample.is_event, sample.points)
    return (
        make_table("cap_curve", "Events captured, riskiest first", columns, ""),
        make_table(
            "ks_curve",
            "Shares of events and non-events at or above each PD",
            {
                Column("pd", "PD", "rate"): pd[kept],
                Column("event_share", "Events", "percent"): event_share[kept],
                Column("nonevent_share", "Non-events", "percent"): (
                    nonevent_share[kept]
                ),
            },
            "",
        ),
        make_table(
            "points_distribution",
            "Points by outcome",
            {
                Column("low", "From", "points"): shape.edges[:-1],
                Column("high", "To", "points"): shape.edges[1:],
                Column("event_share", "Events", "percent"): shape.event_share,
                Column("nonevent_share", "Non-events", "percent"): (
                    shape.nonevent_share
                ),
            },
            "",
        ),
    )


def calibration(sample: ScoredSample, limits: ReportThresholds) -> ReportTable:
    """Compare mean PD and observed bad rate in tenths of the sample by PD."""
    cuts = np.quantile(sample.pd, np.arange(1, 10) / 10, method="inverted_cdf")
    group = assign_bins(sample.pd, np.unique(cuts))
    # A group stays empty where a tenth of the accounts has the highest PD.
    group = np.unique(group, return_inverse=True)[1]
    n = np.bincount(group).astype(float)
    event = np.bincount(group, sample.is_event).astype(float)
    mean_pd = np.bincount(group, sample.pd) / n
    low, high, p_value = jeffreys(event, n, mean_pd)
    columns = {
        Column("group", "Group", "count"): np.arange(1, n.size + 1),
        Column("n", "Accounts", "count"): n,
        Column("n_event", "Events", "count"): event,
        Column("mean_pd", "Mean PD", "rate"): mean_pd,
        Column("event_rate", "Bad rate", "rate"): event / n,
        Column("event_rate_low", "Low", "rate"): low,
        Column("event_rate_high", "High", "rate"): high,
        Column("actual_expected", "Observed / expected", "number2"): (
            event / n / mean_pd
        ),
        Column("p_value", "p-value", "p_value"): p_value,
        Column("status", "PD fits", "light"): [
            level_status(p, limits) for p in p_value
        ],
    }
    return make_table(
        "calibration",
        "Groups of equal size by PD, safest first",
        columns,
        "Low and high are Jeffreys' 95 % interval of the bad rate. Accounts with one "
        "PD stay together, so groups differ in size.",
    )


def periods_table(
    sample: ScoredSample,
    periods: tuple[IntArray, tuple[str, ...]],
    baseline: BaselineSpec,
    limits: ReportThresholds,
) -> ReportTable:
    """Follow the measures over the periods of the sample."""
    codes, labels = periods
    expected = np.asarray(baseline.points.n, np.float64)
    bands = sample.bands(baseline)
    rows = []
    for code, label in enumerate(labels):
        chosen = codes == code
        one = measure(sample, chosen)
        counts = np.bincount(bands[chosen], minlength=expected.size).astype(float)
        index = float(psi_terms(expected, counts, SMOOTHING).sum())
        enough = min(one.n_event, one.n - one.n_event) >= limits.min_events
        rows.append(
            (
                label,
                one.n,
                one.n_event,
                one.event_rate,
                one.mean_pd,
                one.actual_expected,
                one.gini if enough else None,
                one.ks if enough else None,
                one.mean_points,
                index,
                psi_status(index, limits),
            )
        )
    return ReportTable(
        "periods",
        "Measures of each period",
        (
            Column("period", "Period"),
            Column("n", "Accounts", "count"),
            Column("n_event", "Events", "count"),
            Column("event_rate", "Bad rate", "rate"),
            Column("mean_pd", "Mean PD", "rate"),
            Column("actual_expected", "Observed / expected", "number2"),
            Column("gini", "Gini", "number3"),
            Column("ks", "KS", "number3"),
            Column("mean_points", "Mean points", "points"),
            Column("psi", "PSI", "number3"),
            Column("status", "Stability", "light"),
        ),
        tuple(rows),
        f"Gini and KS are left blank below {limits.min_events} events or non-events. "
        "Periods whose outcomes are not known in full yet look better than they are.",
    )


def figures_of(one: Performance) -> tuple[float, ...]:
    """Return the measures in the order of `MEASURES`."""
    return (
        one.n,
        one.n_event,
        one.event_rate,
        one.mean_pd,
        one.actual_expected,
        one.auc,
        one.gini,
        one.ks,
        one.log_loss,
        one.brier,
        one.mean_points,
    )


def _banded(
    sample: ScoredSample, baseline: BaselineSpec
) -> tuple[FloatArray, FloatArray]:
    n_bands = len(baseline.points.n)
    bands = sample.bands(baseline)
    event = np.bincount(bands[sample.is_event], minlength=n_bands)
    return np.bincount(bands, minlength=n_bands).astype(float), event.astype(float)


def _change(now: float | None, then: float | None, unit: str) -> float | None:
    # The difference of two head counts says nothing about the model.
    return None if now is None or then is None or unit == "count" else now - then
