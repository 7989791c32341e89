"""What approved accounts earn and lose, and how sure that is.

An approved non-event earns its ``gain``, an approved event costs its ``loss``; the
profit of a row with a probability ``p`` of the event (1 or 0 where the outcome was
seen) is::

    v = (1 - p) gain - p loss

Over applicants taken as independent draws, the sum ``S`` of ``a v`` with ``a = 1`` for
who is approved has the variance ``sum(w a v^2) - S^2 / sum(w)``, so refusals and
approvals both count in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.decision._rows import read_amounts
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from riskkit.decision._outcomes import Outcomes
    from riskkit.typing import FloatArray

__all__ = ["Economics", "normal_half_width", "read_economics"]

_SIGN = " A loss is a positive number, not a negative gain."


@dataclass(frozen=True, eq=False)
class Economics:
    """Revenue and loss of each row, expected where the outcome is a PD."""

    revenue: FloatArray
    loss: FloatArray

    @property
    def profit(self) -> FloatArray:
        """Revenue less loss of each row."""
        return self.revenue - self.loss

    @property
    def squared_profit(self) -> FloatArray:
        """Square of the profit of each row."""
        return np.square(self.profit)


def read_economics(gain: Any, loss: Any, outcomes: Outcomes) -> Economics | None:
    """Return what each row would earn and lose if approved; None if not asked for."""
    if gain is None and loss is None:
        return None
    if gain is None or loss is None:
        absent = "gain" if gain is None else "loss"
        msg = (
            f"gain and loss belong together; got no {absent}. Give what an approved "
            "non-event earns and what an approved event costs, both not negative."
        )
        raise InvalidParameterError(msg)
    n_rows = outcomes.weight.size
    earned = (1.0 - outcomes.event) * _amounts("gain", gain, n_rows)
    lost = outcomes.event * _amounts("loss", loss, n_rows)
    return Economics(earned, lost)


def normal_half_width(
    total: FloatArray, squares: FloatArray, n: float, level: float
) -> FloatArray:
    """Return half the interval of each sum over `n` independent applicants."""
    from scipy.special import ndtri

    variance = (squares - total**2 / n).clip(0.0)
    return np.asarray(float(ndtri((1.0 + level) / 2.0)) * np.sqrt(variance))


def _amounts(name: str, values: Any, n_rows: int) -> FloatArray:
    """Return the amount of each row, given one by one or once for all."""
    if np.ndim(values) == 0:
        values = np.full(n_rows, values)
    return read_amounts(name, values, n_rows, _SIGN)
