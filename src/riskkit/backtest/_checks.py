"""Checks that several backtests share."""

from __future__ import annotations

from riskkit._core.params import check_real
from riskkit.exceptions import InvalidParameterError

__all__ = ["check_level"]


def check_level(level: float) -> None:
    """Raise unless `level` lies between 0 and 1."""
    check_real("level", level, low=0.0, high=1.0)
    if not 0.0 < level < 1.0:
        msg = f"level must lie between 0 and 1; got {level!r}."
        raise InvalidParameterError(msg)
