"""What SQL dialects do not share: doubles, NaN, a few names, and how text is quoted.

Names and text are quoted by sqlglot, which knows how every dialect escapes them. What
it does not know, and passes on without an error, stands in the table below: how a NaN
is found, which literals are doubles, and where intermediate columns must be fenced off
so that an engine does not repeat their formulas wherever they are used.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from riskkit._core.params import check_option
from riskkit.exceptions import InvalidParameterError, MissingExtraError

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["DIALECTS", "Dialect", "Writer", "load_sqlglot"]

_DUCKDB = "duckdb"


@dataclass(frozen=True)
class Dialect:
    """The words of one dialect.

    `is_nan` is a condition on ``{x}``; None where no NaN can be stored. `level` turns
    the column ``{c}`` into text that is compared character by character, whatever the
    collation of the column or of the connection. With `plain_doubles`, ``1.5e0`` is a
    double; elsewhere it is a decimal and must be cast from text. A `fence` is what
    stands after AS, after SELECT and at the end of an intermediate table. With
    `knows_types` a statement can ask how a column is stored.
    """

    title: str
    double: str
    text: str
    whole: str
    is_nan: str | None
    level: str = "CAST({c} AS {text})"
    plain_doubles: bool = True
    ln: str = "LN"
    least: str = "LEAST"
    fence: tuple[str, str, str] = ("", "", "")
    folds_names: bool = True
    knows_types: bool = False
    notes: tuple[str, ...] = ()


_NAMED = 'CAST({c} AS {text}) COLLATE "C"'
_SPARK = Dialect("Spark", "DOUBLE", "STRING", "INT", "isnan({x})")

DIALECTS = {
    "bigquery": Dialect("BigQuery", "FLOAT64", "STRING", "INT64", "IS_NAN({x})"),
    "databricks": replace(_SPARK, title="Databricks"),
    _DUCKDB: Dialect(
        "DuckDB",
        "DOUBLE",
        "VARCHAR",
        "INTEGER",
        "isnan({x})",
        level=_NAMED,
        knows_types=True,
    ),
    "mysql": Dialect(
        "MySQL",
        "DOUBLE",
        "CHAR",
        "SIGNED",
        None,
        level="CAST(CAST({c} AS {text}) AS BINARY)",
        # A table that is limited is not merged into the one that reads it.
        fence=("", "", "LIMIT 9223372036854775807"),
    ),
    "postgres": Dialect(
        "PostgreSQL",
        "DOUBLE PRECISION",
        "TEXT",
        "INTEGER",
        "{x} = CAST('NaN' AS DOUBLE PRECISION)",
        level=_NAMED,
        plain_doubles=False,
        fence=(" MATERIALIZED", "", ""),
        folds_names=False,
    ),
    "snowflake": Dialect(
        "Snowflake",
        "DOUBLE",
        "VARCHAR",
        "INTEGER",
        "{x} = CAST('NaN' AS DOUBLE)",
        plain_doubles=False,
        folds_names=False,
    ),
    "spark": _SPARK,
    "sqlite": Dialect(
        "SQLite",
        "REAL",
        "TEXT",
        "INTEGER",
        None,
        level="CAST({c} AS {text}) COLLATE BINARY",
        least="MIN",
        fence=(" MATERIALIZED", "", ""),
    ),
    "tsql": Dialect(
        "T-SQL",
        "FLOAT",
        "NVARCHAR(4000)",
        "INT",
        None,
        level="CAST({c} AS {text}) COLLATE Latin1_General_BIN2",
        ln="LOG",
        fence=("", " TOP (9223372036854775807)", ""),
        notes=(
            "Needs SQL Server 2022 or later, for LEAST.",
            "Spaces at the end of a level are not told apart: 'car ' is 'car'.",
        ),
    ),
}


@dataclass
class Writer:
    """Writes names, text and numbers in a dialect, and remembers the quoted ones."""

    name: str
    names: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        check_option("dialect", self.name, tuple(DIALECTS))
        if self.name != _DUCKDB:
            load_sqlglot(self.name)

    @property
    def dialect(self) -> Dialect:
        """The words of the dialect."""
        return DIALECTS[self.name]

    def quote_name(self, name: str) -> str:
        """Return a name such that whatever it holds is part of the name."""
        _check_writable(name, "A name of a table or column")
        if not name:
            msg = "A name of a table or column must not be empty; one is. Rename it."
            raise InvalidParameterError(msg)
        self.names.add(name)
        if self.name == _DUCKDB:
            return '"' + name.replace('"', '""') + '"'
        from sqlglot import exp

        return exp.to_identifier(name, quoted=True).sql(dialect=self.name)

    def quote_text(self, text: str) -> str:
        """Return a text such that whatever it holds is part of the text."""
        _check_writable(text, "A level, reason or grade")
        self.texts.add(text)
        if self.name == _DUCKDB:
            return "'" + text.replace("'", "''") + "'"
        from sqlglot import exp

        # Without the N of T-SQL what its code page lacks would turn into "?".
        kind = exp.National(this=text) if self.name == "tsql" else None
        return (kind or exp.Literal.string(text)).sql(dialect=self.name)

    def number(self, value: float) -> str:
        """Return a double: the shortest digits that read back as the same bits."""
        digits = repr(float(value))
        if not self.dialect.plain_doubles:
            return f"CAST({self.quote_text(digits)} AS {self.dialect.double})"
        return digits if "e" in digits else f"{digits}e0"

    def level(self, c: str) -> str:
        """Return a quoted column as text that is compared character by character."""
        words = self.dialect
        if words.level == _NAMED:
            self.names.add("C")
        return words.level.format(c=c, text=words.text)

    def is_nan(self, x: str) -> str | None:
        """Return the condition that `x` is NaN, or None where there is no NaN."""
        if self.dialect.is_nan is None:
            return None
        if "'NaN'" in self.dialect.is_nan:
            self.texts.add("NaN")
        return self.dialect.is_nan.format(x=x)

    def smallest(self, values: list[str]) -> str:
        """Return the least of some values, none of which is NULL."""
        return f"{self.dialect.least}({', '.join(values)})"


def load_sqlglot(dialect: str) -> ModuleType:
    """Return sqlglot, or say how to get it."""
    try:
        import sqlglot
    except ImportError as error:
        msg = (
            f"SQL for {DIALECTS[dialect].title} needs sqlglot, which is not installed. "
            "Install it with pip install 'riskkit[sql]', or use dialect='duckdb', "
            "which needs nothing."
        )
        raise MissingExtraError(msg) from error
    return sqlglot


def _check_writable(text: str, what: str) -> None:
    if any(
        character == "\0" or "\ud800" <= character <= "\udfff" for character in text
    ):
        msg = (
            f"{what} must be text that a database can hold; one has a NUL character or "
            "half of a surrogate pair. Rename it and train again."
        )
        raise InvalidParameterError(msg)
