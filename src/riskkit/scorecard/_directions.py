"""Characteristics in doubt: which of them enter, and which way they point.

A characteristic whose own evidence is within chance waits: it enters if what it adds to
the others is beyond chance. One of high information value has a direction that
everybody sees in its event rates, and keeps it. One of low value hardly tells accounts
apart by itself: which of its bins is safer shows only beside the others, and where it
adds more the other way round than chance could give, it is turned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.logistic_fit import fit_rows
from riskkit._kernels.logistic_inference import rao_tests

if TYPE_CHECKING:
    from riskkit._kernels.logistic_fit import LogisticFit
    from riskkit._kernels.logistic_rows import LogisticSource
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["Candidates", "place_doubtful"]


@dataclass
class Candidates:
    """Columns of WoE that may enter; `place_doubtful` changes what stands here.

    `free` is the number of free parameters of each column, `charge` its l1 charge,
    `weak` whether its direction may be turned, `waits` whether its own evidence is
    within chance. Turned columns are multiplied by -1 in `rows` itself, so that no
    coefficient is above 0 whichever way a column points.
    """

    rows: LogisticSource[Any]
    free: FloatArray
    charge: FloatArray
    weak: BoolArray
    waits: BoolArray
    turned: BoolArray

    def turn(self, column: int) -> None:
        """Let a column point the other way; its WoE has no optimism in that one."""
        self.rows.turn(column)
        self.turned[column] = True
        self.charge[column] = 0.0


def place_doubtful(
    candidates: Candidates, *, p_turn: float, l2: float, pooling: float, max_iter: int
) -> None:
    """Let columns in, and turn them, one at a time, as long as one adds enough.

    By score tests at `p_turn`. The slope of a column that keeps its direction must
    exceed its free parameters, which its WoE owes to chance.
    """
    from scipy.special import chdtrc

    while True:
        inside = np.flatnonzero(~candidates.waits)
        fit = fit_rows(
            candidates.rows,
            inside.tolist(),
            l2=l2,
            l1=candidates.charge[inside],
            pooling=pooling,
            pooled=~candidates.turned[inside],
            nonpositive=True,
            max_iter=max_iter,
        )
        heavy = inside[fit.coefficients < 0]
        in_doubt = np.flatnonzero(candidates.weak | candidates.waits)
        waiting = np.setdiff1d(in_doubt, heavy)
        waiting = waiting[~candidates.turned[waiting]]
        if not waiting.size:
            return
        chi2, slope = _tests(candidates.rows, heavy, waiting, fit)
        # Of a column inside, only the other direction is left to ask for.
        may_keep = candidates.waits[waiting]
        excess = np.maximum(-slope - candidates.free[waiting], 0.0) * may_keep
        may_turn = candidates.weak[waiting].astype(np.float64)
        share = np.where(slope < 0, excess / np.maximum(-slope, 1e-300), may_turn)
        found = chi2 * share**2
        best = int(np.argmax(found))
        if not found[best] > 0 or chdtrc(1.0, found[best]) >= p_turn:
            return
        column = int(waiting[best])
        candidates.waits[column] = False
        if slope[best] > 0:
            candidates.turn(column)


def _tests(
    rows: LogisticSource[Any], heavy: IntArray, waiting: IntArray, fit: LogisticFit
) -> tuple[FloatArray, FloatArray]:
    """Return chi-square and slope of the columns waiting, beside those with weight."""
    weights = fit.coefficients[fit.coefficients < 0]
    log_odds = rows.log_odds(np.append(fit.intercept, weights), heavy.tolist())
    outside = rows.outside(log_odds, heavy.tolist(), waiting.tolist())
    return rao_tests(outside, rows.information(log_odds, heavy.tolist()))
