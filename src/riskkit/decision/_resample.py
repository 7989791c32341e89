"""How much a chosen cut-off owes to the sample it was chosen on.

The Bayesian bootstrap [1]_ gives every row a random weight; a row of weight ``w`` gets
a Gamma variable of shape ``w``, and Gamma variables add up, so a row of weight 2 is the
row twice and equal rows can be drawn as one. In each draw the cut-off is chosen anew.
The spread of these cut-offs is the uncertainty of the choice. What the choice gains in
the draw over what the same cut-off gives in the sample is optimism [2]_: the part of
the best figure that is there because it was the best.

References
----------
.. [1] D. B. Rubin, "The Bayesian bootstrap", Annals of Statistics 9(1), 1981.

.. [2] B. Efron, "Estimating the error rate of a prediction rule: improvement on
   cross-validation", J. American Statistical Association 78(382), 1983.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_random_state

if TYPE_CHECKING:
    from riskkit.decision._curve import ApprovalCurve
    from riskkit.decision._goal import Goal
    from riskkit.decision._outcomes import Outcomes
    from riskkit.decision._profit import Economics
    from riskkit.typing import FloatArray, IntArray

__all__ = ["Draws", "redraw"]


@dataclass(frozen=True, eq=False)
class Draws:
    """Positions chosen in each draw, and the mean optimism of the choice."""

    places: IntArray
    event_rate_optimism: float
    profit_optimism: float


def redraw(
    curve: ApprovalCurve,
    outcomes: Outcomes,
    economics: Economics | None,
    goal: Goal,
    n_draws: int,
    random_state: Any,
) -> Draws:
    """Choose the cut-off again on `n_draws` random weightings of the rows."""
    rng = check_random_state(random_state)
    profit = None if economics is None else economics.profit
    band, weight, event, value = _cells(curve.band, outcomes, profit)
    inside, n_cutoffs = band >= 0, curve.cutoffs.size
    # What the sample itself gives at each cut-off, per applicant.
    seen_rate = curve.counts.expected_event_rate
    seen_profit = None if curve.profit is None else curve.profit / curve.total

    def accumulate(mass: FloatArray) -> FloatArray:
        sums = np.bincount(band[inside], mass[inside], minlength=n_cutoffs)
        return np.cumsum(sums)

    places = np.empty(n_draws, dtype=np.intp)
    gaps = np.full((2, n_draws), np.nan)
    for draw in range(n_draws):
        mass = rng.standard_gamma(weight)
        n = accumulate(mass)
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = accumulate(mass * event) / n
        gained = None if value is None else accumulate(mass * value) / mass.sum()
        place = goal.reach(n / mass.sum(), rate, gained)
        places[draw] = place
        if place < 0:
            continue
        gaps[0, draw] = rate[place] - seen_rate[place]
        if gained is not None and seen_profit is not None:
            gaps[1, draw] = gained[place] - seen_profit[place]
    chosen = places >= 0
    optimism = gaps[:, chosen].mean(axis=1) if chosen.any() else np.full(2, np.nan)
    return Draws(places, float(optimism[0]), float(optimism[1] * curve.total))


def _cells(
    band: IntArray, outcomes: Outcomes, profit: FloatArray | None
) -> tuple[IntArray, FloatArray, FloatArray, FloatArray | None]:
    """Put rows of one band, outcome and profit together; their weights add up."""
    key = band + 1
    columns = [outcomes.event] + ([] if profit is None else [profit])
    for column in columns:
        levels, codes = np.unique(column, return_inverse=True)
        # Renumbered after each column, so that the product stays small.
        key = np.unique(key * levels.size + codes, return_inverse=True)[1]
    _, first = np.unique(key, return_index=True)
    weight = np.bincount(key, outcomes.weight).astype(np.float64)
    held = weight > 0
    first, weight = first[held], weight[held]
    value = None if profit is None else profit[first]
    return band[first], weight, outcomes.event[first], value
