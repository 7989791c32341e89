"""What each constraint costs: the held-out log-loss with it, and without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.progress import Progress
from riskkit.boosting._rounds import grow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from riskkit.boosting._folds import Fold
    from riskkit.boosting._workbench import OutOfFold, Workbench
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["Price", "price_constraints", "row_losses"]

_ENOUGH_ROWS = 5_000  # held-out rows that prices are taken from, if there are as many


@dataclass(frozen=True)
class Price:
    """Log-loss with the constraint less that without it, in nats an account.

    Above 0 the constraint costs, below 0 it helps. The standard error is that of the
    paired differences of the held-out rows.
    """

    cost: float
    std_error: float


def row_losses(log_odds: FloatArray, is_event: BoolArray) -> FloatArray:
    """Return the log-loss of each row, in nats."""
    return np.logaddexp(0.0, np.where(is_event, -log_odds, log_odds))


def price_constraints(
    bench: Workbench,
    folds: Sequence[Fold],
    constrained: OutOfFold,
    signs: Sequence[int],
    n_rounds: int,
    progress: Progress,
) -> tuple[dict[int, Price], Price]:
    """Return the price of each constraint beside all others, and that of all of them.

    The trees are grown again without the constraint, on the same folds and with the
    same number of rounds; `constrained` are the log-odds with all constraints.
    """
    used = folds[: _n_folds(folds)]
    rows = constrained.rows[: sum(judged.size for _, judged in used)]
    is_event, weight = bench.training.is_event[rows], bench.weights(rows)
    paid = row_losses(constrained.log_odds[: rows.size], is_event)
    share = weight / weight.sum()
    silent = Progress()

    def price(lifted: Iterable[int]) -> Price:
        kept = [0 if j in lifted else sign for j, sign in enumerate(signs)]
        forests = [
            grow(bench.trainer(train, None, kept), n_rounds, silent).forest(n_rounds)
            for train, _ in used
        ]
        free = bench.out_of_fold(forests, used)
        gap = paid - row_losses(free.log_odds, is_event)
        cost = float(share @ gap)
        progress.step()
        return Price(cost, float(np.sqrt(share**2 @ (gap - cost) ** 2)))

    named = [j for j, sign in enumerate(signs) if sign]
    progress.stage("Pricing the constraints", len(named) + 1)
    total = price(named)
    if len(named) == 1:
        return {named[0]: total}, total
    return {j: price([j]) for j in named}, total


def _n_folds(folds: Sequence[Fold]) -> int:
    """Return how many folds hold enough rows to judge on; all if none do."""
    judged = np.cumsum([rows.size for _, rows in folds])
    return min(int(np.searchsorted(judged, _ENOUGH_ROWS)) + 1, len(folds))
