"""Whether all PDs together agree with the events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.params import check_bool
from riskkit._kernels.calibration_tests import chi2_tail, hosmer_lemeshow, spiegelhalter
from riskkit._kernels.ranking_tests import z_ratio
from riskkit.metrics._groups import read_groups
from riskkit.metrics._result import make_result

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.metrics._result import TestResult

__all__ = ["hosmer_lemeshow_test", "spiegelhalter_test"]

NO_ACCOUNTS = "there are no accounts"


def hosmer_lemeshow_test(
    n_event: ArrayLike, n: ArrayLike, pd: ArrayLike, *, in_sample: bool = False
) -> TestResult:
    """Test all grades at once by the summed squares of their standardised errors.

    Parameters
    ----------
    n_event, n, pd : float or array-like of shape (n_groups,)
        Events, accounts and PD of each grade; groups without accounts are left out.

    in_sample : bool, default=False
        Whether the PDs were fitted to these very accounts, which costs two degrees of
        freedom.

    Returns
    -------
    result : TestResult
        The statistic is a chi-square; details hold its degrees of freedom ``df``, and
        the effect sizes ``mean_error``, the mean distance of event rate and PD over
        accounts, and ``actual_expected``. Not evaluable without accounts, or if no
        degree of freedom remains.

    Raises
    ------
    InvalidInputError
        If counts are negative, events exceed accounts, or a PD is outside [0, 1].
    InvalidParameterError
        If `in_sample` is not True or False.

    See Also
    --------
    spiegelhalter_test : Needs no groups.
    jeffreys_test : Says which grade it is.

    Notes
    -----
    ``sum((d_g - n_g p_g)^2 / (n_g p_g (1 - p_g)))``, chi-square with as many degrees of
    freedom as groups out of sample and two fewer in sample [1]_. Some five expected
    events a group are needed. From about 50,000 accounts on hardly any model passes:
    read ``mean_error`` as well.

    References
    ----------
    .. [1] D. W. Hosmer, S. Lemeshow, R. X. Sturdivant, "Applied Logistic Regression",
       3rd ed., Wiley, 2013, section 5.2.2.

    Examples
    --------
    >>> from riskkit.metrics import hosmer_lemeshow_test
    >>> n_event, n = [1, 4, 9, 20, 33], [1000, 1000, 900, 700, 400]
    >>> result = hosmer_lemeshow_test(n_event, n, [0.002, 0.005, 0.01, 0.02, 0.07])
    >>> round(result.statistic, 6), result.details["df"], round(result.p_value, 6)
    (4.285975, 5.0, 0.509019)
    """
    check_bool("in_sample", in_sample)
    held = read_groups(n_event, n, pd).flat()
    event, size, rate = held.n_event, held.n, held.pd
    df = event.size - 2 * in_sample
    chi2 = float(hosmer_lemeshow(event, size, rate).sum())
    total, expected = size.sum(), float(size @ rate)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_error = np.abs(event - size * rate).sum() / total
        ratio = np.divide(event.sum(), expected)
    return make_result(
        "Hosmer-Lemeshow test",
        statistic_name="chi-square",
        statistic=chi2,
        p_value=chi2_tail(np.asarray(chi2), df) if df > 0 else np.nan,
        null="every PD is the true event rate of its group",
        direction="two-sided",
        n=total,
        unusable={
            NO_ACCOUNTS: total == 0,
            "in sample, more than two groups with accounts are needed": df <= 0,
        },
        details={"df": df, "mean_error": mean_error, "actual_expected": ratio},
    )


def spiegelhalter_test(n_event: ArrayLike, n: ArrayLike, pd: ArrayLike) -> TestResult:
    """Test whether the Brier score is what it would be if the PDs were true.

    Parameters
    ----------
    n_event : float or array-like of shape (n_groups,)
        Events of each group of accounts that share a PD. For single rows, their
        outcomes 0 and 1.

    n : float or array-like of shape (n_groups,)
        Accounts of each group, or sums of weights; 1 for single rows.

    pd : float or array-like of shape (n_groups,)
        PD of each group or row.

    Returns
    -------
    result : TestResult
        The statistic is normal; above 0 the Brier score is worse than expected.
        Details hold ``brier_score`` and ``expected_brier_score``. Not evaluable
        without accounts, or if every PD is 1/2.

    Raises
    ------
    InvalidInputError
        If counts are negative, events exceed accounts, or a PD is outside [0, 1].

    See Also
    --------
    hosmer_lemeshow_test : The same question by grades.
    brier_decomposition : Where the Brier score comes from.

    Notes
    -----
    ``z = sum((d - n p)(1 - 2 p)) / sqrt(sum(n p (1 - p)(1 - 2 p)^2))`` [1]_. Grades
    give the same number as the rows behind them. For small PDs it is nearly a test of
    the level: errors of both signs cancel.

    References
    ----------
    .. [1] D. J. Spiegelhalter, "Probabilistic prediction in patient management and
       clinical trials", Statistics in Medicine 5, 1986.

    Examples
    --------
    >>> from riskkit.metrics import spiegelhalter_test
    >>> n_event, n = [1, 4, 9, 20, 33], [1000, 1000, 900, 700, 400]
    >>> result = spiegelhalter_test(n_event, n, [0.002, 0.005, 0.01, 0.02, 0.07])
    >>> round(result.statistic, 6), round(result.p_value, 6)
    (1.173765, 0.240489)
    >>> y, pd = [0, 0, 1, 0], [0.1, 0.2, 0.7, 0.4]  # single rows
    >>> round(spiegelhalter_test(y, 1, pd).p_value, 3)
    0.315
    """
    from scipy.special import ndtr

    held = read_groups(n_event, n, pd).flat()
    event, size, rate = held.n_event, held.n, held.pd
    excess, error = spiegelhalter(event, size, rate)
    total = size.sum()
    z = z_ratio(excess, error, unit=float(total))
    with np.errstate(invalid="ignore"):
        score = (event @ (1 - rate) ** 2 + held.n_nonevent @ rate**2) / total
        expected = size @ (rate * (1 - rate)) / total
    lean = (size * np.abs(1 - 2 * rate)).sum()
    return make_result(
        "Spiegelhalter test",
        statistic_name="z",
        statistic=z,
        p_value=2.0 * ndtr(-np.abs(z)),
        null="the PDs are true",
        direction="two-sided",
        n=total,
        unusable={
            NO_ACCOUNTS: total == 0,
            "every PD is 1/2, where all outcomes score alike": lean == 0,
        },
        details={"brier_score": score, "expected_brier_score": expected},
    )
