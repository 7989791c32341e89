"""How well two scores agree in rank, exactly and with weights.

Accounts ``i`` have scores ``x_i`` and ``y_i`` and weights ``w_i``; a weight of 2 stands
for the account twice. Over pairs of accounts, with ``C`` the weight of those in which
both scores rank the same way, ``D`` of those in which they rank against each other, and
``X``, ``Y`` of those that ``x`` and ``y`` tell apart::

    spearman = correlation of the mid-ranks of x and y            [1]_
    kendall  = (C - D) / sqrt(X Y)         (tau-b)                [1]_
    turned   = D / X                       of the pairs that x tells apart, the share
    tied     = (X - C - D) / X             that y turns round, and that it does not tell

``D`` is counted bit by bit of the ranks of ``y``. Two ranks have one highest bit in
which they differ, and among accounts whose ranks agree above that bit a cumulative sum
in the order of ``x`` counts the pairs: no loop over accounts, and still exact.

References
----------
.. [1] M. G. Kendall, "Rank Correlation Methods", 4th ed., Griffin, 1970, ch. 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["Agreement", "rank_agreement"]


@dataclass(frozen=True)
class Agreement:
    """Agreement of two rankings; NaN where one of them tells no accounts apart."""

    spearman: float
    kendall: float
    turned: float
    tied: float


def rank_agreement(
    x: FloatArray, y: FloatArray, weight: FloatArray | None = None
) -> Agreement:
    """Return how well the ranking of `y` agrees with that of `x`."""
    x_values, x_rank = np.unique(x, return_inverse=True)
    y_values, y_rank = np.unique(y, return_inverse=True)
    cells, place = np.unique(x_rank * y_values.size + y_rank, return_inverse=True)
    w = np.bincount(place, weight).astype(np.float64)
    x_rank, y_rank = np.divmod(cells, y_values.size)
    w_x: FloatArray = np.bincount(x_rank, w, x_values.size).astype(np.float64)
    w_y: FloatArray = np.bincount(y_rank, w, y_values.size).astype(np.float64)

    # Pairs of an account with itself cancel, so that these hold for any weights.
    total = w.sum() ** 2
    apart_x, apart_y = total - w_x @ w_x, total - w_y @ w_y
    apart_both = total - w_x @ w_x - w_y @ w_y + w @ w
    against = 2.0 * _discordant(x_rank, y_rank, w)
    if not (apart_x > 0 and apart_y > 0):
        return Agreement(np.nan, np.nan, np.nan, np.nan)
    return Agreement(
        spearman=_correlation(_mid_ranks(w_x)[x_rank], _mid_ranks(w_y)[y_rank], w),
        kendall=float((apart_both - 2.0 * against) / np.sqrt(apart_x * apart_y)),
        turned=float(against / apart_x),
        tied=float((apart_x - apart_both) / apart_x),
    )


def _mid_ranks(weight: FloatArray) -> FloatArray:
    return np.asarray(np.cumsum(weight) - weight / 2.0)


def _correlation(x: FloatArray, y: FloatArray, weight: FloatArray) -> float:
    x = x - np.average(x, weights=weight)
    y = y - np.average(y, weights=weight)
    product = weight @ (x * y)
    return float(product / np.sqrt((weight @ (x * x)) * (weight @ (y * y))))


def _discordant(x: IntArray, y: IntArray, weight: FloatArray) -> float:
    """Return the weight of the pairs of a smaller `x` and a larger `y`; `x` rises."""
    total = 0.0
    bits = int(y.max()).bit_length()
    # NumPy sorts numbers of 16 bits by radix, which is several times faster.
    y = y.astype(np.uint16) if bits <= 16 else y
    for bit in range(bits):
        order = np.argsort(y >> (bit + 1), kind="stable")
        sorted_y, at, w = y[order], x[order], weight[order]
        larger = (sorted_y >> bit) & 1 == 1
        before = np.concatenate([[0.0], np.cumsum(np.where(larger, w, 0.0))])
        starts_group = _changes(sorted_y >> (bit + 1))
        # Accounts of the same x are no pair: count from the start of each tie.
        starts_tie = starts_group | _changes(at)
        smaller = before[_last_start(starts_tie)] - before[_last_start(starts_group)]
        total += float(w[~larger] @ smaller[~larger])
    return total


def _changes(values: IntArray) -> BoolArray:
    return np.concatenate([[True], values[1:] != values[:-1]])


def _last_start(starts: BoolArray) -> IntArray:
    return np.asarray(np.flatnonzero(starts)[np.cumsum(starts) - 1])
