"""A short rule, as words, SQL and a rule of a strategy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["Literal", "MinedRule", "quoted"]


@dataclass(frozen=True, slots=True)
class Literal:
    """One condition on one field: ``>``, ``<=``, ``==`` or ``missing``."""

    place: int
    field: str
    op: str
    value: float | str | None
    code: float = np.nan  # of the level

    def holds(self, codes: FloatArray) -> BoolArray:
        """Return for which coded rows the condition holds; missing compares false."""
        x = codes[:, self.place]
        if self.op == "missing":
            return np.isnan(x)
        if self.op == "==":
            return np.asarray(x == self.code)
        limit = float(self.value)  # type: ignore[arg-type]  # a number where compared
        return np.asarray(x > limit if self.op == ">" else x <= limit)

    @property
    def text(self) -> str:
        """The condition as people read it."""
        if self.op == "missing":
            return f"{self.field} is missing"
        value = f"{self.value:.6g}" if isinstance(self.value, float) else self.value
        return f"{self.field} {self.op} {value}"

    @property
    def sql(self) -> str:
        """The condition in standard SQL."""
        name = quoted(self.field, '"')
        if self.op == "missing":
            return f"{name} IS NULL"
        if isinstance(self.value, str):
            return f"{name} = {quoted(self.value, chr(39))}"
        # Seventeen digits give the double back; the exponent makes it a double.
        return f"{name} {self.op} {self.value:.16e}"

    def to_dict(self) -> dict[str, Any]:
        """Return the condition as plain data, as a strategy reads it."""
        plain: dict[str, Any] = {"field": self.field, "op": self.op}
        return plain if self.value is None else plain | {"value": self.value}


@dataclass(frozen=True, eq=False)
class MinedRule:
    """A conjunction of conditions, and what it finds.

    Parameters
    ----------
    name : str
        ``rule 1`` and so on.

    conditions : tuple
        All of them must hold.

    n, n_event : float
        Training rows and frauds that it fires for, as sums of weights.

    precision : float
        Frauds over rows among those it was not mined from; among all where nothing
        could be held out.

    n_new_event : float
        Frauds that no rule before finds.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.fraud import RuleMiner
    >>> x = np.arange(400.0) // 10
    >>> y = (x >= 35).astype(int)
    >>> rule = RuleMiner().fit(x[:, None], y).rules_[0]
    >>> rule.text, rule.precision
    ('x0 > 34.5', 1.0)
    """

    name: str
    conditions: tuple[Literal, ...]
    n: float
    n_event: float
    precision: float
    n_new_event: float

    @property
    def text(self) -> str:
        """The rule as people read it."""
        return " and ".join(condition.text for condition in self.conditions)

    @property
    def sql(self) -> str:
        """The rule as a condition in standard SQL."""
        return " AND ".join(condition.sql for condition in self.conditions)

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as plain data."""
        return {
            "name": self.name,
            "when": [condition.to_dict() for condition in self.conditions],
            "n": self.n,
            "n_event": self.n_event,
            "precision": self.precision,
            "n_new_event": self.n_new_event,
        }


def quoted(text: str, mark: str) -> str:
    """Return a name or a text in quotes, those inside doubled."""
    return mark + text.replace(mark, mark + mark) + mark
