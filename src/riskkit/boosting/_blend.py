"""A blend of boosted trees, randomised trees and a scorecard."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from riskkit._core.inputs import read_training
from riskkit._core.params import check_option, check_real
from riskkit._core.progress import progress_bar
from riskkit.boosting._blend_boosters import BlendLGBM
from riskkit.boosting._blend_predictions import BlendPredictions
from riskkit.boosting._blend_recipe import EFFORTS, effort_recipe, named_members
from riskkit.boosting._blend_result import member_frame
from riskkit.boosting._blend_rows import BlendRows, take_rows
from riskkit.boosting._blend_training import BlendTrainer
from riskkit.boosting._calibration import fit_calibration, make_calibrator
from riskkit.boosting._recipe import FEW_EVENTS, is_long
from riskkit.boosting._reference import along_the_scores
from riskkit.exceptions import FewEventsWarning, NoEvidenceWarning

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit._core.inputs import Training
    from riskkit.scaling import PointsScaler
    from riskkit.typing import FloatArray, IntArray

__all__ = ["PDBlendClassifier"]


class PDBlendClassifier(BlendPredictions):
    """PD of accounts by several models of different kinds, no setting needed.

    Every member learns from all rows and is judged on rows it has not seen; the
    log-odds of the blend are a line in a weighted mean of the members' log-odds. Models
    that err in different places gain more from each other than any of them from tuning.

    Parameters
    ----------
    effort : {"fast", "standard", "high"}, default="standard"
        How much is fitted, in multiples of the time of LightGBM's default:

        * ``fast``, about 5: LightGBM and a scorecard, judged on one split;
        * ``standard``, 12 to 25: LightGBM, randomised trees and a scorecard, judged on
          five folds (three, and larger steps, above 50,000 rows);
        * ``high``, about 65: XGBoost, and LightGBM with random thresholds, as well.

    members : sequence of (str, classifier or str) or None, default=None
        Own members by name in place of those of the effort: any classifier with
        ``predict_proba``, or one of the words ``lightgbm``, ``xgboost``, ``extra``
        (LightGBM with random thresholds), ``forest`` and ``scorecard``. Members that
        are fitted to weighted rows must take ``sample_weight``.

    monotone : {"none", "auto"} or dict of str to str, default="none"
        Directions that the PD must follow, as in :class:`LGBMPDClassifier`. They bind
        the boosters and the bins of the scorecard; randomised trees cannot be held to
        them and are left out. Own members keep their own directions.

    special_codes : sequence, dict or None, default=None
        Values that stand for a reason, for all members that are given by word.

    unseen : {"neutral", "missing", "riskiest", "error"}, default="neutral"
        What a level that was not there in training counts as.

    calibration : {"platt", "beta", "isotonic", "venn_abers"}, calibrator or None, \
default=None
        Map of the weighted mean of log-odds, learned from rows that the members have
        not seen. None takes the line that gives the mean the level of its members,
        which a mean of log-odds lies below, and the slope that it lacks (Notes); a
        member alone is left as it is.

    scaler : PointsScaler or None, default=None
        How log-odds become points; None stands for ``PointsScaler()``.

    inner_cv : int, splitter, iterable or None, default=None
        Rows held out to find rounds and weights. None takes random folds, or with
        `dates` blocks at the end of the time; an iterable gives pairs (rows to learn
        from, rows to judge on).

    reference_share : float, default=1.0
        Reasons compare with the mean of this share of the training accounts, the
        safest first: 1 stands for all, 0.7 for those a policy that approves 70 % of
        them would have let in.

    random_state : int, RandomState instance or None, default=0
        Seed of folds and trees.

    n_jobs : int or None, default=None
        Threads; None takes one for small tables and all of them for large ones. The
        model does not depend on it.

    verbose : bool or "auto", default="auto"
        Whether to draw a progress bar on stderr; "auto" draws it for large tables on
        a terminal.

    Attributes
    ----------
    members_ : dict of str to member
        The fitted members as plain data.

    weights_ : dict of str to float
        Weight of each member; none is negative, and their sum is 1.

    member_table_ : DataFrame
        One row for each member and one for the blend: weight, held-out log-loss and
        AUC. NaN where no row was held out.

    n_rounds_ : dict of str to int
        Rounds of each booster.

    monotone_audits_ : dict of str to MonotoneAudit
        The audit of each booster.

    left_out_ : dict of str to str
        Features that tell no account from another, and why.

    reference_ : ndarray
        Mean contribution of each feature over the reference accounts, in log-odds.

    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Mean distance of a feature's contribution from its mean, in log-odds; NaN if an
        own member cannot be explained.

    calibration_ : CalibrationSpec or None
        The map of the log-odds.

    classes_ : ndarray of shape (2,)
        The non-event and the event label.

    n_rows_, n_events_ : float
        Rows and events trained on, as sums of weights.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names seen during :term:`fit`, if all are strings.

    See Also
    --------
    LGBMPDClassifier : A single booster, smaller and faster.
    riskkit.explain.reason_codes : Why an account is risky.

    Notes
    -----
    With log-odds ``z_m`` of member ``m`` the blend is ``b sum_m w_m z_m + c``. Weights
    minimise the log-loss of rows the members have not seen, under ``w_m >= 0`` and
    ``sum w_m = 1``, with the ridge ``20 / n * sum_m (w_m - 1/M)^2`` toward equal
    weights that matters for a few hundred rows. A mean of log-odds lies lower than the
    members do and spreads too little [1]_: ``b``, drawn to 1 by ``20 / n (b - 1)^2``,
    minimises the log-loss of the same rows, and ``c`` gives the blend the weighted mean
    of the members' mean PDs. Neither takes the level of the held-out outcomes on, which
    with `dates` is that of the last months. Randomised trees are judged by those
    of them that have not seen a row; with `dates` or given folds, on the folds.

    Contributions of the members are weighted like their log-odds: Shapley values of
    boosters, the exact terms of the scorecard, and for randomised trees the steps of
    the share of events down each path, stretched to log-odds.

    With fewer than 20 accounts of the rarer class nothing is held out: boosters grow a
    few small trees, randomised trees stay away unless they are own members, and all
    members weigh the same.

    References
    ----------
    .. [1] R. Ranjan, T. Gneiting, "Combining probability forecasts", Journal of the
       Royal Statistical Society B 72(1), 2010.

    Examples
    --------
    >>> import pandas as pd
    >>> from riskkit.boosting import PDBlendClassifier
    >>> X = pd.DataFrame({"delays": [3, 0, 1, 0] * 60, "age": [25, 35, 45, 55] * 60})
    >>> y = ([1, 0, 1, 0] * 30) + ([1, 0, 0, 0] * 30)
    >>> model = PDBlendClassifier(effort="fast").fit(X, y)
    >>> list(model.weights_)
    ['lightgbm', 'scorecard']
    >>> pd_ = model.predict_proba(X.head(4))[:, 1]
    >>> bool(pd_[0] > pd_[2] > pd_[1])
    True
    >>> result = model.predict_contributions(X.head(4))
    >>> bool(abs(result.log_odds - model.decision_function(X.head(4))).max() < 1e-6)
    True
    """

    def __init__(
        self,
        effort: str = "standard",
        *,
        members: Any = None,
        monotone: Any = "none",
        special_codes: Any = None,
        unseen: str = "neutral",
        calibration: Any = None,
        scaler: PointsScaler | None = None,
        inner_cv: Any = None,
        reference_share: float = 1.0,
        random_state: Any = 0,
        n_jobs: int | None = None,
        verbose: bool | str = "auto",
    ) -> None:
        self.effort = effort
        self.members = members
        self.monotone = monotone
        self.special_codes = special_codes
        self.unseen = unseen
        self.calibration = calibration
        self.scaler = scaler
        self.inner_cv = inner_cv
        self.reference_share = reference_share
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        dates: Any = None,
    ) -> Self:
        """Fit the members on all rows, and weigh them on rows they have not seen.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Numbers and categories; missing values are welcome.

        y : array-like of shape (n_samples,)
            Two classes; the larger label is the event.

        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row.

        dates : array-like of shape (n_samples,), optional
            Date of each row: dates, periods, ISO text, or numbers such as years.
            Members are then judged on rows that come after those they learned from.

        Returns
        -------
        self : PDBlendClassifier
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
        check_option("effort", self.effort, EFFORTS)
        check_real("reference_share", self.reference_share, low=0.01, high=1)
        if self.members is not None:
            named_members(self.members)
        calibrator = make_calibrator(self.calibration)
        training = read_training(self, X, y, sample_weight)
        single = self._single()
        common = single.recipe(training)
        order = single.order(dates, sample_weight, training)
        recipe = effort_recipe(
            self.effort,
            self.members,
            training.is_event.size,
            is_thin=common.is_thin,
        )
        with progress_bar(self.verbose, is_long=is_long(training)) as progress:
            trained = BlendTrainer(training, order, common, recipe, progress).train()

        self.classes_ = training.classes
        self.n_rows_, self.n_events_ = training.n_rows, training.n_events
        self.members_ = trained.members
        self.weights_ = dict(
            zip(trained.members, trained.weights.tolist(), strict=True)
        )
        self.n_rounds_ = trained.n_rounds
        self.monotone_audits_ = trained.audits
        self.left_out_ = dict(trained.left_out)
        self.member_table_ = member_frame(trained, training)
        self._calibration = fit_calibration(
            calibrator, training, trained.held_out, otherwise=trained.line
        )
        self.calibration_ = self._calibration.spec
        self._set_reference(training)
        if not self._names(every_member=True):
            left = [f"{name!r} ({why})" for name, why in self.left_out_.items()]
            msg = (
                "No feature tells events from non-events: every account gets the event "
                f"rate. Left out: {'; '.join(left[:10]) or 'none'}."
            )
            warnings.warn(msg, NoEvidenceWarning, stacklevel=2)
        if common.is_thin:
            msg = (
                f"Fewer than {FEW_EVENTS} accounts of the rarer class "
                f"({self.n_events_:g} events in {self.n_rows_:g} rows) cannot tell "
                "which member is better: nothing was held out, and all members weigh "
                "the same. Expect PDs near the event rate; an ExpertScorecard may "
                "serve better."
            )
            warnings.warn(msg, FewEventsWarning, stacklevel=2)
        return self

    def _single(self) -> BlendLGBM:
        """Return the single booster with the parameters that all members share."""
        return BlendLGBM(
            monotone=self.monotone,
            special_codes=self.special_codes,
            unseen=self.unseen,
            scaler=self.scaler,
            inner_cv=self.inner_cv,
            random_state=self.random_state,
            n_jobs=self.n_jobs,
            verbose=self.verbose,
        )

    def _set_reference(self, training: Training) -> None:
        """Learn what reasons compare with from accounts that stand for all."""
        table = training.table

        def score(rows: IntArray) -> FloatArray:
            return self._blended(BlendRows(take_rows(table, rows)))

        chosen = along_the_scores(score, training.weight, training.is_event.size)
        names = self._names()
        self.reference_ = np.zeros(len(names))
        self.feature_importances_ = np.zeros(len(table.names))
        if not all(member.explains for member in self._voters().values()):
            self.feature_importances_ += np.nan
            return
        _, values = self._explain(BlendRows(take_rows(table, chosen)))
        n_reference = max(1, round(self.reference_share * len(values)))
        self.reference_ = values[:n_reference].mean(axis=0)
        spread = np.abs(values - values.mean(axis=0)).mean(axis=0)
        by_name = dict(zip(names, spread.tolist(), strict=True))
        self.feature_importances_ = np.array(
            [by_name.get(name, 0.0) for name in table.names]
        )
