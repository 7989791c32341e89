"""Several years of event rates against their PDs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.params import check_option
from riskkit._kernels.ranking_tests import z_ratio
from riskkit._kernels.series_tests import (
    colour_of,
    light_tail,
    standardised,
)
from riskkit._kernels.series_tests import (
    normal_test as normal_test_of,
)
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.metrics._counts import read_numbers
from riskkit.metrics._groups import read_groups
from riskkit.metrics._rate_tests import DIRECTIONS
from riskkit.metrics._result import make_result

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.metrics._result import Direction, TestResult
    from riskkit.typing import FloatArray

__all__ = ["normal_test", "traffic_light_test"]

_NULLS = {
    "greater": "event rates do not exceed the PDs over the years",
    "less": "event rates do not fall short of the PDs over the years",
    "two-sided": "event rates are on average the PDs",
}
_COLOURS = ("green", "yellow", "orange", "red")
_MAX_YEARS = 60  # some 40,000 ways to colour them


def normal_test(
    event_rate: ArrayLike, pd: ArrayLike, *, alternative: Direction = "greater"
) -> TestResult:
    """Test the PDs of several years by the spread of their errors.

    Parameters
    ----------
    event_rate : array-like of shape (n_years,)
        Event rate of each year, between 0 and 1.

    pd : float or array-like of shape (n_years,)
        PD of each year; one number if it was the same.

    alternative : {"greater", "less", "two-sided"}, default="greater"
        Whether a small p-value speaks for event rates above the PDs, below them, or
        either.

    Returns
    -------
    result : TestResult
        The statistic is normal. Details hold ``mean_error``, mean event rate less
        mean PD, and the ``se`` of that. Not evaluable with a single year.

    Raises
    ------
    InvalidInputError
        If a rate or a PD is outside [0, 1], or the years differ.
    InvalidParameterError
        If `alternative` is another word.

    See Also
    --------
    traffic_light_test : Uses the sizes of the portfolio as well.

    Notes
    -----
    ``z = sum(d_t - p_t) / (sqrt(T) tau)`` with the sample variance ``tau^2`` of the
    errors [1]_. It lets accounts of one year depend on each other, and needs years
    that do not. With few years it is too sharp: the normal stands for Student's t.

    References
    ----------
    .. [1] Basel Committee on Banking Supervision, "Studies on the validation of
       internal rating systems", working paper 14, 2005, section III.

    Examples
    --------
    >>> from riskkit.metrics import normal_test
    >>> result = normal_test([0.012, 0.009, 0.015, 0.020, 0.011], 0.01)
    >>> round(result.statistic, 6), round(result.p_value, 6)
    (1.777208, 0.037767)
    """
    from scipy.special import ndtr

    check_option("alternative", alternative, DIRECTIONS)
    rate = _read_rates("event_rate", event_rate)
    expected = _read_rates("pd", np.full(rate.size, pd) if np.ndim(pd) == 0 else pd)
    if rate.size != expected.size or not rate.size:
        msg = (
            "event_rate and pd must be of the same years; got "
            f"{rate.size} and {expected.size}."
        )
        raise InvalidInputError(msg)
    total, error = normal_test_of(rate, expected) if rate.size > 1 else (np.nan,) * 2
    z = z_ratio(total, error)
    p_value = {
        "greater": ndtr(-z),
        "less": ndtr(z),
        "two-sided": 2.0 * ndtr(-np.abs(z)),
    }[alternative]
    return make_result(
        "Normal test",
        statistic_name="z",
        statistic=z,
        p_value=p_value,
        null=_NULLS[alternative],
        direction=alternative,
        n=rate.size,
        unusable={"a single year has no spread": rate.size < 2},
        details={"mean_error": total / rate.size, "se": error / rate.size},
    )


def traffic_light_test(
    n_event: ArrayLike,
    n: ArrayLike,
    pd: ArrayLike,
    *,
    shares: tuple[float, float, float, float] = (0.5, 0.3, 0.15, 0.05),
) -> TestResult:
    """Test the PDs of several years by the colours that the years get.

    Parameters
    ----------
    n_event, n, pd : float or array-like of shape (n_years,)
        Events, accounts and PD of each year.

    shares : tuple of float, default=(0.5, 0.3, 0.15, 0.05)
        Chances of a green, yellow, orange and red year if the PD is right.

    Returns
    -------
    result : TestResult
        The statistic is ``1000 green + 100 yellow + 10 orange + red``, the years of
        each colour (with more than nine years the digits have a larger base). Details
        hold the years of each colour. Not evaluable if a year has no accounts or a
        PD of 0 or 1.

    Raises
    ------
    InvalidInputError
        If counts are negative, events exceed accounts, a PD is outside [0, 1], or
        there are more than 60 years.
    InvalidParameterError
        If `shares` are not four chances that add up to 1.

    See Also
    --------
    normal_test : Uses the rates alone.

    Notes
    -----
    A year's colour is where its standardised error falls among the quantiles of the
    normal distribution. The p-value is the chance of years no better than these, years
    being independent: small if there are too many bad colours [1]_, [2]_.

    References
    ----------
    .. [1] S. Blochwitz, S. Hohl, C. Wehn, "Reconsidering ratings", Wilmott Magazine,
       2005.

    .. [2] Basel Committee on Banking Supervision, "Studies on the validation of
       internal rating systems", working paper 14, 2005, section III.

    Examples
    --------
    >>> from riskkit.metrics import traffic_light_test
    >>> result = traffic_light_test([12, 9, 15, 20, 11], 1000, 0.01)
    >>> result.statistic, round(result.p_value, 6)
    (1211.0, 0.082875)
    """
    chances = _read_shares(shares)
    groups = read_groups(n_event, n, pd)
    event, size, rate = np.atleast_1d(groups.n_event, groups.n, groups.pd)
    years = size.size
    if years > _MAX_YEARS:
        msg = f"There must be at most {_MAX_YEARS} years; got {years}. Join some."
        raise InvalidInputError(msg)
    lost = (size == 0) | (rate == 0) | (rate == 1)
    z = np.where(lost, 0.0, standardised(event, size, rate))
    counts = np.bincount(colour_of(z, chances), minlength=4)
    base = max(10, years + 1)
    return make_result(
        "Traffic lights",
        statistic_name="V",
        statistic=float(counts @ base ** np.arange(3, -1, -1)),
        p_value=light_tail(counts, chances),
        null="the years are coloured as they would be by true PDs",
        direction="greater",
        n=size.sum(),
        unusable={
            "a year has no accounts, or a PD of 0 or 1": bool(lost.any()),
        },
        details=dict(zip(_COLOURS, counts.astype(float), strict=True)),
    )


def _read_rates(name: str, values: ArrayLike) -> FloatArray:
    rates = read_numbers(name, values)
    n_wrong = int(np.count_nonzero((rates < 0) | (rates > 1)))
    if n_wrong:
        msg = (
            f"{name} must lie between 0 and 1 in every year; {n_wrong} of "
            f"{rates.size} do not."
        )
        raise InvalidInputError(msg)
    return rates


def _read_shares(shares: tuple[float, float, float, float]) -> FloatArray:
    chances = np.asarray(shares, dtype=np.float64)
    if (
        chances.shape != (4,)
        or not (chances > 0).all()
        or not np.isclose(chances.sum(), 1.0, rtol=0, atol=1e-9)
    ):
        msg = f"shares must be four chances above 0 that add up to 1; got {shares!r}."
        raise InvalidParameterError(msg)
    return chances
