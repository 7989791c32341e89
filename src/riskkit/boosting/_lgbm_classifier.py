"""PD models by LightGBM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_int, check_real
from riskkit.boosting._base import BasePDBooster
from riskkit.boosting._lgbm import LGBMTrainer

if TYPE_CHECKING:
    from riskkit.boosting._plan import NewTrainer
    from riskkit.scaling import PointsScaler

__all__ = ["LGBMPDClassifier"]


class LGBMPDClassifier(BasePDBooster):
    """PD of accounts by LightGBM: a raw table in, nothing to set.

    A shallow, regularised preset whose least leaf grows with the number of events. The
    number of rounds is where the held-out log-loss is least, found on inner folds of
    the training rows (on later rows if dates are given); the trees are then grown from
    all rows. The same rows and seed give the same trees on any number of threads.

    Parameters
    ----------
    monotone : {"none", "auto"} or dict, default="none"
        Directions in which a numeric feature must move the PD. A mapping gives them by
        feature: ``"ascending"`` or 1 (the PD never falls as the value rises),
        ``"descending"`` or -1, ``"none"`` or 0; features not in it are free. ``auto``
        takes the trend of the optimal bins of each feature, if that is monotonic with
        an information value of 0.01 or more and holds in each of five parts of the rows
        (and in each of four periods, if dates are given). A constraint says nothing of
        missing and special values.

    special_codes : sequence, dict or None, default=None
        Values that stand for a reason, as in :class:`riskkit.binning.OptimalBinner`:
        each code (or group of codes) gets an indicator, and its value is unknown.

    unseen : {"neutral", "missing", "riskiest", "error"}, default="neutral"
        How levels are scored that were not there in training, or hardly (fewer than
        10 accounts or 0.05 % of all, or not among the 200 largest levels): as the
        rare levels of the training rows were, or as the usual account if there were
        none; as missing values; as the riskiest level; or not at all.

    calibration : {"platt", "beta", "isotonic", "venn_abers"}, calibrator or None, \
            default=None
        Map from the log-odds of the trees to the PD, learned on the held-out rows of
        the inner folds. None is the default because it measures best: trees that were
        grown to the least log-loss are calibrated by it.

    scaler : PointsScaler or None, default=None
        How log-odds become points; None stands for ``PointsScaler()``.

    learning_rate : float or None, default=None
        Share of its fit that each tree is allowed. None stands for 0.05, and for 0.08
        from 50,000 rows on.

    n_rounds : int or None, default=None
        Number of trees; None finds it on the inner folds.

    max_rounds, patience : int, default=4000 and 50
        Most rounds looked at, and rounds without a lower loss after which the search
        ends.

    inner_cv : int, splitter, iterable or None, default=None
        Folds of the training rows. None makes five stratified ones, of which one is
        used from 50,000 rows on; with dates three blocks of time at the end, 15 % of
        the rows each, that are judged by what lies before them (the last one alone from
        50,000 rows on).

    num_leaves : int or None, default=None
        Leaves of a tree; None stands for 15, and for 2 where events are few.

    min_child_samples : int or None, default=None
        Least rows in a leaf; None stands for 2 % of the number of events, between 10
        and 60, and for 1 where events are few.

    min_child_weight : float or None, default=None
        Least curvature of a leaf; None goes with the number of events, see Notes.

    subsample : float or None, default=None
        Share of the rows that each tree is grown from, drawn anew; None stands for 0.8,
        and for all of them where events are few.

    colsample : float, default=0.6
        Share of the columns that each tree may use.

    reg_lambda : float, default=5.0
        Ridge penalty on the leaves.

    max_bins : int, default=254
        Bins of a numeric feature with more values than that. The cuts of all trees lie
        between these bins.

    price_constraints : bool, default=True
        Whether every constraint is priced, by growing the trees again without it on the
        inner folds. It takes a fit for each constraint.

    reference_share : float, default=1.0
        Share of the training accounts, the safest, that reasons compare with: 1 stands
        for all of them, an approval rate for those that are approved.

    device : str, default="cpu"
        Given to the library, for example ``"cuda"``.

    random_state : int, RandomState instance or None, default=0
        Seed of the inner folds and of the draws of rows and columns. An integer by
        default, so that two fits give one model.

    n_jobs : int or None, default=None
        Threads; None leaves it to the library, and uses one for small tables.

    verbose : bool or "auto", default="auto"
        Whether progress is shown on stderr; ``auto`` does so on a terminal for tables
        of more than half a million cells.

    Attributes
    ----------
    spec_ : BoosterSpec
        The model as plain data: bins, columns, trees.

    booster_ : lightgbm.Booster or None
        The library's own model of the coded columns; None without a tree.

    n_rounds_ : int
        Number of trees; 0 if no number of them lowered the held-out loss.

    log_loss_curve_ : ndarray
        Mean held-out log-loss after 0, 1, 2, ... rounds; empty if none was searched.

    monotone_audit_ : MonotoneAudit
        Whether the constraints hold, over every value of the constrained features and
        their missing and special values, what each of them costs, and why a feature
        was left free.

    calibration_ : LogOddsMapSpec, StepMapSpec, IntervalMapSpec or None
        The calibration as plain data.

    left_out_ : dict of str to str
        Columns that are the same in every row, and why; they are not needed to score.

    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Mean distance of each feature's contribution from its mean, in log-odds, over a
        sample of the training accounts.

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
    XGBPDClassifier : The same by XGBoost.
    riskkit.scorecard.ScorecardClassifier : A model that can be read as a whole.
    riskkit.explain.reason_codes : Why a score is low.

    Notes
    -----
    Every feature is cut into fine bins without a look at the outcomes, and the trees
    split between bins: numbers by order, up to 12 levels by a column each, more levels
    ranked by their event rate (shrunk towards that of all by 20 accounts), unless the
    levels differ by no more than chance (a p-value above 1 %), when they count as one.
    Missing is a state of its own that each split sends where it does best; if no
    training row was in a state, it is scored as the usual account. Infinite values are
    in the first or the last bin.

    The least curvature of a leaf is half a per cent of that of all events at the event
    rate, ``0.005 * n_event * (1 - event_rate)``, between 1 and 20,
    and half of it here, beside the least rows. With fewer than 20
    accounts of the rarer class nothing can be held out: 50 trees of one
    split each are grown, with a warning.

    Weights count in the bins, the trees, the losses and the prices. The draw of rows
    for each tree, and `min_child_samples`, goes by rows, so a weight of 2 equals
    the row twice but for that draw.

    Contributions are the library's exact TreeSHAP values [1]_ on the log-odds.

    References
    ----------
    .. [1] S. Lundberg et al., "From local explanations to global understanding with
       explainable AI for trees", Nature Machine Intelligence 2, 2020, algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.boosting import LGBMPDClassifier
    >>> from riskkit.datasets import make_loan_book
    >>> book = make_loan_book(3_000, default_rate=0.1, random_state=0)
    >>> model = LGBMPDClassifier(special_codes=book.special_codes)
    >>> model.fit(book.data, book.target).predict_proba(book.data).shape
    (3000, 2)

    A PD that never falls as the utilisation rises, and its audit:

    >>> held = LGBMPDClassifier(monotone={"utilisation": "ascending"})
    >>> audit = held.fit(book.data, book.target).monotone_audit_
    >>> audit.frame()[["feature", "direction", "n_violations", "proven"]]
           feature  direction  n_violations  proven
    0  utilisation  ascending             0    True
    """

    _library = "lightgbm"

    def __init__(
        self,
        *,
        monotone: Any = "none",
        special_codes: Any = None,
        unseen: str = "neutral",
        calibration: Any = None,
        scaler: PointsScaler | None = None,
        learning_rate: float | None = None,
        n_rounds: int | None = None,
        max_rounds: int = 4000,
        patience: int = 50,
        inner_cv: Any = None,
        num_leaves: int | None = None,
        min_child_samples: int | None = None,
        min_child_weight: float | None = None,
        subsample: float | None = None,
        colsample: float = 0.6,
        reg_lambda: float = 5.0,
        max_bins: int = 254,
        price_constraints: bool = True,
        reference_share: float = 1.0,
        device: str = "cpu",
        random_state: Any = 0,
        n_jobs: int | None = None,
        verbose: bool | str = "auto",
    ) -> None:
        self.monotone = monotone
        self.special_codes = special_codes
        self.unseen = unseen
        self.calibration = calibration
        self.scaler = scaler
        self.learning_rate = learning_rate
        self.n_rounds = n_rounds
        self.max_rounds = max_rounds
        self.patience = patience
        self.inner_cv = inner_cv
        self.num_leaves = num_leaves
        self.min_child_samples = min_child_samples
        self.min_child_weight = min_child_weight
        self.subsample = subsample
        self.colsample = colsample
        self.reg_lambda = reg_lambda
        self.max_bins = max_bins
        self.price_constraints = price_constraints
        self.reference_share = reference_share
        self.device = device
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _new_trainer(self) -> NewTrainer:
        return LGBMTrainer

    def _tree_parameters(
        self, rate: float, leaf: float, n_event: float, *, is_thin: bool
    ) -> dict[str, Any]:
        n_leaf = 1 if is_thin else int(np.clip(0.02 * n_event, 10, 60))
        return {
            "learning_rate": rate,
            "num_leaves": self.num_leaves or (2 if is_thin else 15),
            "min_data_in_leaf": n_leaf
            if self.min_child_samples is None
            else int(self.min_child_samples),
            "min_sum_hessian_in_leaf": leaf / 2
            if self.min_child_weight is None
            else float(self.min_child_weight),
            "bagging_fraction": self.subsample or (1.0 if is_thin else 0.8),
            "bagging_freq": 1,
            "feature_fraction": float(self.colsample),
            "lambda_l2": float(self.reg_lambda),
            "device_type": self.device,
        }

    def _check_params(self) -> None:
        super()._check_params()
        check_int("num_leaves", self.num_leaves, low=2, none_allowed=True)
        check_int("min_child_samples", self.min_child_samples, low=1, none_allowed=True)
        check_real("min_child_weight", self.min_child_weight, low=0, none_allowed=True)
