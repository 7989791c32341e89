"""Strict TOML: every key known, every value of its kind, and a sentence if not.

A part of a configuration is a frozen dataclass; the types of its fields are what the
file may hold.
"""

from __future__ import annotations

import tomllib
from dataclasses import MISSING, fields
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

from riskkit._core.near_files import near_file
from riskkit._core.params import did_you_mean
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["check_known", "load_toml", "read_part", "read_toml"]

_MAX_BYTES = 1_000_000
_WORDS: dict[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    date: "a day such as 2024-01-31",
}
Part = TypeVar("Part")


def read_toml(path: Path, command: str) -> dict[str, Any]:
    """Read a configuration; `command` writes one to start from."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            msg = f"{path.name} must be a configuration; it holds over a megabyte."
            raise InvalidInputError(msg)
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        hint = near_file(path) or f" Write one with `{command}`."
        msg = f"Cannot read {str(path)!r}: {error.strerror}.{hint}"
        raise InvalidInputError(msg) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        what = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "no UTF-8"
        msg = f"{path.name} must be TOML; it is not: {what}."
        raise InvalidInputError(msg) from error


def load_toml(path: Path, *, version: int, command: str) -> dict[str, Any]:
    """Read a configuration of the given schema version; `command` writes a new one."""
    plain = read_toml(path, command)
    found = plain.pop("schema_version", None)
    if found != version or isinstance(found, bool):
        msg = (
            f"{path.name}: schema_version must be {version}; got {found!r}. "
            f"`{command}` writes a new file to start from."
        )
        raise InvalidParameterError(msg)
    return plain


def check_known(
    file: str, prefix: str, given: Mapping[str, Any], known: Iterable[str]
) -> None:
    """Raise if a key is not known."""
    known = tuple(known)
    for key in given:
        if key not in known:
            hint = did_you_mean(key, known)
            msg = f"{file}: {prefix}{key} is not known.{hint}"
            raise InvalidParameterError(msg)


def read_part(
    file: str, name: str, kind: type[Part], given: Any, hints: Mapping[str, Any]
) -> Part:
    """Return the part `kind` made from a table of the file; `hints` are its types."""
    if not isinstance(given, dict):
        msg = f"{file}: {name} must be a table, written [{name}]; got a value."
        raise InvalidParameterError(msg)
    items = fields(kind)  # type: ignore[arg-type]
    check_known(file, f"{name}.", given, [item.name for item in items])
    for item in items:
        no_default = item.default is MISSING and item.default_factory is MISSING
        if no_default and item.name not in given:
            msg = f"{file}: {name}.{item.name} must be given; it is missing."
            raise InvalidParameterError(msg)
    return kind(
        **{
            key: _read_value(f"{file}: {name}.{key}", hints[key], value)
            for key, value in given.items()
        }
    )


def _read_value(where: str, hint: Any, value: Any) -> Any:
    if type(None) in get_args(hint):
        hint = next(kind for kind in get_args(hint) if kind is not type(None))
    origin, held = get_origin(hint), get_args(hint)
    if origin is Literal:
        if value not in held:
            hint = did_you_mean(value, held)
            msg = f"{where} must be one of {held}; got {value!r}.{hint}"
            raise InvalidParameterError(msg)
        return value
    if origin is tuple:
        kinds = held[0]
        options = get_args(kinds) or (kinds,)
        if not isinstance(value, list) or not all(
            any(_is_a(kind, entry) for kind in options) for entry in value
        ):
            words = " or ".join(_WORDS[kind] for kind in options)
            msg = f"{where} must be a list of {words}; got {value!r}."
            raise InvalidParameterError(msg)
        return tuple(value)
    if origin is dict:
        if not isinstance(value, dict) or not all(
            _is_a(held[1], entry) for entry in value.values()
        ):
            msg = f"{where} must be a table of {_WORDS[held[1]]}; got {value!r}."
            raise InvalidParameterError(msg)
        return value
    if not _is_a(hint, value):
        msg = f"{where} must be {_WORDS[hint]}; got {value!r}."
        raise InvalidParameterError(msg)
    return value


def _is_a(kind: Any, value: Any) -> bool:
    """Return whether a value of TOML is of a kind; truth is no number."""
    if kind is bool or isinstance(value, bool):
        return kind is bool and isinstance(value, bool)
    if kind is float:
        return isinstance(value, int | float)
    if kind is str:
        return isinstance(value, str) and bool(value)
    if kind is date:
        return type(value) is date
    return isinstance(value, kind)
