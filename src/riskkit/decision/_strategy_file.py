"""A strategy as people keep it: a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    import os

__all__ = ["read_toml"]


def read_toml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the tables of a TOML file."""
    try:
        with Path(path).open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        msg = f"Cannot read the strategy {str(path)!r}: {error.strerror}."
        raise InvalidInputError(msg) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"The strategy {str(path)!r} is no TOML: {error}."
        raise InvalidInputError(msg) from error
