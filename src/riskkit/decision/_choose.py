"""The search for one cut-off."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.params import check_int
from riskkit._kernels.intervals import jeffreys_interval
from riskkit.decision._curve import approval_curve
from riskkit.decision._cutoff_choice import CutoffChoice
from riskkit.decision._cutoffs import read_cutoffs
from riskkit.decision._goal import NOBODY, NONE_DOES, read_goal
from riskkit.decision._outcomes import read_outcomes
from riskkit.decision._profit import normal_half_width, read_economics
from riskkit.decision._resample import redraw
from riskkit.decision._rows import (
    check_best,
    check_level,
    read_masses,
    read_score,
    riskiness,
)
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import RandomState
    from numpy.typing import ArrayLike

    from riskkit.decision._curve import ApprovalCurve
    from riskkit.decision._goal import Goal
    from riskkit.decision._resample import Draws

__all__ = ["choose_cutoff"]

_MOST_CUTOFFS = 10_000


def choose_cutoff(
    y_true: ArrayLike | None,
    y_score: ArrayLike,
    *,
    best: str,
    approval_rate: float | None = None,
    max_event_rate: float | None = None,
    min_approval_rate: float | None = None,
    gain: float | ArrayLike | None = None,
    loss: float | ArrayLike | None = None,
    pd: ArrayLike | None = None,
    cutoffs: int | Sequence[float] = _MOST_CUTOFFS,
    sample_weight: ArrayLike | None = None,
    n_draws: int = 200,
    level: float = 0.95,
    random_state: int | RandomState | None = None,
) -> CutoffChoice:
    """Choose a cut-off: for an approval rate, an event rate, or the most profit.

    Give one goal: `approval_rate`; or `max_event_rate`, within which the most are
    approved; or `gain` and `loss`, whose difference is to be largest, within the
    limits if some are given.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or None
        Outcomes: 1 for the event, 0, missing where there is none.

    y_score : array-like of shape (n_samples,)
        The score that is cut off; known for everyone.

    best : {"high", "low"}
        Which scores are the best: ``"high"`` for points, ``"low"`` for a PD.

    approval_rate : float, optional
        Share of the applicants to approve. Equal scores stay together, so the share
        is met as nearly as the ties allow.

    max_event_rate : float, optional
        Most expected events among the approved.

    min_approval_rate : float, optional
        Least share of the applicants to approve.

    gain, loss : float or array-like of shape (n_samples,), optional
        What an approved non-event earns, and what an approved event costs; both not
        negative.

    pd : array-like of shape (n_samples,), optional
        Calibrated PDs that stand for outcomes where there are none.

    cutoffs : int or sequence of float, default=10_000
        Cut-offs to choose from, or how many at most, of about equal weight; all
        distinct scores if there are fewer.

    sample_weight : array-like of shape (n_samples,), optional
        Weight of each row; a weight of 2 equals the row twice.

    n_draws : int, default=200
        Random weightings of the rows on which the cut-off is chosen anew; 0 for none.

    level : float, default=0.95
        Level of the intervals.

    random_state : int, RandomState instance or None, default=None
        Seed of the draws.

    Returns
    -------
    choice : CutoffChoice
        With ``.cutoff``, its interval, what it approves, and ``.approves(score)``.

    Raises
    ------
    InvalidParameterError
        If there is no goal or more than one, no cut-off keeps the limits, or a
        parameter is outside its domain.
    InvalidInputError, InvalidTypeError
        If a score is unknown, a PD is none, or the columns are of other rows.
    InvalidTargetError
        If the goal needs outcomes and somebody has neither an outcome nor a PD.

    See Also
    --------
    cutoff_table : All cut-offs side by side.
    swap_set : Who is decided differently under another cut-off.

    Notes
    -----
    The best of many cut-offs looks better than it is. ``profit_corrected`` and
    ``expected_event_rate_corrected`` are less by the mean optimism of the choice, from
    a Bayesian bootstrap in which every draw chooses its own cut-off and is held
    against the sample; see ``_resample``. The cut-off itself is not moved.

    References
    ----------
    .. [1] D. B. Rubin, "The Bayesian bootstrap", Annals of Statistics 9(1), 1981.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.decision import choose_cutoff
    >>> points = np.repeat([620, 600, 580], 100)
    >>> y = np.concatenate([np.arange(100) < n for n in (2, 6, 15)])
    >>> choice = choose_cutoff(
    ...     y, points, best="high", gain=100, loss=900, random_state=0)
    >>> choice.cutoff, choice.profit
    (600.0, 12000.0)
    >>> choice.cutoff_low, choice.cutoff_high
    (580.0, 620.0)
    """
    check_best(best)
    check_level(level)
    check_int("n_draws", n_draws, low=0)
    goal = read_goal(
        approval_rate,
        max_event_rate,
        min_approval_rate,
        with_profit=gain is not None or loss is not None,
    )
    score = read_score("y_score", y_score)
    weight = read_masses(score.size, sample_weight)
    needed = None if goal.approval_rate is not None else "choose_cutoff"
    outcomes = read_outcomes(y_true, pd, weight, complete=needed)
    economics = read_economics(gain, loss, outcomes)
    places = read_cutoffs(cutoffs, score, weight, best)
    curve = approval_curve(score, best, places, outcomes, economics)
    place = goal.reach(
        curve.approval_rate, curve.counts.expected_event_rate, curve.profit
    )
    if place == NONE_DOES:
        _refuse(goal, curve)
    draws = redraw(curve, outcomes, economics, goal, n_draws, random_state)
    return _describe(goal, best, curve, place, draws, level)


def _describe(
    goal: Goal, best: str, curve: ApprovalCurve, place: int, draws: Draws, level: float
) -> CutoffChoice:
    low, high = _cutoff_interval(curve, best, draws, level)
    head: dict[str, Any] = {
        "best": best,
        "goal": goal.text,
        "cutoff_low": low,
        "cutoff_high": high,
        "n": curve.total,
        "n_draws": draws.places.size,
        "level": level,
    }
    if place == NOBODY:
        return CutoffChoice(
            **head,
            **_nobody(best),
            notes=("No cut-off earns more than approving nobody.",),
        )
    at = np.array([place])
    counts = curve.counts.at(at)
    columns: dict[str, Any] = {k: float(v[0]) for k, v in counts.columns(level).items()}
    share = jeffreys_interval(counts.n, np.array([curve.total]), level)
    profit = half = math.nan
    if curve.profit is not None and curve.squares is not None:
        profit = float(curve.profit[place])
        if counts.n_inferred[0] == 0:
            total, squares = curve.profit[at], curve.squares[at]
            half = float(normal_half_width(total, squares, curve.total, level)[0])
    inferred = columns.pop("n_inferred")
    del columns["inferred_rate"]
    return CutoffChoice(
        **head,
        **columns,
        cutoff=float(curve.cutoffs[place]),
        n_approved=float(counts.n[0]),
        approval_rate=float(curve.approval_rate[place]),
        approval_rate_low=float(share[0][0]),
        approval_rate_high=float(share[1][0]),
        expected_event_rate_corrected=columns["expected_event_rate"]
        - draws.event_rate_optimism,
        profit=profit,
        profit_low=profit - half,
        profit_high=profit + half,
        profit_corrected=profit - draws.profit_optimism,
        notes=_notes(draws, inferred, float(counts.n[0])),
    )


def _nobody(best: str) -> dict[str, Any]:
    """Return the figures of a lender who approves nobody."""
    unknown = dict.fromkeys(
        [
            "event_rate", "event_rate_low", "event_rate_high", "expected_event_rate",
            "expected_event_rate_corrected", "approval_rate_low", "approval_rate_high",
        ],
        math.nan,
    )  # fmt: skip
    zero = dict.fromkeys(
        [
            "n_approved", "approval_rate", "n_known", "n_event", "profit",
            "profit_low", "profit_high", "profit_corrected",
        ],
        0.0,
    )  # fmt: skip
    cutoff = math.inf if best == "high" else -math.inf
    return {"cutoff": cutoff, **unknown, **zero}


def _cutoff_interval(
    curve: ApprovalCurve, best: str, draws: Draws, level: float
) -> tuple[float, float]:
    """Return the quantiles of the cut-offs drawn, which are cut-offs themselves."""
    chosen = draws.places[draws.places != NONE_DOES]
    if chosen.size == 0:
        return math.nan, math.nan
    ends = np.append(riskiness(curve.cutoffs, best), -math.inf)  # the last for nobody
    tails = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
    drawn = np.quantile(ends[chosen], tails, method="inverted_cdf")
    low, high = np.sort(riskiness(drawn, best) + 0.0).tolist()
    return low, high


def _notes(draws: Draws, n_inferred: float, n_approved: float) -> tuple[str, ...]:
    notes = []
    if n_inferred:
        notes.append(
            f"Of {n_approved:g} approved accounts, {n_inferred:g} have no outcome: "
            "PDs stand for them."
        )
    n_failed = int(np.count_nonzero(draws.places == NONE_DOES))
    if n_failed:
        notes.append(
            f"In {n_failed} of {draws.places.size} draws no cut-off kept the limits."
        )
    return tuple(notes)


def _refuse(goal: Goal, curve: ApprovalCurve) -> None:
    """Say how near the limits can be come to."""
    rate = curve.counts.expected_event_rate
    enough = np.ones(rate.size, dtype=np.bool_)
    if goal.min_approval_rate is not None:
        enough = curve.approval_rate >= goal.min_approval_rate
    if not enough.any():
        came = f"the loosest cut-off approves {curve.approval_rate[-1]:.4g}"
    else:
        came = f"the lowest event rate among them is {np.nanmin(rate[enough]):.4g}"
    msg = (
        f"No cut-off gives what was asked for ({goal.text}); {came}. Loosen a limit, "
        "or use a score that ranks better."
    )
    raise InvalidParameterError(msg)
