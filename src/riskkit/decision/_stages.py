"""The stages that customers pass, as names of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from riskkit.exceptions import InvalidParameterError

__all__ = ["read_stages"]


def read_stages(stages: Any) -> dict[str, str]:
    """Return the column of each stage, from a mapping or a sequence of columns."""
    if isinstance(stages, Mapping):
        columns = dict(stages)
    elif isinstance(stages, str) or not isinstance(stages, Sequence):
        msg = f"stages must be a sequence of columns; got {type(stages).__name__}."
        raise InvalidParameterError(msg)
    else:
        columns = {name: name for name in stages}
        if len(columns) < len(stages):
            msg = "stages must be different columns; one stands twice."
            raise InvalidParameterError(msg)
    for word in (*columns, *columns.values()):
        if not isinstance(word, str):
            msg = f"stages must hold names of columns; got a {type(word).__name__}."
            raise InvalidParameterError(msg)
    return columns
