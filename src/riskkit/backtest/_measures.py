"""What is measured of one model in one window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.intervals import jeffreys_interval
from riskkit._kernels.ranking import auc, auc_variance, ks_interval, score_counts
from riskkit.metrics import calibration_level_test, calibration_slope_test, psi_test

if TYPE_CHECKING:
    from riskkit.backtest._models import Scored
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["Bands", "Sample", "band_rows", "cut_bands", "measure", "rank_measures"]

_CALIBRATION = (
    ("calibration_level", calibration_level_test),
    ("calibration_slope", calibration_slope_test),
)


@dataclass(frozen=True, eq=False)
class Sample:
    """Outcomes and weights of the rows of one part."""

    is_event: BoolArray
    weight: FloatArray

    @property
    def n(self) -> float:
        """Rows, as a sum of weights."""
        return float(self.weight.sum())

    @property
    def n_event(self) -> float:
        """Events, as a sum of weights."""
        return float(self.weight[self.is_event].sum())


@dataclass(frozen=True, eq=False)
class Bands:
    """Both parts by band of the score, safest first; sums of weights."""

    n_train: FloatArray
    n: FloatArray
    n_event: FloatArray
    score: FloatArray  # summed over the test rows


def cut_bands(scored: Scored, train: Sample, test: Sample, *, n_bands: int) -> Bands:
    """Cut the score into bands of equal size in training, and count both parts."""
    edges = _edges(scored.train, train.weight, n_bands)
    bands = [np.searchsorted(edges, score) for score in (scored.train, scored.test)]

    def sums(band: Any, values: FloatArray) -> FloatArray:
        counted = np.bincount(band, values, edges.size + 1)
        return np.asarray(counted, dtype=np.float64)

    return Bands(
        n_train=sums(bands[0], train.weight),
        n=sums(bands[1], test.weight),
        n_event=sums(bands[1], test.weight * test.is_event),
        score=sums(bands[1], test.weight * scored.test),
    )


def measure(
    scored: Scored, train: Sample, test: Sample, bands: Bands, *, level: float
) -> dict[str, Any]:
    """Return every measure of the test part; NaN, and the reason, where there is none.

    Ranking and stability need a score, level and spread a PD.
    """
    low, high = (
        float(end[0])
        for end in jeffreys_interval(
            np.array([test.n_event]), np.array([test.n]), level
        )
    )
    rate = test.n_event / test.n
    columns: dict[str, Any] = {
        "n_train": train.n,
        "n_event_train": train.n_event,
        "n": test.n,
        "n_event": test.n_event,
        "event_rate": rate,
        "event_rate_low": low,
        "event_rate_high": high,
        **rank_measures(scored.test, test, level),
        "gini_train": 2.0 * _auc_of(scored.train, train) - 1.0,
    }
    pd = scored.test if scored.is_pd else None
    columns |= _level_measures(pd, test, (rate, low, high), level)
    shift = psi_test(bands.n_train, bands.n)
    columns |= {
        "psi": shift.statistic,
        "psi_p_value": shift.p_value,
        "psi_bias": shift.details["bias"],
    }
    reason = ""
    if min(test.n_event, test.n - test.n_event) <= 0:
        reason = "the test part holds outcomes of one kind only"
    elif pd is None:
        reason = "the score is no PD"
    return columns | {"reason": reason}


def rank_measures(score: FloatArray, part: Sample, level: float) -> dict[str, float]:
    """Return AUC, Gini and KS with intervals."""
    from scipy.special import ndtri

    _, event, nonevent = score_counts(part.is_event, score, part.weight)
    area, variance = auc(event, nonevent), auc_variance(event, nonevent)
    reach = float(ndtri((1.0 + level) / 2.0) * np.sqrt(max(variance, 0.0)))
    low, high = max(area - reach, 0.0), min(area + reach, 1.0)
    distance, _, ks_low, ks_high = ks_interval(event, nonevent, level)
    return {
        "auc": area,
        "auc_low": low,
        "auc_high": high,
        "gini": 2.0 * area - 1.0,
        "gini_low": 2.0 * low - 1.0,
        "gini_high": 2.0 * high - 1.0,
        "ks": distance,
        "ks_low": ks_low,
        "ks_high": ks_high,
    }


def band_rows(bands: Bands, *, is_pd: bool, level: float) -> list[dict[str, Any]]:
    """Return one row a band, safest first."""
    low, high = jeffreys_interval(bands.n_event, bands.n, level)
    with np.errstate(invalid="ignore"):
        rate, mean = bands.n_event / bands.n, bands.score / bands.n
    return [
        {
            "band": k + 1,
            "n_train": float(bands.n_train[k]),
            "n": float(bands.n[k]),
            "n_event": float(bands.n_event[k]),
            "event_rate": float(rate[k]),
            "low": float(low[k]),
            "high": float(high[k]),
            "mean_pd": float(mean[k]) if is_pd else np.nan,
        }
        for k in range(bands.n.size)
    ]


def _level_measures(
    pd: FloatArray | None,
    test: Sample,
    rate: tuple[float, float, float],
    level: float,
) -> dict[str, float]:
    columns: dict[str, float] = dict.fromkeys(
        ("mean_pd", "actual_expected", "actual_expected_low", "actual_expected_high",
         "brier", "log_loss"), np.nan,
    )  # fmt: skip
    for name, _ in _CALIBRATION:
        columns |= dict.fromkeys(
            (name, f"{name}_low", f"{name}_high", f"{name}_p_value"), np.nan
        )
    if pd is None:
        return columns
    mean = float(np.average(pd, weights=test.weight))
    # A PD of exactly 0 or 1 that is wrong costs what 1 in 10**15 would.
    safe = np.clip(pd, 1e-15, 1.0 - 1e-15)
    surprise = -np.log(np.where(test.is_event, safe, 1.0 - safe))
    columns |= {
        "mean_pd": mean,
        "brier": float(np.average((pd - test.is_event) ** 2, weights=test.weight)),
        "log_loss": float(np.average(surprise, weights=test.weight)),
    }
    if mean > 0:
        ends = ("", "_low", "_high")
        columns |= {
            f"actual_expected{end}": value / mean
            for end, value in zip(ends, rate, strict=True)
        }
    events = test.weight * test.is_event
    for name, test_of in _CALIBRATION:
        result = test_of(events, test.weight, pd, level=level)
        if result.status == "ok":
            columns |= {
                name: float(result.statistic),
                f"{name}_low": float(result.details["low"]),
                f"{name}_high": float(result.details["high"]),
                f"{name}_p_value": float(result.p_value),
            }
    return columns


def _auc_of(score: FloatArray, part: Sample) -> float:
    _, event, nonevent = score_counts(part.is_event, score, part.weight)
    return auc(event, nonevent)


def _edges(score: FloatArray, weight: FloatArray, n_bands: int) -> FloatArray:
    """Return the inner edges of bands ``(a, b]`` of about equal weight."""
    levels, place = np.unique(score, return_inverse=True)
    before = np.cumsum(np.bincount(place, weight))
    wanted = np.arange(1, n_bands) / n_bands * before[-1]
    edges = np.unique(levels[np.searchsorted(before, wanted)])
    return np.asarray(edges[edges < levels[-1]])
