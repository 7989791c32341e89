"""Venn-Abers intervals: the isotonic fit with one more account, both ways.

The interval of a score ``s`` is ``[p0, p1]``: the isotonic fit at ``s`` after an
account with that score is added to the calibration accounts, once as a non-event and
once as an event [1]_. One of the two is the PD of a perfectly calibrated predictor;
which one, only the outcome tells.

At the distinct scores ``x_1 < ... < x_k`` with ``e_i`` events and ``m_i`` non-events,
let ``P_i`` be the running sums ``(m_1 + ... + m_i, e_1 + ... + e_i)``. The isotonic fit
is read off the lower convex hull of these points: an edge that rises by ``e`` over
``m`` stands for the rate ``e / (e + m)``. An event added at ``x_i`` lifts ``P_i ...
P_k`` by 1, or, which is the same, lowers ``P_0 ... P_{i-1}`` by 1: ``p1`` is the rate
of the edge that joins the lowered points to the others. When ``i`` grows by one, one
point changes sides, and the hull is mended at its left end only ([2]_, algorithms 1 and
2): all ``p1`` cost one pass. ``p0`` is the same with outcomes exchanged and scores
turned round.

Between scores, ``p1`` is that of the next score above (1 beyond the last), and ``p0``
that of the next below (0 before the first).

References
----------
.. [1] V. Vovk, I. Petej, "Venn-Abers predictors", UAI 2014, section 3.

.. [2] V. Vovk, I. Petej, V. Fedorova, "Large-scale probabilistic predictors with and
   without guarantees of validity", NIPS 2015, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["merge_interval", "venn_abers_rates"]

_Point = tuple[float, float]  # non-events to the right, events upwards


def venn_abers_rates(
    n_event: FloatArray, n_nonevent: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return ``p0`` and ``p1`` at each distinct score; both never fall."""
    event, nonevent = _joining_edges(n_event, n_nonevent)
    high = event / (event + nonevent)
    nonevent, event = _joining_edges(n_nonevent[::-1], n_event[::-1])
    low = (event / (event + nonevent))[::-1]
    # Equal edges give equal bits; the rest guards against the rounding of weights.
    return np.minimum.accumulate(low[::-1])[::-1], np.maximum.accumulate(high)


def merge_interval(low: FloatArray, high: FloatArray) -> FloatArray:
    """Return the one PD that stands for ``[p0, p1]``, ``p1 / (1 - p0 + p1)``.

    It has the least worst-case regret under log-loss ([2]_, section 4).
    """
    return np.asarray(high / (1.0 - low + high))


def _joining_edges(
    n_event: FloatArray, n_nonevent: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return rise and run of the edge at each score with one event added there."""
    across = np.append(0.0, np.cumsum(n_nonevent)).tolist()
    up = np.append(0.0, np.cumsum(n_event)).tolist()
    hull = _hull([(0.0, -1.0), *zip(across[1:], up[1:], strict=True)])
    hull.reverse()  # the left end is now the top of the stack
    rise, run = np.empty(n_event.size), np.empty(n_event.size)
    for i in range(n_event.size):
        left, right = hull[-1], hull[-2]
        rise[i], run[i] = right[1] - left[1], right[0] - left[0]
        point = (across[i + 1], up[i + 1] - 1.0)  # now on the left side
        if _turn(left, right, point) >= 0:
            continue  # at or above the edge
        hull.pop()
        while len(hull) > 1 and _turn(point, hull[-1], hull[-2]) <= 0:
            hull.pop()
        hull.append(point)
    return rise, run


def _hull(points: list[_Point]) -> list[_Point]:
    """Return the lower convex hull of points given from left to right."""
    corners: list[_Point] = []
    for point in points:
        while len(corners) > 1 and _turn(corners[-2], corners[-1], point) <= 0:
            corners.pop()
        corners.append(point)
    return corners


def _turn(a: _Point, b: _Point, c: _Point) -> float:
    """Return above 0 if the way from `a` over `b` to `c` turns left."""
    return (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
