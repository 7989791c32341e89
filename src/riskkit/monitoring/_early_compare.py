"""Events so far against those that PDs and a development curve lead one to expect.

With PDs ``p_i``, whole months on book ``m_i`` and the development curve ``G``::

    expected = sum_i p_i G(m_i) = sum_k g_k P_k,    P_k = sum of p_i with m_i >= k

where ``g_k = G(k) - G(k-1)`` was estimated from ``N_k`` events. These are a sample as
well: taken as Poisson, ``g_k`` has the relative variance ``1 / N_k``, so the
expectation is worth as much as a count of ``R`` events with::

    R = (sum_k g_k P_k)^2 / sum_k (g_k P_k)^2 / N_k

``D`` events now and ``R`` then are two Poisson counts. If nothing has changed, the
share of the first in their sum is ``expected / (expected + R)``, which is tested by the
exact binomial tail [1]_. With a known curve (``R`` infinite) the ``D`` events are held
against all accounts. Both treat accounts as independent.

References
----------
.. [1] J. Przyborowski and H. Wilenski, "Homogeneity of results in testing samples from
   Poisson series", Biometrika 31, 1940.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from riskkit.metrics import binomial_test, jeffreys_interval

if TYPE_CHECKING:
    from riskkit.monitoring._early_curve import DevelopmentCurve
    from riskkit.typing import FloatArray

__all__ = ["Developing", "Direction", "compare"]

Direction = Literal["greater", "less", "two-sided"]


@dataclass(frozen=True, eq=False)
class Developing:
    """Accounts, sums of PDs and events by whole months on book, 0 first.

    Leading dimensions, if any, are groups; sums over them pool groups.
    """

    n: FloatArray
    pd: FloatArray
    event: FloatArray

    def __getitem__(self, key: Any) -> Developing:
        return Developing(self.n[key], self.pd[key], self.event[key])

    def pooled(self) -> Developing:
        """Return all groups as one."""
        return Developing(*(p.sum(axis=0) for p in (self.n, self.pd, self.event)))


def compare(
    group: Developing, curve: DevelopmentCurve, alternative: Direction, level: float
) -> dict[str, Any]:
    """Return the comparison for one group; accounts of age 0 say nothing yet."""
    n, event = float(group.n[1:].sum()), float(group.event.sum())
    pd_sum = float(group.pd[1:].sum())
    steps = np.diff(curve.share, prepend=0.0)
    terms = steps * np.cumsum(group.pd[:0:-1])[::-1]
    expected = float(terms.sum())
    row = {
        "n": n,
        "mean_pd": pd_sum / n if n else np.nan,
        "developed": expected / pd_sum if pd_sum else np.nan,
        "expected": expected,
        "n_event": event,
    }
    if not expected:
        why = "no account is a month old" if not n else "no event is expected so early"
        unknown = ("actual_expected", "low", "high", "p_value", "reference_events")
        return row | dict.fromkeys(unknown, np.nan) | _projection(row) | {"reason": why}
    reference = _reference_events(terms, curve)
    if np.isinf(reference):
        test = binomial_test(event, n, min(expected / n, 1.0), alternative=alternative)
        low, high = (bound * n / expected for bound in _bounds(event, n, level))
    else:
        share = expected / (expected + reference)
        test = binomial_test(event, event + reference, share, alternative=alternative)
        shares = np.array(_bounds(event, event + reference, level))
        with np.errstate(divide="ignore"):
            low, high = (shares / (1.0 - shares) * reference / expected).tolist()
    row |= {
        "actual_expected": event / expected,
        "low": low,
        "high": high,
        "p_value": float(test.p_value),
        "reference_events": reference,
    }
    return row | _projection(row) | {"reason": ""}


def _reference_events(terms: FloatArray, curve: DevelopmentCurve) -> float:
    """Return how many events the expectation rests on; infinite of a known curve."""
    if curve.n_event is None:
        return float("inf")
    counts = np.asarray(curve.n_event)
    held = terms > 0
    return float(terms.sum() ** 2 / (terms[held] ** 2 / counts[held]).sum())


def _bounds(event: float, n: float, level: float) -> tuple[float, float]:
    low, high = jeffreys_interval(event, n, level=level)
    return float(low), float(high)


def _projection(row: dict[str, Any]) -> dict[str, float]:
    """Return the event rate at the end of the window if things go on so."""
    return {
        f"projected_rate{end}": min(row.get(key, np.nan) * row["mean_pd"], 1.0)
        for end, key in (("", "actual_expected"), ("_low", "low"), ("_high", "high"))
    }
