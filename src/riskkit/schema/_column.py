"""What is known about one column of a loan table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from riskkit._core.params import check_bool, check_int, check_option
from riskkit.exceptions import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Column", "ColumnKind"]

ColumnKind = Literal[
    "numeric", "categorical", "date", "identifier", "constant", "empty", "unusable"
]
_KINDS: tuple[str, ...] = get_args(ColumnKind)
_FEATURE_KINDS = frozenset({"numeric", "categorical"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: what it holds, never which values.

    Parameters
    ----------
    name : str
        Name of the column.

    kind : {"numeric", "categorical", "date", "identifier", "constant", "empty", \
            "unusable"}
        What the column holds. Only numbers and categories can be features.

    nullable : bool
        Whether a value was missing in some row.

    n_levels : int or None
        Number of levels of a category.

    reason : str
        Why the column cannot be a feature; empty when it can.

    Examples
    --------
    >>> from riskkit.schema import Column
    >>> Column("income", "numeric", nullable=True).is_feature
    True
    """

    name: str
    kind: ColumnKind
    nullable: bool = False
    n_levels: int | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        check_option("kind", self.kind, _KINDS)
        check_bool("nullable", self.nullable)
        check_int("n_levels", self.n_levels, low=0, none_allowed=True)

    @property
    def is_feature(self) -> bool:
        """Whether the column can be a feature of a model."""
        return self.kind in _FEATURE_KINDS

    def to_dict(self) -> dict[str, Any]:
        """Return the column as plain data; what says nothing is left away."""
        out: dict[str, Any] = {"name": self.name, "kind": self.kind}
        if self.nullable:
            out["nullable"] = True
        if self.n_levels is not None:
            out["n_levels"] = self.n_levels
        if self.reason:
            out["reason"] = self.reason
        return out

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Column:
        """Return the column that :meth:`to_dict` described.

        Raises
        ------
        SchemaError
            If a key is missing or unknown.
        InvalidParameterError
            If a value is outside its domain.
        """
        known = {"name", "kind", "nullable", "n_levels", "reason"}
        if not {"name", "kind"} <= set(plain) <= known:
            msg = (
                "A column is described by 'name', 'kind' and at most 'nullable', "
                f"'n_levels' and 'reason'; got the keys {sorted(map(str, plain))}."
            )
            raise SchemaError(msg)
        if not isinstance(plain["name"], str):
            msg = f"A column's name must be text; got {type(plain['name']).__name__}."
            raise SchemaError(msg)
        return cls(**plain)
