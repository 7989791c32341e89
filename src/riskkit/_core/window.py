"""The time that a model was trained on."""

from __future__ import annotations

from datetime import date
from typing import Any

from riskkit.exceptions import InvalidParameterError

__all__ = ["check_window"]


def check_window(window: Any) -> tuple[str, str] | None:
    """Return the first and last date trained on as text."""
    if window is None:
        return None
    try:
        first, last = (_day(day) for day in window)
    except (AttributeError, TypeError, ValueError):
        msg = (
            "window must be the first and the last date trained on, as dates or text "
            "like '2024-01-31'; got something else."
        )
        raise InvalidParameterError(msg) from None
    if first > last:
        msg = f"window must not end before it starts; got {first} to {last}."
        raise InvalidParameterError(msg)
    return str(first), str(last)


def _day(day: Any) -> date:
    if isinstance(day, str):
        return date.fromisoformat(day)
    return date(day.year, day.month, day.day)
