"""Reject inference: a model of applicants from the outcomes of accepts."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from riskkit._core.params import check_real
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    RiskkitWarning,
)
from riskkit.scorecard._reject_methods import infer, read_policy
from riskkit.scorecard._reject_predictions import DelegatedPredictions
from riskkit.scorecard._reject_sample import pd_of, read_sample, take_rows
from riskkit.scorecard._reject_sensitivity import STATEMENT, sweep

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.scorecard._reject_methods import Policy
    from riskkit.scorecard._reject_sample import RejectSample
    from riskkit.scorecard._reject_sensitivity import RejectSensitivityResult
    from riskkit.typing import FloatArray

__all__ = ["RejectInference"]


class RejectInference(DelegatedPredictions):
    """Fit a model to accepts and rejects together, under a stated assumption.

    A scorecard learned from accepted applicants is asked about all of them. Reject
    inference fills in what the rejects might have done. It is off unless this class is
    used, and adds an assumption, not information: look at :meth:`sensitivity` before
    its result, and prefer accepting a few applicants at random.

    Parameters
    ----------
    estimator : classifier or None, default=None
        What is fitted, with ``predict_proba`` and sample weights; None stands for
        ``ScorecardClassifier()``.

    method : str, default="fuzzy"
        How rejects enter. ``p`` is the PD by the model of the accepts alone.

        - ``"fuzzy"``: each twice, as an event of weight ``p`` and a non-event of
          weight ``1 - p``, the odds multiplied.
        - ``"parcelling"``: once, in bands of ``p``; chance picks as many events as the
          accepts of the band show, the odds multiplied.
        - ``"hard_cutoff"``: once, an event if ``p`` is not below the `cutoff`.
        - ``"reweighting"``: not at all; accepts stand for the applicants who had the
          same chance to be accepted.
        - ``"extrapolation"``: as fuzzy, with the ``p`` of the line that runs through
          the accepts' outcomes on their cross-fitted log-odds.
        - ``"bureau"``: with the outcome another lender saw; as fuzzy where none did.

    bad_rate_multiplier : float, default=1.0
        Odds of the event of a reject against those of an accept with the same
        features. It cannot be estimated from these rows.

    n_bands : int, default=10
        Bands of the PD (parcelling), or of the chance to be accepted (reweighting).

    cutoff : float or None, default=None
        PD of the hard cut-off; None puts it where as many rejects become events as
        their PDs add up to.

    min_overlap : float, default=0.05
        Least share of accepts in each band of reweighting, which is refused below.

    n_folds : int, default=3
        Folds of the cross-fitted figures, and of extrapolation.

    random_state : int, RandomState instance or None, default=None
        Seed of parcelling.

    Attributes
    ----------
    model_ : classifier
        The fitted model, which predictions are delegated to, and which is saved.

    accepts_only_ : classifier
        The model without the rejects: always look at both.

    comparison_ : DataFrame
        Mean PD of accepts, of rejects and of all applicants by both models.

    assumed_event_rate_ : float
        What the rejects without an outcome were taken for; NaN with reweighting.

    overlap_ : float
        Share of rejects whose PD by the accepts-only model is within that of the
        safest 99 % of accepts. The rest is extrapolation, whatever the method.

    n_accepts_, n_rejects_ : float
        Rows of each, as sums of weights.

    classes_ : ndarray of shape (2,)
        The non-event and the event label.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names seen during :term:`fit`, if all are strings.

    See Also
    --------
    riskkit.datasets.make_loan_book : Rejects whose outcomes are known.

    Notes
    -----
    On five books whose rejects' outcomes are known, three seeds each, fuzzy
    augmentation with odds times 1.5 or 2.5 gained AUC every time, and with a
    multiplier of 1 all but once. The other methods without outcomes lost on some, the
    hard cut-off and reweighting on most (``benchmarks/bench_reject_inference.py``).
    The multiplier that gave the right level differed from book to book. At 1 an
    unpenalised logistic regression on fixed columns stays exactly as it is [1]_; a
    scorecard moves, because its bins cover all applicants and its penalties are
    smaller beside more rows.
    Nothing here repairs a policy that used what the model does not see.

    Weights of added rows are fractions of accounts; ``n_rows_`` and ``baseline_`` of
    `model_` count rejects too, and its events are assumed ones. Information values,
    standard errors and p-values of `model_` take these for evidence: read those of
    `accepts_only_`.

    References
    ----------
    .. [1] A. Ehrhardt, C. Biernacki, V. Vandewalle, P. Heinrich and S. Beben, "Reject
       inference methods in credit scoring", J. Applied Statistics 48, 2021.

    .. [2] D. Hand and W. Henley, "Can reject inference ever work?", IMA J. Mathematics
       Applied in Business and Industry 5, 1993.

    Examples
    --------
    >>> from riskkit.datasets import make_loan_book
    >>> from riskkit.scorecard import RejectInference
    >>> book = make_loan_book(4_000, default_rate=0.1, reject_rate=0.4, random_state=0)
    >>> y = book.target.astype(float)
    >>> y[~book.accepted] = float("nan")  # never observed
    >>> inference = RejectInference(bad_rate_multiplier=1.5).fit(book.data, y)
    >>> inference.comparison_.index.tolist()
    ['accepts only', 'with rejects']
    >>> means = inference.comparison_["mean_pd_rejects"]
    >>> bool(means["with rejects"] > means["accepts only"])
    True
    """

    statement = STATEMENT

    def __init__(
        self,
        estimator: Any = None,
        *,
        method: str = "fuzzy",
        bad_rate_multiplier: float = 1.0,
        n_bands: int = 10,
        cutoff: float | None = None,
        min_overlap: float = 0.05,
        n_folds: int = 3,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.method = method
        self.bad_rate_multiplier = bad_rate_multiplier
        self.n_bands = n_bands
        self.cutoff = cutoff
        self.min_overlap = min_overlap
        self.n_folds = n_folds
        self.random_state = random_state

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        accepted: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        bureau_outcome: ArrayLike | None = None,
    ) -> Self:
        """Fit the accepts alone, then all applicants.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Features of all applicants, as they stood at application.

        y : array-like of shape (n_samples,)
            Outcomes of the accepts; the larger label is the event. Those of rejects
            are not looked at.

        accepted : array-like of bool of shape (n_samples,), optional
            Whether the application was accepted; without it, whether `y` is known.

        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row; a weight of 2 equals the row twice.

        bureau_outcome : array-like of shape (n_samples,), optional
            What another lender saw of a reject, in the labels of `y`, or missing.
            Needed by, and only by, the method "bureau"; of accepts, `y` counts.

        Returns
        -------
        self : RejectInference
            The fitted model.

        Raises
        ------
        InvalidParameterError
            If a parameter is outside its domain, or `estimator` takes no weights.
        InvalidTargetError
            If the accepts do not show both outcomes, or one of them none.
        InvalidInputError
            If rejects have no features, `accepted` is no mask, or accepts and rejects
            are too different for reweighting.
        """
        policy, sample = self._read(X, y, accepted, sample_weight, bureau_outcome)
        if not sample.unlabelled.size and sample.accepted.all():
            msg = "No row is a reject: the model is that of the accepts alone."
            warnings.warn(msg, RiskkitWarning, stacklevel=2)
        self.classes_ = sample.classes
        labelled = sample.fit_labelled(policy.estimator)
        self.model_, assumed = infer(policy, sample, labelled)
        self.accepts_only_ = self._accepts_only(policy, sample, labelled)
        weight = sample.weight[sample.unlabelled]
        self.assumed_event_rate_ = (
            float(weight @ assumed / weight.sum())
            if assumed is not None and weight.size
            else float("nan")
        )
        self._compare(sample)
        return self

    def sensitivity(
        self,
        X: ArrayLike,
        y: ArrayLike,
        accepted: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        bureau_outcome: ArrayLike | None = None,
        *,
        multipliers: Sequence[float] = (1, 1.5, 2, 3, 4),
        cutoff: float | None = None,
    ) -> RejectSensitivityResult:
        """Return what follows from each multiplier; fits nothing into this object.

        Parameters
        ----------
        X, y, accepted, sample_weight, bureau_outcome : array-like
            As in :meth:`fit`.

        multipliers : sequence of float, default=(1, 1.5, 2, 3, 4)
            Values of `bad_rate_multiplier`, each of which takes ``n_folds + 1`` fits.

        cutoff : float or None, default=None
            PD at or below which an applicant is approved; None stands for the one at
            which the accepts-only model approves as many as were accepted.

        Returns
        -------
        result : RejectSensitivityResult
            A row for each multiplier, and the statement of what they cannot tell.
        """
        check_real("cutoff", cutoff, low=0.0, high=1.0, none_allowed=True)
        for multiplier in multipliers:
            check_real("multipliers", multiplier, low=0.0)
        if not multipliers or min(multipliers) <= 0:
            msg = "multipliers must be numbers above 0; got none, or another."
            raise InvalidParameterError(msg)
        policy, sample = self._read(X, y, accepted, sample_weight, bureau_outcome)
        if not policy.uses_multiplier:
            msg = (
                "A sweep needs a method that assumes PDs of rejects; got "
                f"method={self.method!r}, where the multiplier changes nothing."
            )
            raise InvalidParameterError(msg)
        if not sample.unlabelled.size:
            msg = "A sweep needs rejects without outcomes; there are none."
            raise InvalidInputError(msg)
        return sweep(policy, sample, multipliers, cutoff)

    def to_dict(self) -> dict[str, Any]:
        """Return what was assumed, as plain data for the notes of an artifact."""
        check_is_fitted(self)
        return {
            "method": self.method,
            "bad_rate_multiplier": float(self.bad_rate_multiplier),
            "n_accepts": self.n_accepts_,
            "n_rejects": self.n_rejects_,
            "comparison": {
                model: {name: _plain(value) for name, value in row.items()}
                for model, row in self.comparison_.to_dict("index").items()
            },
            "assumed_event_rate": _plain(self.assumed_event_rate_),
            "overlap": _plain(self.overlap_),
            "statement": self.statement,
        }

    def _read(
        self, X: Any, y: Any, accepted: Any, sample_weight: Any, bureau: Any
    ) -> tuple[Policy, RejectSample]:
        policy = read_policy(self)
        if (bureau is not None) != (policy.method == "bureau"):
            msg = (
                "bureau_outcome and method='bureau' go together; got "
                f"method={policy.method!r} "
                f"{'without' if bureau is None else 'with'} bureau_outcome."
            )
            raise InvalidParameterError(msg)
        return policy, read_sample(self, X, y, accepted, sample_weight, bureau)

    def _accepts_only(self, policy: Policy, sample: RejectSample, first: Any) -> Any:
        from_bureau = sample.labelled[~sample.accepted[sample.labelled]]
        if not from_bureau.size:
            return first
        return sample.without(from_bureau).fit_labelled(policy.estimator)

    def _compare(self, sample: RejectSample) -> None:
        import pandas as pd

        rows = np.sort(np.concatenate([sample.labelled, sample.unlabelled]))
        accepted, weight = sample.accepted[rows], sample.weight[rows]
        X = take_rows(sample.X, rows)
        models = {
            "accepts only": pd_of(self.accepts_only_, X),
            "with rejects": pd_of(self.model_, X),
        }
        groups = {"accepts": accepted, "rejects": ~accepted, "all": weight > 0}
        self.comparison_: pd.DataFrame = pd.DataFrame(
            {
                f"mean_pd_{group}": [
                    _average(score[mask], weight[mask]) for score in models.values()
                ]
                for group, mask in groups.items()
            },
            index=list(models),
        )
        self.n_accepts_ = float(weight[accepted].sum())
        self.n_rejects_ = float(weight[~accepted].sum())
        score = models["accepts only"]
        bound = np.quantile(score[accepted], 0.99)
        self.overlap_ = _average(score[~accepted] <= bound, weight[~accepted])


def _average(value: Any, weight: FloatArray) -> float:
    return float(weight @ value / weight.sum()) if weight.size else float("nan")


def _plain(value: float) -> float | None:
    return None if value != value else float(value)
