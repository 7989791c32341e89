"""The tables of a validation: measures, tests, grades and years."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.intervals import jeffreys_interval, neighbour_pvalue
from riskkit.backtest._measures import Sample, rank_measures
from riskkit.metrics import (
    auc_vs_initial_test,
    binomial_test,
    brier_decomposition,
    calibration_level_test,
    calibration_slope_test,
    concentration_test,
    holm_adjust,
    hosmer_lemeshow_test,
    jeffreys_test,
    normal_test,
    spiegelhalter_test,
    traffic_light_test,
    vasicek_binomial_test,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskkit.backtest._validate_limits import ValidationLimits
    from riskkit.backtest._validate_sample import GradedRows
    from riskkit.metrics import TestResult
    from riskkit.typing import FloatArray, IntArray

__all__ = [
    "Asked",
    "grade_rows",
    "measures_of",
    "portfolio_rows",
    "segment_rows",
    "year_rows",
]

# Below two years there is no spread of years to test by.
_LEAST_YEARS = 2


@dataclass(frozen=True, eq=False)
class Asked:
    """What a validation is asked beyond the sample itself."""

    grade_pd: FloatArray | None
    initial_auc: float | None
    initial_n: FloatArray | None
    rho: float | None
    level: float


def measures_of(rows: GradedRows, level: float) -> dict[str, float]:
    """Return size, level, ranking and accuracy of the whole sample."""
    sample = Sample(rows.is_event, rows.weight)
    n, n_event = sample.n, sample.n_event
    mean = float(np.average(rows.pd, weights=rows.weight))
    low, high = jeffreys_interval(np.array([n_event]), np.array([n]), level)
    brier = brier_decomposition(
        rows.weight * rows.is_event, rows.weight, rows.pd, bands=rows.grade
    )
    return {
        "n": n,
        "n_event": n_event,
        "event_rate": n_event / n,
        "event_rate_low": float(low[0]),
        "event_rate_high": float(high[0]),
        "mean_pd": mean,
        "actual_expected": n_event / n / mean if mean else np.nan,
        **rank_measures(rows.pd, sample, level),
        # Grades rank less finely than the PDs behind them.
        "gini_of_grades": rank_measures(rows.grade.astype(np.float64), sample, level)[
            "gini"
        ],
        "brier": brier.score,
        "reliability": brier.reliability,
        "resolution": brier.resolution,
        "uncertainty": brier.uncertainty,
        "skill": brier.skill,
    }


def grade_rows(
    rows: GradedRows, asked: Asked, limits: ValidationLimits
) -> list[dict[str, Any]]:
    """Return one row a grade, safest first: is its PD right, and does it rank."""
    size = len(rows.grades)
    ones = np.ones(rows.pd.size)
    n = rows.sums(ones, rows.grade, size)
    event = rows.sums(rows.is_event.astype(np.float64), rows.grade, size)
    pd = asked.grade_pd
    if pd is None:
        with np.errstate(invalid="ignore"):
            pd = rows.sums(rows.pd, rows.grade, size) / n
    low, high = jeffreys_interval(event, n, asked.level)
    usable = np.where((n > 0) & np.isfinite(pd), pd, 0.5)
    two_sided = jeffreys_test(event, n, usable, alternative="two-sided").p_value
    above = jeffreys_test(event, n, usable).p_value
    p_value, too_low = (
        np.where(n > 0, np.asarray(p, dtype=np.float64), np.nan)
        for p in (two_sided, above)
    )
    adjusted = np.asarray(holm_adjust(p_value))
    breaks, chance = _breaks(event, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate, ratio = event / n, event / n / pd
    return [
        {
            "grade": rows.grades[k],
            "n": float(n[k]),
            "n_event": float(event[k]),
            "event_rate": float(rate[k]),
            "low": float(low[k]),
            "high": float(high[k]),
            "pd": float(pd[k]),
            "actual_expected": float(ratio[k]),
            "p_value": float(p_value[k]),
            "p_value_too_low": float(too_low[k]),
            "p_adjusted": float(adjusted[k]),
            "light": limits.of_ratio(float(ratio[k]), float(adjusted[k])),
            "breaks_order": bool(breaks[k]),
            "break_p_value": float(chance[k]),
        }
        for k in range(size)
    ]


def year_rows(rows: GradedRows, level: float) -> list[dict[str, Any]]:
    """Return one row a year, of rows with dates."""
    return _group_rows(rows, "period", rows.periods, rows.period, level)


def segment_rows(rows: GradedRows, level: float) -> list[dict[str, Any]]:
    """Return one row a segment; p-values are adjusted for the segments of each cut."""
    found: list[dict[str, Any]] = []
    for scope, names, codes in rows.segments:
        part = _group_rows(rows, "segment", names, codes, level)
        adjusted = holm_adjust(np.array([row["p_value"] for row in part]))
        found += [
            {"scope": scope} | row | {"p_adjusted": float(p)}
            for row, p in zip(part, np.atleast_1d(adjusted), strict=True)
        ]
    return found


def _group_rows(
    rows: GradedRows, what: str, names: tuple[str, ...], codes: IntArray, level: float
) -> list[dict[str, Any]]:
    """Return level and ranking of each group of rows."""
    size = len(names)
    if not size:
        return []
    n = rows.sums(np.ones(rows.pd.size), codes, size)
    event = rows.sums(rows.is_event.astype(np.float64), codes, size)
    with np.errstate(invalid="ignore"):
        pd = rows.sums(rows.pd, codes, size) / n
    low, high = jeffreys_interval(event, n, level)
    p_value = np.asarray(jeffreys_test(event, n, pd, alternative="two-sided").p_value)
    found = []
    for k, name in enumerate(names):
        held = codes == k
        ranked = rank_measures(
            rows.pd[held], Sample(rows.is_event[held], rows.weight[held]), level
        )
        found.append(
            {
                what: name,
                "n": float(n[k]),
                "n_event": float(event[k]),
                "event_rate": float(event[k] / n[k]),
                "low": float(low[k]),
                "high": float(high[k]),
                "pd": float(pd[k]),
                "actual_expected": float(event[k] / n[k] / pd[k]) if pd[k] else np.nan,
                "p_value": float(p_value[k]),
                **{key: ranked[key] for key in ("gini", "gini_low", "gini_high")},
            }
        )
    return found


def portfolio_rows(
    rows: GradedRows, asked: Asked, years: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return one row for each test of the whole sample."""
    return [
        {
            "test": name,
            "of": of,
            "statistic_name": result.statistic_name,
            "statistic": float(result.statistic),
            "p_value": float(result.p_value),
            "null": result.null,
            "n": float(result.n),
            "status": str(result.status),
            "reason": str(result.reason),
        }
        for of, name, result in _tests(rows, asked, years)
    ]


def _tests(
    rows: GradedRows, asked: Asked, years: list[dict[str, Any]]
) -> Iterator[tuple[str, str, TestResult]]:
    event, n, level = rows.weight * rows.is_event, rows.weight, asked.level
    total, size = float(event.sum()), float(n.sum())
    mean = float(np.average(rows.pd, weights=n))
    yield "level", "Jeffreys, PD too low", jeffreys_test(total, size, mean)
    yield (
        "level",
        "Jeffreys, two-sided",
        jeffreys_test(total, size, mean, alternative="two-sided"),
    )
    yield "level", "Binomial, PD too low", binomial_test(total, size, mean)
    if asked.rho is not None:
        yield (
            "level",
            f"One-factor binomial, rho {asked.rho:g}",
            vasicek_binomial_test(total, size, mean, rho=asked.rho),
        )
    yield (
        "level",
        "Calibration level",
        calibration_level_test(event, n, rows.pd, level=level),
    )
    yield (
        "spread",
        "Calibration slope",
        calibration_slope_test(event, n, rows.pd, level=level),
    )
    yield "level and spread", "Spiegelhalter", spiegelhalter_test(event, n, rows.pd)
    yield "level and spread", "Hosmer-Lemeshow", _by_grade(rows, asked)
    if asked.initial_auc is not None:
        _, by_pd = np.unique(rows.pd, return_inverse=True)
        yield (
            "ranking",
            "AUC since development",
            auc_vs_initial_test(
                np.bincount(by_pd, event),
                np.bincount(by_pd, n),
                asked.initial_auc,
                level=level,
            ),
        )
    if asked.initial_n is not None:
        yield (
            "population",
            "Concentration in grades",
            concentration_test(
                rows.sums(np.ones(rows.pd.size), rows.grade, len(rows.grades)),
                initial_n=asked.initial_n,
            ),
        )
    if len(years) >= _LEAST_YEARS:
        rate, pd, count = (
            np.array([year[key] for year in years]) for key in ("event_rate", "pd", "n")
        )
        yield "level over the years", "Normal test", normal_test(rate, pd)
        yield (
            "level over the years",
            "Traffic lights",
            traffic_light_test(rate * count, count, pd),
        )


def _by_grade(rows: GradedRows, asked: Asked) -> TestResult:
    size = len(rows.grades)
    n = rows.sums(np.ones(rows.pd.size), rows.grade, size)
    held = n > 0
    event = rows.sums(rows.is_event.astype(np.float64), rows.grade, size)[held]
    pd = asked.grade_pd
    if pd is None:
        pd = np.divide(rows.sums(rows.pd, rows.grade, size), np.where(held, n, 1.0))
    return hosmer_lemeshow_test(event, n[held], pd[held])


def _breaks(event: FloatArray, n: FloatArray) -> tuple[Any, FloatArray]:
    """Return which grades have a higher event rate than the next riskier one.

    The p-value is that of two pooled shares, one-sided; grades without accounts are
    passed over.
    """
    breaks = np.zeros(n.size, dtype=np.bool_)
    chance = np.full(n.size, np.nan)
    held = np.flatnonzero(n > 0)
    if held.size > 1:
        step = np.diff(event[held] / n[held])
        half = neighbour_pvalue(event[held], n[held]) / 2.0
        breaks[held[:-1]] = step < 0
        chance[held[:-1]] = np.where(step < 0, half, 1.0 - half)
    return breaks, chance
