"""Exact partitions whose event rates are concave or convex over neighbouring bins.

The rule ties three neighbours, so a state of the dynamic programme holds the last two
bins. With ``B[k, h, j, i]`` the best value of cells ``0..i`` in ``k + 1`` bins whose
last two are ``h..j-1`` and ``j..i``::

    B[k, h, j, i] = v[j, i] + max over g < h of B[k - 1, g, h, j - 1]
                    where c (2 r[h, j-1] - r[g, h-1] - r[j, i]) >= 0

with ``c = 1`` for concave, ``-1`` for convex. One and two bins have no curvature and
are always allowed. Time grows with ``n^4`` per number of bins, so features are solved
one by one and callers keep the number of cells moderate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.partition_rules import NEVER, PartitionRules, may_follow

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["SHAPES", "keeps_shape", "solve_shape"]

SHAPES = ("concave", "convex")
_TIE = 1e-12


def keeps_shape(
    rate_left: FloatArray, rate_middle: FloatArray, rate_right: FloatArray, shape: str
) -> BoolArray:
    """Return whether three neighbouring event rates bend the right way."""
    bend = 2 * rate_middle - rate_left - rate_right
    # Rates on a straight line miss zero by rounding; they are both shapes.
    slack = 4 * np.finfo(np.float64).eps
    return bend >= -slack if shape == "concave" else bend <= slack


def solve_shape(
    size: FloatArray,
    rate: FloatArray,
    value: FloatArray,
    rules: PartitionRules,
    shape: str,
    n_levels: int,
) -> tuple[float, list[int]]:
    """Return the best value and its cuts for one feature's tables ``[first, last]``."""
    n_cells = len(value)
    best = np.full((max(n_levels, 2), n_cells, n_cells, n_cells), NEVER)
    for h in range(n_cells - 1):
        for j in range(h + 1, n_cells):
            if value[h, j - 1] == NEVER or n_levels < 2:
                continue
            last_value = np.where(
                may_follow(
                    rate[h, j - 1], size[h, j - 1], rate[j, j:], size[j, j:], 0, rules
                ),
                value[j, j:],
                NEVER,
            )
            if h == 0:
                best[1, 0, j, j:] = value[0, j - 1] + last_value
            elif n_levels > 2:
                bent = keeps_shape(
                    rate[:h, h - 1, None], rate[h, j - 1], rate[j, j:], shape
                )
                before = best[1:-1, :h, h, j - 1, None]
                best[2:, h, j, j:] = (
                    np.where(bent, before, NEVER).max(axis=1) + last_value
                )
    by_bins = best[:, :, :, -1].max(axis=(1, 2))
    by_bins[0] = value[0, -1]
    by_bins = by_bins[:n_levels]
    by_bins[: rules.min_n_bins - 1] = NEVER
    top = float(by_bins.max(initial=NEVER))
    if top == NEVER:
        return NEVER, []
    level = int((by_bins >= top - _TIE * abs(top)).argmax())
    return float(by_bins[level]), _trace_back(best, rate, shape, level)


def _trace_back(
    best: FloatArray, rate: FloatArray, shape: str, level: int
) -> list[int]:
    if level == 0:
        return []
    n_cells = len(rate)
    final = best[level, :, :, -1]
    # Leftmost last cut first, then the leftmost start of the bin before it.
    j = int((final.max(axis=0) == final.max()).argmax())
    h = int(final[:, j].argmax())
    cuts, i = [j], n_cells - 1
    while level > 1:
        bent = keeps_shape(rate[:h, h - 1], rate[h, j - 1], rate[j, i], shape)
        g = int(np.where(bent, best[level - 1, :h, h, j - 1], NEVER).argmax())
        h, j, i, level = g, h, j - 1, level - 1
        cuts.append(j)
    return cuts[::-1]
