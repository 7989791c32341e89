"""Which columns take part: the options that name them, and the outcome."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from riskkit._core.params import did_you_mean
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from riskkit.schema import TableSchema
    from riskkit.typing import IntArray

__all__ = [
    "check_column",
    "choose_features",
    "named_columns",
    "parse_codes",
    "read_outcome",
]

_PLAIN_OUTCOMES = (("0", "1"), ("False", "True"))


def named_columns(
    option: str, given: Sequence[str] | None, known: Collection[str]
) -> list[str]:
    """Return the columns that an option names, as ``a,b`` or given several times."""
    names: list[str] = []
    for text in given or ():
        # A column whose own name holds a comma can be named, alone.
        parts = [text] if text in known else text.split(",")
        names.extend(p if p in known else p.strip() for p in parts if p.strip())
    for name in names:
        check_column(option, name, known)
    return list(dict.fromkeys(names))


def check_column(option: str, name: str, known: Collection[str]) -> None:
    """Raise unless an option names a column that is there."""
    if name not in known:
        hint = did_you_mean(name, known)
        msg = f"{option} names {name!r}, which is no column of the table.{hint}"
        raise InvalidParameterError(msg)


def parse_codes(text: str | None) -> list[float | str]:
    """Return the special codes of ``-9,-8,unknown``: numbers, and words as text."""
    codes: list[float | str] = []
    for part in (text or "").split(","):
        word = part.strip()
        if word:
            codes.append(_number_or_text(word))
    if text is not None and not codes:
        msg = f"--special-codes must list codes, such as -9,-8; got {text!r}."
        raise InvalidParameterError(msg)
    return list(dict.fromkeys(codes))


def choose_features(
    schema: TableSchema, features: Sequence[str], exclude: Sequence[str]
) -> tuple[list[str], dict[str, str]]:
    """Return the features to learn from, and every other column with the reason.

    Naming a column that cannot be a feature is an error; not naming it is not.
    """
    reasons = dict(schema.left_out)
    target = schema.target
    if target is not None:
        reasons[target] = "the target"
    refused = [name for name in features if name in reasons]
    if refused:
        listed = "; ".join(f"{name!r} is {_as_noun(reasons[name])}" for name in refused)
        msg = f"--features must name columns that can be features: {listed}."
        raise InvalidParameterError(msg)
    both = [name for name in features if name in exclude]
    if both:
        msg = f"--features and --exclude must differ; both name {both[0]!r}."
        raise InvalidParameterError(msg)
    left_out = dict(schema.left_out)
    chosen = []
    for name in schema.features:
        if name in exclude:
            left_out[name] = "named in --exclude"
        elif features and name not in features:
            left_out[name] = "not named in --features"
        else:
            chosen.append(name)
    if not chosen:
        listed = "".join(f"\n  - {name}: {why}" for name, why in left_out.items())
        msg = f"No column is left to learn from. Left out were:{listed}"
        raise InvalidInputError(msg)
    return chosen, left_out


def read_outcome(
    column: Any, name: str, event: str | None
) -> tuple[IntArray, tuple[str, str]]:
    """Return 1 for events and 0 for non-events, and the text of the two labels."""
    import numpy as np

    from riskkit._core.frames import level_column

    try:
        coded = level_column(column, name)
    except InvalidTypeError as error:
        msg = f"The target {name!r} must hold 0/1, True/False or two labels."
        raise InvalidTargetError(msg) from error
    n_rows = coded.codes.size
    n_missing = int(np.count_nonzero(coded.codes < 0))
    if n_missing:
        msg = (
            f"The target {name!r} must be known in every row; {n_missing} of {n_rows} "
            "rows have none. Leave those rows out of the table."
        )
        raise InvalidTargetError(msg)
    if len(coded.levels) != 2:
        found = "one value" if len(coded.levels) == 1 else f"{len(coded.levels)} values"
        msg = (
            f"The target {name!r} must hold two values, one for events and one for "
            f"non-events; it holds {found} in {n_rows} rows."
        )
        raise InvalidTargetError(msg)
    if event is None:
        if coded.levels not in _PLAIN_OUTCOMES:
            msg = (
                f"The target {name!r} must hold 0/1 or True/False; it holds two other "
                "values. Say which of them is the event with --event VALUE."
            )
            raise InvalidTargetError(msg)
        position = 1
    else:
        position = _event_position(event, coded.levels, name)
    labels = (coded.levels[1 - position], coded.levels[position])
    return (coded.codes == position).astype(np.intp), labels


def _event_position(event: str, levels: tuple[str, ...], name: str) -> int:
    spellings = {event, str(_number_or_text(event)).removesuffix(".0")}
    for position, level in enumerate(levels):
        if level in spellings:
            return position
    folded = [level.casefold() for level in levels]
    if event.casefold() in folded and len(set(folded)) == 2:
        return folded.index(event.casefold())
    msg = (
        f"--event must be one of the two values of the target {name!r}; it is neither."
    )
    raise InvalidTargetError(msg)


def _number_or_text(word: str) -> float | str:
    try:
        number = float(word)
    except ValueError:
        return word
    return number if math.isfinite(number) else word


def _as_noun(reason: str) -> str:
    return reason if reason.startswith(("the ", "an ")) else f"left out ({reason})"
