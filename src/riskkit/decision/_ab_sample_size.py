"""How many rows an experiment needs."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from riskkit._core.notebook import facts_html
from riskkit._core.params import check_int, check_option, check_real
from riskkit.decision._mixture import best_ratio, mixture_reach
from riskkit.decision._rows import check_level
from riskkit.exceptions import InvalidParameterError

__all__ = ["ABSampleSize", "ab_sample_size"]

_MEASURES = ("rate", "mean")
_STOPPING = ("any", "planned")


@dataclass(frozen=True, slots=True)
class ABSampleSize:
    """What :func:`ab_sample_size` returns.

    Parameters
    ----------
    n_control, n_arm : int
        Rows of the control, and of each other arm.

    n_total : int
        Of all arms together: the `n_planned` of :func:`ab_test`.

    power : float
        Chance of finding an arm better that is.

    stopping : {"any", "planned"}
        How the rows will be looked at.

    Examples
    --------
    >>> from riskkit.decision import ab_sample_size
    >>> size = ab_sample_size(0.10, 0.02)
    >>> size.n_control, size.n_total
    (3841, 7682)
    """

    n_control: int
    n_arm: int
    n_total: int
    power: float
    stopping: str

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return asdict(self)

    def _repr_html_(self) -> str:
        return facts_html("Sample size of an A/B test", self.to_dict())


def ab_sample_size(
    baseline: float,
    min_difference: float,
    *,
    measure: str = "rate",
    spread: float | None = None,
    power: float = 0.8,
    level: float = 0.95,
    n_arms: int = 2,
    ratio: float = 1.0,
    stopping: str = "planned",
) -> ABSampleSize:
    """Compute the rows that find a difference of a given size.

    Parameters
    ----------
    baseline : float
        Rate, or mean, of the control.

    min_difference : float
        Smallest difference that matters, up or down: 0.02 is from 10 % to 12 %.

    measure : {"rate", "mean"}, default="rate"
        What will be compared.

    spread : float, optional
        Standard deviation of the outcome, for a mean.

    power : float, default=0.8
        Chance of finding that difference if it is there.

    level : float, default=0.95
        Level of the test.

    n_arms : int, default=2
        Arms, the control included. Each other arm is compared with it at a level for so
        many questions, which is a little more than Holm's method asks for.

    ratio : float, default=1.0
        Rows of each other arm for one row of the control.

    stopping : {"any", "planned"}, default="planned"
        One look at the end, or any number of looks. The second needs more rows if the
        difference is the smallest that matters, and often ends early if it is larger.

    Returns
    -------
    size : ABSampleSize
        With ``.n_control``, ``.n_arm`` and ``.n_total``.

    Raises
    ------
    InvalidParameterError
        If a rate leaves (0, 1), a spread is missing, or a parameter is outside its
        domain.

    See Also
    --------
    ab_test : The comparison.

    Notes
    -----
    With ``k`` rows of an arm for one of the control, quantiles ``u`` of the level
    (two-sided) and ``v`` of the power, rates ``p_0`` and ``p`` and their mean ``m``
    over all rows, the control needs, by Fleiss, Levin and Paik's formula::

        (u sqrt(m (1 - m) (1 + 1 / k)) + v sqrt(p_0 (1 - p_0) + p (1 - p) / k))^2 / d^2

    rows; for means ``(u + v)^2 (1 + 1 / k) spread^2 / d^2``. For any number of looks
    ``u`` is the reach of the interval that holds at any time, in standard errors at the
    planned rows. That counts a difference found on the last day alone; the power is
    a little more than was asked for, because it may be found, and kept, before.

    References
    ----------
    J. L. Fleiss, B. Levin, M. C. Paik, "Statistical Methods for Rates and Proportions",
    3rd ed., Wiley, 2003, ch. 4.

    Examples
    --------
    >>> from riskkit.decision import ab_sample_size
    >>> ab_sample_size(0.10, 0.02, stopping="any").n_total
    14700
    >>> ab_sample_size(900.0, 50.0, measure="mean", spread=600.0).n_control
    2261
    """
    from scipy.special import ndtri

    check_option("measure", measure, _MEASURES)
    check_option("stopping", stopping, _STOPPING)
    check_level(level)
    check_int("n_arms", n_arms, low=2)
    check_real("ratio", ratio)
    check_real("power", power, low=0.0, high=1.0)
    check_real("baseline", baseline)
    check_real("min_difference", min_difference)
    if ratio <= 0:
        msg = f"ratio must be above 0; got {ratio!r}. 1 makes arms of one size."
        raise InvalidParameterError(msg)
    if not 0.5 <= power < 1.0:
        msg = f"power must be at least 0.5 and below 1; got {power!r}."
        raise InvalidParameterError(msg)
    if min_difference == 0:
        msg = "min_difference must not be 0, which no number of rows would find; got 0."
        raise InvalidParameterError(msg)
    alpha = (1.0 - level) / (n_arms - 1)
    reach = float(ndtri(1.0 - alpha / 2.0))
    if stopping == "any":
        reach = float(mixture_reach(np.asarray(best_ratio(alpha)), alpha))
    pooled, apart = _errors(measure, baseline, min_difference, spread, ratio)
    if stopping == "any":
        pooled = apart  # the interval that holds at any time does not pool
    needed = (reach * pooled + float(ndtri(power)) * apart) / min_difference
    n_control = math.ceil(needed**2)
    n_arm = math.ceil(needed**2 * ratio)
    total = n_control + (n_arms - 1) * n_arm
    return ABSampleSize(n_control, n_arm, total, float(power), stopping)


def _errors(
    measure: str, baseline: float, difference: float, spread: float | None, k: float
) -> tuple[float, float]:
    """Return the error of a difference for one row of the control, pooled and not."""
    if measure == "mean":
        if spread is None:
            msg = (
                "spread must be given for a mean; got none. Take the standard "
                "deviation of the outcome from past rows."
            )
            raise InvalidParameterError(msg)
        check_real("spread", spread)
        if spread <= 0:
            msg = f"spread must be above 0; got {spread!r}."
            raise InvalidParameterError(msg)
        error = spread * math.sqrt(1.0 + 1.0 / k)
        return error, error
    rate = baseline + difference
    if not (0.0 < baseline < 1.0 and 0.0 < rate < 1.0):
        msg = (
            "baseline and baseline + min_difference must be rates between 0 and 1; got "
            f"{baseline!r} and {rate!r}. 2 % is 0.02."
        )
        raise InvalidParameterError(msg)
    mean = (baseline + k * rate) / (1.0 + k)
    pooled = math.sqrt(mean * (1.0 - mean) * (1.0 + 1.0 / k))
    apart = math.sqrt(baseline * (1.0 - baseline) + rate * (1.0 - rate) / k)
    return pooled, apart
