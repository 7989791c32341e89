"""Tests of estimates that are amounts or shares rather than PDs: LGD, CCF."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.params import check_option, check_real
from riskkit._kernels.ranking_tests import gauc, z_ratio
from riskkit.exceptions import InvalidInputError
from riskkit.metrics._counts import read_numbers
from riskkit.metrics._groups import read_matrix
from riskkit.metrics._rate_tests import DIRECTIONS
from riskkit.metrics._result import make_result

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.metrics._result import Direction, TestResult
    from riskkit.typing import FloatArray

__all__ = ["gauc_vs_initial_test", "lgd_t_test"]

_NULLS = {
    "greater": "realised values do not exceed the estimates on average",
    "less": "realised values do not fall short of the estimates on average",
    "two-sided": "realised values are on average the estimates",
}


def lgd_t_test(
    realised: ArrayLike,
    estimated: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    alternative: Direction = "greater",
) -> TestResult:
    """Test estimates of LGD or CCF against what was realised, facility by facility.

    Parameters
    ----------
    realised, estimated : array-like of shape (n_facilities,)
        Realised and estimated value of each closed facility.

    sample_weight : array-like of shape (n_facilities,), default=None
        Weight of each facility. A weight of 2 is the facility twice.

    alternative : {"greater", "less", "two-sided"}, default="greater"
        Whether a small p-value speaks for estimates that are too low, too high, or
        either.

    Returns
    -------
    result : TestResult
        The statistic is Student's t with ``df`` in the details, beside ``mean_error``,
        realised less estimated, and its ``se``. Not evaluable with fewer than two
        facilities.

    Raises
    ------
    InvalidInputError
        If a value is missing or infinite, or the facilities differ.
    InvalidParameterError
        If `alternative` is another word.

    Notes
    -----
    ``T = sqrt(N) mean(realised - estimated) / s`` [1]_. If all errors are the same the
    answer is certain: the p-value is 0 or 1, or 1/2 where no estimate errs.

    References
    ----------
    .. [1] European Central Bank, "Instructions for reporting the validation results of
       internal models", 2019, section 2.6.2.1.

    Examples
    --------
    >>> from riskkit.metrics import lgd_t_test
    >>> realised, estimated = [0.4, 0.5, 0.3, 0.7, 0.45], [0.35, 0.4, 0.35, 0.6, 0.4]
    >>> result = lgd_t_test(realised, estimated)
    >>> round(result.statistic, 6), round(result.p_value, 6)
    (1.825742, 0.070964)
    """
    from scipy.special import stdtr

    check_option("alternative", alternative, DIRECTIONS)
    error, weight, size = _errors(realised, estimated, sample_weight)
    n = weight.sum()
    df = n - 1.0
    mean, se = np.nan, np.nan
    if df > 0:
        mean = float(weight @ error / n)
        se = float(np.sqrt(weight @ (error - mean) ** 2 / df / n))
    t = z_ratio(mean, se, unit=size)
    upper = stdtr(df, -t) if df > 0 else np.nan
    p_value = {
        "greater": upper,
        "less": 1.0 - upper,
        "two-sided": 2.0 * np.minimum(upper, 1.0 - upper),
    }[alternative]
    return make_result(
        "t test of estimates",
        statistic_name="t",
        statistic=t,
        p_value=p_value,
        null=_NULLS[alternative],
        direction=alternative,
        n=n,
        unusable={"there are fewer than two facilities": df <= 0},
        details={"mean_error": mean, "se": se, "df": df},
    )


def gauc_vs_initial_test(counts: ArrayLike, initial_gauc: float) -> TestResult:
    """Test whether the ranking of LGD or CCF estimates has fallen since development.

    Parameters
    ----------
    counts : array-like of shape (n_segments, n_grades)
        Facilities by segment of the realised value (rows) and grade of the estimate
        (columns), both rising.

    initial_gauc : float
        Generalised AUC at development.

    Returns
    -------
    result : TestResult
        The statistic is normal, above 0 if the ranking has fallen. Details hold
        ``gauc``, its ``se`` and ``drop``. Not evaluable if all facilities are in one
        segment.

    Raises
    ------
    InvalidInputError
        If `counts` is not a table, or a count is negative.
    InvalidParameterError
        If `initial_gauc` is not between 0 and 1.

    See Also
    --------
    auc_vs_initial_test : The same for two outcomes.

    Notes
    -----
    The generalised AUC is ``(D + 1) / 2`` with Somers' D of the estimates given the
    realised values [1]_. With two segments it is the AUC.

    References
    ----------
    .. [1] European Central Bank, "Instructions for reporting the validation results of
       internal models", 2019, section 2.6.3 and annex 3.2.

    Examples
    --------
    >>> from riskkit.metrics import gauc_vs_initial_test
    >>> counts = [[20, 10, 3], [8, 15, 7], [2, 9, 16]]
    >>> result = gauc_vs_initial_test(counts, 0.80)
    >>> round(result.details["gauc"], 4), round(result.p_value, 4)
    (0.7417, 0.0635)
    """
    from scipy.special import ndtr

    check_real("initial_gauc", initial_gauc, low=0, high=1)
    table = read_matrix("counts", counts, square=False)
    area, se = gauc(table)
    drop = initial_gauc - area
    statistic = z_ratio(drop, se)
    return make_result(
        "Generalised AUC against the initial one",
        statistic_name="S",
        statistic=statistic,
        p_value=ndtr(-statistic),
        null="the generalised AUC has not fallen below the initial one",
        direction="less",
        n=table.sum(),
        unusable={"realised values are all in one segment": np.isnan(area)},
        details={"gauc": area, "se": se, "initial_gauc": initial_gauc, "drop": drop},
    )


def _errors(
    realised: ArrayLike, estimated: ArrayLike, sample_weight: ArrayLike | None
) -> tuple[FloatArray, FloatArray, float]:
    """Return errors and weights, and how large the values are."""
    given = {"realised": realised, "estimated": estimated}
    if sample_weight is not None:
        given["sample_weight"] = sample_weight
    read = {name: read_numbers(name, values) for name, values in given.items()}
    if len({values.size for values in read.values()}) > 1:
        shown = ", ".join(f"{name}: {values.size}" for name, values in read.items())
        msg = f"There must be one number for each facility; got {shown}."
        raise InvalidInputError(msg)
    for name, values in read.items():
        wrong = ~np.isfinite(values)
        if name == "sample_weight":
            wrong |= values < 0
        if wrong.any():
            msg = (
                f"{name} must be finite{' and >= 0' * (name == 'sample_weight')}; "
                f"{np.count_nonzero(wrong)} of {values.size} are not."
            )
            raise InvalidInputError(msg)
    error = read["realised"] - read["estimated"]
    size = float(np.abs(read["realised"]).max(initial=0.0))
    return error, read.get("sample_weight", np.ones(error.size)), size
