"""Whether discrimination has changed, and which of two scores ranks better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.params import check_option, check_real
from riskkit._kernels.ranking import auc, auc_variance
from riskkit._kernels.ranking_tests import (
    merge_scores,
    paired_auc,
    pooled_ranks,
    z_ratio,
)
from riskkit.exceptions import InvalidInputError
from riskkit.metrics._bounds import check_level
from riskkit.metrics._groups import read_groups
from riskkit.metrics._outcomes import read_sample
from riskkit.metrics._rate_tests import DIRECTIONS
from riskkit.metrics._result import make_result

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.metrics._result import Direction, TestResult
    from riskkit.typing import FloatArray

__all__ = ["auc_delong_test", "auc_vs_initial_test", "too_few"]

_NULLS = {
    "greater": "the AUC is not larger than the other one",
    "less": "the AUC is not smaller than the other one",
    "two-sided": "the two AUCs are equal",
}


def auc_vs_initial_test(
    n_event: ArrayLike,
    n: ArrayLike,
    initial_auc: float,
    *,
    initial_se: float = 0.0,
    score: ArrayLike | None = None,
    level: float = 0.95,
) -> TestResult:
    """Test whether the AUC has fallen since development, as the ECB asks for.

    Parameters
    ----------
    n_event, n : array-like of shape (n_grades,) or (n_periods, n_grades)
        Events and accounts of each grade, safest grade first, unless `score` is given.
        Several periods are pooled by the ranks that their accounts have within their
        own period (for portfolios with few events).

    initial_auc : float
        AUC at development.

    initial_se : float, default=0.0
        Its standard error. The ECB takes the initial AUC as known; with its error the
        test is DeLong's for two different samples.

    score : array-like of shape (n_grades,), default=None
        Any risk score of the grades, up is riskier, if they do not stand in order;
        equal scores are one grade. With outcomes as `n_event`, 1 as `n` and PDs as
        `score` the grades are single rows.

    level : float, default=0.95
        Confidence of the interval of the AUC in the details.

    Returns
    -------
    result : TestResult
        The statistic is normal, above 0 if the AUC has fallen. Details hold ``auc``,
        ``se``, ``low``, ``high``, ``gini`` and ``drop``, the initial AUC less the one
        now. Not evaluable with fewer than two events or two non-events.

    Raises
    ------
    InvalidInputError
        If counts are negative, events exceed accounts, or the shapes differ.
    InvalidParameterError
        If `initial_auc`, `initial_se` or `level` is outside its domain.

    See Also
    --------
    auc_delong_test : From rows; two scores on the same rows, too.
    mann_kendall_test : A slow decline that no single period shows.

    Notes
    -----
    ``S = (initial - AUC) / s`` with DeLong's ``s``; the p-value is ``1 - Phi(S)`` [1]_.
    Counts of grades give the AUC and the error of the rows behind them exactly. A
    ranking without a fault has no error: the p-value is then 1, or 1/2 if the initial
    AUC was 1 as well.

    References
    ----------
    .. [1] European Central Bank, "Instructions for reporting the validation results of
       internal models", 2019, section 2.5.4.1 and annex 3.1.

    Examples
    --------
    >>> from riskkit.metrics import auc_vs_initial_test
    >>> n_event, n = [1, 4, 9, 20, 33], [1000, 1000, 900, 700, 400]
    >>> result = auc_vs_initial_test(n_event, n, 0.85)
    >>> round(result.details["auc"], 7), round(result.statistic, 5)
    (0.8223774, 1.22409)
    >>> round(result.p_value, 6)
    0.110459
    """
    from scipy.special import ndtr, ndtri

    check_real("initial_auc", initial_auc, low=0, high=1)
    check_real("initial_se", initial_se, low=0)
    check_level("level", level)
    event, nonevent = _grades(n_event, n, score)
    area, se = auc(event, nonevent), float(np.sqrt(auc_variance(event, nonevent)))
    drop = initial_auc - area
    statistic = z_ratio(drop, float(np.hypot(se, initial_se)))
    reach = float(ndtri((1.0 + level) / 2.0)) * se
    return make_result(
        "AUC against the initial AUC",
        statistic_name="S",
        statistic=statistic,
        p_value=ndtr(-statistic),
        null="the AUC has not fallen below the initial one",
        direction="less",
        n=event.sum() + nonevent.sum(),
        unusable=too_few(event.sum(), nonevent.sum()),
        details={
            "auc": area,
            "se": se,
            "low": max(area - reach, 0.0),
            "high": min(area + reach, 1.0),
            "gini": 2.0 * area - 1.0,
            "initial_auc": initial_auc,
            "drop": drop,
        },
    )


def auc_delong_test(
    y_true: ArrayLike,
    y_score: ArrayLike,
    other_score: ArrayLike,
    *,
    other_true: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    other_weight: ArrayLike | None = None,
    alternative: Direction = "two-sided",
) -> TestResult:
    """Compare two AUCs: of two scores on the same rows, or of two samples.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Outcomes; the larger label is the event. Of a single class only 0 and 1 are
        understood.

    y_score : array-like of shape (n_samples,)
        Score of the same rows; up is riskier.

    other_score : array-like of shape (n_samples,) or (n_other,)
        The score compared with; of the same rows unless `other_true` is given.

    other_true : array-like of shape (n_other,), default=None
        Outcomes of the other sample. By default there is one sample, and the test is
        paired.

    sample_weight, other_weight : array-like, default=None
        Weight of each row. A weight of 2 is the row twice, so counts of grades can be
        given as weights. `other_weight` needs `other_true`.

    alternative : {"greater", "less", "two-sided"}, default="two-sided"
        Whether a small p-value speaks for a larger AUC of `y_score` than of
        `other_score`, for a smaller one, or for either.

    Returns
    -------
    result : TestResult
        The statistic is normal. Details hold ``auc`` and ``se`` of the first, the same
        of the ``other``, and their ``difference``. Not evaluable with fewer than two
        events or two non-events.

    Raises
    ------
    InvalidTargetError
        If outcomes are missing or of more than two classes.
    InvalidInputError
        If scores are of other rows than outcomes, or NaN; or if `other_weight` comes
        without `other_true`.
    InvalidParameterError
        If weights or `alternative` are not usable.

    See Also
    --------
    auc_vs_initial_test : From counts by grade, against a known AUC.
    gini_score : ``2 * AUC - 1``.

    Notes
    -----
    DeLong's test [1]_ by midranks in ``O(n log n)`` [2]_. Paired: the covariance of
    the two AUCs enters; equal rankings have p-value 1. It answers for two fixed
    scores; of nested models fitted to the same rows it says little.

    References
    ----------
    .. [1] E. DeLong, D. DeLong and D. Clarke-Pearson, "Comparing the areas under two
       or more correlated receiver operating characteristic curves", Biometrics 44,
       1988.

    .. [2] X. Sun and W. Xu, "Fast implementation of DeLong's algorithm", IEEE Signal
       Processing Letters 21(11), 2014.

    Examples
    --------
    >>> from riskkit.metrics import auc_delong_test
    >>> y = [0, 0, 0, 1, 0, 1, 1, 0, 1, 1]
    >>> champion = [1, 3, 2, 4, 5, 6, 4, 7, 8, 9]
    >>> challenger = [1, 2, 3, 5, 4, 6, 7, 5, 8, 9]
    >>> result = auc_delong_test(y, challenger, champion)
    >>> round(result.details["difference"], 2), round(result.p_value, 3)
    (0.18, 0.189)
    """
    check_option("alternative", alternative, DIRECTIONS)
    if other_true is None:
        if other_weight is not None:
            msg = (
                "other_weight belongs to a second sample; got it without other_true. "
                "Give the outcomes of that sample, or leave the weights out."
            )
            raise InvalidInputError(msg)
        sample = read_sample(
            y_true, sample_weight, y_score=y_score, other_score=other_score
        )
        classes, n = sample.classes, sum(sample.classes)
        areas, covariance = _undefined(2), _undefined((2, 2))
        if min(classes) > 0:
            first, second = sample.scores
            areas, covariance = paired_auc(
                first, second, sample.is_event, sample.weight
            )
    else:
        samples = (
            read_sample(y_true, sample_weight, y_score=y_score),
            read_sample(other_true, other_weight, other_score=other_score),
        )
        counts = [sample.counts() for sample in samples]
        areas = np.array([auc(*pair) for pair in counts])
        covariance = np.diag([auc_variance(*pair) for pair in counts])
        one, other = (sample.classes for sample in samples)
        classes = min(one[0], other[0]), min(one[1], other[1])
        n = sum(one) + sum(other)
    return _compare(areas, covariance, alternative, n, too_few(*classes))


def too_few(n_event: float, n_nonevent: float) -> dict[str, bool]:
    """Return why an AUC has no sampling error."""
    return {
        "there is no more than one event": n_event <= 1,
        "there is no more than one non-event": n_nonevent <= 1,
    }


def _compare(
    areas: FloatArray,
    covariance: FloatArray,
    alternative: Direction,
    n: float,
    unusable: dict[str, bool],
) -> TestResult:
    from scipy.special import ndtr

    difference = float(areas[0] - areas[1])
    variance = covariance[0, 0] + covariance[1, 1] - 2.0 * covariance[0, 1]
    z = z_ratio(difference, float(np.sqrt(np.maximum(variance, 0.0))))
    p_value = {
        "greater": ndtr(-z),
        "less": ndtr(z),
        "two-sided": 2.0 * ndtr(-np.abs(z)),
    }[alternative]
    return make_result(
        "DeLong test",
        statistic_name="z",
        statistic=z,
        p_value=p_value,
        null=_NULLS[alternative],
        direction=alternative,
        n=n,
        unusable=unusable,
        details={
            "auc": areas[0],
            "se": np.sqrt(covariance[0, 0]),
            "other_auc": areas[1],
            "other_se": np.sqrt(covariance[1, 1]),
            "difference": difference,
        },
    )


def _grades(
    n_event: ArrayLike, n: ArrayLike, score: ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    """Return events and non-events by grade, riskiest first."""
    if score is not None:
        groups = read_groups(n_event, n, score, name="score", is_pd=False).flat()
        return merge_scores(groups.pd, groups.n_event, groups.n_nonevent)
    groups = read_groups(n_event, n, max_ndim=2)
    if groups.n.ndim < 2:
        groups = groups.flat()
        return groups.n_event[::-1], groups.n_nonevent[::-1]
    ranks = pooled_ranks(groups.n)
    held = groups.n > 0
    return merge_scores(ranks[held], groups.n_event[held], groups.n_nonevent[held])


def _undefined(shape: int | tuple[int, ...]) -> FloatArray:
    return np.full(shape, np.nan)
