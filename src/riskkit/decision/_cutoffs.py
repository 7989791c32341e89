"""The cut-off table: whom each cut-off approves, and what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_int, check_real
from riskkit.decision._curve import approval_curve, candidate_cutoffs
from riskkit.decision._outcomes import read_outcomes
from riskkit.decision._profit import normal_half_width, read_economics
from riskkit.decision._rows import (
    check_best,
    check_level,
    read_masses,
    read_score,
    riskiness,
)
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.decision._curve import ApprovalCurve
    from riskkit.typing import FloatArray

__all__ = ["CutoffResult", "cutoff_table", "read_cutoffs"]


@dataclass(frozen=True, slots=True)
class CutoffResult:
    """What :func:`cutoff_table` returns; strictest cut-off first.

    Parameters
    ----------
    best : {"high", "low"}
        Which scores are the best.

    n : float
        Applicants, as a sum of weights.

    columns : dict of str to tuple of float
        One entry for each cut-off; see :meth:`frame`.

    level : float
        Level of the intervals.

    Examples
    --------
    >>> from riskkit.decision import cutoff_table
    >>> result = cutoff_table([0, 0, 1, 1], [640, 620, 620, 580], best="high")
    >>> result.frame()[["cutoff", "approval_rate", "event_rate"]].round(2)
       cutoff  approval_rate  event_rate
    0   640.0           0.25        0.00
    1   620.0           0.75        0.33
    2   580.0           1.00        0.50
    """

    best: str
    n: float
    columns: dict[str, tuple[float, ...]]
    level: float

    def frame(self) -> pd.DataFrame:
        """Return one row for each cut-off.

        Returns
        -------
        frame : DataFrame
            Columns cutoff (approve from it on, or up to it); n_approved and
            approval_rate; n_known, n_event and event_rate of approved accounts with a
            known outcome, with Jeffreys' interval; n_inferred and inferred_rate of
            those that a PD stands for; expected_event_rate of both;
            marginal_event_rate, the expected event rate of those whom only this
            cut-off approves and not the one before; with gain and loss also revenue,
            loss, profit with its interval, and profit_per_applicant.
        """
        import pandas as pd

        return pd.DataFrame({name: list(col) for name, col in self.columns.items()})

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data, ready for JSON but for NaN."""
        columns = {name: list(column) for name, column in self.columns.items()}
        return {
            "best": self.best,
            "n": self.n,
            "columns": columns,
            "level": self.level,
        }

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False, na_rep=""))


def cutoff_table(
    y_true: ArrayLike | None,
    y_score: ArrayLike,
    *,
    best: str,
    cutoffs: int | Sequence[float] = 100,
    pd: ArrayLike | None = None,
    gain: float | ArrayLike | None = None,
    loss: float | ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
) -> CutoffResult:
    """Say for each cut-off who would be approved, with what event rate and profit.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or None
        Outcomes: 1 for the event, 0, missing where there is none. None if `pd` says
        everything.

    y_score : array-like of shape (n_samples,)
        The score that is cut off; known for everyone.

    best : {"high", "low"}
        Which scores are the best: ``"high"`` for points, which are approved from the
        cut-off on, ``"low"`` for a PD, approved up to it.

    cutoffs : int or sequence of float, default=100
        Cut-offs, or how many at most, of about equal weight; all distinct scores if
        there are fewer.

    pd : array-like of shape (n_samples,), optional
        Calibrated PDs that stand for outcomes where there are none, as of applicants
        who were declined. What rests on them is reported apart.

    gain, loss : float or array-like of shape (n_samples,), optional
        What an approved non-event earns, and what an approved event costs; both not
        negative. Give them together.

    sample_weight : array-like of shape (n_samples,), optional
        Weight of each row; a weight of 2 equals the row twice.

    level : float, default=0.95
        Level of the intervals.

    Returns
    -------
    result : CutoffResult
        With ``.frame()``, strictest cut-off first.

    Raises
    ------
    InvalidParameterError
        If `best` is not said, a gain or loss is negative or alone, or the cut-offs
        are not numbers.
    InvalidInputError, InvalidTypeError
        If a score is unknown, a PD is none, or the columns are of other rows.
    InvalidTargetError
        If somebody has neither an outcome nor a PD.

    See Also
    --------
    choose_cutoff : One cut-off for a goal.
    efficient_frontier : Cut-offs of several scores against each other.
    riskkit.plotting.CutoffDisplay : The picture.

    Notes
    -----
    Rows are taken as independent. Intervals of event rates are Jeffreys' and speak of
    known outcomes alone; those of the profit are normal, and missing where any
    approved outcome is inferred, because nothing was observed of it. Profits are sums:
    with gains and losses of single loans they need no average loan.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.decision import cutoff_table
    >>> points = np.repeat([620, 600, 580], 100)
    >>> y = np.concatenate([np.arange(100) < n for n in (2, 6, 15)])
    >>> result = cutoff_table(y, points, best="high", gain=100, loss=900)
    >>> result.frame()[["cutoff", "approval_rate", "event_rate",
    ...                 "marginal_event_rate", "profit"]].round(3)
       cutoff  approval_rate  event_rate  marginal_event_rate  profit
    0   620.0          0.333       0.020                 0.02  8000.0
    1   600.0          0.667       0.040                 0.06 12000.0
    2   580.0          1.000       0.077                 0.15  7000.0
    """
    check_best(best)
    check_level(level)
    score = read_score("y_score", y_score)
    weight = read_masses(score.size, sample_weight)
    outcomes = read_outcomes(y_true, pd, weight, complete="cutoff_table")
    economics = read_economics(gain, loss, outcomes)
    places = read_cutoffs(cutoffs, score, weight, best)
    curve = approval_curve(score, best, places, outcomes, economics)
    columns = {
        "cutoff": curve.cutoffs,
        "n_approved": curve.counts.n,
        "approval_rate": curve.approval_rate,
        **curve.counts.columns(level),
        "marginal_event_rate": curve.bands.expected_event_rate,
        **_money(curve, level),
    }
    return CutoffResult(
        best=best,
        n=curve.total,
        columns={name: tuple(column.tolist()) for name, column in columns.items()},
        level=level,
    )


def read_cutoffs(
    cutoffs: Any, score: FloatArray, weight: FloatArray, best: str
) -> FloatArray:
    """Return the cut-offs to look at, strictest first."""
    if np.ndim(cutoffs) == 0:
        check_int("cutoffs", cutoffs, low=1)
        return candidate_cutoffs(score, weight, best, int(cutoffs))
    if isinstance(cutoffs, str) or not isinstance(cutoffs, Sequence | np.ndarray):
        msg = (
            "cutoffs must be a number of them or a sequence of numbers; got "
            f"{type(cutoffs).__name__}."
        )
        raise InvalidParameterError(msg)
    for cutoff in cutoffs:
        check_real("Each of cutoffs", cutoff)
    if not len(cutoffs):
        msg = "cutoffs must hold at least one number; got none."
        raise InvalidInputError(msg)
    ends = np.unique(riskiness(np.asarray(cutoffs, dtype=np.float64), best))
    return np.asarray(riskiness(ends, best) + 0.0)


def _money(curve: ApprovalCurve, level: float) -> dict[str, FloatArray]:
    if curve.profit is None or curve.revenue is None or curve.loss is None:
        return {}
    half = normal_half_width(curve.profit, curve.squares, curve.total, level)  # type: ignore[arg-type]
    half = np.where(curve.counts.n_inferred > 0, np.nan, half)
    return {
        "revenue": curve.revenue,
        "loss": curve.loss,
        "profit": curve.profit,
        "profit_low": curve.profit - half,
        "profit_high": curve.profit + half,
        "profit_per_applicant": curve.profit / curve.total,
    }
