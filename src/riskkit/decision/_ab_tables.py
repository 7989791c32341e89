"""The tables of an experiment: arms, comparisons, and their path over the days."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.intervals import jeffreys_interval
from riskkit.decision._ab_compare import (
    adjusted,
    compare_arms,
    follow_arms,
    sum_arms,
)
from riskkit.decision._ab_ratio import ratio_p_value
from riskkit.decision._rows import read_groups

if TYPE_CHECKING:
    from riskkit._core.columns import Columns
    from riskkit.decision._ab_compare import ArmSums, Question
    from riskkit.decision._ab_rows import Trial
    from riskkit.typing import FloatArray, IntArray

    Cut = tuple[str, list[str], IntArray]
    Row = dict[str, Any]

__all__ = [
    "arm_rows",
    "changed_effects",
    "comparison_rows",
    "path_columns",
    "read_cuts",
]

_ALL = "all"


def read_cuts(segments: Any, n_rows: int) -> list[Cut]:
    """Return the ways in which the rows are cut into groups, everyone first."""
    given = segments if isinstance(segments, Mapping) else {"segment": segments}
    cuts: list[Cut] = [(_ALL, [_ALL], np.zeros(n_rows, dtype=np.intp))]
    for name, column in given.items():
        if column is not None:
            cuts.append((str(name), *read_groups(str(name), column, n_rows)))
    return cuts


def arm_rows(
    trial: Trial, cuts: list[Cut], shares: FloatArray, question: Question
) -> list[Row]:
    """Return a row for each arm of each group."""
    rows: list[Row] = []
    for scope, names, codes in cuts:
        cell = codes * len(trial.arms) + trial.arm
        shape = (len(names), len(trial.arms))
        assigned, immature = (
            np.bincount(cell[held], trial.weight[held], shape[0] * shape[1])
            .astype(np.float64)
            .reshape(shape)
            for held in (slice(None), ~trial.known)
        )
        sums = sum_arms(trial, codes, len(names), centre=question.centre)
        low, high = _arm_interval(sums, question)
        ratio = ratio_p_value(assigned, shares)
        for g, group in enumerate(names):
            for k, arm in enumerate(trial.arms):
                rows.append(
                    {
                        "scope": scope,
                        "group": group,
                        "arm": arm,
                        "n_assigned": float(assigned[g, k]),
                        "planned_share": float(shares[k]),
                        "ratio_p_value": float(ratio[g]),
                        "n_immature": float(immature[g, k]),
                        "n": float(sums.n[g, k]),
                    }
                    | (
                        {"n_event": float(sums.total[g, k])}
                        if question.measure == "rate"
                        else {}
                    )
                    | {
                        "value": float(sums.mean[g, k]),
                        "low": float(low[g, k]),
                        "high": float(high[g, k]),
                    }
                )
    return rows


def comparison_rows(
    trial: Trial, cuts: list[Cut], question: Question, stopping: str
) -> tuple[list[Row], list[dict[str, FloatArray]]]:
    """Return a row for each arm but the control of each group, and their paths."""
    groups = [(scope, name) for scope, names, _ in cuts for name in names]
    sums = [sum_arms(trial, c, len(n), centre=question.centre) for _, n, c in cuts]
    fixed_parts = [compare_arms(part, question) for part in sums]
    fixed = {
        name: np.concatenate([part[name] for part in fixed_parts])
        for name in fixed_parts[0]
    }
    paths = [path for cut in cuts for path in _follow(trial, cut, question)]
    always = {
        name: np.stack([path[name][-1] for path in paths])
        for name in ("low", "high", "low_now", "high_now", *_TAILS)
    }
    # Nothing in common: the effect was not the same on all days.
    changed = always["low"] > always["high"]
    deciding = always if stopping == "any" else fixed
    tails = {name: adjusted(deciding[name]) for name in _TAILS[1:]}
    n = np.concatenate([part.n for part in sums])
    mean = np.concatenate([part.mean for part in sums])
    shown = {
        "n": n[:, 1:],
        "n_control": np.broadcast_to(n[:, :1], n[:, 1:].shape),
        "value": mean[:, 1:],
        "value_control": np.broadcast_to(mean[:, :1], n[:, 1:].shape),
        "difference": fixed["difference"],
        "relative_difference": _ratio(fixed["difference"], mean[:, :1]),
        "low": fixed["low"],
        "high": fixed["high"],
        "p_value": fixed["p_value"],
        "p_adjusted": adjusted(fixed["p_value"]),
        "always_low": np.where(changed, always["low_now"], always["low"]),
        "always_high": np.where(changed, always["high_now"], always["high"]),
        "always_p_value": always["p_value"],
        "always_p_adjusted": adjusted(always["p_value"]),
    }
    silent = np.isnan(fixed["p_value"])
    verdict = _words(tails, silent, 1.0 - question.level)
    rows: list[Row] = []
    for g, (scope, group) in enumerate(groups):
        for k, arm in enumerate(trial.arms[1:]):
            rows.append(
                {"scope": scope, "group": group, "arm": arm}
                | {name: float(values[g, k]) for name, values in shown.items()}
                | {
                    "verdict": str(verdict[g, k]),
                    "reason": _few_words(question) if silent[g, k] else "",
                    "changed": bool(changed[g, k]),
                }
            )
    return rows, paths


def changed_effects(rows: list[Row]) -> list[str]:
    """Say of which arms the effect was not the same on all days."""
    return [
        f"The intervals of {row['arm']!r} on different days have nothing in common"
        + ("" if row["scope"] == _ALL else f" in {row['scope']} {row['group']!r}")
        + ": the effect has changed. Look at the path; a new arm may wear off."
        for row in rows
        if row.pop("changed")
    ]


def path_columns(trial: Trial, path: dict[str, FloatArray]) -> Columns:
    """Return the path of everyone's comparisons, one entry for each day and arm."""
    days, _ = _looks(trial)
    n_days, n_arms = path["difference"].shape
    names = {
        "n": "n",
        "difference": "difference",
        "low": "low_now",
        "high": "high_now",
        "always_low": "low",
        "always_high": "high",
        "always_p_value": "p_value",
    }
    shown = [str(day) for day in days] if days is not None else ["end"]
    columns: Columns = {
        "day": tuple(day for day in shown for _ in range(n_arms)),
        "arm": trial.arms[1:] * n_days,
    }
    for name, source in names.items():
        columns[name] = tuple(np.ravel(path[source]).tolist())
    return columns


_TAILS = ("p_value", "p_better", "p_worse")


def _follow(trial: Trial, cut: Cut, question: Question) -> list[dict[str, FloatArray]]:
    """Return the path of each group of a cut."""
    _, names, codes = cut
    days, look = _looks(trial)
    n_days = 1 if days is None else days.size
    place = codes * n_days + look
    steps = sum_arms(trial, place, len(names) * n_days, centre=question.centre)
    paths = []
    for g in range(len(names)):
        rows = slice(g * n_days, (g + 1) * n_days)
        sums = steps.cumulated(rows)
        path = follow_arms(sums, question)
        path["n"] = sums.n[:, 1:] + sums.n[:, :1]
        paths.append(path)
    return paths


def _looks(trial: Trial) -> tuple[Any, IntArray]:
    """Return the days on which outcomes came to be known, and the place of each row."""
    if trial.known_on is None:
        return None, np.zeros(trial.size, dtype=np.intp)
    days = np.unique(trial.known_on[trial.known])
    # Immature rows are not counted, wherever they stand.
    place = np.minimum(np.searchsorted(days, trial.known_on), days.size - 1)
    return days, place.astype(np.intp)


def _arm_interval(sums: ArmSums, question: Question) -> tuple[FloatArray, FloatArray]:
    if question.measure == "rate":
        return jeffreys_interval(sums.total, sums.n, question.level)
    from scipy.special import stdtrit

    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(sums.variance / sums.n)
        reach = stdtrit(sums.n - 1.0, (1.0 + question.level) / 2.0) * error
    return sums.mean - reach, sums.mean + reach


def _words(
    tails: dict[str, FloatArray], silent: FloatArray, alpha: float
) -> np.ndarray[Any, Any]:
    better, worse = (tails[name] < alpha for name in ("p_better", "p_worse"))
    # Both can be found on different days, if the effect has changed.
    return np.select(
        [np.asarray(silent, dtype=np.bool_), better & ~worse, worse & ~better],
        ["not_evaluable", "better", "worse"],
        "unclear",
    )


def _few_words(question: Question) -> str:
    what = "events or non-events" if question.measure == "rate" else "rows"
    return f"fewer than {question.min_count} {what} in an arm"


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole != 0, part / whole, np.nan)
