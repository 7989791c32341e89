"""Predictions of a blend from its fitted members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted

from riskkit._core.inputs import read_features
from riskkit.artifact import BlendSpec
from riskkit.boosting._blend_result import sum_contributions
from riskkit.boosting._blend_rows import BlendRows
from riskkit.boosting._contributions import ContributionResult
from riskkit.boosting._served import member_specs, plain_audits
from riskkit.scaling import PointsScaler

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.boosting._audit import MonotoneAudit
    from riskkit.boosting._blend_members import Member
    from riskkit.boosting._calibration import Calibration
    from riskkit.typing import FloatArray

__all__ = ["BlendPredictions"]


class BlendPredictions(ClassifierMixin, BaseEstimator):
    """Predicts from what a subclass sets in ``fit``."""

    scaler: PointsScaler | None
    members_: dict[str, Member]
    weights_: dict[str, float]
    reference_: FloatArray
    monotone_audits_: dict[str, MonotoneAudit]
    classes_: NDArray[Any]
    n_features_in_: int
    _calibration: Calibration

    def decision_function(self, X: Any) -> FloatArray:
        """Return the log-odds of the event, calibrated if the model is.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name.

        Returns
        -------
        log_odds : ndarray of shape (n_samples,)
            In nats; up is riskier.
        """
        return self._calibration_of().log_odds(self._blended(self._rows(X)))

    def predict_proba(self, X: Any) -> FloatArray:
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
        pd = self._calibration_of().pds(self._blended(self._rows(X)))
        return np.column_stack([1.0 - pd, pd])

    def predict(self, X: Any) -> NDArray[Any]:
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
        is_event = self.decision_function(X) > 0
        return np.asarray(self.classes_[is_event.astype(np.intp)])

    def predict_points(self, X: Any) -> FloatArray:
        """Return the points of each row: its log-odds on the scale of `scaler`.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name.

        Returns
        -------
        points : ndarray of shape (n_samples,)
            Up is safer.
        """
        log_odds = self.decision_function(X)
        return (PointsScaler() if self.scaler is None else self.scaler).to_points(
            log_odds
        )

    def predict_members(self, X: Any) -> dict[str, FloatArray]:
        """Return the log-odds of every member, whatever its weight.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name.

        Returns
        -------
        log_odds : dict of str to ndarray of shape (n_samples,)
            By the name of the member, before any calibration.
        """
        rows = self._rows(X, every_member=True)
        return {name: member.log_odds(rows) for name, member in self.members_.items()}

    def predict_contributions(self, X: Any) -> ContributionResult:
        """Return what every feature adds to the log-odds of each row.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name.

        Returns
        -------
        result : ContributionResult
            A base and one number for each feature; their sum is
            :meth:`decision_function` to less than 1e-6.

        Raises
        ------
        InvalidTypeError
            If an own member with a weight has no additive explanation.

        See Also
        --------
        riskkit.explain.contributions : The same in points, or against a reference.
        riskkit.explain.reason_codes : The largest losses, in words.
        """
        base, values = self._explain(self._rows(X))
        scaler = PointsScaler() if self.scaler is None else self.scaler
        return ContributionResult(
            self._names(), base, values, self.reference_, scaler.to_spec()
        )

    def to_spec(self) -> BlendSpec:
        """Return the fitted model as the plain data that is saved and served.

        Returns
        -------
        spec : BlendSpec
            The members that have a weight, the calibration, and the audits.

        Raises
        ------
        InvalidTypeError
            If an own member with a weight is no plain data.

        See Also
        --------
        riskkit.export.save_artifact : Saves it for a scorer.
        """
        check_is_fitted(self)
        voters = self._voters()
        audits = {n: a for n, a in self.monotone_audits_.items() if n in voters}
        scaler = PointsScaler() if self.scaler is None else self.scaler
        return BlendSpec(
            member_specs(voters, self.weights_),
            self._names(),
            tuple(self.reference_.tolist()),
            scaler.to_spec(),
            self._calibration.spec,
            plain_audits(audits),
        )

    def _voters(self) -> dict[str, Member]:
        return {n: m for n, m in self.members_.items() if self.weights_[n] > 0}

    def _names(self, *, every_member: bool = False) -> tuple[str, ...]:
        """Return the columns that members read, in their order in training."""
        members = self.members_ if every_member else self._voters()
        read = {name for member in members.values() for name in member.names}
        known = getattr(self, "feature_names_in_", None)
        order = (
            [f"x{j}" for j in range(self.n_features_in_)] if known is None else known
        )
        return tuple(name for name in order if name in read)

    def _rows(self, X: Any, *, every_member: bool = False) -> BlendRows:
        check_is_fitted(self)
        # Columns that the model leaves out need not be there to score.
        names = list(self._names(every_member=every_member)) or None
        return BlendRows(read_features(self, X, reset=False, names=names))

    def _blended(self, rows: BlendRows) -> FloatArray:
        total = np.zeros(rows.n_rows)
        for name, member in self._voters().items():
            total += self.weights_[name] * member.log_odds(rows)
        return total

    def _calibration_of(self) -> Calibration:
        check_is_fitted(self)
        return self._calibration

    def _explain(self, rows: BlendRows) -> tuple[float, FloatArray]:
        names = self._names()
        base, values = sum_contributions(self._voters(), self.weights_, names, rows)
        return self._calibration.spread(base, values, self._blended(rows))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags = ClassifierTags(multi_class=False)
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags
