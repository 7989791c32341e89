"""Predictions from a scorecard as plain data; what every scorecard shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted

from riskkit._core.inputs import read_features
from riskkit._kernels.bins import sum_in_order, take_values
from riskkit._kernels.logistic import sigmoid
from riskkit.artifact import ScorecardSpec, assign_column

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from riskkit._core.frames import Table
    from riskkit.artifact import FeatureSpec
    from riskkit.typing import CodeArray, FloatArray

__all__ = ["ScorecardPredictions", "find_bins", "score_bins", "score_table"]


class ScorecardPredictions(ClassifierMixin, BaseEstimator):
    """Predicts from ``spec_`` and ``classes_``, which a subclass sets in ``fit``."""

    spec_: ScorecardSpec
    classes_: NDArray[Any]

    def decision_function(self, X: ArrayLike) -> FloatArray:
        """Return the log-odds of the event.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name.

        Returns
        -------
        log_odds : ndarray of shape (n_samples,)
            In nats; up is riskier.
        """
        return self._score(X)[0]

    def predict_proba(self, X: ArrayLike) -> FloatArray:
        """Return the probability of the non-event and of the event (the PD).

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name.

        Returns
        -------
        probability : ndarray of shape (n_samples, 2)
            Columns in the order of `classes_`; the second is the PD.
        """
        pd = sigmoid(self._score(X)[0])
        return np.column_stack([1.0 - pd, pd])

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the more probable class of each row.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels. To decide on loans use a cut-off on the PD instead.
        """
        is_event = self._score(X)[0] > 0
        return np.asarray(self.classes_[is_event.astype(np.intp)])

    def predict_points(self, X: ArrayLike) -> FloatArray:
        """Return the points of each row: the sum of the points of its bins.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name.

        Returns
        -------
        points : ndarray of shape (n_samples,)
            Up is safer.
        """
        return self._score(X)[1]

    def _score(self, X: ArrayLike) -> tuple[FloatArray, FloatArray]:
        check_is_fitted(self)
        table = read_features(self, X, reset=False, names=self._names_to_score())
        return score_table(self.spec_, table)

    def _names_to_score(self) -> list[str] | None:
        """Return the columns that a frame must hold; None stands for all of them."""
        return None

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags = ClassifierTags(multi_class=False)
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


def find_bins(features: Iterable[FeatureSpec], table: Table) -> list[CodeArray]:
    """Return each row's bin, one array for each feature."""
    names = {name: j for j, name in enumerate(table.names)}
    return [
        assign_column(feature, table.columns[names[feature.name]])
        for feature in features
    ]


def score_bins(
    spec: ScorecardSpec, bins: Sequence[CodeArray], n_rows: int
) -> tuple[FloatArray, FloatArray]:
    """Return the log-odds and the points, summed in the order of the spec."""
    log_odds, points = [], []
    for item, codes in zip(spec.characteristics, bins, strict=True):
        log_odds.append(take_values(np.asarray(item.log_odds), codes))
        points.append(take_values(np.asarray(item.points), codes))
    return (
        sum_in_order(spec.intercept, log_odds, n_rows),
        sum_in_order(spec.offset_points, points, n_rows),
    )


def score_table(spec: ScorecardSpec, table: Table) -> tuple[FloatArray, FloatArray]:
    """Return the log-odds and the points of the rows of a table."""
    bins = find_bins((item.feature for item in spec.characteristics), table)
    return score_bins(spec, bins, table.n_rows)
