"""Ranking, calibration and order of bands, from counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.intervals import neighbour_pvalue
from riskkit._kernels.ranking import auc, auc_variance, ks_interval
from riskkit._kernels.ranking_tests import z_ratio
from riskkit.metrics import (
    auc_vs_initial_test,
    calibration_level_test,
    calibration_slope_test,
    holm_adjust,
    jeffreys_interval,
    jeffreys_test,
)

if TYPE_CHECKING:
    from riskkit.monitoring._performance_bands import BandCounts, ScoreBands
    from riskkit.typing import FloatArray, IntArray

__all__ = [
    "MEASURES",
    "WITHOUT_CALIBRATION",
    "Yardstick",
    "band_rows",
    "measure",
    "rate_columns",
]

_RANKING = (
    "auc", "auc_low", "auc_high", "gini", "gini_low", "gini_high", "gini_drop",
    "gini_drop_p_value", "ks", "ks_low", "ks_high", "ks_drop", "ks_drop_p_value",
)  # fmt: skip
_CALIBRATION = tuple(
    f"calibration_{which}{end}"
    for which in ("level", "slope")
    for end in ("", "_low", "_high", "_p_value")
)
_RATE = (
    "n_known", "n_event", "event_rate", "low", "high", "expected", "actual_expected",
    "p_value",
)  # fmt: skip
MEASURES = (*_RATE, *_RANKING, *_CALIBRATION, "reason")
WITHOUT_CALIBRATION = (*_RATE, *_RANKING, "reason")


@dataclass(frozen=True, eq=False)
class Yardstick:
    """What performance is held against: the reference, and the joining of cells."""

    auc: float  # of the reference; NaN if its outcomes are not known
    auc_se: float
    ks: float
    ks_se: float
    band_of_cell: IntArray
    reference_rates: FloatArray  # by cell
    level: float

    @classmethod
    def of(cls, bands: ScoreBands, level: float) -> Yardstick:
        """Take the reference of a baseline."""
        cells = bands.of_reference
        # From the riskiest down, as the kernels want them.
        event, nonevent = cells.event[::-1], (cells.known - cells.event)[::-1]
        distance, error, _, _ = ks_interval(event, nonevent, level)
        return cls(
            auc=auc(event, nonevent),
            # With a single event there is no error; the AUC itself is what is known.
            auc_se=float(np.nan_to_num(np.sqrt(auc_variance(event, nonevent)))),
            ks=distance,
            ks_se=error,
            band_of_cell=bands.band_of_cell,
            reference_rates=bands.reference_rates,
            level=level,
        )

    @property
    def gini(self) -> float:
        """Gini of the reference."""
        return 2.0 * self.auc - 1.0

    def without_ranking(self) -> Yardstick:
        """Return it for parts of the book, which rank otherwise than the whole."""
        return replace(self, auc=np.nan, auc_se=np.nan, ks=np.nan, ks_se=np.nan)


def measure(
    cells: BandCounts, yardstick: Yardstick, *, calibration: bool = True
) -> dict[str, Any]:
    """Return every measure of one population; NaN, and the reason, where it has none.

    `cells` stand safest first. Level and slope take most of the time.
    """
    filled = cells.with_rates(yardstick.reference_rates)
    ranking, why_ranking = _ranking(cells, yardstick)
    fitted: dict[str, Any] = {}
    why_calibration = ""
    if calibration:
        # Event rates of thin cells are no PDs: their log-odds are taken by bands.
        smooth = filled if cells.has_pd else filled.joined(yardstick.band_of_cell)
        fitted, why_calibration = _calibration(smooth, yardstick.level)
    why = {
        "no account with a score has a known outcome": cells.n_known == 0,
        f"ranking: {why_ranking}": bool(why_ranking),
        f"calibration: {why_calibration}": bool(why_calibration),
    }
    rate = rate_columns(
        np.array([cells.n_event]),
        np.array([cells.n_known]),
        np.array([filled.mean_pd]),
        yardstick.level,
    )
    return {
        **{name: values[0] for name, values in rate.items()},
        **ranking,
        **fitted,
        "reason": next((text for text, holds in why.items() if holds), ""),
    }


def rate_columns(
    event: FloatArray, known: FloatArray, pd: FloatArray, level: float
) -> dict[str, Any]:
    """Return event rates with Jeffreys' interval beside the expected ones."""
    low, high = jeffreys_interval(event, known, level=level)
    is_open = (known == 0) | np.isnan(pd)
    test = jeffreys_test(
        event, known, np.where(is_open, 0.5, pd), alternative="two-sided"
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = event / known
        ratio = rate / pd
    columns = {
        "n_known": known,
        "n_event": event,
        "event_rate": rate,
        "low": np.where(known > 0, low, np.nan),
        "high": np.where(known > 0, high, np.nan),
        "expected": np.where(is_open, np.nan, pd),
        "actual_expected": np.where(is_open, np.nan, ratio),
        "p_value": np.where(is_open, np.nan, test.p_value),
    }
    return {name: values.tolist() for name, values in columns.items()}


def _ranking(cells: BandCounts, yardstick: Yardstick) -> tuple[dict[str, Any], str]:
    from scipy.special import ndtr

    columns: dict[str, Any] = dict.fromkeys(_RANKING, np.nan)
    if cells.n_known == 0:
        return columns, ""
    is_known = not np.isnan(yardstick.auc)
    test = auc_vs_initial_test(
        cells.event,
        cells.known,
        yardstick.auc if is_known else 0.5,
        initial_se=yardstick.auc_se if is_known else 0.0,
        level=yardstick.level,
    )
    distance, error, ks_low, ks_high = ks_interval(
        cells.event, cells.known - cells.event, yardstick.level
    )
    columns |= {"auc": test.details["auc"], "gini": test.details["gini"]}
    columns |= {"ks": distance, "ks_drop": yardstick.ks - distance}
    can_drop = is_known and yardstick.gini > 0
    if can_drop:
        columns["gini_drop"] = 1.0 - columns["gini"] / yardstick.gini
    if test.status == "ok":
        for end in ("_low", "_high"):
            columns[f"auc{end}"] = test.details[end[1:]]
            columns[f"gini{end}"] = 2.0 * columns[f"auc{end}"] - 1.0
        columns |= {"ks_low": ks_low, "ks_high": ks_high}
        if can_drop:
            columns["gini_drop_p_value"] = test.p_value
            z = z_ratio(columns["ks_drop"], float(np.hypot(error, yardstick.ks_se)))
            columns["ks_drop_p_value"] = float(ndtr(-z))
    return columns, str(test.reason)


def _calibration(cells: BandCounts, level: float) -> tuple[dict[str, Any], str]:
    columns: dict[str, Any] = dict.fromkeys(_CALIBRATION, np.nan)
    held = cells.known > 0
    if not held.any():
        return columns, ""
    if np.isnan(cells.pd[held]).any():
        return columns, "nothing is expected of it"
    reason = ""
    for which, test in (
        ("level", calibration_level_test),
        ("slope", calibration_slope_test),
    ):
        result = test(cells.event[held], cells.known[held], cells.pd[held], level=level)
        reason = reason or str(result.reason)
        if result.status == "ok":
            columns |= {
                f"calibration_{which}": result.statistic,
                f"calibration_{which}_low": result.details["low"],
                f"calibration_{which}_high": result.details["high"],
                f"calibration_{which}_p_value": result.p_value,
            }
    return columns, reason


def band_rows(
    cells: BandCounts, yardstick: Yardstick, labels: tuple[str, ...]
) -> dict[str, Any]:
    """Return the bands, safest first, and where their order breaks.

    A band breaks the order if its event rate is above that of the next riskier band
    with outcomes; the p-value is that of the pooled two-proportion test, one-sided.
    """
    filled = cells.with_rates(yardstick.reference_rates)
    bands = filled.joined(yardstick.band_of_cell)
    columns = rate_columns(bands.event, bands.known, bands.pd, yardstick.level)
    held = np.flatnonzero(bands.known > 0)
    event, known = bands.event[held], bands.known[held]
    step = np.diff(event / known)
    broken = np.zeros(bands.known.size, dtype=np.bool_)
    chance = np.full(bands.known.size, np.nan)
    excess = np.full(bands.known.size, np.nan)
    broken[held[:-1]] = step < 0
    half = neighbour_pvalue(event, known) / 2.0 if held.size > 1 else np.zeros(0)
    chance[held[:-1]] = np.where(step < 0, half, 1.0 - half)
    excess[held[:-1]] = -step
    return {
        "band": list(range(1, len(labels) + 1)),
        "score": list(labels),
        **columns,
        "p_adjusted": holm_adjust(columns["p_value"]).tolist(),
        "breaks_order": broken.tolist(),
        "break_size": excess.tolist(),
        "break_p_value": chance.tolist(),
    }
