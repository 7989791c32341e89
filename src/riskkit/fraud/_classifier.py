"""Fraud probabilities from a handful of labels up to all of them."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import ClassifierTags, check_random_state
from sklearn.utils.validation import check_is_fitted

from riskkit._core.inputs import read_features, read_training
from riskkit._core.params import check_bool, check_int, check_option, check_real
from riskkit._kernels.fraud_blend import Told, fraud_log_odds, fraud_parts
from riskkit._kernels.logistic import sigmoid
from riskkit.exceptions import FewEventsWarning, InvalidParameterError
from riskkit.fraud._detector import BaseDetector, Rows, TrainingRows
from riskkit.fraud._ensemble import AnomalyEnsemble
from riskkit.fraud._fraud_presets import BOOSTERS
from riskkit.fraud._fraud_spec import fraud_spec
from riskkit.fraud._fraud_training import (
    LabelledRows,
    anomaly_columns,
    train_fraud_model,
    training_frame,
)
from riskkit.fraud._label_delay import check_labels, mature_rows, times_that_count

if TYPE_CHECKING:
    from numpy.random import RandomState
    from numpy.typing import ArrayLike, NDArray
    from sklearn.utils import Tags

    from riskkit._kernels.fraud_blend import FraudBlend
    from riskkit.artifact import FraudSpec
    from riskkit.typing import FloatArray

__all__ = ["FraudClassifier"]

_EVENT_WEIGHTS = ("sqrt", "balanced")


class FraudClassifier(ClassifierMixin, BaseEstimator):
    """Probability of fraud: labels where there are some, unusualness where not.

    A regularised booster learns the labels, with the scores of a detector among its
    columns; its score and the detector's are blended. How much each counts is decided
    on held-out rows, so that a handful of labels refines what is unusual and many
    labels take over. The blend is calibrated on the same held-out rows.

    Parameters
    ----------
    detector : detector, default=None
        What sees unusual rows without labels; None stands for ``AnomalyEnsemble()``.

    booster : {"xgboost", "lightgbm"}, default="xgboost"
        Library of the trees. Both have a preset for tiny base rates; their own
        defaults can fail to learn anything there.

    anomaly_columns : bool, default=True
        Whether the booster sees the detector's scores (those of each member of an
        ensemble) beside the columns of the table.

    blend : "cv" or float, default="cv"
        Share of the learned score, between 0 and 1, or how to find it.

    event_weight : {"sqrt", "balanced"} or float, default="sqrt"
        How many rows an event counts as while trees are grown: the square root of the
        odds against it, these odds, or a number of at least 1. The calibration undoes
        what this does to the level.

    label_delay : float or None, default=None
        How long it takes until a fraud is known: days, or the unit of dates that are
        numbers. Younger rows teach what is usual and carry no label. Needs `dates`
        in :meth:`fit`.

    population_rate : float or None, default=None
        Share of frauds among the rows to be scored, in (0, 1), where it is not that of
        the training rows: frauds were sampled, or most are not labelled.

    n_rounds : int, default=200
        Trees.

    n_folds : int, default=5
        Folds that are held out in turn, fewer if labels are fewer.

    max_held_out : int, default=50000
        Most rows without fraud that take part in the held-out folds; those left out
        are made up for by weight. All rows take part in the final fit.

    random_state : int, RandomState instance or None, default=0
        Seed of the trees, and of the default detector.

    n_jobs : int or None, default=None
        Threads of the trees; None leaves it to the library.

    Attributes
    ----------
    detector_ : detector
        Fitted on all rows, without a look at the labels.

    booster_ : XGBPDClassifier or LGBMPDClassifier
        Fitted on the labelled rows.

    blend_share_ : float
        Share of the learned score.

    blend_curve_ : DataFrame
        Average precision of the held-out rows by share; empty if it was given or
        nothing could be held out.

    calibration_ : LogOddsMapSpec
        From the blended score to the log-odds of a fraud.

    anomaly_lift_ : AnomalyLiftResult
        Whether the detector alone ranks the known frauds above other rows.

    n_rows_, n_events_ : float
        Rows and frauds whose label was learned from, as sums of weights.

    n_immature_ : int
        Rows too young to carry a label.

    classes_ : ndarray of shape (2,)
        The label of other rows and that of frauds.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names seen during :term:`fit`, if all are strings.

    See Also
    --------
    AnomalyEnsemble : Without labels.
    AlertBudget : Whom to look at.
    ConformalAlarm : How many false alarms.

    Notes
    -----
    The score is ``share * g(learned) + (1 - share) * h(anomaly)``, where ``g`` and
    ``h`` give the surprise of a score among the training rows in nats, the learned
    ones held out; then a line gives log-odds. Of the shares whose held-out average
    precision is within a standard error of the best, the one nearest to
    ``k / (k + 20)`` for ``k`` labels is taken, which is also used where fewer than
    two folds can hold a fraud each; there the level is that of the training rows.

    Rows of one content are in one fold. With `dates` folds are blocks of time. A
    weight of 2 equals the row twice as long as no more than `max_held_out` rows are
    there.

    References
    ----------
    .. [1] A. Dal Pozzolo et al., "Credit card fraud detection: a realistic modeling
       and a novel learning strategy", IEEE Transactions on Neural Networks and
       Learning Systems 29, 2018: label delay and alerts.
    .. [2] Y. Zhao, M. Hryniewicki, "XGBOD: improving supervised outlier detection with
       unsupervised representation learning", IJCNN 2018: anomaly scores as columns.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from riskkit.fraud import FraudClassifier, HistogramDetector
    >>> rng = np.random.default_rng(0)
    >>> y = rng.random(4000) < 0.01
    >>> X = pd.DataFrame({
    ...     "amount": rng.lognormal(3 + y, 1), "hour": rng.integers(0, 24, 4000),
    ...     "country": np.where(rng.random(4000) < 0.05 + 0.5 * y, "abroad", "home")})
    >>> model = FraudClassifier(HistogramDetector(), n_rounds=50).fit(X, y)
    >>> p = model.predict_proba(X)[:, 1]
    >>> bool(p[y].mean() > 5 * p[~y].mean())
    True
    >>> reasons = model.explain(X.iloc[:2])
    >>> list(reasons)
    ['offset', 'amount', 'hour', 'country']
    """

    def __init__(
        self,
        detector: BaseDetector | None = None,
        *,
        booster: str = "xgboost",
        anomaly_columns: bool = True,
        blend: str | float = "cv",
        event_weight: str | float = "sqrt",
        label_delay: float | None = None,
        population_rate: float | None = None,
        n_rounds: int = 200,
        n_folds: int = 5,
        max_held_out: int = 50_000,
        random_state: int | RandomState | None = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.detector = detector
        self.booster = booster
        self.anomaly_columns = anomaly_columns
        self.blend = blend
        self.event_weight = event_weight
        self.label_delay = label_delay
        self.population_rate = population_rate
        self.n_rounds = n_rounds
        self.n_folds = n_folds
        self.max_held_out = max_held_out
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        dates: Any = None,
        as_of: Any = None,
    ) -> Self:
        """Learn what is usual from all rows, and frauds from those with a label.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Numbers and categories; missing values are welcome.

        y : array-like of shape (n_samples,)
            Two classes; the larger label is the fraud. Rows that nobody looked at
            count as no fraud.

        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row.

        dates : array-like of shape (n_samples,), optional
            When each row happened: dates, periods, ISO text, or numbers. Held-out
            folds are then blocks of time.

        as_of : date or number, optional
            The day on which the labels were read; None stands for the last of `dates`.

        Returns
        -------
        self : FraudClassifier
            The fitted model.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain, or no row is old enough.
        InvalidTargetError
            If `y` does not hold exactly two classes among the rows that are old
            enough, or is missing somewhere.
        InvalidInputError, InvalidTypeError
            If `X` or `dates` cannot be used.
        """
        self._check_params()
        if dates is None and (self.label_delay is not None or as_of is not None):
            msg = (
                "label_delay and as_of are about the age of rows; got no dates. Give "
                "fit(..., dates=) the time of each row."
            )
            raise InvalidParameterError(msg)
        training = read_training(self, X, y, sample_weight)
        times = times_that_count(dates, sample_weight, training)
        rng = check_random_state(self.random_state)
        seeds = rng.randint(2**31 - 1, size=2).tolist()
        rows = TrainingRows.of(training.table, training.weight)
        detector = self._new_detector(seeds[0])
        detector.n_features_in_ = self.n_features_in_
        if hasattr(self, "feature_names_in_"):
            detector.feature_names_in_ = self.feature_names_in_
        detector._fit_rows(rows)  # noqa: SLF001

        is_known = np.ones(training.is_event.size, dtype=bool)
        if times is not None:
            is_known = mature_rows(times, float(self.label_delay or 0.0), as_of)
        check_labels(training.is_event, is_known)
        labelled = LabelledRows.of(rows, detector, training.is_event, is_known, times)
        trained = train_fraud_model(
            labelled,
            booster=self.booster,
            sees_anomalies=self.anomaly_columns,
            blend=self.blend,
            event_weight=self.event_weight,
            population_rate=self.population_rate,
            n_rounds=self.n_rounds,
            n_folds=self.n_folds,
            max_held_out=self.max_held_out,
            seed=seeds[1],
            n_jobs=self.n_jobs,
        )
        self.detector_ = detector
        self.classes_ = training.classes
        self.booster_, self._blend = trained.booster, trained.blend
        self.blend_share_ = trained.blend.share
        self.blend_curve_ = trained.curve
        self.calibration_ = trained.calibration
        self.anomaly_lift_ = trained.lift
        self.n_rows_, self.n_events_ = labelled.n_rows, labelled.n_events
        self.n_immature_ = int(np.count_nonzero(~is_known))
        if not trained.is_held_out:
            msg = (
                f"{self.n_events_:g} labelled frauds cannot be held out in turn: the "
                f"learned score has the share {self.blend_share_:.2f}, and the level "
                "is that of the training rows. Take the probabilities as a ranking."
            )
            warnings.warn(msg, FewEventsWarning, stacklevel=2)
        return self

    def decision_function(self, X: Any) -> FloatArray:
        """Return the log-odds of a fraud.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name.

        Returns
        -------
        log_odds : ndarray of shape (n_samples,)
            In nats; up is riskier. A row has the same alone as in any batch.
        """
        learned, anomaly, _, _ = self._scores(X)
        return fraud_log_odds(self._mix, learned, anomaly)

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the probability of no fraud and of fraud.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name.

        Returns
        -------
        probability : ndarray of shape (n_samples, 2)
            Columns in the order of `classes_`.
        """
        p = sigmoid(self.decision_function(X))
        return np.column_stack([1.0 - p, p])

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the more probable class, which a fraud seldom is.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels. Choose alerts by a budget or by cost instead.
        """
        is_event = self.decision_function(X) > 0
        return np.asarray(self.classes_[is_event.astype(np.intp)])

    def predict_parts(self, X: Any) -> pd.DataFrame:
        """Return what the labels and what unusualness add to the score of each row.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name.

        Returns
        -------
        parts : DataFrame of shape (n_samples, 2)
            ``learned`` and ``anomaly``, in nats of surprise, weighted by their shares.
        """
        learned, anomaly, _, _ = self._scores(X)
        first, second = self._blend.parts(learned, anomaly)
        index = X.index if isinstance(X, pd.DataFrame) else None
        return pd.DataFrame({"learned": first, "anomaly": second}, index=index)

    def explain(self, X: Any) -> pd.DataFrame:
        """Return what every field adds to the log-odds of each row.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Columns of a frame are matched by name.

        Returns
        -------
        contributions : DataFrame of shape (n_samples, 1 + n_features)
            ``offset`` (``(offset)`` if a field is called that), then one column for
            each field. Their sum is :meth:`decision_function` to less than 1e-6.

        Notes
        -----
        The learned part is shared as the exact TreeSHAP values of the trees are, the
        anomaly part as the detector explains it. What trees make of anomaly columns
        goes to the fields that raise the detector's score, in proportion.
        """
        learned, anomaly, rows, frame = self._scores(X)
        names = [field.name for field in self._coder.fields]
        found = self.booster_.predict_contributions(frame)
        own = np.zeros((len(learned), len(names)))
        through = np.zeros(len(learned))  # by way of the anomaly columns
        for k, name in enumerate(found.names):
            if name in names:
                own[:, names.index(name)] += found.values[:, k]  # noqa: PD011
            else:
                through += found.values[:, k]  # noqa: PD011
        start, raised = self.detector_._parts(rows)  # noqa: SLF001
        told = Told(learned, found.base, own, through, anomaly, start, raised)
        rest, parts = fraud_parts(self._mix, told)
        index = X.index if isinstance(X, pd.DataFrame) else None
        head = "(offset)" if "offset" in names else "offset"
        table = np.column_stack([rest, parts])
        return pd.DataFrame(table, columns=[head, *names], index=index, copy=False)

    def to_spec(self) -> FraudSpec:
        """Return the fitted model as the plain data that is saved and served.

        Returns
        -------
        spec : FraudSpec
            The detector, the trees, and how both are blended.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the model has not been fitted.

        See Also
        --------
        riskkit.export.save_artifact : Saves it for a scorer.
        """
        check_is_fitted(self)
        return fraud_spec(
            self.detector_,
            self.booster_,
            self._blend,
            self.calibration_,
            sees_anomalies=self.anomaly_columns,
        )

    @property
    def _mix(self) -> FraudBlend:
        line = self.calibration_
        return self._blend.on_line(line.a, line.c)

    @property
    def _coder(self) -> Any:
        return self.detector_._coder  # noqa: SLF001

    def _scores(self, X: Any) -> tuple[FloatArray, FloatArray, Rows, pd.DataFrame]:
        check_is_fitted(self)
        codes = self._coder.read(read_features(self, X, reset=False))
        rows = Rows(codes, self.detector_._embedding)  # noqa: SLF001
        anomaly, members = anomaly_columns(self.detector_, codes)
        frame = training_frame(self._coder, codes, members)
        return self.booster_.decision_function(frame), anomaly, rows, frame

    def _new_detector(self, seed: int) -> BaseDetector:
        if self.detector is None:
            return AnomalyEnsemble(random_state=seed)
        detector: BaseDetector = clone(self.detector)
        return detector

    def _check_params(self) -> None:
        if self.detector is not None:
            if not isinstance(self.detector, BaseDetector):
                msg = (
                    "detector must be a detector of riskkit.fraud or None; got "
                    f"{type(self.detector).__name__}."
                )
                raise InvalidParameterError(msg)
            self.detector._check_all_params()  # noqa: SLF001
        check_option("booster", self.booster, tuple(BOOSTERS))
        check_bool("anomaly_columns", self.anomaly_columns)
        if isinstance(self.blend, str):
            check_option("blend", self.blend, ("cv",))
        else:
            check_real("blend", self.blend, low=0.0, high=1.0)
        if isinstance(self.event_weight, str):
            check_option("event_weight", self.event_weight, _EVENT_WEIGHTS)
        else:
            check_real("event_weight", self.event_weight, low=1.0)
        check_real("label_delay", self.label_delay, low=0.0, none_allowed=True)
        check_real(
            "population_rate",
            self.population_rate,
            low=1e-9,
            high=1 - 1e-9,
            none_allowed=True,
        )
        check_int("n_rounds", self.n_rounds, low=1)
        check_int("n_folds", self.n_folds, low=2)
        check_int("max_held_out", self.max_held_out, low=100)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags = ClassifierTags(multi_class=False)
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags
