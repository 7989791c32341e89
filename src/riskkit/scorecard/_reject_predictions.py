"""Predictions of a reject inference: those of the model that it fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import ClassifierTags, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from riskkit.typing import FloatArray

__all__ = ["DelegatedPredictions"]


def _model_has(method: str) -> Callable[[Any], bool]:
    """Return a check that the inner model has `method`; the default one has all."""

    def check(self: Any) -> bool:
        model = getattr(self, "model_", self.estimator)
        return model is None or hasattr(model, method)

    return check


class DelegatedPredictions(ClassifierMixin, BaseEstimator):
    """Predicts by ``model_``, which a subclass sets in ``fit`` from ``estimator``."""

    estimator: Any
    model_: Any

    @available_if(_model_has("predict_proba"))  # type: ignore[untyped-decorator]
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
        check_is_fitted(self)
        return np.asarray(self.model_.predict_proba(X))

    @available_if(_model_has("decision_function"))  # type: ignore[untyped-decorator]
    def decision_function(self, X: ArrayLike) -> FloatArray:
        """Return the model's decision values; log-odds for a scorecard.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name.

        Returns
        -------
        decision : ndarray of shape (n_samples,)
            Up is riskier.
        """
        check_is_fitted(self)
        return np.asarray(self.model_.decision_function(X))

    @available_if(_model_has("predict_points"))  # type: ignore[untyped-decorator]
    def predict_points(self, X: ArrayLike) -> FloatArray:
        """Return the points of each row; for a scorecard only.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name.

        Returns
        -------
        points : ndarray of shape (n_samples,)
            Up is safer.
        """
        check_is_fitted(self)
        return np.asarray(self.model_.predict_points(X))

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
        check_is_fitted(self)
        return np.asarray(self.model_.predict(X))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags = ClassifierTags(multi_class=False)
        if self.estimator is None:
            tags.input_tags.allow_nan = True
            tags.input_tags.categorical = True
            tags.input_tags.string = True
        else:
            inner = get_tags(self.estimator).input_tags
            tags.input_tags.allow_nan = inner.allow_nan
            tags.input_tags.categorical = inner.categorical
            tags.input_tags.string = inner.string
        return tags
