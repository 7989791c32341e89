"""A statement read back by sqlglot: it must say what was meant, in its dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit.exceptions import InvalidParameterError
from riskkit.export._sql_dialects import load_sqlglot

if TYPE_CHECKING:
    from riskkit.export._sql_dialects import Writer

__all__ = ["check_parsed"]


def check_parsed(sql: str, writer: Writer) -> None:
    """Raise unless the text is one query with the names and texts that were quoted.

    A name or level that ended its quotation, in a way that the dialect alone knows,
    would be missing among those that were read, or another one would be there.
    """
    sqlglot = load_sqlglot(writer.name)
    from sqlglot import exp

    try:
        statements = sqlglot.parse(sql, read=writer.name)
    except sqlglot.errors.SqlglotError:
        statements = []
    found = statements[0] if len(statements) == 1 else None
    if isinstance(found, exp.Select):
        names = {x.this for x in found.find_all(exp.Identifier) if x.args.get("quoted")}
        texts = {
            x.this
            for x in found.find_all(exp.Literal, exp.National)
            if isinstance(x, exp.National) or x.is_string
        }
        if names == writer.names and texts == writer.texts:
            return
    msg = (
        f"The model cannot be written in the SQL of {writer.dialect.title}: a name, "
        "level or reason holds characters that cannot be quoted there. Rename it, give "
        "other names in columns, or choose another dialect."
    )
    raise InvalidParameterError(msg)
