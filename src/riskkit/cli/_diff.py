"""``riskkit diff``: what changed between two model files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from riskkit.cli._console import plain_table, say
from riskkit.export import compare_artifacts

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["diff"]

_DIFFERENT = 1


def diff(before: Path, after: Path, *, as_json: bool) -> None:
    """Show the differences on stdout; the exit code says whether there are any."""
    comparison = compare_artifacts(before, after)
    if as_json:
        typer.echo(json.dumps(comparison.to_dict(), indent=2, ensure_ascii=False))
    elif comparison.is_equal:
        say(f"Both files hold the same model {comparison.after_id}.")
    else:
        console = Console(highlight=False)
        for part in dict.fromkeys(d.part for d in comparison.differences):
            rows = [
                (d.place, d.kind, _shown(d.before), _shown(d.after))
                for d in comparison.differences
                if d.part == part
            ]
            headers = (part, "", before.name, after.name)
            console.print(plain_table(headers, rows, n_text=2))
    if not comparison.is_equal:
        raise typer.Exit(_DIFFERENT)


def _shown(value: float | str | bool | None) -> str:
    if value is None:
        return ""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"{value:.10g}" if is_number else str(value)
