"""Checks of constructor and function parameters; standard library only."""

from __future__ import annotations

import math
from difflib import get_close_matches
from numbers import Integral, Real
from typing import TYPE_CHECKING

from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["check_bool", "check_int", "check_option", "check_real", "did_you_mean"]


def check_bool(name: str, value: object) -> None:
    """Raise unless `value` is True or False."""
    if not isinstance(value, bool):
        msg = f"{name} must be True or False; got {value!r}."
        raise InvalidParameterError(msg)


def check_int(
    name: str, value: object, *, low: int, none_allowed: bool = False
) -> None:
    """Raise unless `value` is an integer of at least `low`."""
    if value is None and none_allowed:
        return
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < low:
        msg = f"{name} must be an integer >= {low}; got {value!r}."
        raise InvalidParameterError(msg)


def check_real(
    name: str,
    value: object,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    none_allowed: bool = False,
) -> None:
    """Raise unless `value` is a finite number in ``[low, high]``."""
    if value is None and none_allowed:
        return
    if (
        isinstance(value, bool)
        or not isinstance(value, Real)
        or not math.isfinite(value)
        or not low <= float(value) <= high
    ):
        if math.isinf(low) and math.isinf(high):
            domain = "a finite number"
        elif math.isinf(high):
            domain = f"a number >= {low:g}"
        else:
            domain = f"a number between {low:g} and {high:g}"
        msg = f"{name} must be {domain}; got {value!r}."
        raise InvalidParameterError(msg)


def check_option(name: str, value: object, options: Sequence[str]) -> None:
    """Raise unless `value` is one of `options`."""
    if value not in options:
        hint = did_you_mean(value, options)
        msg = f"{name} must be one of {tuple(options)}; got {value!r}.{hint}"
        raise InvalidParameterError(msg)


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the closest known word, or nothing."""
    close = get_close_matches(str(word), list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
