"""The lines of a decision log: canonical JSON, chained by hashes."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskkit._core.lean_dataclass import dataclass
from riskkit._core.levels import is_missing
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from typing import NoReturn

__all__ = [
    "START",
    "LogEntry",
    "encode_line",
    "hash_plain",
    "hash_record",
    "plain_record",
    "read_line",
    "read_log",
    "restored",
]

START = "0" * 64  # what stands before the first line
_PLAIN = frozenset({str, int, bool, type(None)})
_INFINITE = {"inf": math.inf, "-inf": -math.inf}


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of a decision log, whose hash was checked.

    Parameters
    ----------
    number : int
        Position in the log, from 0.

    at : str
        When it was written, in UTC.

    kind : {"decision", "shadow"}
        What it records.

    key : str
        What the caller named the application, or nothing.

    record_hash : str
        Hash of the record's content.

    record : dict or None
        The record itself, where the log keeps records.

    answer : dict
        As :meth:`ScoreResult.to_dict` or :meth:`ShadowEntry.to_dict` gave it.

    before : str
        Hash of the line before.

    hash : str
        SHA-256 of all of the above.

    Examples
    --------
    >>> from riskkit.serving import LogEntry
    >>> LogEntry(0, "2026-01-31T12:00:00+00:00", "decision", "A-17", "", None,
    ...          {"pd": 0.25}, "", "").answer["pd"]
    0.25
    """

    number: int
    at: str
    kind: str
    key: str
    record_hash: str
    record: dict[str, Any] | None
    answer: dict[str, Any]
    before: str
    hash: str


def read_log(path: str | os.PathLike[str]) -> Iterator[LogEntry]:
    """Read a decision log from the start, checking every hash.

    Parameters
    ----------
    path : str or path
        What :class:`DecisionLog` wrote.

    Yields
    ------
    entry : LogEntry
        Line by line.

    Raises
    ------
    InvalidInputError
        At the first line that was changed, or does not follow the one before it. A
        half-written last line is one too, until the log is opened for writing.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from riskkit.serving import DecisionLog, read_log
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "decisions.jsonl"
    ...     DecisionLog(path).close()
    ...     list(read_log(path))
    []
    """
    before = START
    with Path(path).open("rb") as file:
        for number, line in enumerate(file):
            entry = read_line(line, f"line {number + 1}")
            if (entry.number, entry.before) != (number, before):
                _refuse(f"line {number + 1}", "what follows the one before", "another")
            before = entry.hash
            yield entry


def hash_record(record: Mapping[str, Any], secret: bytes | None = None) -> str:
    """Return the hash of a record's content, whatever the order of its fields."""
    return hash_plain(plain_record(record), secret)


def hash_plain(plain: dict[str, Any], secret: bytes | None) -> str:
    content = _canonical(plain)
    if secret is None:
        return hashlib.sha256(content).hexdigest()
    return hmac.digest(secret, content, "sha256").hex()


def restored(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a logged record as it was scored; infinities are numbers again."""
    return {
        name: _INFINITE.get(str(value.get("float")), value)
        if isinstance(value, dict)
        else value
        for name, value in record.items()
    }


def plain_record(record: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): _plain_value(value, name) for name, value in record.items()}


def _plain_value(value: Any, name: str) -> Any:
    """Return a value as JSON holds it; what is missing as None, in whatever form."""
    kind = type(value)
    # What a JSON parser gives, which is nearly all there is, is plain already.
    if kind in _PLAIN or (kind is float and math.isfinite(value)):
        return value
    if isinstance(value, (str, bool)):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, Mapping):
        return plain_record(value)
    if isinstance(value, (list, tuple)):
        return [_plain_value(item, name) for item in value]
    if value is None or is_missing(value):
        return None
    # Whole numbers of any size stay what they are, and NumPy's become Python's.
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, int):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        msg = (
            f"Field {name!r} must be text, a number, True, False or None; got a value "
            f"of type {type(value).__name__}. Log what was scored."
        )
        raise InvalidInputError(msg) from None
    return number if math.isfinite(number) else {"float": str(number)}


# One line of JSON with sorted keys, the same for the same content.
_ENCODER = json.JSONEncoder(
    sort_keys=True, ensure_ascii=True, allow_nan=False, separators=(",", ":")
)


def _canonical(content: Any) -> bytes:
    return _ENCODER.encode(content).encode()


def encode_line(content: dict[str, Any]) -> tuple[bytes, str]:
    """Return a line with the hash of its content, and the hash."""
    # Keys are sorted, and the hash stands among them: what comes before it and what
    # comes after it are encoded once, for the hash and for the line.
    before = _canonical({k: v for k, v in content.items() if k < "hash"})[:-1]
    after = _canonical({k: v for k, v in content.items() if k > "hash"})[1:]
    digest = hashlib.sha256(before + b"," + after).hexdigest()
    return b'%b,"hash":"%b",%b\n' % (before, digest.encode(), after), digest


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(content)).hexdigest()


def read_line(line: bytes, where: str) -> LogEntry:
    """Return a line as an entry whose hash is that of its content."""
    try:
        content = json.loads(line)
        digest = content.pop("hash")
        entry = LogEntry(**content, hash=digest)
        is_sound = line.endswith(b"}\n") and digest == _digest(content)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        _refuse(where, "a line of a decision log", "something else")
    if not is_sound or type(entry.number) is not int:
        _refuse(where, "the hash of its own content", "another")
    return entry


def _refuse(where: str, expected: str, came: str) -> NoReturn:
    msg = (
        f"The decision log must hold {expected} in {where}; it holds {came}. A line "
        "was changed, dropped or cut off: do not rely on anything from there on."
    )
    raise InvalidInputError(msg) from None
