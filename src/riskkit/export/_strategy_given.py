"""A strategy as somebody gives it: the object, its plain data, or its file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from riskkit.decision import Strategy
from riskkit.exceptions import InvalidTypeError

if TYPE_CHECKING:
    from riskkit.artifact import StrategySpec

__all__ = ["strategy_spec"]


def strategy_spec(given: Any) -> StrategySpec:
    """Return the plain data of a strategy."""
    if isinstance(given, Mapping):
        given = Strategy.from_dict(given)
    elif isinstance(given, str | os.PathLike):
        given = Strategy.from_toml(given)
    if isinstance(given, Strategy):
        return given.spec
    msg = (
        "strategy must be a riskkit.decision.Strategy, its plain data, or the path of "
        f"its TOML file; got {type(given).__name__}."
    )
    raise InvalidTypeError(msg)
