"""The fields that a strategy reads must be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit._core.params import did_you_mean
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = ["require_fields"]


def require_fields(fields: Iterable[str], present: Collection[str], what: str) -> None:
    """Raise unless every field is there; an unknown value must stand as missing."""
    absent = [field for field in fields if field not in present]
    if absent:
        shown = ", ".join(repr(field) for field in absent[:10])
        hint = did_you_mean(absent[0], present)
        msg = (
            f"The strategy reads {shown}, which the {what} does not have.{hint} Give "
            "every field, with a missing value where nothing is known."
        )
        raise InvalidInputError(msg)
