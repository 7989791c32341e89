"""Tables of who was scored: bands of points, characteristics and their bins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.divergence import mean_shift, psi_terms
from riskkit._kernels.evidence import evidence_terms
from riskkit.plotting import bin_labels, edge_labels
from riskkit.reporting._data import Column, ReportTable, Status
from riskkit.reporting._sample import jeffreys

if TYPE_CHECKING:
    from riskkit.artifact import (
        BaselineSpec,
        CharacteristicSpec,
        CountsSpec,
        ScorecardSpec,
    )
    from riskkit.reporting._sample import ScoredSample
    from riskkit.reporting._thresholds import ReportThresholds
    from riskkit.typing import FloatArray

__all__ = ["SMOOTHING", "characteristics", "level_status", "psi_status", "score_bands"]

SMOOTHING = 0.5  # the default of riskkit.metrics.psi and woe


def psi_status(psi: float, limits: ReportThresholds) -> Status:
    """Return the light of a stability index."""
    if not np.isfinite(psi):
        return "not_evaluable"
    amber, red = limits.psi
    return "red" if psi >= red else "amber" if psi >= amber else "green"


def level_status(p_value: float, limits: ReportThresholds) -> Status:
    """Return the light of a p-value; small is bad."""
    if not np.isfinite(p_value):
        return "not_evaluable"
    amber, red = limits.p_value
    return "red" if p_value < red else "amber" if p_value < amber else "green"


def score_bands(
    sample: ScoredSample, baseline: BaselineSpec, limits: ReportThresholds
) -> ReportTable:
    """Compare the bands of points: how many accounts, and how risky."""
    n_bands = len(baseline.points_edges) + 1
    bands = sample.bands(baseline)
    actual = np.bincount(bands, minlength=n_bands).astype(float)
    event = np.bincount(bands[sample.is_event], minlength=n_bands).astype(float)
    pd_sum = np.bincount(bands, sample.pd, minlength=n_bands).astype(float)
    expected, expected_event = _arrays(baseline.points)
    mean_pd = _ratio(pd_sum, actual)
    low, high, p_value = jeffreys(event, actual, np.nan_to_num(mean_pd))
    columns = {
        Column("band", "Points"): edge_labels(baseline.points_edges),
        Column("n_expected", "Training", "count"): expected,
        Column("n", "Accounts", "count"): actual,
        Column("share_expected", "Share in training", "bar-expected"): (
            expected / expected.sum()
        ),
        Column("share", "Share now", "bar-actual"): actual / actual.sum(),
        Column("psi", "PSI term", "number3"): psi_terms(expected, actual, SMOOTHING),
        Column("event_rate_expected", "Bad rate in training", "rate"): _ratio(
            expected_event, expected
        ),
        Column("mean_pd", "Mean PD", "rate"): mean_pd,
        Column("event_rate", "Bad rate", "rate"): _ratio(event, actual),
        Column("event_rate_low", "Bad rate, low", "rate", hidden=True): low,
        Column("event_rate_high", "Bad rate, high", "rate", hidden=True): high,
        Column("n_event", "Events", "count"): event,
        Column("p_value", "p-value", "p_value"): p_value,
        Column("status", "PD fits", "light"): [
            level_status(p, limits) for p in p_value
        ],
    }
    return make_table(
        "score_bands",
        "Bands of points, riskiest first",
        columns,
        f"“PD fits” is Jeffreys' two-sided test of the mean PD of the band; of "
        f"{n_bands} bands about {n_bands * limits.p_value[0]:.1f} are amber or red by "
        "chance alone.",
    )


def characteristics(
    sample: ScoredSample,
    spec: ScorecardSpec,
    baseline: BaselineSpec,
    limits: ReportThresholds,
) -> tuple[ReportTable, ReportTable]:
    """Compare each characteristic, and each of its bins."""
    overview: list[tuple[Any, ...]] = []
    parts: list[ReportTable] = []
    for item in spec.characteristics:
        expected, expected_event = _arrays(baseline.features[item.feature.name])
        actual, event = sample.counts(item.feature)
        part = _bins(item, expected, expected_event, actual, event)
        parts.append(part)
        index = float(psi_terms(expected, actual, SMOOTHING).sum())
        missing, unseen = item.feature.missing_bin, item.feature.unseen_bin
        overview.append(
            (
                item.feature.name,
                index,
                psi_status(index, limits),
                float(mean_shift(expected, actual, np.asarray(item.points)).sum()),
                _iv(expected_event, expected - expected_event),
                _iv(event, actual - event),
                expected[missing] / expected.sum(),
                actual[missing] / actual.sum(),
                actual[unseen] / actual.sum(),
            )
        )
    overview.sort(key=lambda row: -row[1])  # stable: ties keep the scorecard's order
    table = ReportTable(
        "characteristics",
        "Characteristics, most shifted first",
        (
            Column("characteristic", "Characteristic", "link"),
            Column("csi", "CSI", "number3"),
            Column("status", "Stability", "light"),
            Column("points_effect", "Points effect", "signed"),
            Column("iv_expected", "IV in training", "number3"),
            Column("iv", "IV now", "number3"),
            Column("missing_expected", "Missing in training", "percent"),
            Column("missing", "Missing now", "percent"),
            Column("unseen", "Unknown level", "percent"),
        ),
        tuple(overview),
        "CSI is the PSI of the bins of one characteristic: how far it moved. The "
        "points effect is what that does to the mean points of an account; a minus "
        "means riskier.",
    )
    columns = parts[0].columns if parts else ()
    rows = tuple(row for part in parts for row in part.rows)
    return table, ReportTable(
        "bins",
        "Bins of each characteristic",
        columns,
        rows,
        "WoE: weight of evidence, up is safer. Points are those of the scorecard. "
        "Intervals hold their upper end.",
    )


def _bins(
    item: CharacteristicSpec,
    expected: FloatArray,
    expected_event: FloatArray,
    actual: FloatArray,
    event: FloatArray,
) -> ReportTable:
    with_woe = (
        evidence_terms(
            event, actual - event, event.sum(), (actual - event).sum(), SMOOTHING
        )
        if 0 < event.sum() < actual.sum()
        else (np.full(actual.size, np.nan),)
    )
    effect = mean_shift(expected, actual, np.asarray(item.points))
    columns = {
        Column("characteristic", "Characteristic", hidden=True): (
            [item.feature.name] * actual.size
        ),
        Column("bin", "Bin"): bin_labels(item.feature),
        Column("points", "Points", "points"): np.asarray(item.points),
        Column("woe_expected", "WoE in training", "woe"): np.asarray(item.woe),
        Column("woe", "WoE now", "woe"): np.where(actual > 0, with_woe[0], np.nan),
        Column("log_odds", "Log-odds", "woe", hidden=True): np.asarray(item.log_odds),
        Column("n_expected", "Training", "count", hidden=True): expected,
        Column("n", "Accounts", "count"): actual,
        Column("n_event", "Events", "count", hidden=True): event,
        Column("share_expected", "Share in training", "bar-expected"): (
            expected / expected.sum()
        ),
        Column("share", "Share now", "bar-actual"): actual / actual.sum(),
        Column("event_rate_expected", "Bad rate in training", "rate"): _ratio(
            expected_event, expected
        ),
        Column("event_rate", "Bad rate now", "rate"): _ratio(event, actual),
        Column("csi", "CSI term", "number3"): psi_terms(expected, actual, SMOOTHING),
        Column("points_effect", "Points effect", "signed"): effect,
    }
    table = make_table("bins", item.feature.name, columns, "")
    # A special, missing or unseen bin that is empty on both sides says nothing.
    shown = (np.arange(actual.size) < item.feature.n_regular) | (expected + actual > 0)
    rows = tuple(row for row, keep in zip(table.rows, shown, strict=True) if keep)
    return ReportTable(table.name, table.title, table.columns, rows)


def make_table(
    name: str, title: str, columns: dict[Column, Any], note: str
) -> ReportTable:
    """Build a table from columns; NumPy numbers become plain ones."""
    plain = [list(np.asarray(v, dtype=object)) for v in columns.values()]
    return ReportTable(
        name, title, tuple(columns), tuple(zip(*plain, strict=True)), note
    )


def _arrays(counts: CountsSpec) -> tuple[FloatArray, FloatArray]:
    return np.asarray(counts.n, np.float64), np.asarray(counts.n_event, np.float64)


def _ratio(top: FloatArray, bottom: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(bottom > 0, top / bottom, np.nan))


def _iv(event: FloatArray, nonevent: FloatArray) -> float:
    if not (event.any() and nonevent.any()):
        return float("nan")
    totals = event.sum(), nonevent.sum()
    return float(evidence_terms(event, nonevent, *totals, SMOOTHING)[1].sum())
