"""Arms against the control: differences, intervals and p-values of both kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.multiplicity import holm
from riskkit.decision._mixture import best_ratio, log_mixture, mixture_reach
from riskkit.decision._two_rates import rate_difference_interval, rate_difference_z

if TYPE_CHECKING:
    from riskkit.decision._ab_rows import Trial
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "ArmSums",
    "Question",
    "adjusted",
    "compare_arms",
    "follow_arms",
    "sum_arms",
]


@dataclass(frozen=True, eq=False)
class ArmSums:
    """Rows of each arm (last axis), the sum of their outcomes and of their squares.

    Both sums are of outcomes less `centre`, so that large amounts that differ little
    keep their digits.
    """

    n: FloatArray
    total: FloatArray
    square: FloatArray
    centre: float = 0.0

    @property
    def mean(self) -> FloatArray:
        """Rate or mean of each arm; NaN without rows."""
        return self.centre + _ratio(self.total, self.n)

    @property
    def variance(self) -> FloatArray:
        """Variance of an outcome in each arm; NaN with one row or none."""
        level = _ratio(self.total, self.n)
        spread = np.maximum(self.square - self.n * level**2, 0.0)
        return _ratio(spread, np.where(self.n > 1, self.n - 1.0, 0.0))

    def cumulated(self, rows: slice) -> ArmSums:
        """Return the sums of each of some places and all before it."""
        n, total, square = (
            np.cumsum(part[rows], axis=0) for part in (self.n, self.total, self.square)
        )
        return ArmSums(n, total, square, self.centre)


@dataclass(frozen=True)
class Question:
    """What is asked of every pair of arms."""

    measure: str
    sign: float  # 1 if up is better
    min_improvement: float
    min_count: int
    n_planned: float
    level: float
    centre: float  # taken off amounts before they are squared


def sum_arms(
    trial: Trial, place: IntArray, n_places: int, *, centre: float = 0.0
) -> ArmSums:
    """Add up the known rows by place and arm."""
    n_arms = len(trial.arms)
    rows = trial.known
    cell = place[rows] * n_arms + trial.arm[rows]
    outcome = trial.outcome[rows] - centre

    def total(power: int) -> FloatArray:
        mass = trial.weight[rows] * outcome**power
        sums = np.bincount(cell, mass, minlength=n_places * n_arms)
        return sums.astype(np.float64).reshape(n_places, n_arms)

    return ArmSums(total(0), total(1), total(2), centre)


def compare_arms(sums: ArmSums, question: Question) -> dict[str, FloatArray]:
    """Return the comparison at a fixed number of rows, one column for each arm.

    `p_value` asks whether there is a difference at all, `p_better` whether the
    improvement exceeds the smallest one that matters, `p_worse` whether it is below 0.
    """
    n, n_0 = sums.n[:, 1:], sums.n[:, :1]
    difference = sums.mean[:, 1:] - sums.mean[:, :1]
    shift = np.full_like(difference, question.sign * question.min_improvement)
    none = np.zeros_like(difference)
    if question.measure == "rate":
        from scipy.special import ndtr

        x, x_0 = sums.total[:, 1:], np.broadcast_to(sums.total[:, :1], n.shape)
        m_0 = np.broadcast_to(n_0, n.shape)
        low, high = rate_difference_interval(x, n, x_0, m_0, question.level)
        z = [rate_difference_z(x, n, x_0, m_0, d) for d in (none, shift)]
        tails = [2.0 * ndtr(-np.abs(value)) for value in z]
    else:
        from scipy.special import stdtr, stdtrit

        error, freedom = _welch(sums)
        reach = stdtrit(freedom, (1.0 + question.level) / 2.0) * error
        low, high = difference - reach, difference + reach
        tails = [
            2.0 * stdtr(freedom, -np.abs(_standardised(difference - d, error)))
            for d in (none, shift)
        ]
    few = _too_few(sums, question)
    beyond = question.sign * (difference - shift) > 0
    behind = question.sign * difference < 0
    found = {
        "low": low,
        "high": high,
        "p_value": tails[0],
        "p_better": np.where(beyond, tails[1], 1.0),
        "p_worse": np.where(behind, tails[0], 1.0),
    }
    return {"difference": difference} | {
        name: np.where(few, np.nan, values) for name, values in found.items()
    }


def follow_arms(sums: ArmSums, question: Question) -> dict[str, FloatArray]:
    """Return what may be said at every look; `sums` grow from row to row of looks.

    P-values are the smallest so far; `low` and `high` are what all intervals so far
    have in common, `low_now` and `high_now` those of the look alone.
    """
    difference = sums.mean[:, 1:] - sums.mean[:, :1]
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = sums.variance / sums.n
    error = np.sqrt(parts[:, 1:] + parts[:, :1])
    alpha = 1.0 - question.level
    rows = sums.n.sum(axis=1, keepdims=True)
    ratio = best_ratio(alpha) * np.maximum(rows, 1.0) / question.n_planned
    reach = mixture_reach(ratio, alpha) * error
    few = _too_few(sums, question)
    shift = question.sign * question.min_improvement
    sides = (0.0, 0.0, shift)
    counted = (None, -question.sign, question.sign)
    p_value, p_worse, p_better = (
        _smallest_so_far(difference - d, error, ratio, few, side)
        for d, side in zip(sides, counted, strict=True)
    )
    low, high = difference - reach, difference + reach
    return {
        "difference": difference,
        "low_now": np.where(few, np.nan, low),
        "high_now": np.where(few, np.nan, high),
        "low": np.maximum.accumulate(np.where(few, -np.inf, low), axis=0),
        "high": np.minimum.accumulate(np.where(few, np.inf, high), axis=0),
        "p_value": p_value,
        "p_better": p_better,
        "p_worse": p_worse,
    }


def _smallest_so_far(
    gap: FloatArray,
    error: FloatArray,
    ratio: FloatArray,
    few: BoolArray,
    side: float | None,
) -> FloatArray:
    """Return the p-value at each look; looks on the other side count for nothing."""
    evidence = log_mixture(_standardised(gap, error), ratio)
    silent = few if side is None else few | (side * gap <= 0)
    at_look = np.exp(-np.maximum(np.where(silent, 0.0, evidence), 0.0))
    smallest: FloatArray = np.minimum.accumulate(at_look, axis=0)
    return smallest


def adjusted(p_value: FloatArray) -> FloatArray:
    """Return p-values adjusted for their number, but for the overall ones apart.

    The first row holds everyone, which is asked first and by itself.
    """
    out = p_value.copy()
    out[:1], out[1:] = holm(p_value[:1]), holm(p_value[1:])
    return out


def _too_few(sums: ArmSums, question: Question) -> BoolArray:
    least = sums.n
    if question.measure == "rate":
        least = np.minimum(sums.total, sums.n - sums.total)
    return np.asarray(np.minimum(least[:, 1:], least[:, :1]) < question.min_count)


def _welch(sums: ArmSums) -> tuple[FloatArray, FloatArray]:
    """Return the error of each difference of means, and its degrees of freedom."""
    with np.errstate(invalid="ignore", divide="ignore"):
        part = sums.variance / sums.n
        total = part[:, 1:] + part[:, :1]
        squares = part**2 / (sums.n - 1.0)
        freedom = total**2 / (squares[:, 1:] + squares[:, :1])
    # Without any spread every distribution would do; the error is 0 anyway.
    return np.sqrt(total), np.where(total == 0, 1.0, freedom)


def _standardised(gap: FloatArray, error: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((gap == 0) & (error == 0), 0.0, gap / error)


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, part / whole, np.nan)
