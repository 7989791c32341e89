"""What young vintages will come to, with an interval.

The hazard of a month on book is that of all vintages together. How far a vintage lies
above or below it is what its own events say, drawn to 1 as far as the vintages before
have been alike: a gamma distribution of levels, a Poisson number of events (empirical
Bayes). The events to come then follow a negative binomial distribution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["expected_events", "level_shape", "pooled_hazard", "project"]

# Beyond this many prior events the levels of the vintages are as good as equal.
_MOST_SHAPE = 1e6


def pooled_hazard(event: FloatArray, at_risk: FloatArray) -> FloatArray:
    """Return the hazard of each month on book; 0 where nobody was at risk."""
    return _shares(event.sum(axis=0), at_risk.sum(axis=0))


def expected_events(at_risk: FloatArray, hazard: FloatArray) -> FloatArray:
    """Return the events of each vintage so far if its level were 1."""
    return np.asarray(at_risk @ hazard)


def level_shape(event: FloatArray, expected: FloatArray) -> float:
    """Return the shape of the gamma distribution of levels, by moments.

    ``Var(D) = E + E**2 / shape``; equal levels give the largest shape.
    """
    excess = float(((event - expected) ** 2 - expected).sum())
    square = float((expected**2).sum())
    return min(square / excess, _MOST_SHAPE) if excess > 0 else _MOST_SHAPE


def project(
    n: FloatArray,
    event: FloatArray,
    at_risk: FloatArray,
    seen: FloatArray,
    alive: FloatArray,
    level: float,
) -> dict[str, FloatArray]:
    """Return what each vintage comes to at the last month, with an interval.

    `event`, `at_risk` and `alive` are as in the counts of vintages; `seen` are all
    events of each vintage so far. The columns are the factor, the level of the vintage,
    and the cumulative rates projected, low and high.
    """
    from scipy.special import nbdtrik

    hazard = pooled_hazard(event, at_risk)
    expected = expected_events(at_risk, hazard)
    own = event.sum(axis=1)
    shape = level_shape(own, expected)
    factor = (shape + own) / (shape + expected)
    mean = np.minimum(factor * (alive @ _left(hazard)), n - seen)
    # The hazards themselves are known by a finite number of events only.
    spread = 1.0 / (shape + own) + _hazard_error(at_risk, hazard, alive)
    size = 1.0 / spread
    low, high = (
        _quantile(nbdtrik, q, size, mean)
        for q in ((1.0 - level) / 2.0, (1.0 + level) / 2.0)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "factor": factor,
            "projected": (seen + mean) / n,
            "low": np.minimum(seen + low, n) / n,
            "high": np.minimum(seen + high, n) / n,
        }


def _left(hazard: FloatArray) -> FloatArray:
    """Return the chance of an event in the months left, by months survived from 0."""
    survival = np.cumprod(1.0 - hazard[::-1])[::-1]
    return np.append(1.0 - survival, 0.0)


def _quantile(inverse: Any, q: float, size: FloatArray, mean: FloatArray) -> FloatArray:
    """Return the least number of events with at least the chance `q` below it."""
    count = np.zeros_like(mean)
    held = mean > 0
    count[held] = np.ceil(inverse(q, size[held], (size / (size + mean))[held]))
    return count


def _hazard_error(
    at_risk: FloatArray, hazard: FloatArray, alive: FloatArray
) -> FloatArray:
    """Return the squared relative error of the events to come, by the hazards' own."""
    variance = _shares(hazard * (1.0 - hazard), at_risk.sum(axis=0))
    exposed = np.cumsum(alive, axis=1)[:, :-1]
    return _shares(exposed**2 @ variance, (exposed @ hazard) ** 2)


def _shares(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Return the quotient; 0 of nothing."""
    shares: FloatArray = np.divide(
        part, whole, out=np.zeros_like(whole), where=whole > 0
    )
    return shares
