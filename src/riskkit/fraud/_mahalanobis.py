"""Distance from the bulk of the rows, in the units of its own covariance."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from riskkit._core.params import check_real
from riskkit._kernels.bins import sum_in_order
from riskkit._kernels.shrunk_covariance import (
    shared_squares,
    shrunk_covariance,
    whitening,
)
from riskkit.artifact import MahalanobisStateSpec
from riskkit.fraud._detector import EmbeddedDetector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import RandomState

    from riskkit.fraud._detector import TrainingRows
    from riskkit.typing import FloatArray

__all__ = ["TrimmedMahalanobisDetector"]

# A column that is constant in the bulk (a rare flag) keeps this share of its variance
# among all rows, or a single flag would outweigh everything else.
_LEAST_VARIANCE = 0.01


class TrimmedMahalanobisDetector(EmbeddedDetector):
    """Scores a row by its squared Mahalanobis distance from the bulk of training.

    Centre and covariance are estimated twice: from all rows, and again from the share
    of them that lies nearest, so that frauds among the training rows do not stretch
    the measure they should be judged by. Shrinkage keeps it sound with more fields
    than rows.

    Parameters
    ----------
    support_fraction : float, default=0.75
        Share of the training rows that the second estimate is made from.

    contamination : float or None, default=None
        Share of training rows that `predict` calls outliers, at most 0.5. None calls
        outliers what is as strange as the strangest training row.

    Attributes
    ----------
    offset_ : float
        Threshold of `predict` on `score_samples`.

    n_rows_ : float
        Rows learned from, as a sum of weights.

    n_features_in_ : int
        Fields seen in ``fit``.

    feature_names_in_ : ndarray of str
        Their names, where the table had any.

    See Also
    --------
    CopulaDetector : The same distance between normal scores.

    Notes
    -----
    The distance is a sum of squares, one for each column, of the row whitened so that
    each square stays nearest to its own column (ZCA-cor); ``explain`` returns these
    squares, which are never negative. A level stands at its rarity, a missing number
    at the median with a column of its own. Fields without spread in training are not
    seen.

    References
    ----------
    .. [1] O. Ledoit, M. Wolf, "A well-conditioned estimator for large-dimensional
       covariance matrices", Journal of Multivariate Analysis 88, 2004.
    .. [2] P. Garthwaite, I. Koch, "Evaluating the contributions of individual variables
       to a quadratic form", Australian & New Zealand Journal of Statistics 58, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.fraud import TrimmedMahalanobisDetector
    >>> income = np.random.default_rng(0).normal(size=500)
    >>> X = np.column_stack([income, income + 0.1 * np.sin(np.arange(500))])
    >>> detector = TrimmedMahalanobisDetector().fit(X)
    >>> along, across = detector.anomaly_score([[2, 2], [1, -1]])
    >>> bool(along < across)
    True
    """

    _is_robust: ClassVar[bool] = True

    def __init__(
        self, support_fraction: float = 0.75, *, contamination: float | None = None
    ) -> None:
        self.support_fraction = support_fraction
        self.contamination = contamination

    def _check_params(self) -> None:
        check_real("support_fraction", self.support_fraction, low=0.5, high=1.0)

    def _learn_columns(
        self,
        training: TrainingRows,
        rng: RandomState,
    ) -> None:
        p = len(training.embedding.columns)
        self._centre, covariance = shrunk_covariance(training.blocks, p)
        self._whiten = whitening(covariance)
        if self.support_fraction == 1.0:
            return
        distance = np.concatenate(
            [self._score_columns(z) for z, _ in training.blocks()]
        )
        nearest = _nearest_weight(distance, training.weight, self.support_fraction)

        def bulk() -> Iterator[tuple[FloatArray, FloatArray]]:
            start = 0
            for z, _ in training.blocks():
                weight = nearest[start : start + len(z)]
                start += len(z)
                yield z[weight > 0], weight[weight > 0]

        self._centre, bulk_covariance = shrunk_covariance(bulk, p)
        least = _LEAST_VARIANCE * np.diag(covariance)
        lacking = np.maximum(least - np.diag(bulk_covariance), 0.0)
        self._whiten = whitening(bulk_covariance + np.diag(lacking))

    def _score_columns(self, z: FloatArray) -> FloatArray:
        return sum_in_order(0.0, list(self._column_parts(z)[1].T), len(z))

    def _column_parts(self, z: FloatArray) -> tuple[float, FloatArray]:
        return 0.0, shared_squares(z - self._centre, self._whiten)

    def _column_state(self) -> MahalanobisStateSpec:
        return MahalanobisStateSpec(self._centre, self._whiten)


def _nearest_weight(
    distance: FloatArray, weight: FloatArray | None, share: float
) -> FloatArray:
    """Return the weights of the nearest rows that hold `share` of all weight."""
    weight = np.ones(distance.size) if weight is None else weight
    order = np.argsort(distance, kind="stable")
    upto = np.cumsum(weight[order])
    wanted = np.ceil(share * upto[-1])
    kept = np.empty_like(weight)
    # The row at the border counts in part, as the repetitions it stands for would.
    kept[order] = np.clip(wanted - (upto - weight[order]), 0.0, weight[order])
    return kept
