"""The columns of a loan table and the part each of them plays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from riskkit._core.params import did_you_mean
from riskkit.exceptions import SchemaError
from riskkit.schema._column import Column

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TableSchema", "read_codes"]


@dataclass(frozen=True, slots=True)
class TableSchema:
    """The columns of a table, which one is the outcome and which can be features.

    Parameters
    ----------
    columns : tuple of Column
        In the order of the table.

    target : str or None
        Name of the outcome column.

    date : str or None
        Name of the column that dates each row.

    special_codes : tuple, or dict of str to tuple
        Codes that stand for a reason instead of a value, in every column or by column,
        in any form that :class:`riskkit.binning.OptimalBinner` takes.

    See Also
    --------
    infer_schema : The schema of a table at hand.
    validate_table : Whether another table follows it.

    Examples
    --------
    >>> from riskkit.schema import Column, TableSchema
    >>> schema = TableSchema(
    ...     (
    ...         Column("income", "numeric"),
    ...         Column("loan_id", "identifier", reason="an identifier"),
    ...         Column("bad", "numeric"),
    ...     ),
    ...     target="bad",
    ... )
    >>> schema.features
    ('income',)
    >>> schema.left_out
    {'loan_id': 'an identifier'}
    """

    columns: tuple[Column, ...]
    target: str | None = None
    date: str | None = None
    special_codes: Any = ()

    def __post_init__(self) -> None:
        counts = Counter(column.name for column in self.columns)
        twice = [name for name, count in counts.items() if count > 1]
        if twice:
            msg = f"Column names must differ; these stand more than once: {twice[:10]}."
            raise SchemaError(msg)
        for role, name in (("target", self.target), ("date", self.date)):
            if name is not None and name not in counts:
                hint = did_you_mean(name, counts)
                msg = f"The {role} column {name!r} is not in the table.{hint}"
                raise SchemaError(msg)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns."""
        return tuple(column.name for column in self.columns)

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the columns that can be features."""
        return tuple(c.name for c in self.columns if self._is_feature(c))

    @property
    def left_out(self) -> dict[str, str]:
        """Columns that are neither a feature nor the outcome, and why."""
        return {
            c.name: "the date of the row" if c.name == self.date else c.reason
            for c in self.columns
            if not self._is_feature(c) and c.name != self.target
        }

    def column(self, name: str) -> Column:
        """Return the column called `name`.

        Raises
        ------
        SchemaError
            If there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        hint = did_you_mean(name, self.names)
        msg = f"Column {name!r} is not in the schema.{hint}"
        raise SchemaError(msg)

    def frame(self) -> pd.DataFrame:
        """Return one row a column: its kind, its role and why it is left out."""
        import pandas as pd

        left_out = self.left_out
        rows = [
            {
                "column": c.name,
                "kind": c.kind,
                "role": self._role(c),
                "nullable": c.nullable,
                "n_levels": c.n_levels,
                "reason": left_out.get(c.name, ""),
            }
            for c in self.columns
        ]
        names = ["column", "kind", "role", "nullable", "n_levels", "reason"]
        return pd.DataFrame(rows, columns=names).astype({"n_levels": "Int64"})

    def to_dict(self) -> dict[str, Any]:
        """Return the schema as plain data, fit for JSON."""
        return {
            "columns": [column.to_dict() for column in self.columns],
            "target": self.target,
            "date": self.date,
            "special_codes": _with_lists(self.special_codes),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> TableSchema:
        """Return the schema that :meth:`to_dict` described.

        Raises
        ------
        SchemaError
            If a key is missing or unknown, or the schema contradicts itself.
        """
        known = {"columns", "target", "date", "special_codes"}
        if "columns" not in plain or not set(plain) <= known:
            msg = (
                "A schema is described by 'columns' and at most 'target', 'date' and "
                f"'special_codes'; got the keys {sorted(map(str, plain))}."
            )
            raise SchemaError(msg)
        return cls(
            tuple(Column.from_dict(column) for column in plain["columns"]),
            target=plain.get("target"),
            date=plain.get("date"),
            special_codes=read_codes(plain.get("special_codes")),
        )

    def _is_feature(self, column: Column) -> bool:
        return column.is_feature and column.name not in (self.target, self.date)

    def _role(self, column: Column) -> str:
        if column.name == self.target:
            return "target"
        if column.name == self.date:
            return "date"
        return "feature" if column.is_feature else "left out"

    def _repr_html_(self) -> str:
        return self.frame().to_html(index=False, na_rep="")


def read_codes(codes: Any) -> Any:
    """Return special codes with tuples for sequences, or raise."""
    return () if codes is None else _with_tuples(codes)


def _with_tuples(codes: Any) -> Any:
    if isinstance(codes, Mapping):
        return {str(name): _with_tuples(values) for name, values in codes.items()}
    if hasattr(codes, "tolist"):
        codes = codes.tolist()
    if isinstance(codes, str):
        return codes
    if isinstance(codes, list | tuple | set | frozenset):
        return tuple(_with_tuples(code) for code in codes)
    if isinstance(codes, bool) or not hasattr(codes, "__float__"):
        msg = (
            "special_codes must be numbers or text, in a list or by column; got "
            f"a value of type {type(codes).__name__}."
        )
        raise SchemaError(msg)
    return float(codes)


def _with_lists(codes: Any) -> Any:
    """Return special codes with lists for tuples, as JSON has them."""
    if isinstance(codes, dict):
        return {name: _with_lists(values) for name, values in codes.items()}
    return [_with_lists(c) for c in codes] if isinstance(codes, tuple) else codes
