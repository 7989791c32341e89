"""Whether an arm of an experiment is better than the control."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit._core.columns import columns_of
from riskkit._core.params import check_int, check_option, check_real
from riskkit.decision._ab_compare import Question
from riskkit.decision._ab_ratio import check_ratio, read_planned
from riskkit.decision._ab_result import ABTestResult
from riskkit.decision._ab_rows import check_units, read_trial
from riskkit.decision._ab_tables import (
    arm_rows,
    changed_effects,
    comparison_rows,
    path_columns,
    read_cuts,
)
from riskkit.decision._ab_verdict import judge_experiment
from riskkit.decision._rows import check_best, check_level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

__all__ = ["ab_test"]

_MEASURES = ("rate", "mean")
_STOPPING = ("any", "planned")
# Below, the normal distribution of a difference is not to be relied on: events and
# non-events of a rate, rows of a mean (amounts are skewed).
_LEAST = {"rate": 20, "mean": 100}


def ab_test(
    outcome: ArrayLike,
    arm: ArrayLike,
    *,
    control: str,
    best: str,
    n_planned: int,
    measure: str = "rate",
    planned: Mapping[str, float] | None = None,
    stopping: str = "any",
    min_improvement: float = 0.0,
    segments: Any = None,
    units: ArrayLike | None = None,
    dates: ArrayLike | None = None,
    window: int | None = None,
    as_of: Any = None,
    reporting_delay: int = 0,
    min_count: int | None = None,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
) -> ABTestResult:
    """Compare arms that customers were assigned to at random: letters, prices, rules.

    Parameters
    ----------
    outcome : array-like of shape (n_rows,)
        What came of each row: 0 or 1 for a rate (of conversion, of default), any number
        for a mean (an amount). May be missing where it is not mature.

    arm : array-like of shape (n_rows,)
        Arm of each row, as it was assigned, whatever was then done.

    control : str
        The arm that the others are held against.

    best : {"high", "low"}
        Which outcomes are best: ``"high"`` for conversions, ``"low"`` for defaults. To
        be said, never guessed.

    n_planned : int
        Rows, of all arms together, that the experiment was planned for; see
        :func:`ab_sample_size`. Said before it begins, it is where the intervals that
        hold at any time are narrowest; they hold wherever one stops.

    measure : {"rate", "mean"}, default="rate"
        What is compared.

    planned : mapping of str to float, optional
        Share of the rows that each arm was to get; equal shares by default.

    stopping : {"any", "planned"}, default="any"
        What decides: p-values that hold however often somebody has looked, or those of
        one look once the planned rows have their outcomes.

    min_improvement : float, default=0.0
        Difference in the better direction that is worth the change; an arm is better
        only if it is beyond.

    segments : array-like of shape (n_rows,) or mapping of such, optional
        Segment of each row; a mapping names several cuts of the rows.

    units : array-like of shape (n_rows,), optional
        Who was assigned, to make sure that nobody is counted twice.

    dates : array-like of shape (n_rows,), optional
        Day on which each row began. With them the path of the comparison is followed,
        each outcome from the day on which it was known.

    window : int, optional
        Months within which the outcome counts. Rows that are not mature on `as_of` are
        counted and left out, their early events too.

    as_of : date or str, optional
        Day on which the outcomes were read.

    reporting_delay : int, default=0
        Months until the events of a day are known.

    min_count : int, optional
        An arm with fewer events or non-events (rows, for a mean) has no say, and no
        look counts before; 20 for a rate and 100 for a mean by default.

    sample_weight : array-like of shape (n_rows,), optional
        Weight of each row; a weight of 2 is the row twice.

    level : float, default=0.95
        Level of the intervals and of what counts as no chance.

    Returns
    -------
    result : ABTestResult
        With ``.verdict``, ``.reason``, ``.concerns``, ``.frame(table)``.

    Raises
    ------
    InvalidInputError
        If arms or outcomes are missing, rows do not match, units stand twice, or no row
        is mature.
    InvalidParameterError
        If a parameter is outside its domain, or the plan does not name the arms.

    See Also
    --------
    ab_sample_size : How many rows such a comparison needs.
    champion_challenger : Two models on the same rows.
    riskkit.plotting.ABTestDisplay : The path of the comparison.

    Notes
    -----
    **Sample ratio.** If the arms do not hold the shares that were planned (chi-square,
    p below 0.001), something lost rows of one arm, and what is left cannot be compared:
    the numbers are shown, the verdict is refused. All assigned rows count here, mature
    or not.

    **One look.** Rates are compared by Miettinen and Nurminen's score test and
    interval, means by Welch's t test. Looking every day and stopping at the first
    p-value below 5 % finds a difference where there is none many times more often than
    in 5 %.

    **Any number of looks.** The mixture sequential probability ratio test of Robbins
    and of Johari et al. gives p-values and intervals that hold at all days together, at
    the price of intervals half as wide again at the planned rows. The table shows the
    smallest p-value so far, and what all intervals so far have in common; where they
    have nothing in common, the effect has changed, which is a concern.

    With several arms the p-values are adjusted by Holm's method, and apart from them
    those of all segments. Segments can speak against an arm, not for it. Intervals are
    of one comparison each.

    A comparison among those who went on to the next stage, such as the defaults of the
    funded, is not one of what was assigned at random: the arms may have funded others.

    References
    ----------
    R. Johari, P. Koomen, L. Pekelis, D. Walsh, "Always valid inference: continuous
    monitoring of A/B tests", Operations Research 70(3), 2022.

    Examples
    --------
    The same letter twice. One look at the end finds a difference that is chance, and
    whoever looks every day finds one sooner or later; the p-value that holds at any
    time does not.

    >>> import numpy as np
    >>> from riskkit.decision import ab_test
    >>> rng = np.random.default_rng(19)
    >>> day = np.sort(np.datetime64("2024-01-01") + rng.integers(0, 60, 6_000))
    >>> arm = rng.choice(["a", "b"], 6_000)
    >>> funded = rng.random(6_000) < 0.1
    >>> result = ab_test(funded, arm, control="a", best="high", n_planned=6_000,
    ...                  dates=day)
    >>> result.verdict
    'unclear'
    >>> result.frame()[["p_value", "always_p_value"]].round(3)
       p_value  always_p_value
    0    0.003           0.065
    """
    check_best(best)
    check_level(level)
    check_option("measure", measure, _MEASURES)
    check_option("stopping", stopping, _STOPPING)
    check_int("n_planned", n_planned, low=1)
    check_int("min_count", min_count, low=2, none_allowed=True)
    check_real("min_improvement", min_improvement, low=0)
    trial = read_trial(
        outcome,
        arm,
        control=control,
        measure=measure,
        dates=dates,
        as_of=as_of,
        window=window,
        reporting_delay=reporting_delay,
        sample_weight=sample_weight,
    )
    if units is not None:
        check_units(units, trial)
    known = trial.outcome[trial.known]
    question = Question(
        measure=measure,
        sign=1.0 if best == "high" else -1.0,
        min_improvement=float(min_improvement),
        min_count=_LEAST[measure] if min_count is None else min_count,
        n_planned=float(n_planned),
        level=level,
        centre=0.0 if measure == "rate" else float(known.mean()),
    )
    cuts = read_cuts(segments, trial.size)
    arms = arm_rows(trial, cuts, read_planned(planned, trial.arms), question)
    rows, paths = comparison_rows(trial, cuts, question, stopping)
    concerns = changed_effects(rows)
    ratio_p = float(arms[0]["ratio_p_value"])
    refused = check_ratio(ratio_p, arms[: len(trial.arms)])
    n_known = float(trial.weight[trial.known].sum())
    if not refused and stopping == "planned" and n_known < n_planned:
        refused = (
            f"{n_known:,.0f} of {n_planned:,} planned rows have an outcome. One look "
            "counts only at the planned end; stopping='any' may be asked at any time."
        )
    verdict = judge_experiment(rows, refused, concerns)
    return ABTestResult(
        verdict=verdict.word,
        reason=verdict.reason,
        concerns=verdict.concerns,
        measure=measure,
        control=control,
        stopping=stopping,
        level=level,
        ratio_p_value=ratio_p,
        tables={
            "comparisons": columns_of(rows, rows[0]),
            "arms": columns_of(arms, arms[0]),
            "path": path_columns(trial, paths[0]),
        },
    )
