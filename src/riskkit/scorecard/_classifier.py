"""The scorecard: logistic regression on weights of evidence, in points."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted

from riskkit._core.inputs import read_features, read_training
from riskkit._core.params import check_int, check_real
from riskkit._kernels.bins import sum_in_order, take_values
from riskkit._kernels.logistic import sigmoid
from riskkit.artifact import ScorecardSpec, assign_column
from riskkit.binning import OptimalBinner
from riskkit.exceptions import (
    ConvergenceWarning,
    InvalidParameterError,
    NoEvidenceWarning,
)
from riskkit.scaling import PointsScaler
from riskkit.scorecard._build import build_baseline, build_spec
from riskkit.scorecard._points_table import points_frame
from riskkit.scorecard._weights import fit_weights, with_evidence, with_weight

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from riskkit._core.frames import Table
    from riskkit._kernels.logistic_fit import LogisticFit
    from riskkit.binning import BinningTable
    from riskkit.typing import FloatArray

__all__ = ["ScorecardClassifier"]


class ScorecardClassifier(ClassifierMixin, BaseEstimator):
    """Logistic regression on weights of evidence, expressed in points.

    Every feature is binned, every bin has a weight of evidence (WoE), and the
    log-odds of the event are an intercept plus a weighted sum of the WoE. No weight
    may turn a characteristic's direction round: a bin that is safer by itself never
    lowers the points. Missing values, special codes and unseen levels have bins of
    their own, so any row can be scored.

    Parameters
    ----------
    binner : OptimalBinner or None, default=None
        How features are binned; None stands for ``OptimalBinner()``.

    scaler : PointsScaler or None, default=None
        How log-odds become points; None stands for ``PointsScaler()``.

    min_iv : float, default=0.02
        Features with a lower information value are left out; 0.02 is the field's
        usual bound between no and weak evidence [1]_.

    optimism : float, default=1.0
        Share of the expected optimism of the WoE that is charged to each
        characteristic; see Notes. 0 takes the WoE of the training rows at face value.

    l2 : float, default=1.0
        Strength of the ridge penalty ``l2 / 2 * sum(coefficient ** 2)`` on the WoE
        coefficients; the intercept is free. 0 is plain maximum likelihood.

    max_iter : int, default=100
        Most Newton steps.

    Attributes
    ----------
    binner_ : OptimalBinner
        The fitted binner.

    spec_ : ScorecardSpec
        The scorecard as plain data: what is saved, served and exported.

    baseline_ : BaselineSpec
        Counts of the training rows in every bin and in ten bands of points.

    coefficients_ : dict of str to float
        Weight of the WoE in the log-odds of the event; not above 0.

    intercept_ : float
        Log-odds of the event at WoE 0.

    left_out_ : dict of str to str
        Features without a place in the scorecard, and why.

    classes_ : ndarray of shape (2,)
        The non-event and the event label.

    n_iter_ : int
        Newton steps taken.

    n_rows_, n_events_ : float
        Rows and events trained on, as sums of weights.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names seen during :term:`fit`, if all are strings.

    See Also
    --------
    riskkit.binning.OptimalBinner : The bins.
    riskkit.explain.reason_codes : Why a score is low.
    riskkit.export.save_artifact : Save the scorecard for a service.

    Notes
    -----
    The WoE of a bin contains the outcomes of the very rows it then explains, so a
    characteristic of many levels looks stronger in training than it is. For a
    characteristic with ``d`` free parameters (filled bins, or levels, less one) the
    covariance between outcomes and WoE is overstated by about ``d``, because
    ``E[sum_b (e_b - E e_b) woe_b] = -d`` in nats for counts of accounts (the covariance
    penalty of [2]_). The fit therefore adds ``optimism * d * |coefficient|`` to the
    negative log-likelihood: thick characteristics are weighed less, and one whose
    evidence does not exceed chance gets no place. It costs no second pass over the
    rows, depends on no random folds, and keeps a weight of 2 equal to the row twice.

    The points of an account are the sum of the points of its bins. With whole
    points each bin is rounded by up to half a point, so the points of ``k``
    characteristics differ from the unrounded score by at most ``k / 2``; the PD is
    computed from the log-odds and is not rounded.

    References
    ----------
    .. [1] N. Siddiqi, "Intelligent Credit Scoring", 2nd ed., Wiley, 2017, ch. 10.

    .. [2] B. Efron, "The estimation of prediction error: covariance penalties and
       cross-validation", J. American Statistical Association 99(467), 2004, sec. 2.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.datasets import load_sba_loans
    >>> from riskkit.scorecard import ScorecardClassifier
    >>> loans = load_sba_loans()
    >>> early = loans.dates < np.datetime64("2004-01-01")
    >>> card = ScorecardClassifier().fit(loans.data[early], loans.target[early])
    >>> card.predict_proba(loans.data[:3])[:, 1].shape
    (3,)
    >>> bool((card.predict_points(loans.data[:3]) > 0).all())
    True
    """

    def __init__(
        self,
        binner: OptimalBinner | None = None,
        *,
        scaler: PointsScaler | None = None,
        min_iv: float = 0.02,
        optimism: float = 1.0,
        l2: float = 1.0,
        max_iter: int = 100,
    ) -> None:
        self.binner = binner
        self.scaler = scaler
        self.min_iv = min_iv
        self.optimism = optimism
        self.l2 = l2
        self.max_iter = max_iter

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Bin the features, weigh them and lay out the points.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Numbers and categories; missing values are welcome.

        y : array-like of shape (n_samples,)
            Two classes; the larger label is the event.

        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row; a weight of 2 equals the row twice.

        Returns
        -------
        self : ScorecardClassifier
            The fitted scorecard.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain.
        InvalidTargetError
            If `y` does not hold exactly two classes, or is missing somewhere.
        InvalidInputError, InvalidTypeError
            If `X` has no rows, repeats a column name, or holds dates or objects.
        """
        self._check_params()
        scaler = PointsScaler() if self.scaler is None else self.scaler
        scaling = scaler.to_spec()
        training = read_training(self, X, y, sample_weight)
        self.classes_ = training.classes
        binner = OptimalBinner() if self.binner is None else clone(self.binner)
        self.binner_ = binner.set_params(encode="woe").fit(X, y, sample_weight)

        used, self.left_out_ = with_evidence(
            self.binner_.binning_tables_, float(self.min_iv)
        )
        result = fit_weights(
            training, used, optimism=self.optimism, l2=self.l2, max_iter=self.max_iter
        )
        kept, without_place = with_weight(used, result)
        self.left_out_.update(without_place)
        self._warn(result, kept)
        self.intercept_ = result.intercept
        self.coefficients_ = {
            table.name: float(coefficient)
            for table, coefficient in zip(used, result.coefficients, strict=True)
            if table.name not in without_place
        }
        self.n_iter_ = result.n_iter
        self.spec_ = build_spec(kept, self.coefficients_, self.intercept_, scaling)
        self.n_rows_, self.n_events_ = training.n_rows, training.n_events
        _, points = _score(self.spec_, training.table)
        self.baseline_ = build_baseline(
            kept, points, training.is_event, training.weight
        )
        return self

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

    def points_table(self) -> pd.DataFrame:
        """Return the scorecard, one row for each bin of each characteristic.

        Returns
        -------
        table : DataFrame
            Columns characteristic, bin, n, n_event, event_rate, woe, log_odds,
            points.
        """
        check_is_fitted(self)
        return points_frame(self.spec_, self.binner_.binning_tables_)

    def _score(self, X: ArrayLike) -> tuple[FloatArray, FloatArray]:
        check_is_fitted(self)
        return _score(self.spec_, read_features(self, X, reset=False))

    def _check_params(self) -> None:
        check_real("min_iv", self.min_iv, low=0)
        check_real("optimism", self.optimism, low=0)
        check_real("l2", self.l2, low=0)
        check_int("max_iter", self.max_iter, low=1)
        if self.binner is not None and not isinstance(self.binner, OptimalBinner):
            msg = (
                "binner must be an OptimalBinner or None; got "
                f"{type(self.binner).__name__}."
            )
            raise InvalidParameterError(msg)
        if self.scaler is not None and not isinstance(self.scaler, PointsScaler):
            msg = (
                "scaler must be a PointsScaler or None; got "
                f"{type(self.scaler).__name__}."
            )
            raise InvalidParameterError(msg)

    def _warn(self, fit: LogisticFit, kept: list[BinningTable]) -> None:
        if not fit.converged:
            msg = (
                f"The fit had not settled after max_iter={self.max_iter} steps. Raise "
                "max_iter, or l2 if a characteristic separates the classes."
            )
            warnings.warn(msg, ConvergenceWarning, stacklevel=3)
        if not kept:
            msg = (
                "No feature has a place in the scorecard: every account gets the "
                "event rate of the training rows. See left_out_ for the reasons."
            )
            warnings.warn(msg, NoEvidenceWarning, stacklevel=3)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags = ClassifierTags(multi_class=False)
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


def _score(spec: ScorecardSpec, table: Table) -> tuple[FloatArray, FloatArray]:
    """Return the log-odds and the points, summed in the order of the spec."""
    log_odds, points = [], []
    names = {name: j for j, name in enumerate(table.names)}
    for item in spec.characteristics:
        bins = assign_column(item.feature, table.columns[names[item.feature.name]])
        log_odds.append(take_values(np.asarray(item.log_odds), bins))
        points.append(take_values(np.asarray(item.points), bins))
    return (
        sum_in_order(spec.intercept, log_odds, table.n_rows),
        sum_in_order(spec.offset_points, points, table.n_rows),
    )
