"""Expected performance from PDs, as if every account were part event, part non-event.

An account of weight ``w`` and PD ``p`` counts as ``w p`` events and ``w (1 - p)``
non-events at its score; AUC, its error and KS are those of such counts [1]_. With
margin ``m`` of an account without the event and loss ``l`` with it::

    event rate = sum(w p) / sum(w)              variance  sum(w p (1-p)) / sum(w)^2
    profit     = sum(w ((1-p) m - p l))         variance  sum(w p (1-p) (m + l)^2)

The errors are those of outcomes drawn from the PDs: how far the realised figures may
lie from the expected ones although the PDs are right.

References
----------
.. [1] J. Białek et al., "We don't need no labels: estimating post-deployment model
   performance under covariate shift without ground truth", arXiv:2401.08348, 2024.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.ranking import auc, auc_variance, ks_interval
from riskkit._kernels.ranking_tests import merge_scores

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["NAMES", "Scored", "expected_gini", "expected_performance"]

NAMES = (
    "n", "event_rate", "event_rate_low", "event_rate_high", "auc", "auc_low",
    "auc_high", "gini", "gini_low", "gini_high", "ks", "ks_low", "ks_high", "profit",
    "profit_low", "profit_high", "profit_per_account",
)  # fmt: skip


@dataclass(frozen=True)
class Scored:
    """One entry an account; `risk` ranks, up is riskier, and `pd` is calibrated."""

    pd: FloatArray
    risk: FloatArray
    weight: FloatArray
    margin: FloatArray | None
    loss: FloatArray | None

    def __getitem__(self, rows: Any) -> Scored:
        margin, loss = (
            None if part is None else part[rows] for part in (self.margin, self.loss)
        )
        return Scored(self.pd[rows], self.risk[rows], self.weight[rows], margin, loss)


def expected_performance(scored: Scored, level: float) -> dict[str, Any]:
    """Return each figure with the interval of its realisation."""
    from scipy.special import ndtri

    reach = float(ndtri((1.0 + level) / 2.0))
    p, w = scored.pd, scored.weight
    n = float(w.sum())
    row: dict[str, Any] = dict.fromkeys(NAMES, np.nan) | {"n": n}
    if not n:
        return row
    rate = float(w @ p / n)
    row |= _around(
        "event_rate", rate, reach * _root(float(w @ (p * (1 - p)))) / n, 0.0, 1.0
    )
    event, nonevent = merge_scores(scored.risk, w * p, w * (1.0 - p))
    area, error = auc(event, nonevent), reach * _root(auc_variance(event, nonevent))
    row |= _around("auc", area, error, 0.0, 1.0)
    row |= _around("gini", 2.0 * area - 1.0, 2.0 * error, -1.0, 1.0)
    row["ks"], _, row["ks_low"], row["ks_high"] = ks_interval(event, nonevent, level)
    if scored.margin is not None and scored.loss is not None:
        profit = float(w @ ((1.0 - p) * scored.margin - p * scored.loss))
        stake = float(w @ (p * (1.0 - p) * (scored.margin + scored.loss) ** 2))
        row |= _around("profit", profit, reach * _root(stake), -np.inf, np.inf)
        row["profit_per_account"] = profit / n
    return row


def expected_gini(pd_sum: FloatArray, n: FloatArray) -> float:
    """Return the Gini to be expected of bands, safest first."""
    event, nonevent = pd_sum[::-1], (n - pd_sum)[::-1]
    return 2.0 * auc(event, nonevent) - 1.0


def _around(
    name: str, value: float, reach: float, low: float, high: float
) -> dict[str, float]:
    return {
        name: value,
        f"{name}_low": float(np.maximum(value - reach, low)),
        f"{name}_high": float(np.minimum(value + reach, high)),
    }


def _root(variance: float) -> float:
    return float(np.sqrt(np.maximum(variance, 0.0)))
