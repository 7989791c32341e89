"""What boosted PD models of both libraries share."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import ClassifierTags, check_random_state
from sklearn.utils.validation import check_is_fitted

from riskkit._core.inputs import read_features, read_training, read_weight
from riskkit._core.params import check_bool, check_int, check_option, check_real
from riskkit._core.progress import progress_bar
from riskkit.artifact import BoosterSpec
from riskkit.boosting._calibration import make_calibrator
from riskkit.boosting._columns import code_table
from riskkit.boosting._contributions import ContributionResult, explain_codes
from riskkit.boosting._dates import read_dates
from riskkit.boosting._directions import check_monotone
from riskkit.boosting._folds import check_inner_cv
from riskkit.boosting._recipe import FEW_EVENTS, Recipe, is_long
from riskkit.boosting._served import booster_as_blend
from riskkit.boosting._training import train_booster
from riskkit.exceptions import (
    ConstraintCostWarning,
    FewEventsWarning,
    InvalidParameterError,
    NoEvidenceWarning,
)
from riskkit.scaling import PointsScaler

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from riskkit._core.inputs import Training
    from riskkit.artifact import BlendSpec
    from riskkit.boosting._audit import AuditRow
    from riskkit.boosting._plan import NewTrainer
    from riskkit.typing import FloatArray, IntArray

__all__ = ["BasePDBooster"]

# Many rows want many trees, each of them dear: growing them in larger steps costs next
# to no accuracy there.
_RATE, _RATE_OF_MANY, _MANY_ROWS = 0.05, 0.08, 50_000
_UNSEEN = ("neutral", "missing", "riskiest", "error")
# Below so many cells a second thread costs more than it gains.
_ONE_THREAD_BELOW = 200_000
# A price is worth a warning if it is no chance and not small beside the log-loss.
_DEAR_SHARE, _DEAR_Z = 0.005, 2.0


class BasePDBooster(ClassifierMixin, BaseEstimator, ABC):
    """Fits, scores and explains; a subclass names the library and its parameters."""

    monotone: Any
    special_codes: Any
    unseen: str
    calibration: Any
    scaler: PointsScaler | None
    learning_rate: float | None
    n_rounds: int | None
    max_rounds: int
    patience: int
    inner_cv: Any
    subsample: float | None
    colsample: float
    reg_lambda: float
    max_bins: int
    price_constraints: bool
    reference_share: float
    device: str
    random_state: Any
    n_jobs: int | None
    verbose: bool | str
    _library: ClassVar[str]

    @abstractmethod
    def _new_trainer(self) -> NewTrainer:
        """Return what starts the trees of the library."""

    @abstractmethod
    def _tree_parameters(
        self, rate: float, leaf: float, n_event: float, *, is_thin: bool
    ) -> Any:
        """Return the parameters of the trees in the words of the library.

        `rate` is the share of its fit that each tree is allowed, and `leaf` the least
        curvature of a leaf that goes with the number of events;
        `is_thin` says that events are too few for trees of more than one split.
        """

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        dates: Any = None,
    ) -> Self:
        """Find the number of rounds on held-out rows, and grow the trees on all rows.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Numbers and categories; missing values are welcome.

        y : array-like of shape (n_samples,)
            Two classes; the larger label is the event.

        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row.

        dates : array-like of shape (n_samples,), optional
            Date of each row: dates, periods, ISO text, or numbers such as years. Rounds
            are then found on rows that come after those learned from, and an automatic
            direction has to hold in every period.

        Returns
        -------
        self : estimator
            The fitted model.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain, or names no feature.
        InvalidTargetError
            If `y` does not hold exactly two classes, or is missing somewhere.
        InvalidInputError, InvalidTypeError
            If `X` has no rows, repeats a column name, or holds dates or objects, or
            `dates` cannot be read.
        """
        self._check_params()
        scaling = (PointsScaler() if self.scaler is None else self.scaler).to_spec()
        calibrator = make_calibrator(self.calibration)
        training = read_training(self, X, y, sample_weight)
        order = self._read_dates(dates, sample_weight, training)
        recipe = self._recipe(training, calibrator)
        with progress_bar(self.verbose, is_long=is_long(training)) as progress:
            trained = train_booster(training, order, recipe, progress)

        self.classes_ = training.classes
        self.n_rows_, self.n_events_ = training.n_rows, training.n_events
        self.n_rounds_ = trained.search.n_rounds
        self.log_loss_curve_ = trained.search.curve
        self.left_out_ = dict(trained.rows.left_out)
        self.monotone_audit_ = trained.audit
        self.booster_ = trained.forest.booster
        self._forest, self._calibration = trained.forest, trained.calibration
        self.calibration_ = trained.calibration.spec
        _, values = explain_codes(
            trained.forest,
            trained.columns,
            len(trained.rows.features),
            trained.intercept,
            trained.calibration,
            trained.sample_codes,
        )
        # The sample runs from the safest to the riskiest.
        n_reference = max(1, round(self.reference_share * len(values)))
        self.spec_ = BoosterSpec(
            features=trained.rows.features,
            columns=trained.columns,
            trees=trained.trees,
            intercept=trained.intercept,
            scaling=scaling,
            reference=tuple(values[:n_reference].mean(axis=0).tolist()),
            monotone=trained.signs,
        )
        spread = np.abs(values - values.mean(axis=0)).mean(axis=0)
        by_name = dict(zip(self.spec_.names, spread.tolist(), strict=True))
        self.feature_importances_ = np.array(
            [by_name.get(name, 0.0) for name in training.table.names]
        )
        self._warn(recipe)
        return self

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
        codes = self._codes(X)
        return self._calibration.log_odds(self._sum_of_trees(codes))

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
        codes = self._codes(X)
        pd = self._calibration.pds(self._sum_of_trees(codes))
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

        See Also
        --------
        riskkit.explain.contributions : The same in points, or against a reference.
        riskkit.explain.reason_codes : The largest losses, in words.
        """
        codes = self._codes(X)
        spec = self.spec_
        base, values = explain_codes(
            self._forest,
            spec.columns,
            len(spec.features),
            spec.intercept,
            self._calibration,
            codes,
        )
        reference = np.array(spec.reference)
        return ContributionResult(spec.names, base, values, reference, spec.scaling)

    def to_spec(self) -> BlendSpec:
        """Return the fitted model as the plain data that is saved and served.

        Returns
        -------
        spec : BlendSpec
            A blend of one: the trees, the calibration, and the audit.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the model has not been fitted.

        See Also
        --------
        riskkit.export.save_artifact : Saves it for a scorer.
        """
        check_is_fitted(self)
        return booster_as_blend(
            self.spec_, self.calibration_, self.monotone_audit_, self._library
        )

    def _codes(self, X: Any) -> NDArray[np.float32]:
        check_is_fitted(self)
        # Columns that the model leaves out need not be there to score.
        names = list(self.spec_.names) or None
        return code_table(self.spec_, read_features(self, X, reset=False, names=names))

    def _sum_of_trees(self, codes: NDArray[np.float32]) -> FloatArray:
        return self.spec_.intercept + self._forest.log_odds(codes)

    def _read_dates(
        self, dates: Any, sample_weight: ArrayLike | None, training: Training
    ) -> IntArray | None:
        """Return the order in time of the rows that count."""
        if dates is None:
            return None
        n_given = training.is_event.size
        weight = None
        if sample_weight is not None and training.weight is not None:
            n_given = np.size(sample_weight) if np.ndim(sample_weight) else n_given
            weight = read_weight(sample_weight, n_given)
        order = read_dates(dates, n_given)
        # Rows without weight are no part of the training.
        return order if weight is None else order[weight > 0]

    def _recipe(self, training: Training, calibrator: Any) -> Recipe:
        n_event = training.n_events
        n_nonevent = training.n_rows - n_event
        n_event_rows = int(np.count_nonzero(training.is_event))
        n_rarer = min(
            n_event, n_nonevent, n_event_rows, training.is_event.size - n_event_rows
        )
        is_thin = n_rarer < FEW_EVENTS
        n_cells = training.is_event.size * len(training.table.names)
        return Recipe(
            new_trainer=self._new_trainer(),
            parameters=self._growth(training.n_rows, n_event, is_thin=is_thin),
            monotone=self.monotone,
            price_constraints=self.price_constraints,
            special_codes=self.special_codes,
            unseen=self.unseen,
            calibrator=calibrator,
            n_rounds=self.n_rounds,
            max_rounds=self.max_rounds,
            patience=self.patience,
            inner_cv=self.inner_cv,
            max_bins=self.max_bins,
            is_thin=is_thin,
            keeps_held_out=calibrator is not None,
            seed=int(check_random_state(self.random_state).randint(2**31 - 1)),
            n_threads=_threads(self.n_jobs, n_cells),
        )

    def _growth(self, n_rows: float, n_event: float, *, is_thin: bool) -> Any:
        """Return the parameters of the trees for so many rows and events."""
        # Half a per cent of the curvature that all events have at the event rate.
        leaf = float(np.clip(0.005 * n_event * (n_rows - n_event) / n_rows, 1.0, 20.0))
        rate = _RATE if n_rows < _MANY_ROWS else _RATE_OF_MANY
        if self.learning_rate is not None:
            rate = float(self.learning_rate)
        return self._tree_parameters(rate, leaf, n_event, is_thin=is_thin)

    def _warn(self, recipe: Recipe) -> None:
        if recipe.is_thin:
            held = "" if self.n_rounds is None else " as given"
            msg = (
                f"Fewer than {FEW_EVENTS} accounts of the rarer class "
                f"({self.n_events_:g} events in {self.n_rows_:g} rows) cannot tell how "
                f"many trees are right: {self.n_rounds_} trees of one split{held} were "
                "grown from all rows, and nothing was held out. Expect PDs near the "
                "event rate; an ExpertScorecard may serve better."
            )
            warnings.warn(msg, FewEventsWarning, stacklevel=3)
        if not self.spec_.trees:
            left = [f"{name} ({why})" for name, why in self.left_out_.items()][:10]
            msg = (
                "No feature tells events from non-events on held-out rows: every "
                "account gets the event rate."
                + (f" Left out: {'; '.join(left)}." if left else "")
            )
            warnings.warn(msg, NoEvidenceWarning, stacklevel=3)
        dear = [row for row in self.monotone_audit_.rows if self._is_dear(row)]
        if dear:
            shown = ", ".join(
                f"{row.feature!r} (+{row.log_loss_cost:.4f})"
                for row in sorted(dear, key=lambda row: -row.log_loss_cost)
            )
            msg = (
                f"{len(dear)} monotone constraint(s) raise the held-out log-loss: "
                f"{shown}, all constraints together by "
                f"{self.monotone_audit_.log_loss_cost:.4f} nats an account. See "
                "monotone_audit_.frame(); to lift one, give monotone as a mapping "
                "without it."
            )
            warnings.warn(msg, ConstraintCostWarning, stacklevel=3)

    def _is_dear(self, row: AuditRow) -> bool:
        rate = self.n_events_ / self.n_rows_
        entropy = -rate * np.log(rate) - (1 - rate) * np.log1p(-rate)
        cost = row.log_loss_cost
        return cost > _DEAR_SHARE * entropy and cost > _DEAR_Z * row.std_error

    def _check_params(self) -> None:
        check_monotone(self.monotone)
        check_bool("price_constraints", self.price_constraints)
        check_option("unseen", self.unseen, _UNSEEN)
        check_real(
            "learning_rate", self.learning_rate, low=1e-6, high=1, none_allowed=True
        )
        check_int("n_rounds", self.n_rounds, low=1, none_allowed=True)
        check_int("max_rounds", self.max_rounds, low=1)
        check_int("patience", self.patience, low=1)
        check_inner_cv(self.inner_cv)
        check_real("subsample", self.subsample, low=0.01, high=1, none_allowed=True)
        check_real("colsample", self.colsample, low=0.01, high=1)
        check_real("reg_lambda", self.reg_lambda, low=0)
        check_int("max_bins", self.max_bins, low=2)
        check_real("reference_share", self.reference_share, low=0.01, high=1)
        if self.scaler is not None and not isinstance(self.scaler, PointsScaler):
            msg = (
                "scaler must be a PointsScaler or None; got "
                f"{type(self.scaler).__name__}."
            )
            raise InvalidParameterError(msg)
        if not isinstance(self.device, str):
            msg = f"device must be a word such as 'cpu' or 'cuda'; got {self.device!r}."
            raise InvalidParameterError(msg)
        if self.verbose not in (True, False, "auto"):
            msg = f"verbose must be True, False or 'auto'; got {self.verbose!r}."
            raise InvalidParameterError(msg)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags = ClassifierTags(multi_class=False)
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


def _threads(n_jobs: int | None, n_cells: int) -> int:
    """Return how many threads a library is to use; 0 leaves it to the library."""
    if n_jobs is None:
        return 1 if n_cells < _ONE_THREAD_BELOW else 0
    if n_jobs == 0 or isinstance(n_jobs, bool):
        msg = f"n_jobs must be None or an integer other than 0; got {n_jobs!r}."
        raise InvalidParameterError(msg)
    return 0 if n_jobs == -1 else int(effective_n_jobs(n_jobs))
