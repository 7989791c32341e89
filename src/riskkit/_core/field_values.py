"""One field of a record, read strictly; standard library only.

Scorers, strategies and the files that :func:`riskkit.export.to_python` writes read
values by this one rule. A message names the field, never the value.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import NoReturn

from riskkit._core.levels import is_missing, level_key
from riskkit.exceptions import InvalidInputError, InvalidTypeError

__all__ = ["read_level", "read_number", "refuse_level"]

# NumPy's truth values are no numbers.Real, decimals neither; frames accept both.
_OTHER_NUMBERS = frozenset({"bool", "bool_", "Decimal"})


def read_number(value: object, name: str) -> float:
    """Return a field's value as a number, NaN where it is missing."""
    if value is None or is_missing(value):
        return math.nan
    if isinstance(value, Real) or type(value).__name__ in _OTHER_NUMBERS:
        try:
            return float(value)  # type: ignore[arg-type]
        except (OverflowError, ValueError):
            msg = (
                f"Field {name!r} must be a number that a float can hold; got one "
                "beyond its range. Send a number below 1.8e308, or None."
            )
            raise InvalidInputError(msg) from None
    msg = (
        f"Field {name!r} must be a number, True, False or None; got a value of type "
        f"{type(value).__name__}. Convert it before scoring."
    )
    raise InvalidTypeError(msg)


def read_level(value: object, name: str) -> str | None:
    """Return the text of a field's level, None where it is missing."""
    try:
        return level_key(value)
    except InvalidTypeError:
        msg = (
            f"Field {name!r} must be text, a number, True, False or None; got a value "
            f"of type {type(value).__name__}. Convert it before scoring."
        )
        raise InvalidTypeError(msg) from None
    except (OverflowError, ValueError):
        msg = (
            f"Field {name!r} must be a level of modest length; got a number of too "
            "many digits. Send the level as it was in training."
        )
        raise InvalidInputError(msg) from None


def refuse_level(name: str) -> NoReturn:
    """Raise because a field holds a level that the model refuses."""
    msg = (
        f"Field {name!r} accepts only the levels known from training; got another. "
        "Map it to a known level, or train with another policy for unseen levels."
    )
    raise InvalidInputError(msg)
