"""One record through randomised trees, by plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.forest import mean_of_roots
from riskkit.serving._logistic import log_probabilities

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.artifact import ForestMemberSpec
    from riskkit.serving._plan import Parts

__all__ = ["ForestPlan", "stretch"]

_STILL = 1e-9  # shares closer than this are stretched by the slope between them


class ForestPlan:
    """Randomised trees laid out for records; it never changes."""

    def __init__(self, spec: ForestMemberSpec, places: Sequence[int]) -> None:
        arrays = spec.nodes.forest()
        self._spec = spec
        self._roots: list[int] = arrays.root.tolist()
        # Views give plain numbers as fast as lists, and hold none of them.
        self._nodes = tuple([np.ascontiguousarray(part).data for part in arrays[1:]])
        self._codes = [(places[c.feature], c.codes) for c in spec.coding.columns]
        self._start = mean_of_roots(arrays)

    def log_odds(self, bins: Sequence[int]) -> float:
        """Return the log-odds of a record by its bins."""
        return self._log_odds(self._walk(bins, None))

    def parts(self, bins: Sequence[int]) -> Parts:
        """Return the base, and what each feature adds."""
        steps = [0.0] * len(self._codes)
        share = self._walk(bins, steps)
        base, gap = self._log_odds(self._start), 0.0
        added = [0.0] * len(self._spec.features)
        for column, step in zip(self._spec.coding.columns, steps, strict=True):
            step /= len(self._roots)
            gap += step
            added[column.feature] += step
        slope = stretch(self._start, gap, self._log_odds(share) - base)
        return base, [slope * step for step in added]

    def _walk(self, bins: Sequence[int], steps: list[float] | None) -> float:
        """Return the mean share of events, and add up the steps on each column."""
        row = [codes[bins[place]] for place, codes in self._codes]
        column, threshold, missing_left, left, right, value = self._nodes
        total = 0.0
        for node in self._roots:
            while (k := column[node]) >= 0:
                code = row[k]
                to_left = (
                    missing_left[node] if code is None else code <= threshold[node]
                )
                child = left[node] if to_left else right[node]
                if steps is not None:
                    steps[k] += value[child] - value[node]
                node = child
            total += value[node]
        return total / len(self._roots)

    def _log_odds(self, share: float) -> float:
        floor = self._spec.floor
        log_p, log_q = log_probabilities(min(max(share, floor), 1.0 - floor))
        return log_p - log_q


def stretch(start: float, gap: float, log_gap: float) -> float:
    """Return the slope of the log-odds from a share to `gap` beyond it."""
    if abs(gap) < _STILL:
        return 1.0 / (start * (1.0 - start))
    return log_gap / gap
