"""Whole points for the bins of a scorecard, chosen together.

Bin ``b`` of characteristic ``j`` has exact points ``x_jb`` and gets whole points
``p_jb``; ``d = p - x`` is its error, and the error of an account is the sum of those of
its bins. With ``N[jb, kc]`` the share of the accounts that are in both bins, the mean
squared error of the score is ``d' N d``: counts are sufficient, no row is needed. To it
is added a little of the bins' own errors, ``0.02 sum_jb N[jb, jb] d_jb^2``: of two ways
that are about as good for the score, reasons are better off with the one whose bins are
nearer to their exact points.

Each ``p`` is one of the two whole numbers next to ``x``, so that no bin is a point off,
and no row as many points as there are characteristics. Within a characteristic ``p``
never falls where ``x`` rises, and equal ``x`` get equal ``p``.

What is left is a choice of one of two for each level, with a quadratic cost: for that a
tabu search is the method of choice [1]_. It starts from the nearest whole numbers, and
moves one level at a time to its other neighbour, the one that lowers the cost most or
raises it least, then leaves that level alone for a while. The best choice it passes is
kept. Nothing is random.

References
----------
.. [1] F. Glover, G. A. Kochenberger and B. Alidaee, "Adaptive memory tabu search for
   binary quadratic programs", Management Science 44(3), 1998.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.typing import CodeArray, FloatArray, IntArray

__all__ = ["round_counted", "round_together"]

# Points that are closer than this are equal: sums of floats near 1000 are no closer.
_DECIMALS = 9
# A smaller gain, in squared points, is the rounding of floating-point numbers.
_LEAST_GAIN = 1e-9
# How much a bin's own error counts beside that of the score; see above.
_OWN = 0.02
# Beyond so many levels the table of pairs would take more than 32 MB.
_MOST_PAIRED = 2_000
_MOVES_PER_LEVEL, _FEWEST_MOVES, _MOST_MOVES = 20, 1_000, 5_000


def round_together(
    exact: Sequence[FloatArray],
    bins: Sequence[CodeArray],
    weight: FloatArray | None,
    ends: tuple[float, float] | None = None,
) -> list[FloatArray]:
    """Return whole points for the bins of every characteristic.

    `exact` holds the points of each bin, `bins` the bin of each row; what everyone
    gets is a characteristic of one bin. With `ends`, the least and the most points of
    all characteristics add up to these two whole numbers wherever that is possible.
    """
    levels = _Levels(exact)
    codes = [to[rows] for to, rows in zip(levels.of_bin, bins, strict=True)]
    return levels.choose(_count(codes, levels.sizes, weight), ends)


def round_counted(
    exact: Sequence[FloatArray],
    pairs: FloatArray,
    ends: tuple[float, float] | None = None,
) -> list[FloatArray]:
    """Return what :func:`round_together` does, of rows that are counted already.

    `pairs` counts the rows in every pair of bins, those of all characteristics one
    after the other, and on its diagonal in every bin.
    """
    levels = _Levels(exact)
    sizes = levels.sizes
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
    at = np.concatenate(
        [start + to for start, to in zip(starts, levels.of_bin, strict=False)]
    )
    share = np.bincount(at, np.diag(pairs), starts[-1])
    total = share[: sizes[0]].sum()
    if share.size > _MOST_PAIRED:
        return levels.choose(_Accounts(starts, share / total, None), ends)
    shared = np.zeros((share.size, share.size))
    np.add.at(shared, (at[:, None], at[None, :]), pairs)
    for span in pairwise(starts.tolist()):  # no account is in two of its levels
        shared[slice(*span), slice(*span)] = 0.0
    return levels.choose(_Accounts(starts, share / total, shared / total), ends)


class _Levels:
    """The different points of each characteristic, and which of them each bin has."""

    def __init__(self, exact: Sequence[FloatArray]) -> None:
        # Rounded, so that points that are equal but for their last bits are one level.
        found = [np.unique(x.round(_DECIMALS), return_inverse=True) for x in exact]
        self.values = [values for values, _ in found]
        self.of_bin = [inverse for _, inverse in found]
        self.sizes = [values.size for values in self.values]

    def choose(
        self, accounts: _Accounts, ends: tuple[float, float] | None
    ) -> list[FloatArray]:
        """Return whole points for the bins."""
        choice = _Choice(self.values, accounts)
        choice.improve()
        if ends is not None:
            choice.hold_ends(ends)
            choice.improve()
        return [
            points[to] for points, to in zip(choice.points(), self.of_bin, strict=True)
        ]


@dataclass(frozen=True)
class _Accounts:
    """Share of the accounts in every level, and in every pair of levels.

    Without `pairs` the characteristics count as independent: the share of a pair is
    then the product of the two. Levels of one characteristic have no account in both.
    """

    starts: IntArray
    share: FloatArray
    pairs: FloatArray | None

    @property
    def cost(self) -> FloatArray:
        """Cost of an error of one point in every level, and in no other."""
        return np.asarray((1.0 + _OWN) * self.share)

    def column(self, level: int) -> FloatArray:
        """Return what an error of one point in a level adds to the pull on each."""
        if self.pairs is not None:
            shared = self.pairs[level].copy()
        else:
            shared = self.share * self.share[level]
            block = int(np.searchsorted(self.starts, level, side="right")) - 1
            shared[self.starts[block] : self.starts[block + 1]] = 0.0
        shared[level] = self.cost[level]
        return np.asarray(shared)

    def pull(self, error: FloatArray) -> FloatArray:
        """Return half the derivative of the cost by the error of every level."""
        own = self.cost * error
        if self.pairs is not None:
            return np.asarray(self.pairs @ error + own)
        means = np.add.reduceat(self.share * error, self.starts[:-1])
        others = np.repeat(means.sum() - means, np.diff(self.starts))
        return np.asarray(self.share * others + own)


class _Choice:
    """One of two whole numbers for every level, and how the choice is improved.

    Levels rise within a characteristic; two neighbours between the same two whole
    numbers are chained: the safer one may not stay below.
    """

    def __init__(self, levels: Sequence[FloatArray], accounts: _Accounts) -> None:
        self.accounts = accounts
        self.starts = accounts.starts
        self.exact = np.concatenate(levels)
        nearest = np.rint(self.exact)
        is_whole = np.abs(nearest - self.exact) < 10.0**-_DECIMALS
        self.floor = np.where(is_whole, nearest, np.floor(self.exact))
        self.up = nearest > self.floor
        self.held = is_whole
        last = np.zeros(self.exact.size, dtype=np.bool_)
        last[self.starts[1:] - 1] = True
        self.chained = np.flatnonzero(
            (self.floor[:-1] == self.floor[1:])
            & ~(last | is_whole)[:-1]
            & ~is_whole[1:]
        )

    def points(self) -> list[FloatArray]:
        """Return the points chosen, by characteristic."""
        return np.split(self.floor + self.up, self.starts[1:-1])

    def improve(self) -> None:
        """Search for the choice of least cost."""
        # A level without accounts has no say; the nearest whole number suits it.
        free = ~self.held & (self.accounts.share > 0)
        n_free = int(np.count_nonzero(free))
        rest = min(max(10, n_free // 4), n_free // 2)
        n_moves = min(max(_MOVES_PER_LEVEL * n_free, _FEWEST_MOVES), _MOST_MOVES)
        cost = np.where(free, self.accounts.cost, np.inf)
        step = np.where(self.up, -1.0, 1.0)
        pull = self.accounts.pull(self.floor + self.up - self.exact)
        resting_until = np.zeros(free.size, dtype=np.intp)
        value, least, best = 0.0, 0.0, self.up.copy()
        for move in range(n_moves if n_free else 0):
            # What each move would add to the cost, as (d + 1)^2 - d^2 = 2 d + 1.
            change = 2.0 * step * pull + cost
            self._forbid(change)
            level = int(change.argmin())
            if value + change[level] >= least - _LEAST_GAIN:
                change[resting_until > move] = np.inf
                level = int(change.argmin())
            if change[level] == np.inf:
                continue
            value += float(change[level])
            pull += step[level] * self.accounts.column(level)
            self.up[level] = not self.up[level]
            step[level] = -step[level]
            resting_until[level] = move + 1 + rest
            if value < least - _LEAST_GAIN:
                least, best = value, self.up.copy()
        self.up = best

    def hold_ends(self, ends: tuple[float, float]) -> None:
        """Move the least and the most points to `ends` and hold them there.

        The gap is closed point by point, each time by the characteristic that the
        fewest accounts notice. What everyone gets is held at the nearest number.
        """
        first, last = self.starts[:-1], self.starts[1:] - 1
        self.held[first[first == last]] = True
        for wanted, places in zip(ends, (first, last), strict=True):
            gap = round(wanted - float((self.floor + self.up)[places].sum()))
            for _ in range(abs(gap)):
                moves = [self._with_chain(level, up=gap > 0) for level in places]
                pull = self.accounts.pull(self.floor + self.up - self.exact)
                change = self.accounts.cost + (2.0 if gap > 0 else -2.0) * pull
                possible = [move for move in moves if move]
                if not possible:
                    break
                chosen = min(possible, key=lambda move: float(change[move].sum()))
                self.up[chosen] = gap > 0
            self.held[places] = True

    def _with_chain(self, level: int, *, up: bool) -> list[int]:
        """Return the levels that move if this one does; none if it may not."""
        moving: list[int] = []
        while self.up[level] != up:
            if self.held[level]:
                return []
            moving.append(level)
            link = level if up else level - 1
            if link not in self.chained:
                break
            level += 1 if up else -1
        return moving

    def _forbid(self, change: FloatArray) -> None:
        """Make moves infinitely costly that would break the order of two neighbours."""
        lower, upper = self.chained, self.chained + 1
        change[lower[~self.up[upper]]] = np.inf
        change[upper[self.up[lower]]] = np.inf


def _count(
    codes: Sequence[CodeArray], sizes: Sequence[int], weight: FloatArray | None
) -> _Accounts:
    """Count the accounts in every level and in every pair of levels."""
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
    share = np.concatenate(
        [
            np.bincount(rows, weight, minlength=size).astype(np.float64)
            for rows, size in zip(codes, sizes, strict=True)
        ]
    )
    total = share[: sizes[0]].sum()
    if share.size > _MOST_PAIRED:
        return _Accounts(starts, share / total, None)
    pairs = np.zeros((share.size, share.size))
    spans = [slice(*span) for span in pairwise(starts.tolist())]
    for j, rows in enumerate(codes):
        for k in range(j):
            both = np.bincount(rows * sizes[k] + codes[k], weight, sizes[j] * sizes[k])
            table = both.reshape(sizes[j], sizes[k])
            pairs[spans[j], spans[k]], pairs[spans[k], spans[j]] = table, table.T
    return _Accounts(starts, share / total, pairs / total)
