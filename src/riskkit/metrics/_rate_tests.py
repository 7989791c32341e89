"""Event rates against a PD, group by group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.params import check_option, check_real
from riskkit._kernels.rate_tests import (
    at_least,
    at_least_one_factor,
    at_most,
    at_most_one_factor,
    jeffreys_tails,
)
from riskkit.exceptions import InvalidParameterError
from riskkit.metrics._groups import read_groups
from riskkit.metrics._result import make_result

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.metrics._groups import Groups
    from riskkit.metrics._result import Direction, TestResult
    from riskkit.typing import FloatArray

__all__ = ["binomial_test", "jeffreys_test", "vasicek_binomial_test"]

DIRECTIONS = ("greater", "less", "two-sided")
_NULLS = {
    "greater": "the PD is not below the true event rate",
    "less": "the PD is not above the true event rate",
    "two-sided": "the PD is the true event rate",
}


def jeffreys_test(
    n_event: ArrayLike,
    n: ArrayLike,
    pd: ArrayLike,
    *,
    alternative: Direction = "greater",
) -> TestResult:
    """Test PDs against event counts with Jeffreys' prior, as the ECB asks for.

    Parameters
    ----------
    n_event : float or array-like of shape (n_groups,)
        Events of each grade, band or segment.

    n : float or array-like of shape (n_groups,)
        Accounts of each group, or sums of weights.

    pd : float or array-like of shape (n_groups,)
        PD applied to each group, between 0 and 1; up is riskier.

    alternative : {"greater", "less", "two-sided"}, default="greater"
        What a small p-value speaks for: an event rate above the PD (the PD is too
        low), below it (too prudent), or either.

    Returns
    -------
    result : TestResult
        One entry a group. The statistic is the event rate; details hold ``pd`` and
        ``actual_expected``, events over expected events. A group without accounts is
        not evaluable.

    Raises
    ------
    InvalidInputError
        If counts are negative, events exceed accounts, or a PD is outside [0, 1].
    InvalidParameterError
        If `alternative` is another word.

    See Also
    --------
    binomial_test : The frequentist test of the same counts.
    vasicek_binomial_test : For defaults that come in waves.
    jeffreys_interval : Interval of the event rate.

    Notes
    -----
    With ``Beta(n_event + 1/2, n - n_event + 1/2)`` as the posterior of the event rate,
    the p-value is its distribution function at the PD [1]_. All groups are computed
    at once.

    References
    ----------
    .. [1] European Central Bank, "Instructions for reporting the validation results of
       internal models", 2019, section 2.5.3.1.

    Examples
    --------
    >>> from riskkit.metrics import jeffreys_test
    >>> round(jeffreys_test(8, 500, 0.01).p_value, 7)
    0.0953352
    >>> jeffreys_test([1, 4, 9], [1000, 1000, 900], [0.002, 0.005, 0.01]).lights()
    array(['green', 'green', 'green'], dtype='<U13')
    """
    check_option("alternative", alternative, DIRECTIONS)
    groups = read_groups(n_event, n, pd)
    tails = jeffreys_tails(groups.n_event, groups.n, groups.pd)
    return _result("Jeffreys test", groups, *tails, alternative)


def binomial_test(
    n_event: ArrayLike,
    n: ArrayLike,
    pd: ArrayLike,
    *,
    alternative: Direction = "greater",
) -> TestResult:
    """Test PDs against event counts by the exact binomial tail.

    Parameters
    ----------
    n_event, n, pd : float or array-like of shape (n_groups,)
        As in :func:`jeffreys_test`.

    alternative : {"greater", "less", "two-sided"}, default="greater"
        As in :func:`jeffreys_test`. Two-sided is twice the smaller tail.

    Returns
    -------
    result : TestResult
        One entry a group; as of :func:`jeffreys_test`.

    Raises
    ------
    InvalidInputError, InvalidParameterError
        As :func:`jeffreys_test` does.

    See Also
    --------
    jeffreys_test : Less conservative with few events.
    vasicek_binomial_test : For defaults that come in waves.

    Notes
    -----
    ``P(X >= n_event)`` with ``X`` binomial, through the incomplete beta function, which
    carries it to sums of weights. It takes accounts as independent; defaults seldom
    are, and then true PDs are rejected far more often than the p-value says [1]_.

    References
    ----------
    .. [1] Basel Committee on Banking Supervision, "Studies on the validation of
       internal rating systems", working paper 14, 2005, section III.

    Examples
    --------
    >>> from riskkit.metrics import binomial_test
    >>> round(binomial_test(8, 500, 0.01).p_value, 7)
    0.1323199
    """
    check_option("alternative", alternative, DIRECTIONS)
    groups = read_groups(n_event, n, pd)
    counts = groups.n_event, groups.n, groups.pd
    tails = at_least(*counts), at_most(*counts)
    return _result("Binomial test", groups, *tails, alternative)


def vasicek_binomial_test(
    n_event: ArrayLike,
    n: ArrayLike,
    pd: ArrayLike,
    *,
    rho: float,
    alternative: Direction = "greater",
) -> TestResult:
    """Test PDs against event counts when one common factor moves all accounts.

    Parameters
    ----------
    n_event, n, pd : float or array-like of shape (n_groups,)
        As in :func:`jeffreys_test`; the accounts of one period.

    rho : float
        Asset correlation, in [0, 1). Some per cent for retail loans, 0.12 to 0.24 for
        large companies; 0 is :func:`binomial_test`.

    alternative : {"greater", "less", "two-sided"}, default="greater"
        As in :func:`binomial_test`.

    Returns
    -------
    result : TestResult
        One entry a group; as of :func:`jeffreys_test`.

    Raises
    ------
    InvalidInputError, InvalidParameterError
        As :func:`jeffreys_test` does; or if `rho` is outside [0, 1).

    See Also
    --------
    vasicek_critical_rate : The event rate at which a large portfolio is rejected.

    Notes
    -----
    The binomial tail given the factor, integrated over the factor ([1]_, [2]_), to
    about ten digits whatever the number of accounts. Groups are judged one by one:
    the p-values of the grades of one year share that year's factor.

    References
    ----------
    .. [1] O. Vasicek, "The distribution of loan portfolio value", Risk 15(12), 2002.

    .. [2] Basel Committee on Banking Supervision, "Studies on the validation of
       internal rating systems", working paper 14, 2005, section III.

    Examples
    --------
    >>> from riskkit.metrics import vasicek_binomial_test
    >>> round(vasicek_binomial_test(8, 500, 0.01, rho=0.12).p_value, 6)
    0.21413
    """
    check_option("alternative", alternative, DIRECTIONS)
    check_rho(rho)
    groups = read_groups(n_event, n, pd)
    counts = groups.n_event, groups.n, groups.pd
    tails = at_least_one_factor(*counts, rho), at_most_one_factor(*counts, rho)
    return _result(
        "One-factor binomial test", groups, *tails, alternative, rho=float(rho)
    )


def check_rho(rho: float) -> None:
    """Raise unless `rho` is a correlation below 1."""
    check_real("rho", rho, low=0, high=1)
    if rho >= 1:
        msg = f"rho must be a correlation in [0, 1); got {rho!r}."
        raise InvalidParameterError(msg)


def _result(
    name: str,
    groups: Groups,
    above: FloatArray,
    below: FloatArray,
    alternative: Direction,
    **details: float,
) -> TestResult:
    """Choose the tail; `above` is small if there are too many events."""
    p_value = {
        "greater": above,
        "less": below,
        "two-sided": np.minimum(2.0 * np.minimum(above, below), 1.0),
    }[alternative]
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = groups.n_event / groups.n
        ratio = groups.n_event / (groups.n * groups.pd)
    return make_result(
        name,
        statistic_name="event rate",
        statistic=rate,
        p_value=p_value,
        null=_NULLS[alternative],
        direction=alternative,
        n=groups.n,
        unusable={"there are no accounts": groups.n == 0},
        details={"pd": groups.pd, "actual_expected": ratio, **details},
    )
