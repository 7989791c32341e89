"""What follows from each assumption about the rejects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.notebook import rows_html
from riskkit._kernels.ranking import auc, score_counts
from riskkit.scorecard._reject_methods import folds_of, infer
from riskkit.scorecard._reject_sample import pd_of, take_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from riskkit.scorecard._reject_methods import Policy
    from riskkit.scorecard._reject_sample import RejectSample
    from riskkit.typing import FloatArray

__all__ = ["STATEMENT", "RejectSensitivityResult", "sweep"]

STATEMENT = (
    "The outcomes of rejected applicants were never observed, and nothing in these "
    "rows can tell which assumption about them is true. The multiplier of their odds "
    "is chosen, not estimated: the AUC on accepts does not identify it, because every "
    "row it is computed from was accepted. If the old policy used information that the "
    "model does not have, rejects are worse than accepts that look the same, by an "
    "unknown amount. The rows of this table are a range of assumptions, not an "
    "interval of confidence. Only outcomes of applicants accepted against the policy, "
    "or seen by another lender, can narrow it."
)


@dataclass(frozen=True)
class RejectSensitivityResult:
    """Models that differ in nothing but what is assumed of the rejects.

    Parameters
    ----------
    method : str
        Method of reject inference.

    rows : tuple of dict
        One entry for the accepts alone (multiplier missing; rejects whose outcome
        a bureau knows take part) and for each multiplier: see :meth:`frame`.

    coefficients : tuple of dict
        Coefficients of the characteristics in the same order; empty for an estimator
        without ``coefficients_``.

    cutoff : float
        PD at or below which an applicant counts as approved.

    statement : str
        What these rows cannot tell.

    See Also
    --------
    RejectInference.sensitivity : Makes this result.

    Examples
    --------
    >>> from riskkit.datasets import make_loan_book
    >>> from riskkit.scorecard import RejectInference
    >>> book = make_loan_book(2_000, default_rate=0.2, reject_rate=0.4, random_state=0)
    >>> y = book.target.astype(float)
    >>> y[~book.accepted] = float("nan")
    >>> sweep = RejectInference(n_folds=2).sensitivity(book.data, y, multipliers=(1, 3))
    >>> sweep.frame()[["multiplier", "n_characteristics"]].shape
    (3, 2)
    >>> sweep.frame()["mean_pd_rejects"].is_monotonic_increasing
    True
    """

    method: str
    rows: tuple[dict[str, float], ...]
    coefficients: tuple[dict[str, float], ...]
    cutoff: float
    statement: str = STATEMENT

    def frame(self) -> pd.DataFrame:
        """Return one row for the accepts alone and for each multiplier.

        Returns
        -------
        frame : DataFrame
            multiplier; auc_accepts, cross-fitted; mean_pd_rejects; event_rate, what
            it implies for all applicants: outcomes of labelled rows, PDs of the
            others; approved, share of all applicants at or below the cut-off;
            approved_rejects, the same of rejects; max_coefficient_change, the largest
            against the accepts alone (each in the WoE of its own bins, 0 for a
            characteristic without a place); n_characteristics.
        """
        import pandas as pd

        return pd.DataFrame(list(self.rows))

    def coefficient_frame(self) -> pd.DataFrame:
        """Return the coefficients: a row for each characteristic, a column a model."""
        import pandas as pd

        names = ["accepts only"] + [f"x{row['multiplier']:g}" for row in self.rows[1:]]
        columns = dict(zip(names, self.coefficients, strict=False))
        return pd.DataFrame(columns).fillna(0.0)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data; the missing multiplier is None."""
        rows = [
            {key: None if value != value else value for key, value in row.items()}
            for row in self.rows
        ]
        return {
            "method": self.method,
            "cutoff": self.cutoff,
            "rows": rows,
            "coefficients": [dict(one) for one in self.coefficients],
            "statement": self.statement,
        }

    def _repr_html_(self) -> str:
        frame = self.frame()
        rows = frame.itertuples(index=False)
        title = "How results move with the share of events among the declined"
        return rows_html(title, list(map(str, frame)), rows, n_rows=len(frame), most=40)


def sweep(
    policy: Policy,
    sample: RejectSample,
    multipliers: Sequence[float],
    cutoff: float | None,
) -> RejectSensitivityResult:
    """Fit the accepts alone, and with the rejects at each multiplier."""
    cases = [replace(policy, multiplier=float(m)) for m in multipliers]
    first = sample.fit_labelled(policy.estimator)
    models = [first, *(infer(case, sample, first)[0] for case in cases)]
    accepts, unseen = _cross_fitted(policy, cases, sample)

    everyone = np.concatenate([sample.labelled, sample.unlabelled])
    X, weight = take_rows(sample.X, everyone), sample.weight[everyone]
    reject = ~sample.accepted[everyone]
    open_ = np.arange(everyone.size) >= sample.labelled.size
    scores = [pd_of(model, X) for model in models]
    if cutoff is None:
        cutoff = _cutoff(scores[0], weight, float(weight[~reject].sum()))
    rows = []
    coefficients: list[Any] = [getattr(m, "coefficients_", None) for m in models]
    for k, score in enumerate(scores):
        approved = score <= cutoff
        expected = np.where(open_, score, sample.is_event[everyone])
        rows.append(
            {
                "multiplier": np.nan if k == 0 else cases[k - 1].multiplier,
                "auc_accepts": _auc(sample, accepts, unseen[k]),
                "mean_pd_rejects": _mean(score, weight, reject),
                "event_rate": _mean(expected, weight, None),
                "approved": _mean(approved, weight, None),
                "approved_rejects": _mean(approved, weight, reject),
                "max_coefficient_change": _change(coefficients[0], coefficients[k]),
                "n_characteristics": float(
                    len(coefficients[k])
                    if coefficients[k] is not None
                    else getattr(models[k], "n_features_in_", np.nan)
                ),
            }
        )
    return RejectSensitivityResult(
        method=policy.method,
        rows=tuple(rows),
        coefficients=tuple(dict(one) for one in coefficients if one is not None),
        cutoff=float(cutoff),
    )


def _cross_fitted(
    policy: Policy, cases: Sequence[Policy], sample: RejectSample
) -> tuple[Any, list[FloatArray]]:
    """Return the accepts and, for each model, their PDs by the other folds' clone.

    Rejects take part in every fold: they have no outcome that could leak.
    """
    parts: list[Any] = []
    scores: list[list[FloatArray]] = [[] for _ in range(len(cases) + 1)]
    for test in folds_of(sample, policy.n_folds):
        rest, X = sample.without(test), take_rows(sample.X, test)
        first = rest.fit_labelled(policy.estimator)
        scores[0].append(pd_of(first, X))
        for k, case in enumerate(cases):
            scores[k + 1].append(pd_of(infer(case, rest, first)[0], X))
        parts.append(test)
    return np.concatenate(parts), [np.concatenate(part) for part in scores]


def _auc(sample: RejectSample, rows: Any, score: FloatArray) -> float:
    _, n_event, n_nonevent = score_counts(
        sample.is_event[rows], score, sample.weight[rows]
    )
    return auc(n_event, n_nonevent)


def _cutoff(score: FloatArray, weight: FloatArray, wanted: float) -> float:
    """Return the PD that approves as many applicants as were accepted."""
    order = np.argsort(score, kind="stable")
    place = int(np.searchsorted(np.cumsum(weight[order]), wanted * (1.0 - 1e-12)))
    return float(score[order[min(place, score.size - 1)]])


def _mean(value: Any, weight: FloatArray, rows: Any) -> float:
    if rows is not None:
        value, weight = value[rows], weight[rows]
    return float(weight @ value / weight.sum()) if weight.size else float("nan")


def _change(before: Any, after: Any) -> float:
    if before is None or after is None:
        return float("nan")
    names = set(before) | set(after)
    gaps = (abs(after.get(name, 0.0) - before.get(name, 0.0)) for name in names)
    return float(max(gaps, default=0.0))
