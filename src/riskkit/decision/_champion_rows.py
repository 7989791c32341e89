"""What two models' PDs are worth, row by row.

Differences are taken so that positive is better for the challenger. With outcome ``y``
(1 or 0) and PD ``p`` of a row::

    log-loss     -(y log p + (1 - y) log(1 - p))
    Brier score  (y - p)^2
    profit       a ((1 - y) gain - y loss), with a = 1 if the model approves the row

The AUC is no mean over rows; its difference and error are DeLong's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.decision._profit import read_economics
from riskkit.decision._rows import read_score
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from riskkit.decision._outcomes import Outcomes
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["MEAN_MEASURES", "Pair", "approve_safest", "read_pair", "read_pd"]

MEAN_MEASURES = ("log_loss", "brier", "profit")
# Of a profit more is better, of the others less.
_SIGNS = {"log_loss": -1.0, "brier": -1.0, "profit": 1.0}


@dataclass(frozen=True, eq=False)
class Pair:
    """Two PDs of the same rows, and the value of each measure in each row.

    `values` holds for each measure the champion's row and the challenger's.
    """

    is_event: BoolArray
    weight: FloatArray
    pds: tuple[FloatArray, FloatArray]
    values: dict[str, tuple[FloatArray, FloatArray]]

    def improvement(self, measure: str) -> FloatArray:
        """Return how much better the challenger is in each row."""
        champion, challenger = self.values[measure]
        with np.errstate(invalid="ignore"):
            return np.asarray(_SIGNS[measure] * (challenger - champion))


def read_pair(
    outcomes: Outcomes,
    champion: Any,
    challenger: Any,
    gain: Any,
    loss: Any,
    approval_rate: float | None,
) -> Pair:
    """Check two columns of PDs, and value every row."""
    n_rows = outcomes.weight.size
    pds = (
        read_pd("champion", champion, n_rows),
        read_pd("challenger", challenger, n_rows),
    )
    is_event = np.asarray(outcomes.event == 1.0)
    with np.errstate(divide="ignore"):
        losses = [-np.where(is_event, np.log(p), np.log1p(-p)) for p in pds]
    squares = [(is_event - p) ** 2 for p in pds]
    values = {"log_loss": (losses[0], losses[1]), "brier": (squares[0], squares[1])}
    seen = _profit(gain, loss, outcomes, outcomes.event)
    if seen is not None:
        approved = [
            _worth_it(_profit(gain, loss, outcomes, p))
            if approval_rate is None
            else approve_safest(p, outcomes.weight, approval_rate)
            for p in pds
        ]
        values["profit"] = (approved[0] * seen, approved[1] * seen)
    elif approval_rate is not None:
        msg = (
            "approval_rate is a policy for the profit and needs gain and loss; got "
            "neither. Give what an approved non-event earns and an event costs."
        )
        raise InvalidParameterError(msg)
    return Pair(is_event, outcomes.weight, pds, values)


def _profit(
    gain: Any, loss: Any, outcomes: Outcomes, event: FloatArray
) -> FloatArray | None:
    """Return what each row earns if approved, at these outcomes or PDs."""
    economics = read_economics(gain, loss, replace(outcomes, event=event))
    return None if economics is None else economics.profit


def _worth_it(expected: FloatArray | None) -> FloatArray:
    """Return 1 for each row that is expected to earn something."""
    return np.asarray(np.array(expected, dtype=np.float64) > 0, dtype=np.float64)


def read_pd(name: str, pd: Any, n_rows: int) -> FloatArray:
    """Return a known PD for each row."""
    values = read_score(name, pd)
    if values.size != n_rows:
        msg = (
            f"{name} must hold one PD for each of the {n_rows} rows; got {values.size}."
        )
        raise InvalidInputError(msg)
    n_outside = int(np.count_nonzero((values < 0) | (values > 1)))
    if n_outside:
        msg = (
            f"{name} must hold PDs in [0, 1]; {n_outside} of {n_rows} are outside. Of "
            "points or log-odds only the ranking can be compared: see auc_delong_test."
        )
        raise InvalidInputError(msg)
    return values


def approve_safest(pd: FloatArray, weight: FloatArray, rate: float) -> FloatArray:
    """Return how much of each row is approved; rows of one PD share what is left."""
    levels, codes = np.unique(pd, return_inverse=True)
    mass = np.bincount(codes, weight, minlength=levels.size)
    before = np.cumsum(mass) - mass
    room = rate * weight.sum() - before
    share = np.clip(room / np.where(mass > 0, mass, 1.0), 0.0, 1.0)
    return np.asarray(share[codes])
