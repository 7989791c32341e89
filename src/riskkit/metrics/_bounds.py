"""Intervals and bounds of event rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.params import check_real
from riskkit._kernels.intervals import jeffreys_interval as interval_of
from riskkit._kernels.rate_tests import critical_rate, most_prudent_pd
from riskkit.exceptions import InvalidParameterError
from riskkit.metrics._groups import read_groups
from riskkit.metrics._rate_tests import check_rho
from riskkit.metrics._result import as_values

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.metrics._result import Values

__all__ = [
    "check_level",
    "jeffreys_interval",
    "pluto_tasche_pd",
    "vasicek_critical_rate",
]


def jeffreys_interval(
    n_event: ArrayLike, n: ArrayLike, *, level: float = 0.95
) -> tuple[Values, Values]:
    """Compute the interval of each event rate under Jeffreys' prior.

    Parameters
    ----------
    n_event, n : float or array-like of shape (n_groups,)
        Events and accounts of each group, or sums of weights.

    level : float, default=0.95
        Posterior probability of the interval, equally much left out on both sides.

    Returns
    -------
    low, high : float or ndarray of shape (n_groups,)
        Event rates. 0 and 1 where there are no accounts: nothing is known. The
        interval is closed at 0 without events and at 1 without non-events.

    Raises
    ------
    InvalidInputError
        If counts are negative or events exceed accounts.
    InvalidParameterError
        If `level` is not between 0 and 1.

    See Also
    --------
    jeffreys_test : The test that goes with it.

    References
    ----------
    .. [1] L. Brown, T. Cai, A. DasGupta, "Interval estimation for a binomial
       proportion", Statistical Science 16(2), 2001.

    Examples
    --------
    >>> from riskkit.metrics import jeffreys_interval
    >>> low, high = jeffreys_interval([0, 8], [50, 500])
    >>> low.round(4), high.round(4)
    (array([0.    , 0.0076]), array([0.0488, 0.03  ]))
    """
    check_level("level", level)
    groups = read_groups(n_event, n)
    low, high = interval_of(groups.n_event, groups.n, level)
    empty = groups.n == 0
    return as_values(np.where(empty, 0.0, low)), as_values(np.where(empty, 1.0, high))


def vasicek_critical_rate(pd: ArrayLike, *, rho: float, level: float = 0.95) -> Values:
    """Compute the event rate that a large portfolio exceeds only in a bad year.

    Parameters
    ----------
    pd : float or array-like of shape (n_groups,)
        PDs, between 0 and 1.

    rho : float
        Asset correlation, in [0, 1).

    level : float, default=0.95
        Share of the years that stay at or below the rate.

    Returns
    -------
    rate : float or ndarray of shape (n_groups,)
        The PD itself if `rho` is 0.

    Raises
    ------
    InvalidInputError
        If a PD is outside [0, 1].
    InvalidParameterError
        If `rho` or `level` is outside its domain.

    See Also
    --------
    vasicek_binomial_test : For portfolios of any size.

    Notes
    -----
    ``Phi((Phi^-1(pd) + sqrt(rho) Phi^-1(level)) / sqrt(1 - rho))`` [1]_.

    References
    ----------
    .. [1] O. Vasicek, "The distribution of loan portfolio value", Risk 15(12), 2002.

    Examples
    --------
    >>> from riskkit.metrics import vasicek_critical_rate
    >>> vasicek_critical_rate([0.01, 0.05], rho=0.04).round(6)
    array([0.020747, 0.089633])
    """
    check_rho(rho)
    check_level("level", level)
    groups = read_groups(0, 1, pd)
    return as_values(critical_rate(groups.pd, rho, level))


def pluto_tasche_pd(
    n_event: ArrayLike, n: ArrayLike, *, level: float = 0.75, rho: float = 0.0
) -> Values:
    """Compute the most prudent PDs of grades with few events, or with none.

    Parameters
    ----------
    n_event, n : float or array-like of shape (n_grades,)
        Events and accounts of each grade in one period, safest grade first.

    level : float, default=0.75
        Confidence that the PD is no larger. 0.5 to 0.75 is usual for grades in use.

    rho : float, default=0.0
        Asset correlation, in [0, 1). Above 0 the bounds rise.

    Returns
    -------
    pd : float or ndarray of shape (n_grades,)
        1 for a grade that, with all riskier ones, holds no non-event.

    Raises
    ------
    InvalidInputError
        If counts are negative or events exceed accounts.
    InvalidParameterError
        If `level` or `rho` is outside its domain.

    See Also
    --------
    jeffreys_interval : Where every grade has events of its own.

    Notes
    -----
    A grade is pooled with all riskier ones, as if these were no riskier: its PD is the
    largest one under which so few events have at least the chance ``1 - level`` [1]_.
    If events contradict the order of the grades, so can the PDs.

    References
    ----------
    .. [1] K. Pluto and D. Tasche, "Thinking positively", Risk 18(8), 2005;
       arXiv:cond-mat/0411699.

    Examples
    --------
    >>> from riskkit.metrics import pluto_tasche_pd
    >>> pluto_tasche_pd([0, 0, 0], [100, 400, 300], level=0.75).round(4)
    array([0.0017, 0.002 , 0.0046])
    """
    check_level("level", level)
    check_rho(rho)
    groups = read_groups(n_event, n)
    event, n = np.atleast_1d(groups.n_event, groups.n)
    bound = most_prudent_pd(event, n, level, rho)
    return as_values(bound.reshape(groups.n.shape))


def check_level(name: str, level: float) -> None:
    """Raise unless `level` lies strictly between 0 and 1."""
    check_real(name, level, low=0, high=1)
    if level in (0, 1):
        msg = f"{name} must lie strictly between 0 and 1; got {level!r}."
        raise InvalidParameterError(msg)
