"""From finished windows to the tables of a backtest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.columns import columns_of
from riskkit.backtest._rolling_result import BacktestResult
from riskkit.metrics import auc_delong_test, mann_kendall_test

if TYPE_CHECKING:
    from riskkit.backtest._windows import Window
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["Outcome", "make_tables"]

# What is followed over the windows, and which way is worse.
_FOLLOWED = ("gini", "ks", "calibration_level", "calibration_slope", "psi")
_LEAST_WINDOWS = 3
_CHALLENGE = (
    "window", "model", "champion", "gini", "champion_gini", "difference", "low", "high",
    "p_value", "status",
)  # fmt: skip
_IMPORTANCE = ("window", "model", "feature", "importance", "share", "rank")
_TREND = (
    "model",
    "measure",
    "n_windows",
    "first",
    "last",
    "slope",
    "p_value",
    "reason",
)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one model did in one window; `score` is that of the test rows."""

    window: Window
    model: str
    rows: IntArray
    found: dict[str, Any]
    score: FloatArray


def make_tables(
    outcomes: list[Outcome],
    *,
    is_event: BoolArray,
    weight: FloatArray,
    champion: str,
    scheme: str,
    leaks: dict[str, float],
    level: float,
) -> BacktestResult:
    """Put the tables together."""
    windows = _window_rows(outcomes)
    bands = [
        {"window": o.window.label, "model": o.model, **band}
        for o in outcomes
        for band in o.found["bands"]
    ]
    heard = [
        {"window": o.window.label, "model": o.model, "category": kind, "message": text}
        for o in outcomes
        for kind, text in o.found["warnings"]
    ]
    tables = {
        "windows": columns_of(windows, windows[0]),
        "bands": columns_of(bands, bands[0]),
        "challenge": columns_of(
            _challenge_rows(outcomes, champion, is_event, weight, level), _CHALLENGE
        ),
        "importance": columns_of(_importance_rows(outcomes), _IMPORTANCE),
        "trend": columns_of(_trend_rows(windows), _TREND),
        "leakage": columns_of(
            [{"column": name, "auc": area} for name, area in leaks.items()],
            ("column", "auc"),
        ),
        "warnings": columns_of(heard, ("window", "model", "category", "message")),
    }
    return BacktestResult(
        models=tuple(dict.fromkeys(o.model for o in outcomes)),
        champion=champion,
        split=scheme,
        level=level,
        tables=tables,
        scores=tuple((o.window.label, o.model, o.rows, o.score) for o in outcomes),
    )


def _window_rows(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    before: dict[str, dict[str, float]] = {}
    rows = []
    for o in outcomes:
        w = o.window
        importance = o.found["importance"]
        rows.append(
            {
                "window": w.label,
                "model": o.model,
                "train_start": str(w.train_start),
                "train_end": str(w.train_end),
                "test_start": str(w.test_start),
                "test_end": str(w.test_end),
                **o.found["measures"],
                "importance_correlation": _rank_correlation(
                    before.get(o.model, {}), importance
                ),
                "seconds": o.found["seconds"],
            }
        )
        before[o.model] = importance
    return rows


def _rank_correlation(before: dict[str, float], now: dict[str, float]) -> float:
    """Return Spearman's correlation of the importances; a column not used has 0."""
    names = sorted({*before, *now})
    if len(names) < 2 or not before or not now:
        return float("nan")
    from scipy.stats import rankdata

    ranks = [
        rankdata([held.get(name, 0.0) for name in names]) for held in (before, now)
    ]
    away = [rank - rank.mean() for rank in ranks]
    spread = float(np.sqrt((away[0] @ away[0]) * (away[1] @ away[1])))
    return float(away[0] @ away[1]) / spread if spread else float("nan")


def _challenge_rows(
    outcomes: list[Outcome],
    champion: str,
    is_event: BoolArray,
    weight: FloatArray,
    level: float,
) -> list[dict[str, Any]]:
    from scipy.special import ndtri

    reach = float(ndtri((1.0 + level) / 2.0))
    of_champion = {o.window.label: o for o in outcomes if o.model == champion}
    rows = []
    for o in outcomes:
        if o.model == champion:
            continue
        y = is_event[o.rows]
        row: dict[str, Any] = {
            "window": o.window.label,
            "model": o.model,
            "champion": champion,
        }
        empty = dict.fromkeys(_CHALLENGE[3:-1], np.nan)
        if not 0 < y.sum() < y.size:
            rows.append(row | empty | {"status": "not_evaluable"})
            continue
        other = of_champion[o.window.label].score
        test = auc_delong_test(y, o.score, other, sample_weight=weight[o.rows])
        difference = 2.0 * float(test.details["difference"])
        # The statistic is the difference in its own standard errors.
        z = float(test.statistic)
        error = abs(difference / z) if z else 0.0
        rows.append(
            row
            | {
                "gini": 2.0 * test.details["auc"] - 1.0,
                "champion_gini": 2.0 * test.details["other_auc"] - 1.0,
                "difference": difference,
                "low": difference - reach * error,
                "high": difference + reach * error,
                "p_value": test.p_value,
                "status": test.status,
            }
        )
    return rows


def _importance_rows(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    rows = []
    for o in outcomes:
        held = sorted(o.found["importance"].items(), key=lambda item: -item[1])
        total = sum(value for _, value in held)
        rows += [
            {
                "window": o.window.label,
                "model": o.model,
                "feature": name,
                "importance": value,
                "share": value / total if total else np.nan,
                "rank": place + 1,
            }
            for place, (name, value) in enumerate(held)
        ]
    return rows


def _trend_rows(windows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Test every measure for a slow rise or fall over the windows."""
    rows = []
    for model in dict.fromkeys(row["model"] for row in windows):
        for measure in _FOLLOWED:
            series = [row[measure] for row in windows if row["model"] == model]
            known = [value for value in series if np.isfinite(value)]
            row = {
                "model": model,
                "measure": measure,
                "n_windows": len(known),
                "first": known[0] if known else np.nan,
                "last": known[-1] if known else np.nan,
                "slope": np.nan,
                "p_value": np.nan,
                "reason": "",
            }
            if len(known) < _LEAST_WINDOWS:
                row["reason"] = f"fewer than {_LEAST_WINDOWS} windows"
            else:
                test = mann_kendall_test(known)
                row |= {
                    "slope": float(test.details["slope"]),
                    "p_value": test.p_value,
                    "reason": str(test.reason),
                }
            rows.append(row)
    return rows
