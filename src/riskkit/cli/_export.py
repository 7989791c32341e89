"""``riskkit export``: a saved model in a form that runs without riskkit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from riskkit._core.output import check_file, whole_file
from riskkit.cli._console import say
from riskkit.export import to_sql

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["export_sql"]


def export_sql(
    artifact: Path,
    out: Path | None,
    *,
    dialect: str,
    table: str,
    reasons: int | None,
    reason_as: str,
    keep: Sequence[str] | None,
    overwrite: bool,
) -> None:
    """Write a statement to a file, or to stdout for another program."""
    if out is not None:
        check_file(out, overwrite=overwrite)
    names = [name.strip() for text in keep or () for name in text.split(",")]
    sql = to_sql(
        artifact,
        dialect=dialect,
        table=table,
        reasons=reasons,
        reason_as=reason_as,
        keep=[name for name in names if name],
    )
    if out is None:
        typer.echo(sql, nl=False)
        return
    with whole_file(out, overwrite=overwrite) as path:
        path.write_text(sql, encoding="utf-8", newline="\n")
    say(f"Wrote {len(sql.splitlines()):,} lines of SQL that score the table {table}.")
    say(f"  {out}")
