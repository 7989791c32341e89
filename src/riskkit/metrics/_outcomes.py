"""Checks of outcomes, risk scores and weights: what every ranking metric takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.target import encode_event
from riskkit._kernels.ranking import score_counts
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.metrics._counts import read_numbers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["read_ranking"]


def read_ranking(
    y_true: ArrayLike, y_score: ArrayLike, sample_weight: ArrayLike | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the distinct scores, riskiest first, with their events and non-events."""
    is_event, _ = encode_event(y_true)
    score = read_numbers("y_score", y_score)
    if score.size != is_event.size:
        msg = (
            "y_true and y_score must be of the same rows; "
            f"got {is_event.size} and {score.size}."
        )
        raise InvalidInputError(msg)
    if sample_weight is None:
        return score_counts(is_event, score)
    weight = read_numbers("sample_weight", sample_weight)
    if weight.size != score.size or not (np.isfinite(weight) & (weight >= 0)).all():
        msg = (
            f"sample_weight must hold one finite number >= 0 for each of the "
            f"{score.size} rows; got {weight.size} of which "
            f"{np.count_nonzero(np.isfinite(weight) & (weight >= 0))} are."
        )
        raise InvalidParameterError(msg)
    if not (weight[is_event].any() and weight[~is_event].any()):
        msg = (
            "sample_weight must leave events and non-events; got weights that are all "
            "0 in one of the two classes."
        )
        raise InvalidParameterError(msg)
    counted = weight > 0
    return score_counts(is_event[counted], score[counted], weight[counted])
