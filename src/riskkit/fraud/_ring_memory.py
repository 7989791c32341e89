"""What a fitted ring detector remembers of identifiers, to meet them again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from riskkit.fraud._ring_links import Identifier
    from riskkit.fraud._ring_reading import DigestColumn
    from riskkit.typing import FloatArray, IntArray

__all__ = ["Met", "SeenValues", "joined_ring", "new_proximity"]


@dataclass(frozen=True)
class Met:
    """What is known of the identifier in each new row; 0 or -1 where it is new."""

    known: NDArray[np.bool_]  # the row has an identifier
    links: NDArray[np.bool_]  # with the new row, neither too few nor too many hold it
    degree: IntArray
    score: FloatArray  # sum over the rows that held it
    n_known: IntArray
    ring: IntArray


@dataclass(frozen=True)
class SeenValues:
    """One column's identifiers as sorted digests, with sums over their rows.

    Digests keep the text of identifiers out of the fitted state; whoever can guess an
    identifier can still check it.
    """

    digests: NDArray[np.uint64]
    degree: IntArray
    score: FloatArray
    n_known: IntArray
    ring: IntArray  # which holds most of its rows, -1 for none

    @classmethod
    def learn(
        cls,
        digests: NDArray[np.uint64],
        identifier: Identifier,
        score: FloatArray,
        is_known: NDArray[np.bool_],
        labels: IntArray,
    ) -> SeenValues:
        """Sum over the rows of every identifier."""
        rows = np.flatnonzero(identifier.codes >= 0)
        codes, n = identifier.codes[rows], identifier.degree.size
        order = np.argsort(digests, kind="stable")
        return cls(
            digests[order],
            identifier.degree[order],
            np.asarray(np.bincount(codes, score[rows], minlength=n)[order], float),
            np.bincount(codes[is_known[rows]], minlength=n)[order],
            _most_frequent(codes, labels[rows], n)[order],
        )

    def meet(self, column: DigestColumn, max_degree: int) -> Met:
        """Look up the identifiers of new rows."""
        wanted = column.digests
        place = np.full(wanted.size + 1, -1, dtype=np.intp)
        if self.digests.size:
            found = np.searchsorted(self.digests, wanted)
            found = np.minimum(found, self.digests.size - 1)
            place[:-1] = np.where(self.digests[found] == wanted, found, -1)
        at = place[column.codes]
        degree = np.append(self.degree, 0)[at]
        return Met(
            column.codes >= 0,
            (degree >= 1) & (degree < max_degree),
            degree,
            np.append(self.score, 0.0)[at],
            np.append(self.n_known, 0)[at],
            np.append(self.ring, -1)[at],
        )


def new_proximity(met: Sequence[Met], restart: float) -> FloatArray:
    """Solve the walk's equation for new rows, the scores of the others given."""
    n_known = np.sum([one.known for one in met], axis=0)
    share = (1.0 - restart) / np.maximum(n_known, 1)
    reached = np.zeros(n_known.size)
    returns = np.zeros(n_known.size)
    for one in met:
        holders = one.degree + 1.0
        reached += np.where(one.links, one.score / holders, 0.0)
        returns += np.where(one.links, 1.0 / holders, one.known)
    return np.asarray(share * reached / (1.0 - share * returns))


def joined_ring(met: Sequence[Met], n_needed: int) -> IntArray:
    """Return the ring that `n_needed` identifiers of a row occur in, -1 for none."""
    rings = np.stack([np.where(one.links, one.ring, -1) for one in met])
    votes = (rings[:, None, :] == rings[None, :, :]).sum(axis=0)
    votes = np.where(rings >= 0, votes, 0)
    best, at = np.argmax(votes, axis=0), np.arange(rings.shape[1])
    return np.where(votes[best, at] >= n_needed, rings[best, at], -1)


def _most_frequent(codes: IntArray, labels: IntArray, n_values: int) -> IntArray:
    """Return the label that stands most often with each code, -1 for none."""
    found = np.full(n_values, -1, dtype=np.intp)
    held = labels >= 0
    if not held.any():
        return found
    width = int(labels.max()) + 1
    pairs, counts = np.unique(codes[held] * width + labels[held], return_counts=True)
    order = np.lexsort((-pairs, counts))  # the last assignment stays
    found[pairs[order] // width] = pairs[order] % width
    return found
