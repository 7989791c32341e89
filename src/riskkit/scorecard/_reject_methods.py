"""The methods of reject inference, from a sample and a model of its labelled rows."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import check_random_state

from riskkit._core.params import check_int, check_option, check_real
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    LeakageWarning,
)
from riskkit.scorecard._classifier import ScorecardClassifier
from riskkit.scorecard._reject_rows import (
    accept_bands,
    cut_rows,
    extrapolate,
    fuzzy_rows,
    parcel_rows,
    raise_odds,
)
from riskkit.scorecard._reject_sample import fit_model, pd_of, take_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskkit.scorecard._reject_rows import AddedRows
    from riskkit.scorecard._reject_sample import RejectSample
    from riskkit.typing import FloatArray, IntArray

__all__ = ["METHODS", "Policy", "folds_of", "infer", "read_policy"]

METHODS = (
    "fuzzy",
    "parcelling",
    "hard_cutoff",
    "reweighting",
    "extrapolation",
    "bureau",
)


@dataclass(frozen=True)
class Policy:
    """The checked parameters of a reject inference."""

    estimator: Any
    method: str
    multiplier: float
    n_bands: int
    cutoff: float | None
    min_overlap: float
    n_folds: int
    random_state: Any

    @property
    def uses_multiplier(self) -> bool:
        """Whether the multiplier changes anything."""
        if self.method == "hard_cutoff":
            return self.cutoff is None
        return self.method != "reweighting"


def read_policy(model: Any) -> Policy:
    """Check the parameters of a RejectInference."""
    check_option("method", model.method, METHODS)
    check_real("bad_rate_multiplier", model.bad_rate_multiplier, low=0.0)
    check_int("n_bands", model.n_bands, low=1)
    check_real("cutoff", model.cutoff, low=0.0, high=1.0, none_allowed=True)
    check_real("min_overlap", model.min_overlap, low=0.0, high=1.0)
    check_int("n_folds", model.n_folds, low=2)
    if model.bad_rate_multiplier == 0:
        msg = "bad_rate_multiplier must be above 0; got 0."
        raise InvalidParameterError(msg)
    if model.cutoff is not None and model.method != "hard_cutoff":
        msg = (
            "cutoff belongs to method='hard_cutoff'; got one with "
            f"method={model.method!r}. Leave it None."
        )
        raise InvalidParameterError(msg)
    estimator = ScorecardClassifier() if model.estimator is None else model.estimator
    if not hasattr(estimator, "fit") or not hasattr(estimator, "predict_proba"):
        msg = (
            "estimator must be a classifier with predict_proba, or None; got "
            f"{type(estimator).__name__}."
        )
        raise InvalidParameterError(msg)
    policy = Policy(
        estimator,
        model.method,
        float(model.bad_rate_multiplier),
        int(model.n_bands),
        None if model.cutoff is None else float(model.cutoff),
        float(model.min_overlap),
        int(model.n_folds),
        model.random_state,
    )
    if policy.multiplier != 1 and not policy.uses_multiplier:
        msg = (
            "bad_rate_multiplier changes nothing where no PD of rejects is assumed "
            "(reweighting, or hard_cutoff with a cutoff); got "
            f"{model.bad_rate_multiplier!r}. Leave it 1, or choose another method."
        )
        raise InvalidParameterError(msg)
    return policy


def infer(
    policy: Policy, sample: RejectSample, first: Any
) -> tuple[Any, FloatArray | None]:
    """Return the model with the rejects, and what PD it assumes of each of them.

    `first` is the model of the labelled rows. Reweighting assumes nothing.
    """
    if policy.method == "reweighting":
        return sample.fit_labelled(policy.estimator, _inverse_chance(policy, sample)), (
            None
        )
    rejects = sample.unlabelled
    if not rejects.size:
        return first, np.empty(0)
    pd = pd_of(first, take_rows(sample.X, rejects))
    weight = sample.weight[rejects]
    added: AddedRows
    if policy.method == "parcelling":
        rows = sample.labelled
        labelled_pd = pd_of(first, take_rows(sample.X, rows))
        added = parcel_rows(
            (labelled_pd, sample.is_event[rows], sample.weight[rows]),
            (pd, weight),
            n_bands=policy.n_bands,
            multiplier=policy.multiplier,
            rng=check_random_state(policy.random_state),
        )
        assumed = added.is_event.astype(np.float64)
    elif policy.method == "hard_cutoff":
        assumed = raise_odds(pd, policy.multiplier)
        added = cut_rows(pd, assumed, weight, policy.cutoff)
        assumed = added.is_event.astype(np.float64)
    else:
        if policy.method == "extrapolation":
            pd = _line(policy, sample, pd)
        assumed = raise_odds(pd, policy.multiplier)
        added = fuzzy_rows(assumed, weight)
    return sample.fit_with(policy.estimator, added), assumed


def folds_of(sample: RejectSample, n_folds: int) -> Iterator[IntArray]:
    """Yield the accepts of each fold, stratified by outcome and never shuffled."""
    accepts = sample.labelled[sample.accepted[sample.labelled]]
    is_event = sample.is_event[accepts]
    n_events = int(np.count_nonzero(is_event))
    fewest = min(n_events, is_event.size - n_events)
    if fewest < n_folds:
        msg = (
            f"n_folds={n_folds} needs at least {n_folds} accepts of each class; got "
            f"{fewest} of one. Use fewer folds or more accepts."
        )
        raise InvalidTargetError(msg)
    splitter = StratifiedKFold(n_folds)
    for _, test in splitter.split(np.empty((accepts.size, 0)), is_event):
        yield accepts[test]


def _line(policy: Policy, sample: RejectSample, pd: FloatArray) -> FloatArray:
    """Return the rejects' PDs on the line through the accepts' cross-fitted ones."""
    parts, scores = [], []
    for test in folds_of(sample, policy.n_folds):
        model = sample.without(test).fit_labelled(policy.estimator)
        scores.append(pd_of(model, take_rows(sample.X, test)))
        parts.append(test)
    rows = np.concatenate(parts)
    return extrapolate(
        np.concatenate(scores), sample.is_event[rows], sample.weight[rows], pd
    )


def _inverse_chance(policy: Policy, sample: RejectSample) -> FloatArray:
    """Return for each accept how many applicants of its band it stands for."""
    rows = np.concatenate([sample.labelled, sample.unlabelled])
    taken = np.arange(rows.size) < sample.labelled.size
    X, weight = take_rows(sample.X, rows), sample.weight[rows]
    if taken.all():
        return np.ones(rows.size)
    with warnings.catch_warnings():
        # That accepts and rejects can be told apart is what `thin` asks below.
        warnings.simplefilter("ignore", LeakageWarning)
        model = fit_model(
            clone(policy.estimator),
            X,
            taken.astype(np.intp),
            weight if sample.weighted else None,
        )
    bands, n_taken, n_refused = accept_bands(
        pd_of(model, X), taken, weight, policy.n_bands
    )
    share = n_taken / (n_taken + n_refused)
    thin = (share < policy.min_overlap) | (n_taken == 0)
    if thin.any():
        lost = float(n_refused[thin].sum() / n_refused.sum())
        msg = (
            "Reweighting needs accepts that resemble the rejects: in each of the "
            f"{share.size} bands of the chance to be accepted at least a share of "
            f"{policy.min_overlap:g} must be accepts. {int(thin.sum())} bands, with "
            f"{lost:.0%} of the rejects, have fewer. Accept some applicants at random, "
            "or use another method."
        )
        raise InvalidInputError(msg)
    return np.asarray((1.0 / share)[bands[taken]])
