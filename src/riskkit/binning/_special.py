"""Special codes: which values stand for a reason rather than a number."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

from riskkit._core.levels import level_key
from riskkit._core.params import did_you_mean
from riskkit.artifact import SpecialGroup
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["special_groups"]


def special_groups(
    special_codes: object, kinds: Mapping[str, str]
) -> dict[str, tuple[SpecialGroup, ...]]:
    """Return the special groups of each feature.

    `special_codes` is None, a sequence of codes for every feature, or a mapping from
    a feature to such a sequence or to ``{label: code or codes}``. Within a sequence a
    tuple or list is one group. In a sequence for every feature, numbers concern
    numeric features and text concerns categorical ones.
    """
    if special_codes is None:
        return dict.fromkeys(kinds, ())
    if isinstance(special_codes, Mapping):
        for name in special_codes:
            if name not in kinds:
                hint = did_you_mean(name, kinds)
                msg = f"special_codes names {name!r}, which is no feature.{hint}"
                raise InvalidParameterError(msg)
        return {
            name: _groups(special_codes.get(name), kind, name, strict=True)
            for name, kind in kinds.items()
        }
    return {
        name: _groups(special_codes, kind, name, strict=False)
        for name, kind in kinds.items()
    }


def _groups(
    given: object, kind: str, name: str, *, strict: bool
) -> tuple[SpecialGroup, ...]:
    groups = []
    for label, members in _labelled(given):
        codes = _codes(members, kind, name, strict=strict)
        if codes:
            text = label or "Special: " + ", ".join(_text(code) for code in codes)
            groups.append(SpecialGroup(text, tuple(codes)))  # type: ignore[arg-type]
    seen: set[Any] = set()
    for group in groups:
        for code in group.codes:
            if code in seen:
                msg = f"special_codes of {name!r} must differ; {code!r} stands twice."
                raise InvalidParameterError(msg)
            seen.add(code)
    return tuple(groups)


def _labelled(given: object) -> Iterable[tuple[str | None, Sequence[Any]]]:
    if given is None:
        return
    if isinstance(given, Mapping):
        for label, members in given.items():
            yield str(label), _as_group(members)
    elif isinstance(given, str) or not isinstance(given, Sequence | set | frozenset):
        if not hasattr(given, "tolist"):
            msg = (
                "special_codes must be a sequence of codes or a mapping from feature "
                f"to codes; got {given!r}."
            )
            raise InvalidParameterError(msg)
        for member in given.tolist():
            yield None, _as_group(member)
    else:
        for member in given:
            yield None, _as_group(member)


def _as_group(member: Any) -> Sequence[Any]:
    return member if isinstance(member, list | tuple) else [member]


def _codes(
    members: Sequence[Any], kind: str, name: str, *, strict: bool
) -> list[float] | list[str]:
    if kind == "categorical":
        keys = [level_key(code) for code in members if strict or isinstance(code, str)]
        if None in keys:
            raise InvalidParameterError(_missing_message(name))
        return [key for key in keys if key is not None]
    numbers = []
    for code in members:
        if not isinstance(code, Real):
            if strict:
                msg = (
                    f"special_codes of the numeric feature {name!r} must be numbers; "
                    f"got {code!r}."
                )
                raise InvalidParameterError(msg)
            continue
        if math.isnan(code):
            raise InvalidParameterError(_missing_message(name))
        if math.isinf(code):
            msg = f"special_codes of {name!r} must be finite; got {code!r}."
            raise InvalidParameterError(msg)
        numbers.append(float(code))
    return numbers


def _missing_message(name: str) -> str:
    return (
        f"special_codes of {name!r} must be values; a missing value is none. Missing "
        "values have a bin of their own already."
    )


def _text(code: float | str) -> str:
    if isinstance(code, str):
        return code
    return str(int(code)) if code.is_integer() else repr(code)
