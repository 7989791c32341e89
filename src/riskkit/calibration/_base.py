"""What all calibrators share: one column in, one map out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted

from riskkit._core.inputs import read_features, read_training
from riskkit._core.params import check_option
from riskkit._core.scores import SCALES, one_column, read_scores
from riskkit.artifact import apply_pd_map

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.artifact import CalibrationSpec
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["BaseCalibrator", "BaseScoreMap"]


class BaseScoreMap(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """A fitted map of one column; subclasses fit it, and leave it in ``spec_``."""

    scale: str
    spec_: CalibrationSpec

    def predict(self, X: ArrayLike) -> FloatArray:
        """Return the calibrated PDs.

        Parameters
        ----------
        X : array-like of shape (n_samples,) or (n_samples, 1)
            PDs or log-odds, as in :meth:`fit`.

        Returns
        -------
        pd : ndarray of shape (n_samples,)
            Probability of the event; up is riskier.
        """
        return apply_pd_map([self.to_spec()], self._read(X))[0]

    def transform(self, X: ArrayLike) -> FloatArray:
        """Return the calibrated PDs in the shape of `X`.

        Parameters
        ----------
        X : array-like of shape (n_samples,) or (n_samples, 1)
            PDs or log-odds, as in :meth:`fit`.

        Returns
        -------
        pd : ndarray of shape (n_samples,) or (n_samples, 1)
            Probability of the event; up is riskier.
        """
        pd = self.predict(X)
        return pd if np.ndim(X) == 1 else pd[:, None]

    def to_spec(self) -> CalibrationSpec:
        """Return the map as plain data.

        Returns
        -------
        spec : LogOddsMapSpec, StepMapSpec or IntervalMapSpec
            All that is needed to apply the map.
        """
        check_is_fitted(self)
        return self.spec_

    def _check_params(self) -> None:
        check_option("scale", self.scale, SCALES)

    def _read(self, X: ArrayLike) -> FloatArray:
        check_is_fitted(self)
        table = read_features(self, one_column(X), reset=False)
        return read_scores(table, self.scale)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags = ClassifierTags(multi_class=False)
        tags.target_tags.required = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False  # more than one column, that is
        return tags


class BaseCalibrator(BaseScoreMap, ABC):
    """Template of a calibrator: subclasses turn checked columns into a map."""

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn the map from accounts whose outcome is known.

        Parameters
        ----------
        X : array-like of shape (n_samples,) or (n_samples, 1)
            PDs, or log-odds with ``scale="log_odds"``, of accounts that the model
            behind them was not trained on.

        y : array-like of shape (n_samples,)
            Two classes; the larger label is the event.

        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row; a weight of 2 equals the row twice.

        Returns
        -------
        self : BaseCalibrator
            The fitted calibrator.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain.
        InvalidTargetError
            If `y` does not hold exactly two classes, or is missing somewhere.
        InvalidInputError, InvalidTypeError
            If `X` is not one column of finite numbers, or a PD is outside [0, 1].
        """
        self._check_params()
        training = read_training(self, one_column(X), y, sample_weight)
        x = read_scores(training.table, self.scale)
        self.spec_ = self._fit_map(x, training.is_event, training.weight)
        return self

    @abstractmethod
    def _fit_map(
        self, x: FloatArray, is_event: BoolArray, weight: FloatArray | None
    ) -> CalibrationSpec:
        """Return the map; every weight is above 0 and both classes are there."""
