"""Calibration level and slope after Cox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.calibration_tests import (
    Estimate,
    chi2_tail,
    fit_level,
    fit_slope,
    separates,
)
from riskkit.metrics._bounds import check_level
from riskkit.metrics._calibration_tests import NO_ACCOUNTS
from riskkit.metrics._groups import read_groups
from riskkit.metrics._result import make_result

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.metrics._groups import Groups
    from riskkit.metrics._result import TestResult

__all__ = ["calibration_level_test", "calibration_slope_test"]

_UNKNOWN = Estimate(np.nan, np.nan, np.nan)


def calibration_level_test(
    n_event: ArrayLike, n: ArrayLike, pd: ArrayLike, *, level: float = 0.95
) -> TestResult:
    """Test whether the PDs are right on the whole, on the scale of log-odds.

    Parameters
    ----------
    n_event, n, pd : float or array-like of shape (n_groups,)
        Events, accounts and PD of each group of accounts that share a PD; outcomes, 1
        and PDs for single rows.

    level : float, default=0.95
        Confidence of the interval in the details.

    Returns
    -------
    result : TestResult
        The statistic is the level: what must be added to the log-odds of all PDs to
        meet the number of events. Above 0 the PDs are too low. Details hold ``se``,
        ``low`` and ``high`` of its interval, ``chi2`` of the likelihood ratio and
        ``actual_expected``. Not evaluable without events or without non-events.

    Raises
    ------
    InvalidInputError
        If counts are negative, events exceed accounts, or a PD is outside [0, 1].
    InvalidParameterError
        If `level` is not between 0 and 1.

    See Also
    --------
    calibration_slope_test : Whether the spread of the PDs is right as well.

    Notes
    -----
    ``a`` in ``log-odds = a + ln(pd / (1 - pd))`` [1]_, tested by its likelihood ratio
    with one degree of freedom. A wrong level with a right slope calls for a
    recalibration.

    References
    ----------
    .. [1] D. R. Cox, "Two further applications of a model for binary regression",
       Biometrika 45, 1958.

    Examples
    --------
    >>> from riskkit.metrics import calibration_level_test
    >>> result = calibration_level_test([30, 90], [1000, 1000], [0.02, 0.06])
    >>> round(result.statistic, 3), round(result.p_value, 5)
    (0.432, 2e-05)
    """
    check_level("level", level)
    groups = read_groups(n_event, n, pd).flat()
    unusable = _one_class(groups)
    estimate = _UNKNOWN
    if not any(unusable.values()):
        estimate = fit_level(groups.n_event, groups.n, groups.pd)
    expected = float(groups.n @ groups.pd)
    return _result(
        "Calibration level test",
        "level",
        "the level is 0: the PDs are right on the whole",
        groups,
        estimate,
        level,
        unusable,
        actual_expected=groups.n_event.sum() / expected if expected else np.nan,
    )


def calibration_slope_test(
    n_event: ArrayLike, n: ArrayLike, pd: ArrayLike, *, level: float = 0.95
) -> TestResult:
    """Test whether the PDs are spread as far as the risk is.

    Parameters
    ----------
    n_event, n, pd : float or array-like of shape (n_groups,)
        As in :func:`calibration_level_test`.

    level : float, default=0.95
        Confidence of the interval in the details.

    Returns
    -------
    result : TestResult
        The statistic is the slope: below 1 the PDs are spread too far (over-fitted),
        above 1 not far enough. Details hold ``se``, ``low`` and ``high`` of its
        interval, ``chi2`` of the likelihood ratio, the ``intercept`` fitted with it,
        and ``joint_p_value`` of level and slope together. Not evaluable without
        events, without non-events, with a single PD, or if one PD parts events from
        non-events.

    Raises
    ------
    InvalidInputError, InvalidParameterError
        As :func:`calibration_level_test` does.

    See Also
    --------
    calibration_level_test : The level alone.

    Notes
    -----
    ``b`` in ``log-odds = a + b ln(pd / (1 - pd))`` with ``a`` free [1]_, tested against
    1 by its likelihood ratio with one degree of freedom. A slope well below 1 on later
    loans calls for another model rather than for a recalibration.

    References
    ----------
    .. [1] D. R. Cox, "Two further applications of a model for binary regression",
       Biometrika 45, 1958.

    Examples
    --------
    >>> from riskkit.metrics import calibration_slope_test
    >>> n_event, n = [20, 40, 60], [1000, 1000, 1000]
    >>> result = calibration_slope_test(n_event, n, [0.01, 0.04, 0.09])
    >>> round(result.statistic, 3), round(result.p_value, 5)
    (0.499, 4e-05)
    """
    check_level("level", level)
    groups = read_groups(n_event, n, pd).flat()
    event, size, rate = groups.n_event, groups.n, groups.pd
    unusable = _one_class(groups)
    if not any(unusable.values()):
        if np.ptp(rate) == 0:
            unusable["all PDs are the same"] = True
        elif separates(event, size, rate):
            unusable["a PD parts events from non-events"] = True
    estimate, intercept, joint = _UNKNOWN, np.nan, np.nan
    if not any(unusable.values()):
        estimate, intercept = fit_slope(event, size, rate)
        both = fit_level(event, size, rate).chi2 + estimate.chi2
        joint = float(chi2_tail(np.asarray(both), 2.0))
    return _result(
        "Calibration slope test",
        "slope",
        "the slope is 1: the PDs are spread as far as the risk is",
        groups,
        estimate,
        level,
        unusable,
        intercept=intercept,
        joint_p_value=joint,
    )


def _one_class(groups: Groups) -> dict[str, bool]:
    return {
        NO_ACCOUNTS: groups.n.size == 0,
        "there are no events": not groups.n_event.any(),
        "there are no non-events": not groups.n_nonevent.any(),
    }


def _result(
    name: str,
    statistic_name: str,
    null: str,
    groups: Groups,
    estimate: Estimate,
    level: float,
    unusable: dict[str, bool],
    **details: float,
) -> TestResult:
    from scipy.special import ndtri

    reach = float(ndtri((1.0 + level) / 2.0)) * estimate.error
    return make_result(
        name,
        statistic_name=statistic_name,
        statistic=estimate.value,
        p_value=chi2_tail(np.asarray(estimate.chi2), 1.0),
        null=null,
        direction="two-sided",
        n=groups.n.sum(),
        unusable=unusable,
        details={
            "se": estimate.error,
            "low": estimate.value - reach,
            "high": estimate.value + reach,
            "chi2": estimate.chi2,
            **details,
        },
    )
