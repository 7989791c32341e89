"""What every scorer checks before a record is scored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

from riskkit.exceptions import InvalidInputError, InvalidTypeError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["as_dict", "checked_n_reasons", "refuse_record"]


def as_dict(record: object) -> dict[str, object]:
    """Return a plain copy; a mapping that makes up absent keys must not do so here."""
    if isinstance(record, Mapping):
        return dict(record)
    msg = (
        "A record must be a mapping of field names to values; got "
        f"{type(record).__name__}. Use score_batch for a table."
    )
    raise InvalidTypeError(msg)


def checked_n_reasons(n_reasons: object) -> int:
    """Return how many reasons are asked for, a whole number of at least 0."""
    if type(n_reasons) is int and n_reasons >= 0:
        return n_reasons
    from riskkit._core.params import check_int

    check_int("n_reasons", n_reasons, low=0)
    return int(n_reasons)  # type: ignore[call-overload,no-any-return]


def refuse_record(record: Mapping[str, object], features: Sequence[str]) -> NoReturn:
    """Raise because fields of the model are absent from a record."""
    from riskkit._core.params import did_you_mean

    absent = [name for name in features if name not in record]
    given = {name for name in record if isinstance(name, str)}
    hint = did_you_mean(absent[0], given.difference(features))
    msg = (
        f"A record must have all {len(features)} fields of the model; "
        f"{len(absent)} are absent: {', '.join(map(repr, absent))}."
        f"{hint} Give None where nothing is known."
    )
    raise InvalidInputError(msg) from None
