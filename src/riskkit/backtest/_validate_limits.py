"""Where amber and red begin in a validation: policy, given as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from riskkit._core.params import check_int, check_real
from riskkit.exceptions import InvalidParameterError

__all__ = ["ValidationLimits"]


@dataclass(frozen=True, slots=True)
class ValidationLimits:
    """Limits of :func:`validate_pd`, for sizes and for p-values.

    A finding is amber, or red, only if it is both large and unlikely to be chance: with
    many accounts every difference is significant, with few every difference is
    possible. The defaults are what credit teams commonly use; no law fixes them.

    Parameters
    ----------
    p_value : tuple of float, default=(0.05, 0.01)
        A finding counts as amber, and as red, only below these p-values.

    actual_expected_amber : tuple of float, default=(0.9, 1.1)
        Range of events over expected events that is green.

    actual_expected_red : tuple of float, default=(0.8, 1.25)
        Range of events over expected events that is not red.

    slope : tuple of float, default=(0.15, 0.30)
        Distance of the calibration slope from 1.

    gini_drop : tuple of float, default=(0.05, 0.10)
        Loss of Gini since development, as a share of it.

    min_events : int, default=30
        Events, and non-events, needed to judge level and ranking.

    Raises
    ------
    InvalidParameterError
        If a limit is outside its domain, or red would begin before amber.

    Examples
    --------
    >>> from riskkit.backtest import ValidationLimits
    >>> ValidationLimits(gini_drop=(0.03, 0.08)).gini_drop
    (0.03, 0.08)
    """

    p_value: tuple[float, float] = (0.05, 0.01)
    actual_expected_amber: tuple[float, float] = (0.9, 1.1)
    actual_expected_red: tuple[float, float] = (0.8, 1.25)
    slope: tuple[float, float] = (0.15, 0.30)
    gini_drop: tuple[float, float] = (0.05, 0.10)
    min_events: int = 30

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if name == "min_events":
                check_int(name, value, low=2)
                continue
            if not isinstance(value, tuple) or len(value) != 2:
                msg = f"{name} must be a pair of numbers; got {value!r}."
                raise InvalidParameterError(msg)
            for number in value:
                check_real(name, number, low=0)
        (low, high), (lower, higher) = (
            self.actual_expected_amber,
            self.actual_expected_red,
        )
        in_order = {
            "p_value": 0 < self.p_value[1] <= self.p_value[0] <= 1,
            "actual_expected": lower <= low <= 1 <= high <= higher,
            "slope": self.slope[0] <= self.slope[1],
            "gini_drop": self.gini_drop[0] <= self.gini_drop[1],
        }
        wrong = [name for name, holds in in_order.items() if not holds]
        if wrong:
            msg = (
                f"{wrong[0]} must let amber begin before red; it stands the other way "
                "round. Give (amber, red), and (low, high) for ranges."
            )
            raise InvalidParameterError(msg)

    def to_dict(self) -> dict[str, Any]:
        """Return the limits as plain data."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    def of_size(self, away: float, limit: tuple[float, float], p_value: float) -> str:
        """Return the light of a distance with its p-value.

        Parameters
        ----------
        away : float
            How far.

        limit : tuple of float
            From where it is amber, and red.

        p_value : float
            Chance of a distance like this.

        Returns
        -------
        light : str
            ``"green"``, ``"amber"``, ``"red"``, or ``"not_evaluable"`` of NaN.
        """
        if away != away or p_value != p_value:
            return "not_evaluable"
        amber, red = self.p_value
        if away >= limit[1] and p_value < red:
            return "red"
        return "amber" if away >= limit[0] and p_value < amber else "green"

    def of_ratio(self, ratio: float, p_value: float) -> str:
        """Return the light of events over expected events, with its p-value.

        Parameters
        ----------
        ratio, p_value : float
            Actual over expected, and the chance of a ratio as far from 1.

        Returns
        -------
        light : str
            ``"green"``, ``"amber"``, ``"red"``, or ``"not_evaluable"`` of NaN.
        """
        if ratio != ratio or p_value != p_value:
            return "not_evaluable"
        amber, red = self.p_value
        low, high = self.actual_expected_red
        if not low <= ratio <= high and p_value < red:
            return "red"
        low, high = self.actual_expected_amber
        return "amber" if not low <= ratio <= high and p_value < amber else "green"
