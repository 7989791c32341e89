"""Whether the arms hold the shares that were planned.

With ``n_k`` rows in arm ``k`` of ``N`` and a planned share ``s_k``, the sum of
``(n_k - N s_k)^2 / (N s_k)`` is chi-square with one degree of freedom fewer than arms.
A mismatch has a cause: a page that failed to load, a filter behind the assignment, a
record that was lost. It usually lost other customers than those who stayed [1]_.

References
----------
.. [1] A. Fabijan et al., "Diagnosing sample ratio mismatch in online controlled
   experiments", Proceedings of KDD, 2019.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_real
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskkit.typing import FloatArray

__all__ = ["check_ratio", "ratio_p_value", "read_planned"]

# Of a check that is made in every experiment; a true mismatch is far below.
_SIGNIFICANCE = 0.001
_ROUNDING = 1e-6  # of shares that people write as decimals


def read_planned(
    planned: Mapping[str, float] | None, arms: tuple[str, ...]
) -> FloatArray:
    """Return the planned share of each arm; equal ones if none are given."""
    if planned is None:
        return np.full(len(arms), 1.0 / len(arms))
    if set(planned) != set(arms):
        msg = (
            f"planned must name the arms {', '.join(arms)}, each once; got "
            f"{', '.join(map(str, planned))}. An arm without rows cannot be compared."
        )
        raise InvalidParameterError(msg)
    for arm, share in planned.items():
        check_real(f"planned[{arm!r}]", share, low=0.0, high=1.0)
    shares = [float(planned[arm]) for arm in arms]
    if min(shares) <= 0 or abs(math.fsum(shares) - 1.0) > _ROUNDING:
        msg = f"planned must hold shares above 0 that add up to 1; got {shares}."
        raise InvalidParameterError(msg)
    return np.asarray(shares)


def ratio_p_value(n: FloatArray, shares: FloatArray) -> FloatArray:
    """Return the p-value of the counts in the last axis; NaN without any."""
    from scipy.special import chdtrc

    total = n.sum(axis=-1, keepdims=True)
    expected = total * shares
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = ((n - expected) ** 2 / expected).sum(axis=-1)
    return np.asarray(chdtrc(shares.size - 1, statistic))


def check_ratio(p_value: float, arms: Sequence[Mapping[str, Any]]) -> str:
    """Say why arms that do not hold their shares are not compared; else nothing."""
    if not p_value < _SIGNIFICANCE:
        return ""
    total = math.fsum(float(arm["n_assigned"]) for arm in arms)
    held = ", ".join(
        f"{arm['arm']!r} {arm['n_assigned'] / total:.2%} instead of "
        f"{arm['planned_share']:.2%}"
        for arm in arms
    )
    return (
        f"The arms do not hold the planned shares (sample ratio, p = {p_value:.1e}): "
        f"{held}. Rows of some arm were lost or added after the assignment, so the "
        "rest cannot be compared. Find the cause, and begin anew."
    )
