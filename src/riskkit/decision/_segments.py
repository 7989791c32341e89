"""Segments of a score: the best fifth, the next two fifths, the rest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_real
from riskkit.decision._rows import (
    check_best,
    check_level,
    read_masses,
    read_numbers,
    riskiness,
)
from riskkit.decision._score_segments import (
    ScoreSegments,
    read_names,
    read_thresholds,
)
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["segment_by_score"]

_ROUNDING = 1e-9  # of shares that people write as decimals


def segment_by_score(
    score: ArrayLike,
    y: ArrayLike | None = None,
    *,
    best: str,
    shares: Sequence[float] = (0.2, 0.4),
    edges: Sequence[float] | None = None,
    names: Sequence[str] | None = None,
    pd: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
) -> ScoreSegments:
    """Cut accounts into segments by their score, the best first.

    Parameters
    ----------
    score : array-like of shape (n_samples,)
        Points, a PD, a propensity: any number that ranks. Rows without one are
        counted apart and belong to no segment.

    y : array-like of shape (n_samples,), optional
        Outcomes, to be counted by segment: 1 for the event, 0, or missing where there
        is none.

    best : {"high", "low"}
        Which scores are the best: ``"high"`` for points, ``"low"`` for a PD. To be
        said, never guessed.

    shares : sequence of float, default=(0.2, 0.4)
        Shares of the accounts, best first; what they leave is the last segment.

    edges : sequence of float, optional
        Thresholds instead of shares. An edge belongs to the better side.

    names : sequence of str, optional
        Names of the segments, best first.

    pd : array-like of shape (n_samples,), optional
        PDs that stand for outcomes where there are none.

    sample_weight : array-like of shape (n_samples,), optional
        Weight of each row; a weight of 2 equals the row twice. Amounts give shares of
        the amount.

    level : float, default=0.95
        Level of the intervals.

    Returns
    -------
    segments : ScoreSegments
        With ``.frame()``, ``.thresholds`` and ``.assign(score)`` for new accounts.

    Raises
    ------
    InvalidParameterError
        If `best` is not said, shares are not above 0 with a sum of at most 1, edges do
        not differ, or the names are not one for each segment.
    InvalidInputError
        If no row has a score, or so many share one that a segment would be empty.
    InvalidTypeError, InvalidTargetError
        If scores or outcomes cannot be read.

    See Also
    --------
    score_matrix : Two scores at once.
    cutoff_table : One threshold, and what it costs.

    Notes
    -----
    Equal scores stay together, so a segment holds its share only as nearly as the
    ties allow: each threshold is the observed score whose cumulated share is nearest
    to the one asked for, the smaller of two that are equally near. The frame shows
    both shares.

    Examples
    --------
    >>> from riskkit.decision import segment_by_score
    >>> segments = segment_by_score(range(500, 600), best="high")
    >>> segments.frame()[["segment", "lower", "upper", "n", "share"]]
        segment  lower  upper     n  share
    0   top 20%  580.0    inf  20.0    0.2
    1  next 40%  540.0  580.0  40.0    0.4
    2      rest   -inf  540.0  40.0    0.4
    """
    check_best(best)
    check_level(level)
    x = read_numbers("score", score)
    if np.isinf(x).any():
        msg = "score must be finite or missing; some scores are infinite."
        raise InvalidInputError(msg)
    weight = read_masses(x.size, sample_weight)
    if edges is None:
        asked = _shares(shares)
        thresholds = _cut(riskiness(x, best), weight, asked, best)
        labels = _share_names(asked)
    else:
        asked = ()
        thresholds = read_thresholds(edges, best)
        labels = _interval_names(thresholds, best)
    empty = ScoreSegments(
        best,
        labels if names is None else read_names(names, len(thresholds) + 1),
        thresholds,
        asked,
        {},
        level,
    )
    return empty.apply_to(x, y, pd=pd, sample_weight=sample_weight)


def _shares(shares: Any) -> tuple[float, ...]:
    """Return the share of every segment, the last one included."""
    if isinstance(shares, str) or not isinstance(shares, Sequence | np.ndarray):
        msg = f"shares must be a sequence of numbers; got {type(shares).__name__}."
        raise InvalidParameterError(msg)
    for share in shares:
        check_real("Each of shares", share, low=0.0, high=1.0)
    rest = 1.0 - math.fsum(shares)
    if not len(shares) or min(shares) <= 0 or rest < -_ROUNDING:
        msg = (
            "shares must be above 0 and add up to at most 1; got "
            f"{tuple(map(float, shares))}."
        )
        raise InvalidParameterError(msg)
    given = tuple(float(share) for share in shares)
    return (*given, rest) if rest > _ROUNDING else given


def _cut(
    x: FloatArray, weight: FloatArray, asked: tuple[float, ...], best: str
) -> tuple[float, ...]:
    """Return the thresholds whose cumulated shares are nearest to those asked for."""
    held = ~np.isnan(x) & (weight > 0)
    if not held.any():
        msg = "No row has a score, so there is nothing to cut. Give scores."
        raise InvalidInputError(msg)
    levels, codes = np.unique(x[held], return_inverse=True)
    # The weight at or above each level, with nobody at first.
    mass = np.concatenate([[0.0], np.cumsum(np.bincount(codes, weight[held]))])
    wanted = [math.fsum(asked[: k + 1]) * mass[-1] for k in range(len(asked) - 1)]
    above = np.searchsorted(mass, wanted).clip(1, mass.size - 1)
    nearer = mass[above] - wanted < wanted - mass[above - 1]
    place = np.where(nearer, above, above - 1)
    if (np.diff(np.concatenate([[0], place, [levels.size]])) == 0).any():
        msg = (
            f"The {levels.size} distinct scores leave one of {len(asked)} segments "
            "empty, because equal scores stay together. Ask for fewer or larger "
            "segments, or give edges."
        )
        raise InvalidInputError(msg)
    return tuple((riskiness(levels[place - 1], best) + 0.0).tolist())


def _share_names(asked: tuple[float, ...]) -> tuple[str, ...]:
    if len(asked) == 1:
        return ("all",)
    middle = [f"next {100 * share:.4g}%" for share in asked[1:-1]]
    if len(set(middle)) < len(middle):
        ends = [math.fsum(asked[: k + 2]) for k in range(len(middle))]
        middle = [
            f"{name} (to {100 * end:.4g}%)"
            for name, end in zip(middle, ends, strict=True)
        ]
    return (f"top {100 * asked[0]:.4g}%", *middle, "rest")


def _interval_names(thresholds: tuple[float, ...], best: str) -> tuple[str, ...]:
    cuts = [f"{edge:.12g}" for edge in thresholds]
    if best == "high":
        ends = zip([*cuts, "-inf"], ["inf", *cuts], strict=True)
        return tuple(
            f"{'(' if low == '-inf' else '['}{low}, {high})" for low, high in ends
        )
    ends = zip(["-inf", *cuts], [*cuts, "inf"], strict=True)
    return tuple(f"({low}, {high}{')' if high == 'inf' else ']'}" for low, high in ends)
