"""Bands that cover a score from end to end; standard library only.

The end on the better side belongs to a band: points are approved from a cut-off on,
PDs up to it.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from itertools import pairwise
from numbers import Real
from typing import TYPE_CHECKING, Any

from riskkit._core.lean_dataclass import dataclass
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskkit.typing import FloatArray, IntArray

__all__ = ["Ends", "ScoreBandsSpec", "read_ends"]

# The lower and the upper end of a band.
Ends = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ScoreBandsSpec:
    """Bands that cover a score from end to end; positions count best first.

    Parameters
    ----------
    edges : tuple of float
        Where one band ends and the next begins, increasing. An edge belongs to the
        better of the two.

    best : {"high", "low"}
        Which scores are the best.
    """

    edges: tuple[float, ...]
    best: str

    def place(self, score: float) -> int:
        """Return the position of a score's band, -1 if the score is NaN."""
        if score != score:
            return -1
        if self.best == "high":
            return len(self.edges) - bisect_right(self.edges, score)
        return bisect_left(self.edges, score)

    def places(self, score: FloatArray) -> IntArray:
        """Return the position of each score's band, -1 for NaN."""
        import numpy as np

        if self.best == "high":
            found = len(self.edges) - np.searchsorted(self.edges, score, side="right")
        else:
            found = np.searchsorted(self.edges, score, side="left")
        return np.where(np.isnan(score), -1, found)

    def ends(self, place: int) -> tuple[float | None, float | None]:
        """Return the ends of a band, None where it has none."""
        ends = [None, *self.edges, None]
        k = len(self.edges) - place if self.best == "high" else place
        return ends[k], ends[k + 1]

    def labels(self) -> tuple[str, ...]:
        """Return the intervals as tables write them, best first."""
        cuts = ["-inf", *(f"{edge:.12g}" for edge in self.edges), "inf"]
        labels = []
        for low, high in pairwise(cuts):
            opening = "[" if self.best == "high" and low != "-inf" else "("
            closing = "]" if self.best == "low" and high != "inf" else ")"
            labels.append(f"{opening}{low}, {high}{closing}")
        return tuple(labels[::-1] if self.best == "high" else labels)


def read_ends(
    bands: Sequence[Mapping[str, Any]], score: str, best: str
) -> tuple[ScoreBandsSpec, list[int]]:
    """Return the bands, and the given ones' positions in their order, best first.

    Raises where a value of the score has no band, or two.
    """
    ends = [_ends(band, k) for k, band in enumerate(bands, 1)]
    order = sorted(range(len(ends)), key=lambda k: ends[k])
    row = [-math.inf, *(end for k in order for end in ends[k]), math.inf]
    # Each band begins where the one before it ends.
    for end, start in zip(row[::2], row[1::2], strict=True):
        if start > end:
            msg = (
                f"Bands must cover every value of {score!r}; from {end:g} to {start:g} "
                "there is none. Stretch a band, or add one."
            )
            raise InvalidParameterError(msg)
        if start < end:
            msg = (
                f"Bands must not overlap; between {start:g} and {end:g} {score!r} has "
                "two. Let one end where the next begins."
            )
            raise InvalidParameterError(msg)
    edges = tuple(ends[k][0] for k in order[1:])
    return ScoreBandsSpec(edges, best), order[::-1] if best == "high" else order


def _ends(plain: Mapping[str, Any], number: int) -> Ends:
    """Return the ends of a band, infinite where none is given."""
    low = _end(plain.get("from"), -math.inf, f"'from' of band {number}")
    high = _end(plain.get("to"), math.inf, f"'to' of band {number}")
    if not low < high:
        msg = (
            f"Band {number} must run from a lower to a higher score; got {low:g} to "
            f"{high:g}."
        )
        raise InvalidParameterError(msg)
    return low, high


def _end(value: object, absent: float, where: str) -> float:
    if value is None:
        return absent
    if (
        isinstance(value, bool)
        or not isinstance(value, Real)
        or not math.isfinite(value)
    ):
        msg = f"{where} must be a finite number or left out; got {value!r}."
        raise InvalidParameterError(msg)
    return float(value) + 0.0  # never -0.0
