"""Who recruited whom, as a forest: levels, downlines, circles.

Paths are followed by doubling: after ``k`` rounds every member knows what lies up to
``2**k`` recruiters above, so the longest chain costs few rounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, IntArray

__all__ = ["Forest", "find_circles", "generations"]


@dataclass(frozen=True)
class Forest:
    """Members by number; `parent` is -1 for who came by himself."""

    parent: IntArray
    level: IntArray  # recruiters above
    root: IntArray

    @classmethod
    def make(cls, parent: IntArray) -> Forest:
        """Compute levels and roots; there must be no circle."""
        n = parent.size
        # The last entry is nobody: whoever arrives stays there.
        jump = np.append(np.where(parent < 0, n, parent), n)
        level = np.append((parent >= 0).astype(np.intp), 0)
        root = np.append(np.where(parent < 0, np.arange(n), parent), n)
        for _ in range(_rounds(n)):
            level = level + level[jump]
            root = np.where(jump < n, root[root], root)
            jump = jump[jump]
        return cls(parent, level[:n], root[:n])

    @property
    def n_recruits(self) -> IntArray:
        """Members that each one brought himself."""
        brought = self.parent[self.parent >= 0]
        return np.bincount(brought, minlength=self.parent.size)

    def downline(self) -> tuple[IntArray, IntArray]:
        """Return, for each member, how many stand below him, and how many levels."""
        size = np.zeros(self.parent.size, dtype=np.intp)
        depth = np.zeros(self.parent.size, dtype=np.intp)
        for members in self._levels_from_below():
            above = self.parent[members]
            np.add.at(size, above, size[members] + 1)
            np.maximum.at(depth, above, depth[members] + 1)
        return size, depth

    def _levels_from_below(self) -> list[IntArray]:
        order = np.argsort(-self.level, kind="stable")
        order = order[self.level[order] > 0]
        starts = np.flatnonzero(np.diff(self.level[order])) + 1
        return list(np.split(order, starts))[: None if order.size else 0]


def find_circles(parent: IntArray) -> tuple[BoolArray, IntArray]:
    """Return who stands in a circle of recruiters, and the first member of each."""
    n = parent.size
    places = np.arange(n + 1)
    jump = np.append(np.where(parent < 0, n, parent), n)
    lowest = places.copy()
    for _ in range(_rounds(n)):
        lowest = np.minimum(lowest, lowest[jump])
        jump = jump[jump]
    # By now everybody has arrived at nobody or goes round.
    inside = np.zeros(n, dtype=np.bool_)
    inside[jump[:n][jump[:n] < n]] = True
    first = np.flatnonzero(inside & (lowest[:n] == places[:n]))
    return inside, first


def generations(forest: Forest, upper: IntArray, lower: IntArray) -> IntArray:
    """Return how many generations `upper` stands above `lower`, 0 if he does not."""
    gap = forest.level[lower] - forest.level[upper]
    found = np.where(gap > 0, gap, 0)
    n = forest.parent.size
    jump = np.append(np.where(forest.parent < 0, n, forest.parent), n)
    at, left = lower.copy(), found.copy()
    while left.any():  # one bit of the distance at a time
        odd = left % 2 == 1
        at = np.where(odd, jump[at], at)
        jump, left = jump[jump], left // 2
    return np.where((found > 0) & (at == upper), found, 0)


def _rounds(n: int) -> int:
    return max(int(n).bit_length(), 1)
