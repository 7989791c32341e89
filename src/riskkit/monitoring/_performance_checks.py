"""Checks of parameters that several results share."""

from __future__ import annotations

from riskkit._core.params import check_real
from riskkit.exceptions import InvalidParameterError

__all__ = ["check_level"]


def check_level(level: float) -> None:
    """Raise unless a confidence lies strictly between 0 and 1."""
    check_real("level", level, low=0, high=1)
    if level in (0, 1):
        msg = f"level must lie strictly between 0 and 1; got {level!r}."
        raise InvalidParameterError(msg)
