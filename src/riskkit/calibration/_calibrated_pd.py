"""A classifier whose PDs are calibrated without giving up training rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import ClassifierTags, column_or_1d, get_tags
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from riskkit._core.frames import Table, level_column
from riskkit._core.inputs import read_weight
from riskkit._core.params import check_int, check_option, check_real
from riskkit._core.scores import read_scores
from riskkit._core.target import encode_event
from riskkit.artifact import PDMapSpec, apply_pd_map
from riskkit.calibration._base import BaseScoreMap
from riskkit.calibration._cross_fit import (
    check_folds,
    fit_parameters,
    read_scores_of,
    response_of,
    score_out_of_fold,
)
from riskkit.calibration._platt import LogitPlattCalibrator
from riskkit.calibration._prior import PriorCorrection
from riskkit.calibration._segments import fit_segments, read_column, segment_frame
from riskkit.calibration._venn_abers import VennAbersCalibrator
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from riskkit.artifact import CalibrationSpec, SegmentedMapSpec
    from riskkit.typing import FloatArray

__all__ = ["CalibratedPD"]

_ONE_CLASS = ("raise", "pool")


class CalibratedPD(ClassifierMixin, BaseEstimator):
    """Calibrate a classifier by cross-fitting.

    Clones of the estimator, each trained without one fold, score the rows of that
    fold; the calibrator learns from these PDs, and the estimator is trained again on
    all rows. No row is kept from training, and no row is scored for the calibration
    by a model that saw it.

    Parameters
    ----------
    estimator : classifier
        With ``predict_proba``, or else ``decision_function``, whose values are then
        taken as log-odds.

    calibrator : calibrator or None, default=None
        A calibrator of this package; None stands for ``LogitPlattCalibrator()``. Its
        `scale` is set to what the estimator gives.

    prior : PriorCorrection or None, default=None
        Step after the calibration, fitted to the calibrated out-of-fold PDs: it moves
        their level to a known event rate or central tendency.

    cv : int, splitter or iterable, default=5
        Folds; every row must be scored exactly once. An integer makes stratified folds
        without shuffling, so that the same rows give the same PDs.

    segments : str, optional
        Column whose levels get maps of their own; of an array, "x0", "x1" and so on.
        The estimator sees the column as well.

    min_segment_events : int, default=25
        Segments with fewer events, or fewer non-events (sums of weights), take the
        pooled map, with a warning; so do missing and unseen levels.

    shrinkage : float, default=25.0
        Events at which a segment's own map and the pooled one have the same say; 0
        leaves all to the own map.

    one_class_segments : {"raise", "pool"}, default="raise"
        What to do about a segment that is large enough for `min_segment_events` events
        and as many non-events, by the pooled PDs, and holds accounts of one outcome
        only: refuse it, because most often the other outcome was not recorded, or
        treat it as a thin segment.

    n_jobs : int, optional
        Folds trained at a time, as in scikit-learn.

    Attributes
    ----------
    estimator_ : classifier
        Trained on all rows.

    calibrator_ : calibrator
        The pooled map, learned from the out-of-fold PDs.

    prior_ : PriorCorrection
        The step after it; only with `prior`.

    pd_map_ : PDMapSpec
        All steps from the estimator's PD to the one that is returned, as plain data:
        what an artifact carries.

    spec_ : LogOddsMapSpec, StepMapSpec or IntervalMapSpec
        The pooled map as plain data.

    segmented_spec_ : SegmentedMapSpec
        The maps of the segments as plain data; only with `segments`.

    classes_ : ndarray of shape (2,)
        The non-event and the event label.

    n_features_in_ : int
        Number of features seen during :term:`fit`, if the estimator tells.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names seen during :term:`fit`, if the estimator tells.

    See Also
    --------
    LogitPlattCalibrator : The default map.
    PriorCorrection : Moves the level alone.
    riskkit.export.save_artifact : Saves a calibrated scorecard, grades included.

    Notes
    -----
    A segment with ``e`` events gets ``pd = w own(p) + (1 - w) pooled(p)`` with
    ``w = e / (e + shrinkage)``. This is the credibility weight if the log-odds of the
    segments spread around the pooled map with variance ``1 / shrinkage`` (by default a
    standard deviation of 0.2), because those of a rate of few events have a variance
    of about ``1 / e``. Within a segment the order is kept; between segments it may
    change, which is the point.

    A model that was trained by log-loss and stopped early seldom gains from
    calibration. Compare before and after on rows of a later date.

    To calibrate a trained model on other rows, wrap it in
    :class:`sklearn.frozen.FrozenEstimator`.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.metrics import log_loss
    >>> from riskkit.calibration import CalibratedPD
    >>> from riskkit.datasets import make_loan_book
    >>> book = make_loan_book(20_000, missing_rate=0.0, random_state=0)
    >>> X = book.data.select_dtypes("number")
    >>> train, test = slice(0, 15_000), slice(15_000, None)
    >>> bold = GaussianNB().fit(X[train], book.target[train])
    >>> mended = CalibratedPD(GaussianNB()).fit(X[train], book.target[train])
    >>> y = book.target[test]
    >>> print(f"{log_loss(y, bold.predict_proba(X[test])):.3f}")
    0.235
    >>> print(f"{log_loss(y, mended.predict_proba(X[test])):.3f}")
    0.197
    """

    def __init__(
        self,
        estimator: Any,
        calibrator: BaseScoreMap | None = None,
        *,
        prior: PriorCorrection | None = None,
        cv: Any = 5,
        segments: str | None = None,
        min_segment_events: int = 25,
        shrinkage: float = 25.0,
        one_class_segments: str = "raise",
        n_jobs: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.calibrator = calibrator
        self.prior = prior
        self.cv = cv
        self.segments = segments
        self.min_segment_events = min_segment_events
        self.shrinkage = shrinkage
        self.one_class_segments = one_class_segments
        self.n_jobs = n_jobs

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Train the estimator and learn the calibration from out-of-fold PDs.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Whatever the estimator takes.

        y : array-like of shape (n_samples,)
            Two classes; the larger label is the event.

        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row, for the estimator and the calibrator.

        groups : array-like of shape (n_samples,), optional
            Given to `cv`: rows of one group, such as the loans of one borrower, stay
            in one fold.

        Returns
        -------
        self : CalibratedPD
            The fitted classifier.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain, `cv` does not score every row exactly
            once, or the estimator takes no weights and some were given.
        InvalidTargetError
            If `y` does not hold exactly two classes, or a fold or a segment would have
            to learn from one class alone.
        """
        self._check_params()
        if y is None:
            msg = "CalibratedPD requires y to be passed, but the target y is None."
            raise InvalidInputError(msg)
        y = column_or_1d(y, warn=True)
        check_consistent_length(X, y)
        weight = read_weight(sample_weight, y.size)
        is_event, self.classes_ = encode_event(y)
        parameters = fit_parameters(self.estimator, weight)
        x = score_out_of_fold(
            self.estimator,
            X,
            y,
            is_event,
            weight,
            cv=self.cv,
            groups=groups,
            n_jobs=self.n_jobs,
        )
        self.estimator_ = clone(self.estimator).fit(X, y, **parameters)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        self.calibrator_ = self._new_calibrator().fit(x, is_event, weight)
        self.spec_ = self.calibrator_.to_spec()
        columns = self._columns(X)
        if self.segments is not None:
            self.segmented_spec_ = fit_segments(
                self.calibrator_,
                x,
                is_event,
                weight,
                level_column(columns[self.segments], self.segments),
                self.segments,
                min_events=self.min_segment_events,
                shrinkage=float(self.shrinkage),
                one_class=self.one_class_segments,
            )
        self.pd_map_ = PDMapSpec((self.to_spec(),))
        if self.prior is not None:
            pd, _ = apply_pd_map(self.pd_map_.steps, x, columns)
            prior = clone(self.prior).set_params(scale="pd")
            self.prior_ = prior.fit(pd, is_event, weight)
            self.pd_map_ = PDMapSpec((self.to_spec(), self.prior_.to_spec()))
        return self

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the calibrated probability of the non-event and of the event.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Whatever the estimator takes.

        Returns
        -------
        probability : ndarray of shape (n_samples, 2)
            Columns in the order of `classes_`; the second is the PD.
        """
        pd, _ = self._apply(X)
        return np.column_stack([1.0 - pd, pd])

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the more probable class of each row.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Whatever the estimator takes.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels. To decide on loans use a cut-off on the PD instead.
        """
        is_event = self.predict_proba(X)[:, 1] > 0.5
        return np.asarray(self.classes_[is_event.astype(np.intp)])

    def predict_interval(self, X: Any) -> FloatArray:
        """Return the interval of each PD; with a `VennAbersCalibrator` only.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Whatever the estimator takes.

        Returns
        -------
        interval : ndarray of shape (n_samples, 2)
            Lower and upper end.

        Raises
        ------
        InvalidParameterError
            If the calibrator is another one.
        """
        if not isinstance(self.calibrator, VennAbersCalibrator):
            msg = (
                "Intervals need calibrator=VennAbersCalibrator(); got "
                f"{type(self.calibrator).__name__}."
            )
            raise InvalidParameterError(msg)
        _, interval = self._apply(X)
        return np.asarray(interval)

    def segments_frame(self) -> pd.DataFrame:
        """Return what each segment was calibrated on; with `segments` only.

        Returns
        -------
        table : DataFrame
            Columns segment, n, n_event, event_rate, own_weight, status.

        Raises
        ------
        InvalidParameterError
            If there are no segments.
        """
        check_is_fitted(self)
        if self.segments is None:
            msg = "segments must name a column for a table of segments; got None."
            raise InvalidParameterError(msg)
        return segment_frame(self.segmented_spec_)

    def to_spec(self) -> CalibrationSpec | SegmentedMapSpec:
        """Return the calibration, without estimator and prior, as plain data.

        Returns
        -------
        spec : LogOddsMapSpec, StepMapSpec, IntervalMapSpec or SegmentedMapSpec
            All that is needed to apply the map to the estimator's PDs.
        """
        check_is_fitted(self)
        return self.spec_ if self.segments is None else self.segmented_spec_

    def _apply(self, X: Any) -> tuple[FloatArray, FloatArray | None]:
        """Return the PDs and their intervals, if there are any."""
        check_is_fitted(self)
        response = getattr(self.estimator_, response_of(self.estimator_))(X)
        given = Table.read(read_scores_of(np.asarray(response))[:, None])
        x = read_scores(given, self.pd_map_.scale)
        return apply_pd_map(self.pd_map_.steps, x, self._columns(X))

    def _columns(self, X: Any) -> dict[str, Any]:
        """Return the column of segments, if there are any."""
        if self.segments is None:
            return {}
        return {self.segments: read_column(X, self.segments)}

    def _new_calibrator(self) -> Any:
        calibrator = self.calibrator
        new = LogitPlattCalibrator() if calibrator is None else clone(calibrator)
        is_pd = response_of(self.estimator) == "predict_proba"
        return new.set_params(scale="pd" if is_pd else "log_odds")

    def _check_params(self) -> None:
        response_of(self.estimator)
        if self.calibrator is not None and not isinstance(
            self.calibrator, BaseScoreMap
        ):
            msg = (
                "calibrator must be a calibrator of riskkit.calibration or None; got "
                f"{type(self.calibrator).__name__}."
            )
            raise InvalidParameterError(msg)
        if self.prior is not None and not isinstance(self.prior, PriorCorrection):
            msg = (
                "prior must be a PriorCorrection or None; got "
                f"{type(self.prior).__name__}."
            )
            raise InvalidParameterError(msg)
        check_folds(self.cv)
        check_option("one_class_segments", self.one_class_segments, _ONE_CLASS)
        check_int("min_segment_events", self.min_segment_events, low=1)
        check_real("shrinkage", self.shrinkage, low=0)
        if self.segments is not None and not isinstance(self.segments, str):
            msg = f"segments must name a column, or be None; got {self.segments!r}."
            raise InvalidParameterError(msg)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        tags.classifier_tags = ClassifierTags(multi_class=False)
        return tags
