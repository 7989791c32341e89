"""Checks of outcomes, risk scores and weights: what every ranking metric takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.target import encode_event
from riskkit._kernels.ranking import score_counts
from riskkit._kernels.ranking_tests import merge_scores
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.metrics._counts import read_numbers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import BoolArray, FloatArray

__all__ = ["Sample", "read_ranking", "read_sample"]


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows with a weight above 0: outcome, weight and one or two scores."""

    is_event: BoolArray
    weight: FloatArray
    scores: tuple[FloatArray, ...]

    @property
    def classes(self) -> tuple[float, float]:
        """Events and non-events, as sums of weights."""
        event = self.weight[self.is_event].sum()
        return float(event), float(self.weight[~self.is_event].sum())

    def counts(self) -> tuple[FloatArray, FloatArray]:
        """Return events and non-events at each distinct first score, riskiest first."""
        w = self.weight
        return merge_scores(self.scores[0], w * self.is_event, w * ~self.is_event)


def read_ranking(
    y_true: ArrayLike, y_score: ArrayLike, sample_weight: ArrayLike | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the distinct scores, riskiest first, with their events and non-events."""
    is_event, _ = encode_event(y_true)
    score = _read_score("y_score", y_score, is_event.size)
    weight = _read_weight(sample_weight, is_event.size)
    if weight is None:
        return score_counts(is_event, score)
    if not (weight[is_event].any() and weight[~is_event].any()):
        msg = (
            "sample_weight must leave events and non-events; got weights that are all "
            "0 in one of the two classes."
        )
        raise InvalidParameterError(msg)
    counted = weight > 0
    return score_counts(is_event[counted], score[counted], weight[counted])


def read_sample(
    y_true: ArrayLike, sample_weight: ArrayLike | None, **scores: ArrayLike
) -> Sample:
    """Check rows of which one class may be absent, if the labels are 0 and 1."""
    is_event = _read_outcomes(y_true)
    read = [_read_score(name, s, is_event.size) for name, s in scores.items()]
    weight = _read_weight(sample_weight, is_event.size)
    if weight is None:
        return Sample(is_event, np.ones(is_event.size), tuple(read))
    counted = weight > 0
    return Sample(is_event[counted], weight[counted], tuple([s[counted] for s in read]))


def _read_outcomes(y_true: ArrayLike) -> BoolArray:
    y = np.asarray(y_true)
    if y.ndim == 1 and y.dtype.kind in "biuf" and ((y == 0) | (y == 1)).all():
        return np.asarray(y == 1)
    return encode_event(y)[0]


def _read_score(name: str, values: ArrayLike, n_rows: int) -> FloatArray:
    score = read_numbers(name, values)
    if score.size != n_rows:
        msg = (
            f"y_true and {name} must be of the same rows; "
            f"got {n_rows} and {score.size}."
        )
        raise InvalidInputError(msg)
    return score


def _read_weight(sample_weight: ArrayLike | None, n_rows: int) -> FloatArray | None:
    if sample_weight is None:
        return None
    weight = read_numbers("sample_weight", sample_weight)
    usable = np.isfinite(weight) & (weight >= 0)
    if weight.size != n_rows or not usable.all():
        msg = (
            f"sample_weight must hold one finite number >= 0 for each of the "
            f"{n_rows} rows; got {weight.size} of which "
            f"{np.count_nonzero(usable)} are."
        )
        raise InvalidParameterError(msg)
    return weight
