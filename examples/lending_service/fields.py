"""What a request may hold: read strictly, described in OpenAPI."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES = 1 << 20
MOST_ROWS = 1_000  # of a hundred fields within the bytes
_MOST_REASONS = 10
_IDENTIFIER = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class RequestError(ValueError):
    """A request that cannot be answered; `status` is the HTTP status that says so."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def read_json(body: bytes, content_type: str) -> dict[str, Any]:
    """Return the object that a body holds."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise RequestError(415, "The body must be sent as application/json.")
    try:
        found = _DECODER.decode(body.decode())
    except RequestError:
        raise
    except RecursionError:
        raise RequestError(400, "The body is nested too deep.") from None
    except UnicodeDecodeError:
        raise RequestError(400, "The body must be UTF-8.") from None
    except json.JSONDecodeError as error:
        raise RequestError(400, f"The body must be JSON: {error.msg}.") from None
    except ValueError:
        raise RequestError(400, "The body holds a number of too many digits.") from None
    if not isinstance(found, dict):
        raise RequestError(400, "The body must be one JSON object.")
    return found


def read_application(body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the identifier and the fields of one application."""
    known = {"application_id", "fields"}
    if set(body) != known:
        raise RequestError(
            422, "The body must have application_id and fields, and nothing else."
        )
    identifier, fields = body["application_id"], body["fields"]
    _check_identifier(identifier)
    if not isinstance(fields, dict):
        raise RequestError(422, "fields must be an object with a value for each name.")
    return identifier, fields


def read_rows(
    body: dict[str, Any], names: tuple[str, ...]
) -> tuple[list[str], dict[str, list[Any]]]:
    """Return the identifiers and the columns of many applications."""
    rows = body.get("applications")
    if set(body) != {"applications"} or not isinstance(rows, list):
        raise RequestError(422, "The body must have applications, a list, alone.")
    if not 1 <= len(rows) <= MOST_ROWS:
        raise RequestError(
            422,
            f"applications must hold 1 to {MOST_ROWS:,} of them; got {len(rows):,}.",
        )
    identifiers: list[str] = []
    columns: dict[str, list[Any]] = {name: [] for name in names}
    for k, row in enumerate(rows):
        if not isinstance(row, dict):
            raise RequestError(422, f"Application {k} must be an object.")
        try:
            identifier, fields = read_application(row)
        except RequestError as error:
            raise RequestError(error.status, f"Application {k}: {error}") from None
        absent = [name for name in names if name not in fields]
        if absent:
            raise RequestError(422, f"Application {k} lacks the field {absent[0]!r}.")
        identifiers.append(identifier)
        for name in names:
            columns[name].append(_scalar(fields[name], name, k))
    return identifiers, columns


def read_n_reasons(query: bytes) -> int:
    """Return how many reasons a query string asks for."""
    if not query:
        return 4
    asked = parse_qs(query.decode("latin-1"), keep_blank_values=True).get("reasons")
    if asked is None:
        return 4
    given = asked[-1]
    is_short = len(given) <= 2 and given.isascii() and given.isdigit()
    if not is_short or int(given) > _MOST_REASONS:
        raise RequestError(
            422, f"reasons must be a whole number from 0 to {_MOST_REASONS}."
        )
    return int(given)


def schemas(kinds: Mapping[str, str]) -> dict[str, Any]:
    """Return the OpenAPI schemas of one application and of many."""
    of_kind = {
        "numeric": {"type": ["number", "boolean", "null"]},
        "categorical": {"type": ["string", "number", "boolean", "null"]},
    }
    application = {
        "type": "object",
        "additionalProperties": False,
        "required": ["application_id", "fields"],
        "properties": {
            "application_id": {
                "type": "string",
                "pattern": "^[A-Za-z0-9._:-]{1,64}$",
            },
            "fields": {
                "type": "object",
                "required": list(kinds),
                "properties": {name: of_kind[kind] for name, kind in kinds.items()},
            },
        },
    }
    applications = {
        "type": "object",
        "additionalProperties": False,
        "required": ["applications"],
        "properties": {
            "applications": {
                "type": "array",
                "minItems": 1,
                "maxItems": MOST_ROWS,
                "items": application,
            }
        },
    }
    return {"application": application, "applications": applications}


def _check_identifier(identifier: Any) -> None:
    if not isinstance(identifier, str) or not _IDENTIFIER.fullmatch(identifier):
        raise RequestError(
            422, "application_id must be 1 to 64 letters, digits or any of . _ : -"
        )


def _scalar(value: Any, name: str, row: int) -> Any:
    if isinstance(value, (list, dict)):
        raise RequestError(
            422, f"Application {row}: field {name!r} must be a number, text or null."
        )
    return value


def _refuse_constant(_: str) -> NoReturn:
    raise RequestError(
        400, "NaN and Infinity are no JSON. Send null where nothing is known."
    )


# Made once: json.loads makes a decoder a call when it is given options.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
