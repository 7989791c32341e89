"""The limits that turn a number into a word: policy, given as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from riskkit._core.params import check_int, check_real
from riskkit.exceptions import InvalidParameterError

__all__ = ["ReportThresholds"]


@dataclass(frozen=True, slots=True)
class ReportThresholds:
    """Where amber and red begin in a report.

    The defaults are what credit teams commonly use; no law or regulator fixes them.
    A sample with many accounts makes every small difference significant, and one with
    few makes every large difference possible, so ranking and level are judged by the
    size of the difference *and* by its p-value.

    Parameters
    ----------
    psi : tuple of float, default=(0.10, 0.25)
        Stability index from which a distribution is amber and red.

    gini_drop : tuple of float, default=(0.05, 0.10)
        Loss of Gini since training, as a share of the Gini in training.

    actual_expected_amber : tuple of float, default=(0.9, 1.1)
        Range of observed over expected events that is green.

    actual_expected_red : tuple of float, default=(0.8, 1.25)
        Range of observed over expected events that is not red.

    p_value : tuple of float, default=(0.05, 0.01)
        A difference counts as amber, and as red, only below these p-values.

    missing_change : tuple of float, default=(0.02, 0.05)
        Change of the share of missing values of any characteristic.

    unseen : float, default=0.01
        Share of levels unknown from training that is red.

    min_events : int, default=30
        Events, and non-events, needed to judge ranking and level.

    Raises
    ------
    InvalidParameterError
        If a limit is outside its domain, or red would begin before amber.

    Examples
    --------
    >>> from riskkit.reporting import ReportThresholds
    >>> ReportThresholds(psi=(0.05, 0.15)).psi
    (0.05, 0.15)
    """

    psi: tuple[float, float] = (0.10, 0.25)
    gini_drop: tuple[float, float] = (0.05, 0.10)
    actual_expected_amber: tuple[float, float] = (0.9, 1.1)
    actual_expected_red: tuple[float, float] = (0.8, 1.25)
    p_value: tuple[float, float] = (0.05, 0.01)
    missing_change: tuple[float, float] = (0.02, 0.05)
    unseen: float = 0.01
    min_events: int = 30

    def __post_init__(self) -> None:
        for name in ("psi", "gini_drop", "missing_change", "p_value"):
            pair = _check_pair(name, getattr(self, name))
            if name == "p_value":
                pair = pair[::-1]
            _check_order(name, pair[0] <= pair[1])
        amber = _check_pair("actual_expected_amber", self.actual_expected_amber)
        red = _check_pair("actual_expected_red", self.actual_expected_red)
        _check_order(
            "actual_expected_amber and actual_expected_red",
            red[0] <= amber[0] <= 1 <= amber[1] <= red[1],
        )
        check_real("unseen", self.unseen, low=0, high=1)
        check_int("min_events", self.min_events, low=2)

    def to_dict(self) -> dict[str, Any]:
        """Return the limits as plain data."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }


def _check_pair(name: str, value: Any) -> tuple[float, float]:
    if not isinstance(value, tuple) or len(value) != 2:
        msg = f"{name} must be a tuple of two numbers; got {value!r}."
        raise InvalidParameterError(msg)
    for limit in value:
        check_real(name, limit, low=0)
    return value


def _check_order(name: str, in_order: bool) -> None:
    if not in_order:
        msg = (
            f"{name} must let amber begin before red; they stand the other way round. "
            "Give (amber, red) for single limits and (low, high) for ranges."
        )
        raise InvalidParameterError(msg)
