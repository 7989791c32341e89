"""Conditions on one field, as plain data; standard library only."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, Literal

from riskkit._core.lean_dataclass import dataclass
from riskkit._core.params import did_you_mean
from riskkit.artifact._strategy_sets import FieldSet, LevelSet, NumberSet
from riskkit.exceptions import InvalidParameterError

__all__ = ["ConditionSpec", "Kind", "read_condition"]

Kind = Literal["numeric", "categorical"]

_ORDER = ("<", "<=", ">", ">=")
_EQUAL = ("==", "!=")
_MEMBER = ("in", "not in")
_PRESENCE = ("missing", "known")
_OPS = (*_ORDER, *_EQUAL, *_MEMBER, *_PRESENCE)
_EXAMPLE = "{'field': 'age', 'op': '<', 'value': 18}"


@dataclass(frozen=True, slots=True)
class ConditionSpec:
    """One comparison of a field with given values.

    Parameters
    ----------
    field : str
        Column of a table, key of a record.

    op : str
        One of ``<  <=  >  >=  ==  !=  in  not in  missing  known``.

    values : tuple of float or of str
        What it is compared with: one value, several for membership, none for presence.
    """

    field: str
    op: str
    values: tuple[float, ...] | tuple[str, ...]

    @property
    def kind(self) -> Kind | None:
        """Whether the field holds numbers or levels; None if either would do."""
        if not self.values:
            return None
        return "categorical" if isinstance(self.values[0], str) else "numeric"

    @property
    def compares(self) -> bool:
        """Whether the condition says nothing about a missing value."""
        return self.op not in _PRESENCE

    def as_set(self, kind: Kind | None, *, missing: bool) -> FieldSet:
        """Return the values for which the condition holds.

        `missing` says whether a comparison with a missing value counts as true.
        """
        if not self.compares:
            return _presence(kind, self.op == "known")
        if kind == "numeric":
            return self._numbers(missing=missing)
        levels = frozenset(str(value) for value in self.values)
        return LevelSet(levels, self.op in ("!=", "not in"), missing)

    def to_dict(self) -> dict[str, Any]:
        """Return the condition as plain data."""
        plain: dict[str, Any] = {"field": self.field, "op": self.op}
        if self.op in _MEMBER:
            plain["value"] = list(self.values)
        elif self.values:
            plain["value"] = self.values[0]
        return plain

    def _numbers(self, *, missing: bool) -> NumberSet:
        x = [float(value) for value in self.values]
        if self.op in _ORDER:
            start, end = (-math.inf, 0), (math.inf, 1)
            side = 0 if self.op in ("<", ">=") else 1
            cut = (x[0] + 0.0, side)
            cuts = (start, cut) if self.op[0] == "<" else (cut, end)
            return NumberSet(cuts, missing)
        some = NumberSet.of(x, missing=False)
        if self.op in ("==", "in"):
            return NumberSet(some.cuts, missing)
        return NumberSet.everything(missing=missing).minus(some)


def read_condition(plain: Any, where: str) -> ConditionSpec:
    """Return the condition that plain data stands for; `where` names the rule."""
    if isinstance(plain, ConditionSpec):
        return plain
    if not isinstance(plain, Mapping) or not {"field", "op"} <= set(plain):
        msg = f"A condition of {where} must be like {_EXAMPLE}; got something else."
        raise InvalidParameterError(msg)
    for key in plain:
        if key not in ("field", "op", "value"):
            hint = did_you_mean(key, ("field", "op", "value"))
            msg = f"A condition of {where} may hold field, op and value; got {key!r}."
            raise InvalidParameterError(msg + hint)
    field, op = plain["field"], plain["op"]
    if not isinstance(field, str) or not field:
        msg = f"The field of a condition of {where} must be a name; got {field!r}."
        raise InvalidParameterError(msg)
    if op not in _OPS:
        msg = f"The op of {field!r} in {where} must be one of {_OPS}; got {op!r}."
        raise InvalidParameterError(msg)
    if op in _PRESENCE:
        if "value" in plain:
            msg = f"The op {op!r} of {field!r} in {where} takes no value; got one."
            raise InvalidParameterError(msg)
        return ConditionSpec(field, op, ())
    if "value" not in plain:
        msg = f"The op {op!r} of {field!r} in {where} needs a value; got none."
        raise InvalidParameterError(msg)
    return ConditionSpec(
        field, op, _read_values(plain["value"], op, f"{field!r} in {where}")
    )


def _read_values(
    value: Any, op: str, where: str
) -> tuple[float, ...] | tuple[str, ...]:
    if op in _MEMBER:
        if isinstance(value, str) or not isinstance(value, Sequence) or not value:
            msg = f"The value of {where} must be a list with {op!r}; got {value!r}."
            raise InvalidParameterError(msg)
        values = tuple(value)
    else:
        values = (value,)
    if all(isinstance(v, str) for v in values) and op not in _ORDER:
        return values
    if all(isinstance(v, Real) and math.isfinite(v) for v in values):
        return tuple(float(v) for v in values)
    expected = "a finite number" if op in _ORDER else "finite numbers or texts"
    msg = f"The value of {where} must be {expected} with {op!r}; got {value!r}."
    raise InvalidParameterError(msg)


def _presence(kind: Kind | None, known: bool) -> FieldSet:
    if kind == "numeric":
        whole = NumberSet.everything(missing=False)
        return whole if known else NumberSet((), missing=True)
    return LevelSet(frozenset(), all_but=known, missing=not known)
