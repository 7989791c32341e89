"""JSON that is written in one way only, and read strictly."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, NoReturn

from riskkit.exceptions import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["canonical_json", "parse_json", "plain_data"]

# A scorecard of 10,000 features and 100,000 bins stays below these; a parser that
# respects them needs less than 100 MB, whatever it is given.
MAX_DEPTH = 32
MAX_VALUES = 1_500_000
MAX_DIGITS = 400

_STRING = re.compile(rb'"[^"]*"')
_NO_BRACKET = re.compile(rb"[^\[\]{}]+")


def canonical_json(document: Mapping[str, Any]) -> bytes:
    """Return the one text of a document, in UTF-8.

    Keys stay in the order they are given, floats are written by their shortest text
    that reads back as the same number, a list of plain values and an object in a list
    take one line each, and everything else one line a key: a bin is a line, so that a
    comparison of two files shows the cut or the points that changed.
    """
    return (_block(document, "") + "\n").encode()


def parse_json(raw: bytes, member: str) -> Any:
    """Read a document; anything doubtful is an error that names the member.

    Refused are repeated keys, NaN and infinities, numbers beyond the range of a
    float, text that is not UTF-8, and documents too deep or too long for a model.
    """
    _check_shape(raw, member)

    def refuse(what: str) -> NoReturn:
        msg = f"{member} must be plain JSON; it holds {what}. {_ADVICE}"
        raise ArtifactError(msg)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        record = dict(pairs)
        if len(record) != len(pairs):
            refuse("an object with a repeated key")
        return record

    def integer(text: str) -> int:
        if len(text) > 19:
            refuse("an integer of more than 18 digits")
        return int(text)

    def number(text: str) -> float:
        value = float(text) if len(text) <= MAX_DIGITS else math.inf
        if not math.isfinite(value):
            refuse("a number beyond the range of a float")
        return value

    def constant(text: str) -> NoReturn:
        refuse(f"the token {text}, which is no JSON number")

    try:
        return json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=unique,
            parse_int=integer,
            parse_float=number,
            parse_constant=constant,
        )
    except json.JSONDecodeError as error:
        msg = (
            f"{member} must be JSON; it breaks at line {error.lineno}, column "
            f"{error.colno}. {_ADVICE}"
        )
        raise ArtifactError(msg) from None
    except UnicodeDecodeError:
        msg = f"{member} must be text in UTF-8; it is not. {_ADVICE}"
        raise ArtifactError(msg) from None


def plain_data(value: Any, where: str, depth: int = 0) -> Any:
    """Return free-form data as JSON knows it: sorted keys, lists, finite numbers."""
    if depth > MAX_DEPTH - 4:
        msg = f"{where} must be nested at most {MAX_DEPTH - 4} levels; it is deeper."
        raise ArtifactError(msg)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        if not encodable(value):
            msg = f"{where} must be text that UTF-8 can hold; it has a lone surrogate."
            raise ArtifactError(msg)
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, int) and abs(value) < 10**18:
        return int(value)
    if isinstance(value, (list, tuple)):
        return [plain_data(v, f"{where}[{i}]", depth + 1) for i, v in enumerate(value)]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {
            plain_data(key, f"{where}: a key"): plain_data(
                value[key], f"{where}.{key[:40]}", depth + 1
            )
            for key in sorted(value)
        }
    msg = (
        f"{where} must be plain data (text, finite numbers below 10**18, True, False, "
        "None, lists, and dicts with text as keys); got a value of type "
        f"{type(value).__name__}."
    )
    raise ArtifactError(msg)


def encodable(text: str) -> bool:
    """Return whether UTF-8 can hold the text."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


_ADVICE = "The file is damaged or was not written by riskkit; save the model again."


def _check_shape(raw: bytes, member: str) -> None:
    """Bound depth and number of values before the parser allocates anything."""
    n_values = raw.count(b",") + raw.count(b"[") + raw.count(b"{")
    if n_values > MAX_VALUES:
        msg = f"{member} must hold at most {MAX_VALUES} values; it holds more."
        raise ArtifactError(msg)
    # Without escapes every quotation mark opens or closes a string.
    bare = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = _NO_BRACKET.sub(b"", _STRING.sub(b"", bare))
    for _ in range(MAX_DEPTH):
        # Each pass removes the innermost level of nesting.
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    if brackets:
        msg = (
            f"{member} must be JSON nested at most {MAX_DEPTH} levels; it is deeper "
            f"or its brackets do not match. {_ADVICE}"
        )
        raise ArtifactError(msg)


def _block(value: Any, indent: str) -> str:
    """Return an object or list of objects over several lines."""
    deeper = indent + " "
    if isinstance(value, dict) and value:
        rows = [f"{_line(key)}: {_block(v, deeper)}" for key, v in value.items()]
        return _rows("{", rows, "}", indent)
    if isinstance(value, list) and any(isinstance(v, (dict, list)) for v in value):
        rows = [_line(v) if _is_leaf(v) else _block(v, deeper) for v in value]
        return _rows("[", rows, "]", indent)
    return _line(value)


def _rows(opening: str, rows: list[str], closing: str, indent: str) -> str:
    body = f",\n{indent} ".join(rows)
    return f"{opening}\n{indent} {body}\n{indent}{closing}"


def _is_leaf(value: Any) -> bool:
    """Return whether a value holds nothing deeper than lists of plain values."""
    inner = value.values() if isinstance(value, dict) else [value]
    return not any(
        isinstance(v, dict)
        or (isinstance(v, list) and any(isinstance(w, (dict, list)) for w in v))
        for v in inner
    )


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
