"""Options of commands that read tables larger than memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Engine", "MemoryLimit", "is_large"]

Engine = Annotated[
    Literal["arrow", "duckdb", "polars", "dask", "spark"] | None,
    typer.Option(
        "--engine",
        help="Read TABLE in batches, by this engine; TABLE may be a Parquet glob or "
        "folder then. A glob or folder alone is read by arrow.",
    ),
]
MemoryLimit = Annotated[
    str | None,
    typer.Option(
        "--memory-limit",
        metavar="SIZE",
        help="Memory that DuckDB may use, such as 2GB; implies --engine duckdb.",
    ),
]


def is_large(table: Path, engine: str | None, memory_limit: str | None) -> bool:
    """Return whether a table is to be read in batches."""
    if engine is not None or memory_limit is not None:
        return True
    is_pattern = any(mark in str(table) for mark in "*?[")
    return table.is_dir() or (is_pattern and not table.exists())
