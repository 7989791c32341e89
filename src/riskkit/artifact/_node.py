"""Checked reading of a decoded document: every value knows where it stands."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NoReturn

from riskkit.artifact._canonical import encodable
from riskkit.exceptions import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MAX_AMOUNT", "MAX_TEXT", "Node"]

MAX_TEXT = 4_000
# Of scales and sums of terms: no lender's points or log-odds come near, and products of
# several such numbers are far from overflow.
MAX_AMOUNT = 1e12

_KINDS = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "true or false",
    type(None): "null",
}


class Node:
    """A value of a document, which knows its member and the way that leads to it."""

    __slots__ = ("_step", "_up", "member", "value")

    def __init__(
        self, value: Any, member: str, step: str = "", up: Node | None = None
    ) -> None:
        self.value = value
        self.member = member
        self._step = step
        self._up = up

    @property
    def path(self) -> str:
        """The way to the value; put together only where an error needs it."""
        before = "" if self._up is None else self._up.path
        dot = "." if before and not self._step.startswith("[") else ""
        return f"{before}{dot}{self._step}"

    def refuse(self, expected: str, came: str | None = None) -> NoReturn:
        """Raise the error that says what was expected here and what came."""
        place = f"{self.member}, {self.path}" if self.path else self.member
        if came is None:
            came = _KINDS.get(type(self.value), "a number")
        msg = (
            f"{place}: expected {expected}; got {came}. The artifact is damaged or "
            "was not written by riskkit; save the model again."
        )
        raise ArtifactError(msg)

    def record(self, *keys: str) -> tuple[Node, ...]:
        """Return the values of an object that has exactly these keys."""
        value = self.object()
        if len(value) != len(keys) or not all(key in value for key in keys):
            self._refuse_keys(keys)
        member = self.member
        return tuple([Node(value[key], member, key, self) for key in keys])

    def child(self, key: str) -> Node:
        """Return the value of a key of an object, null where it has none."""
        return Node(self.object().get(key), self.member, key, self)

    def object(self) -> dict[str, Any]:
        """Return an object as it is."""
        if not isinstance(self.value, dict):
            self.refuse("an object")
        return self.value

    def entries(self) -> dict[str, Node]:
        """Return the values of an object of names."""
        value = self.object()
        for key in value:
            if len(key) > MAX_TEXT or not encodable(key):
                expected = f"names of at most {MAX_TEXT} characters"
                self.refuse(expected, "a longer or unusable name")
        return {
            key: Node(v, self.member, f"[{key[:40]!r}]", self)
            for key, v in value.items()
        }

    def items(self, *, low: int = 0, high: int = 1_000_000) -> list[Node]:
        """Return the values of a list."""
        value = self.value
        if not isinstance(value, list):
            self.refuse("a list")
        if not low <= len(value) <= high:
            self.refuse(f"a list of {low} to {high} entries", f"{len(value)}")
        member = self.member
        return [Node(v, member, f"[{i}]", self) for i, v in enumerate(value)]

    def text(self, *, low: int = 0, high: int = MAX_TEXT) -> str:
        """Return a text of bounded length."""
        value = self.value
        if not isinstance(value, str):
            self.refuse("text")
        if not low <= len(value) <= high:
            expected = f"text of {low} to {high} characters"
            self.refuse(expected, f"{len(value)} characters")
        if not encodable(value):
            self.refuse("text that UTF-8 can hold", "a lone surrogate")
        return value

    def option(self, options: Sequence[str]) -> str:
        """Return one of a few words."""
        value = self.value
        if not isinstance(value, str) or value not in options:
            self.refuse(f"one of {tuple(options)}", self._word())
        return value

    def number(self) -> float:
        """Return a finite number; true and false are none."""
        value = self.value
        if isinstance(value, int) and not isinstance(value, bool):
            value = float(value) if abs(value) <= 2**53 else None
        if not isinstance(value, float) or not math.isfinite(value):
            finite = not isinstance(self.value, (int, float)) or self.value is True
            self.refuse("a finite number", None if finite else "one beyond range")
        return value

    def amount(self) -> float:
        """Return a number of a size that sums and products leave far from overflow."""
        value = self.number()
        if abs(value) > MAX_AMOUNT:
            self.refuse(f"a number of at most {MAX_AMOUNT:g}", "one beyond")
        return value

    def whole(self, low: int, high: int) -> int:
        """Return a whole number within bounds; true and false are none."""
        value = self.value
        if not isinstance(value, int) or isinstance(value, bool):
            self.refuse("a whole number")
        if not low <= value <= high:
            self.refuse(f"a whole number from {low} to {high}", "one outside")
        return value

    def numbers(self, *, low: int = 0, high: int = 1_000_000) -> tuple[float, ...]:
        """Return a list of finite numbers."""
        return tuple([node.number() for node in self.items(low=low, high=high)])

    def true(self) -> None:
        """Check for true, which marks what an object stands for."""
        if self.value is not True:
            self.refuse("true")

    def increasing(self, values: tuple[float, ...]) -> tuple[float, ...]:
        """Check that numbers read from here increase strictly."""
        for i, (before, after) in enumerate(pairwise(values)):
            if not before < after:
                came = f"entry {i + 1} not above entry {i}"
                self.refuse("strictly increasing numbers", came)
        return values

    def distinct(self, values: Sequence[Any], what: str) -> None:
        """Check that what was read from here holds nothing twice."""
        if len(set(values)) != len(values):
            self.refuse(f"distinct {what}", "one of them twice")

    def _refuse_keys(self, keys: tuple[str, ...]) -> NoReturn:
        # Imported here so that loading a sound artifact does not pay for difflib.
        from riskkit._core.params import did_you_mean

        absent = [key for key in keys if key not in self.value]
        unknown = [str(key)[:40] for key in self.value if key not in keys]
        came = []
        if absent:
            came.append("no " + ", ".join(map(repr, absent)))
        if unknown:
            came.append("the unknown " + ", ".join(map(repr, unknown[:5])))
        hint = did_you_mean(unknown[0], keys).strip(" ?") if unknown else ""
        shown = " and ".join(came) + (f" ({hint}?)" if hint else "")
        self.refuse(f"an object of {', '.join(keys)}", shown)

    def _word(self) -> str | None:
        known = isinstance(self.value, str)
        return repr(self.value[:40]) if known else None
