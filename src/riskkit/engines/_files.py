"""Which Parquet files a source names, and whether they belong together."""

from __future__ import annotations

import os
from collections.abc import Sequence
from glob import glob
from pathlib import Path
from typing import Any

import pyarrow as pa

from riskkit.exceptions import InvalidInputError

__all__ = ["check_schemas", "differing_types", "files_by_types", "find_files"]


def find_files(source: Any) -> list[str]:
    """Return the Parquet files of a path, a glob, a folder, or a list of these."""
    given = source if isinstance(source, Sequence) else [source]
    if isinstance(source, str):
        given = [source]
    if not given or not all(isinstance(item, str | os.PathLike) for item in given):
        return []
    files = []
    for item in map(os.fspath, given):
        here = [item] if Path(item).is_file() else _matches(item)
        folders = [path for path in here if Path(path).is_dir()]
        here = [path for path in here if path not in folders]
        for folder in folders:
            here += sorted(map(str, Path(folder).rglob("*.parquet")))
        if not here:
            msg = (
                "source must name Parquet files; nothing matches one of the "
                f"{len(given)} paths given. Check the folder and the pattern."
            )
            raise InvalidInputError(msg)
        files += here
    return files


def _matches(pattern: str) -> list[str]:
    """Return what a pattern names; it may begin anywhere, unlike those of a Path."""
    return sorted(glob(pattern, recursive=True))  # noqa: PTH207


def check_schemas(files: Sequence[str]) -> None:
    """Raise unless all files have columns of the same names and kinds.

    Arrow takes the columns of the first file, and fills those that another lacks with
    missing values: nobody would know.
    """
    import pyarrow.parquet as pq

    first: dict[str, str] = {}
    for number, path in enumerate(files, start=1):
        schema = pq.read_schema(path)
        kinds = {field.name: _kind(field.type) for field in schema}
        if number == 1:
            first = kinds
            continue
        missing = sorted(set(first) - set(kinds))
        if missing:
            msg = (
                f"Every file must hold the columns of the first; file {number} of "
                f"{len(files)} lacks {len(missing)}: {missing[0]!r}. Write all files "
                "with the same columns."
            )
            raise InvalidInputError(msg)
        for name, kind in kinds.items():
            known = first.get(name, kind)
            if "null" not in (kind, known) and kind != known:
                msg = (
                    f"Column {name!r} must be of one kind in every file; it holds "
                    f"{known} in the first and {kind} in file {number} of "
                    f"{len(files)}. Cast it where the files are written."
                )
                raise InvalidInputError(msg)


def differing_types(
    files: Sequence[str], columns: Sequence[str]
) -> tuple[str, str, str] | None:
    """Return the first column that files hold in two types, and the types."""
    import pyarrow.parquet as pq

    known: dict[str, str] = {}
    for path in files:
        schema = pq.read_schema(path)
        for name in columns:
            if name not in schema.names:
                continue
            dtype = str(schema.field(name).type)
            if known.setdefault(name, dtype) != dtype:
                return name, known[name], dtype
    return None


def files_by_types(files: Sequence[str]) -> list[list[str]]:
    """Return the files in groups that hold each column of the first in one type."""
    import pyarrow.parquet as pq

    groups: dict[tuple[str, ...], list[str]] = {}
    names = pq.read_schema(files[0]).names
    for path in files:
        schema = pq.read_schema(path)
        types = tuple(str(schema.field(name).type) for name in names)
        groups.setdefault(types, []).append(path)
    return list(groups.values())


def _kind(dtype: pa.DataType) -> str:
    if pa.types.is_dictionary(dtype):
        dtype = dtype.value_type
    if pa.types.is_null(dtype):
        return "null"
    if pa.types.is_temporal(dtype):
        return "dates"
    if (
        pa.types.is_integer(dtype)
        or pa.types.is_floating(dtype)
        or pa.types.is_boolean(dtype)
        or pa.types.is_decimal(dtype)
    ):
        return "numbers"
    return "text"
