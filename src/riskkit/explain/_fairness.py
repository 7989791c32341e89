"""Approval, ranking and calibration by group, with the uncertainty of each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from riskkit._core.frames import is_series, level_column
from riskkit._core.levels import level_key
from riskkit._core.params import check_real, did_you_mean
from riskkit._core.target import known_outcomes
from riskkit._kernels.logistic import logit
from riskkit._kernels.ranking import auc, score_counts
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTypeError,
)
from riskkit.explain._disparity import (
    katz_interval,
    newcombe_interval,
    normal_quantile,
    share,
    standardised_difference,
    wilson_interval,
)
from riskkit.explain._fairness_result import FairnessResult, GroupOutcome

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import BoolArray, FloatArray

__all__ = ["fairness_report"]

_MISSING = "missing"
_MOST_GROUPS = 50
_RULE_OF_THUMB = (
    "An adverse impact ratio below 0.8 (four fifths) is a rule of thumb for looking "
    "closer. Neither side of it settles anything by itself: read the interval, the "
    "bad rates and the reasons beside it."
)


def fairness_report(
    model: Any,
    X: Any,
    y: ArrayLike,
    group: ArrayLike,
    *,
    cutoff_points: float | None = None,
    cutoff_pd: float | None = None,
    reference: object = None,
    level: float = 0.95,
) -> FairnessResult:
    """Compare groups of accounts under a model and a cut-off.

    The group is only used to sort accounts that are scored already; the model never
    sees it, and the result does not judge.

    Parameters
    ----------
    model : ScorecardClassifier or classifier
        Anything fitted that has `predict_proba`; `predict_points` too if the cut-off
        is in points.

    X : frame or array-like of shape (n_samples, n_features)
        Accounts; columns of a frame are matched by name.

    y : array-like of shape (n_samples,)
        Outcomes, labelled as in training; known for every account.

    group : array-like of shape (n_samples,)
        Group of each account. Those with none form the group ``"missing"``.

    cutoff_points : float, optional
        Approve from these points on. Either this or `cutoff_pd` is given.

    cutoff_pd : float, optional
        Approve up to this PD.

    reference : object, optional
        Group that others are compared with; the largest one by default, and the first
        by name among equals.

    level : float, default=0.95
        Level of every interval.

    Returns
    -------
    result : FairnessResult
        With ``.frame()``, one row a group, and ``.to_dict()``.

    Raises
    ------
    InvalidParameterError
        If both cut-offs or none are given, the reference is no group, or the level is
        not between 0 and 1.
    InvalidInputError
        If `group` has another length, no or too many distinct values, or the reference
        has fewer than two accounts.
    InvalidTargetError
        If `y` holds a label that training had not.
    InvalidTypeError
        If the model cannot predict what is needed.

    See Also
    --------
    reason_codes : Why a score is low.

    Notes
    -----
    For each group, with the reference group as the yardstick:

    * approval rate, with Wilson's interval;
    * adverse impact ratio, the approval rate over that of the reference, with Katz's
      log-ratio interval (unknown where nobody is approved);
    * standardised mean difference of the points, over the root of the mean of both
      variances; of minus the log-odds for a model without points;
    * AUC of the PD within the group;
    * equal-opportunity difference: the approval rate among non-events less that of
      the reference, with Newcombe's interval;
    * observed event rate, with Wilson's interval, beside the mean PD.

    Accounts are taken as independent. Intervals are for one group at a time and not
    corrected for the number of groups. Outcomes of accounts that were declined in the
    past are usually unknown, so the last three speak of those that were booked. A
    group of fewer than two accounts is listed, and not evaluated.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.datasets import make_loan_book
    >>> from riskkit.explain import fairness_report
    >>> from riskkit.scorecard import ScorecardClassifier
    >>> book = make_loan_book(3_000, default_rate=0.1, random_state=0)
    >>> card = ScorecardClassifier().fit(book.data, book.target)
    >>> region = np.where(np.arange(3_000) % 3 == 0, "north", "south")
    >>> result = fairness_report(
    ...     card, book.data, book.target, region, cutoff_pd=0.1)
    >>> result.reference
    'south'
    >>> result.frame()[["group", "n"]].to_dict("list")
    {'group': ['north', 'south'], 'n': [1000, 2000]}
    """
    _check_cutoff(cutoff_points, cutoff_pd)
    check_real("level", level, low=0.0, high=1.0)
    if not 0.0 < level < 1.0:
        msg = f"level must lie between 0 and 1; got {level!r}."
        raise InvalidParameterError(msg)
    pd_, points = _predictions(model, X, cutoff_points)
    if cutoff_points is not None:
        approved = points >= cutoff_points
    else:
        approved = pd_ <= cutoff_pd  # type: ignore[operator]  # checked above
    classes = tuple(model.classes_.tolist())
    is_event = known_outcomes(y, (classes[0], classes[1]), pd_.size)
    names, codes = _read_groups(group, pd_.size)
    sizes = np.bincount(codes, minlength=len(names))
    base = _find_reference(reference, names, sizes)
    samples = [
        _Sample.of(pd_[rows], points[rows], approved[rows], is_event[rows])
        for rows in (codes == k for k in range(len(names)))
    ]
    z = normal_quantile(level)
    outcomes = tuple(
        _compare(name, sample, samples[base], z)
        for name, sample in zip(names, samples, strict=True)
    )
    return FairnessResult(
        groups=outcomes,
        reference=names[base],
        cutoff_points=cutoff_points,
        cutoff_pd=cutoff_pd,
        level=level,
        notes=(
            _RULE_OF_THUMB,
            f"Compared with {names[base]!r}; intervals at level {level:g}, one group "
            "at a time.",
            *_used_by_model(model, group),
        ),
    )


@dataclass(frozen=True)
class _Sample:
    """What the formulas need to know of a group."""

    n: int
    n_event: int
    n_approved: int
    n_nonevent_approved: int
    mean_points: float
    variance: float
    auc: float
    mean_pd: float

    @classmethod
    def of(
        cls,
        pd_: FloatArray,
        points: FloatArray,
        approved: BoolArray,
        is_event: BoolArray,
    ) -> _Sample:
        _, n_event, n_nonevent = score_counts(is_event, pd_)
        return cls(
            n=pd_.size,
            n_event=int(np.count_nonzero(is_event)),
            n_approved=int(np.count_nonzero(approved)),
            n_nonevent_approved=int(np.count_nonzero(approved & ~is_event)),
            mean_points=float(points.mean()),
            variance=float(points.var(ddof=1)) if points.size > 1 else math.nan,
            auc=auc(n_event, n_nonevent),
            mean_pd=float(pd_.mean()),
        )

    @property
    def n_nonevent(self) -> int:
        return self.n - self.n_event


def _compare(name: str, a: _Sample, base: _Sample, z: float) -> GroupOutcome:
    head: dict[str, Any] = {
        "group": name,
        "n": a.n,
        "n_event": a.n_event,
        "n_approved": a.n_approved,
    }
    if a.n < 2:
        return GroupOutcome(**head, note="not evaluable: fewer than two accounts")
    rate, rate_0 = share(a.n_approved, a.n), share(base.n_approved, base.n)
    fair = share(a.n_nonevent_approved, a.n_nonevent)
    fair_0 = share(base.n_nonevent_approved, base.n_nonevent)
    approval = wilson_interval(a.n_approved, a.n, z)
    event = wilson_interval(a.n_event, a.n, z)
    ratio = gap = (math.nan, math.nan)
    if a is not base:  # against itself there is nothing to estimate
        ratio = katz_interval(a.n_approved, a.n, base.n_approved, base.n, z)
        gap = newcombe_interval(
            *(a.n_nonevent_approved, a.n_nonevent),
            *(base.n_nonevent_approved, base.n_nonevent),
            z,
        )
    return GroupOutcome(
        **head,
        approval_rate=rate,
        approval_low=approval[0],
        approval_high=approval[1],
        adverse_impact_ratio=rate / rate_0 if rate_0 else math.nan,
        ratio_low=ratio[0],
        ratio_high=ratio[1],
        mean_points=a.mean_points,
        smd=standardised_difference(
            a.mean_points, a.variance, base.mean_points, base.variance
        ),
        auc=a.auc,
        nonevent_approval_rate=fair,
        opportunity_difference=fair - fair_0,
        opportunity_low=gap[0],
        opportunity_high=gap[1],
        event_rate=share(a.n_event, a.n),
        event_rate_low=event[0],
        event_rate_high=event[1],
        mean_pd=a.mean_pd,
        note="; ".join(_remarks(a, base)),
    )


def _remarks(a: _Sample, base: _Sample) -> list[str]:
    remarks = ["reference"] if a is base else []
    if base.n_approved == 0:
        remarks.append("nobody of the reference is approved")
    elif a.n_approved == 0:
        remarks.append("nobody is approved")
    if a.n_event == 0 or a.n_nonevent == 0:
        remarks.append("one outcome only: no AUC")
    return remarks


def _predictions(
    model: Any, X: Any, cutoff_points: float | None
) -> tuple[FloatArray, FloatArray]:
    """Return the PD and the points, or minus the log-odds where there are none."""
    needed = ["predict_proba"] + ["predict_points"] * (cutoff_points is not None)
    absent = [name for name in needed if not hasattr(model, name)]
    if absent:
        msg = (
            f"fairness_report needs a model with {absent[0]}; "
            f"{type(model).__name__} has none."
            f"{' Give cutoff_pd instead.' if absent == ['predict_points'] else ''}"
        )
        raise InvalidTypeError(msg)
    pd_ = np.asarray(model.predict_proba(X), dtype=np.float64)[:, 1]
    if len(getattr(model, "classes_", ())) != 2:
        msg = (
            "fairness_report needs a model whose classes_ are the non-event and the "
            f"event; {type(model).__name__} has no such two."
        )
        raise InvalidTypeError(msg)
    if hasattr(model, "predict_points"):
        return pd_, np.asarray(model.predict_points(X), dtype=np.float64)
    tiny = np.finfo(np.float64).eps
    return pd_, -logit(pd_.clip(tiny, 1.0 - tiny))


def _read_groups(group: Any, n_rows: int) -> tuple[list[str], Any]:
    """Return the names of the groups and each row's position among them."""
    is_column = is_series(group) or isinstance(group, np.ndarray)
    # As objects, or NumPy would turn a missing value among texts into a text.
    column = group if is_column else np.asarray(group, dtype=object)
    shape = tuple(getattr(column, "shape", None) or (len(column),))
    if shape != (n_rows,):
        msg = (
            f"group must hold one value for each of the {n_rows} accounts; got shape "
            f"{shape}. Give one column."
        )
        raise InvalidInputError(msg)
    if isinstance(column, np.ndarray) and column.dtype.kind not in "OU":
        column = pd.Series(column)
    coded = level_column(column, "group")
    names, codes = list(coded.levels), coded.codes.copy()
    if (codes < 0).any():
        if _MISSING not in names:
            names.append(_MISSING)
        codes[codes < 0] = names.index(_MISSING)
    if len(names) > _MOST_GROUPS:
        msg = (
            f"group must hold at most {_MOST_GROUPS} distinct values; got "
            f"{len(names)}. Cut a number such as age into bands first."
        )
        raise InvalidInputError(msg)
    return names, codes


def _find_reference(reference: object, names: list[str], sizes: Any) -> int:
    if reference is None:
        # Accounts without a group are no yardstick unless there is no other.
        known = [k for k, name in enumerate(names) if name != _MISSING] or [0]
        base = max(known, key=lambda k: sizes[k])  # the first among equals
    else:
        key = level_key(reference)
        if key not in names:
            msg = (
                f"reference must be one of the {len(names)} groups; got "
                f"{reference!r}.{did_you_mean(key, names)}"
            )
            raise InvalidParameterError(msg)
        base = names.index(key)
    if sizes[base] < 2:
        msg = (
            "The reference group must have at least two accounts; "
            f"{names[base]!r} has {int(sizes[base])}. Choose another reference."
        )
        raise InvalidInputError(msg)
    return base


def _used_by_model(model: Any, group: Any) -> list[str]:
    """Say so if the model reads a column of the same name."""
    name = getattr(group, "name", None)
    spec = getattr(model, "spec_", None)
    used = getattr(spec, "features", None)
    if used is None:
        used = getattr(model, "feature_names_in_", ())
    if isinstance(name, str) and name in list(used):
        return [f"The model itself reads a column called {name!r}."]
    return []


def _check_cutoff(cutoff_points: float | None, cutoff_pd: float | None) -> None:
    if (cutoff_points is None) == (cutoff_pd is None):
        came = "none" if cutoff_pd is None else "both"
        msg = (
            f"One of cutoff_points and cutoff_pd must be given; got {came}. Approval "
            "rates mean nothing without a cut-off."
        )
        raise InvalidParameterError(msg)
    check_real("cutoff_points", cutoff_points, none_allowed=True)
    check_real("cutoff_pd", cutoff_pd, low=0.0, high=1.0, none_allowed=True)
