"""Segments as thresholds that were stored, and the accounts counted in them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_real
from riskkit._kernels.bins import assign_numeric
from riskkit.decision._outcomes import EventCounts, read_outcomes
from riskkit.decision._rows import (
    check_best,
    check_level,
    read_masses,
    read_numbers,
    riskiness,
)
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from riskkit.typing import IntArray

__all__ = ["NO_SCORE", "ScoreSegments", "read_names", "read_thresholds"]

NO_SCORE = "no score"
_KEYS = ("best", "names", "thresholds", "asked", "counts", "level")


@dataclass(frozen=True, slots=True)
class ScoreSegments:
    """Segments of a score, best first, with the thresholds that make them.

    A row's segment follows from its own score and the thresholds alone, so a new
    batch is segmented by what was stored, not by its own distribution.

    Parameters
    ----------
    best : {"high", "low"}
        Which scores are the best.

    names : tuple of str
        The segments, best first.

    thresholds : tuple of float
        One fewer; a segment ends with its threshold, which belongs to it.

    asked : tuple of float
        Share of the accounts that each segment was asked to hold; empty if the
        thresholds were given.

    counts : dict of str to tuple of float
        Accounts that were segmented: n, and of those n_known, n_event, n_inferred and
        inferred_event; one entry for each segment, and one for accounts without a
        score.

    level : float
        Level of the intervals.

    Examples
    --------
    >>> from riskkit.decision import segment_by_score
    >>> segments = segment_by_score(range(500, 600), best="high")
    >>> segments.thresholds
    (580.0, 540.0)
    >>> segments.assign([610, 579.5, None]).tolist()
    ['top 20%', 'next 40%', 'no score']
    """

    best: str
    names: tuple[str, ...]
    thresholds: tuple[float, ...]
    asked: tuple[float, ...]
    counts: dict[str, tuple[float, ...]]
    level: float = 0.95

    def codes(self, score: ArrayLike) -> IntArray:
        """Return the position of each row's segment.

        Parameters
        ----------
        score : array-like of shape (n_rows,)
            Scores of the kind that was segmented; missing ones are welcome.

        Returns
        -------
        codes : ndarray of int of shape (n_rows,)
            0 for the best segment; -1 for a row without a score.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If the scores are not one column of numbers.
        """
        x = read_numbers("score", score)
        edges = riskiness(np.asarray(self.thresholds, dtype=np.float64), self.best)
        codes = assign_numeric(riskiness(x, self.best), edges, []).astype(np.intp)
        codes[np.isnan(x)] = -1
        return codes

    def assign(self, score: ArrayLike) -> NDArray[Any]:
        """Return the name of each row's segment.

        Parameters
        ----------
        score : array-like of shape (n_rows,)
            Scores of the kind that was segmented; missing ones are welcome.

        Returns
        -------
        names : ndarray of str of shape (n_rows,)
            ``"no score"`` for a row without one.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If the scores are not one column of numbers.
        """
        return np.asarray((*self.names, NO_SCORE))[self.codes(score)]

    def apply_to(
        self,
        score: ArrayLike,
        y: ArrayLike | None = None,
        *,
        pd: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> ScoreSegments:
        """Count other accounts in the same segments.

        Parameters
        ----------
        score, y, pd, sample_weight : array-like of shape (n_rows,)
            As in :func:`segment_by_score`.

        Returns
        -------
        segments : ScoreSegments
            The same names and thresholds with the counts of these accounts.

        Raises
        ------
        InvalidInputError, InvalidTypeError, InvalidTargetError
            As :func:`segment_by_score` does.
        """
        codes = self.codes(score)
        weight = read_masses(codes.size, sample_weight)
        outcomes = read_outcomes(y, pd, weight)
        # Accounts without a score are counted in a last group of their own.
        last = len(self.names)
        counts = outcomes.count(np.where(codes < 0, last, codes), last + 1)
        return replace(self, counts=counts.plain())

    def frame(self) -> pd.DataFrame:
        """Return the segments, one row each.

        Returns
        -------
        frame : DataFrame
            Columns segment, lower and upper (the end on the better side belongs to
            the segment), asked_share, n, share; with outcomes or PDs also n_known,
            n_event, event_rate with its Jeffreys interval, n_inferred, inferred_rate
            and expected_event_rate. Accounts without a score, if there are any, come
            last.
        """
        import pandas as pd

        counts = EventCounts.read(self.counts)
        ends = [math.inf, *self.thresholds, -math.inf]
        if self.best == "low":
            ends = [-math.inf, *self.thresholds, math.inf]
        sides = [ends[1:], ends[:-1]] if self.best == "high" else [ends[:-1], ends[1:]]
        columns: dict[str, Any] = {
            "segment": [*self.names, NO_SCORE],
            "lower": [*sides[0], math.nan],
            "upper": [*sides[1], math.nan],
        }
        if self.asked:
            columns["asked_share"] = [*self.asked, math.nan]
        scored = float(counts.n[:-1].sum())
        columns["n"] = counts.n
        columns["share"] = counts.n / scored if scored > 0 else math.nan
        if counts.n_known.any() or counts.n_inferred.any():
            columns |= counts.columns(self.level)
        frame = pd.DataFrame(columns)
        frame.loc[len(self.names), "share"] = math.nan
        return frame if counts.n[-1] > 0 else frame.iloc[:-1]

    def to_dict(self) -> dict[str, Any]:
        """Return the segments as plain data, ready for JSON."""
        return {
            "best": self.best,
            "names": list(self.names),
            "thresholds": list(self.thresholds),
            "asked": list(self.asked),
            "counts": {name: list(column) for name, column in self.counts.items()},
            "level": self.level,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> ScoreSegments:
        """Return the segments that :meth:`to_dict` wrote.

        Parameters
        ----------
        plain : mapping
            Keys best, names, thresholds, asked, counts, level.

        Returns
        -------
        segments : ScoreSegments
            Equal to those that were written.

        Raises
        ------
        InvalidParameterError
            If a key is missing or unknown, or the thresholds do not run from the best
            score down.
        """
        if not isinstance(plain, Mapping) or set(plain) != set(_KEYS):
            msg = f"Segments are a mapping with the keys {', '.join(_KEYS)}."
            raise InvalidParameterError(msg)
        check_best(plain["best"])
        thresholds = read_thresholds(plain["thresholds"], plain["best"])
        if list(thresholds) != list(plain["thresholds"]):
            msg = "thresholds must run from the best score down; they do not."
            raise InvalidParameterError(msg)
        check_level(plain["level"])
        return cls(
            plain["best"],
            read_names(plain["names"], len(thresholds) + 1),
            thresholds,
            tuple(map(float, plain["asked"])),
            EventCounts.read(plain["counts"]).plain(),
            float(plain["level"]),
        )

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False, na_rep=""))


def read_thresholds(edges: Any, best: str) -> tuple[float, ...]:
    """Return given edges from the best one down."""
    if isinstance(edges, str) or not isinstance(edges, Sequence | np.ndarray):
        msg = f"edges must be a sequence of numbers; got {type(edges).__name__}."
        raise InvalidParameterError(msg)
    for edge in edges:
        check_real("Each of edges", edge)
    given = sorted((float(edge) for edge in edges), reverse=best == "high")
    if not given or any(a == b for a, b in pairwise(given)):
        msg = f"edges must hold at least one number, and none twice; got {given}."
        raise InvalidParameterError(msg)
    return tuple(given)


def read_names(names: Any, n_segments: int) -> tuple[str, ...]:
    """Return the names if there is one for each segment."""
    valid = not isinstance(names, str) and all(isinstance(n, str) for n in names)
    if not valid or len(names) != n_segments or len(set(names)) < len(names):
        msg = f"names must be {n_segments} different texts, best first; got {names!r}."
        raise InvalidParameterError(msg)
    if NO_SCORE in names:
        msg = f"The name {NO_SCORE!r} stands for accounts without a score."
        raise InvalidParameterError(msg)
    return tuple(names)
