"""The history of warnings: JSON lines, added to and never changed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from riskkit._core.dates import read_date
from riskkit.exceptions import InvalidInputError, InvalidTypeError, OutputError
from riskkit.monitoring._warning_threshold import LIGHTS

__all__ = ["WarningHistory"]

_FIELDS: dict[str, dict[str, type]] = {
    "run": {"as_of": str, "model_id": str, "verdict": str, "measures": list},
    "acknowledge": {"alert": str, "by": str, "note": str, "on": str},
    "close": {"alert": str, "by": str, "note": str, "on": str},
}
_MEASURE = ("key", "light", "raw", "why", "action", "owner")


class WarningHistory:
    """Records in memory, and in a file if there is one."""

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        if path is not None and not isinstance(path, str | os.PathLike):
            msg = f"history must be a path or None; got {type(path).__name__}."
            raise InvalidTypeError(msg)
        self.path = None if path is None else Path(path)
        self.records: list[dict[str, Any]] = []
        if self.path is not None and self.path.exists():
            self.records = _read(self.path)

    def add(self, record: dict[str, Any]) -> None:
        """Write a record to the end of the file, then keep it."""
        line = json.dumps(record, allow_nan=False) + "\n"
        if self.path is not None:
            try:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(line)
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                msg = (
                    f"Cannot write the history {str(self.path)!r}: {error.strerror}. "
                    "Name a file in a folder that can be written to."
                )
                raise OutputError(msg) from error
        self.records.append(json.loads(line))


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"The history {str(path)!r} cannot be read as text in UTF-8."
        raise InvalidInputError(msg) from error
    records = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            records.append(_parse(line, path, number))
    return records


def _parse(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line, parse_constant=_refuse)
        fields = _FIELDS[record["type"]]
        if not all(isinstance(record[name], kind) for name, kind in fields.items()):
            raise ValueError
        if record["type"] == "run":
            read_date("as_of", record["as_of"])
        for measure in record.get("measures", []):
            if not all(isinstance(measure[name], str) for name in _MEASURE):
                raise ValueError
            if not {measure["light"], measure["raw"]} <= set(LIGHTS):
                raise ValueError
            for name in ("value", "p_value"):
                if not isinstance(measure[name], int | float | None):
                    raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        msg = (
            f"Line {number} of the history {path.name} must be a run, an "
            "acknowledgement or a closing as riskkit writes them; it is not. If "
            "writing broke off there, remove the line."
        )
        raise InvalidInputError(msg) from error
    return dict(record)


def _refuse(constant: str) -> None:
    raise ValueError(constant)
