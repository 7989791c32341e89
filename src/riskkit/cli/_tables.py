"""Tables in and out of files: CSV and Parquet, checked before they are believed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from riskkit._core.near_files import near_file
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    import pandas as pd

__all__ = ["check_table_name", "read_table", "write_table"]

_SUFFIXES = (".csv", ".parquet")
_SEPARATORS = (",", ";", "\t")
# "None" is not among them: it is a level of many a loan table ("collateral: None").
_NULLS = ["", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null"]
# The CSV reader takes types from its first block, so one block must hold the file.
_MAX_CSV_BYTES = 2**31 - 2
_BLOCK_BYTES = 2**22
_PARQUET_MAGIC = b"PAR1"


def check_table_name(path: Path) -> str:
    """Return the suffix of a table's file name, or raise."""
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        msg = (
            f"A table must be a .csv or .parquet file; got {path.name!r}. Save it in "
            "one of these forms."
        )
        raise InvalidParameterError(msg)
    return suffix


def read_table(path: Path, *, as_text: Collection[str] = ()) -> pd.DataFrame:
    """Read a table that has rows and columns of different names.

    The columns `as_text` of a CSV file are read as they are written, so that the
    level ``007`` does not become the number 7.
    """
    suffix = check_table_name(path)
    if path.is_dir():
        msg = f"A file was expected; {str(path)!r} is a folder."
        raise InvalidInputError(msg)
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(4)
    except OSError as error:
        msg = f"Cannot read {str(path)!r}: {error.strerror}.{near_file(path)}"
        raise InvalidInputError(msg) from error
    if size == 0:
        msg = f"{path.name!r} is empty: a table needs a header and rows."
        raise InvalidInputError(msg)
    if suffix == ".csv":
        table = _read_csv(path, head, size, as_text)
    else:
        table = _read_parquet(path, head)
    _check_names(path, table.column_names)
    if table.num_rows == 0:
        msg = f"{path.name!r} has a header but no rows."
        raise InvalidInputError(msg)
    return table.to_pandas(date_as_object=False, ignore_metadata=True)  # type: ignore[no-any-return]


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table in the form its file name asks for."""
    if check_table_name(path) == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, index=False)


def _read_csv(path: Path, head: bytes, size: int, as_text: Collection[str]) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    if head == _PARQUET_MAGIC or b"\0" in head:
        msg = f"{path.name!r} is no CSV file, whatever its name says."
        raise InvalidInputError(msg)
    if size > _MAX_CSV_BYTES:
        msg = f"{path.name!r} is larger than 2 GB. Save it as Parquet."
        raise InvalidInputError(msg)
    separator, names = _read_header(path)
    _check_names(path, names)
    _check_quotes(path)
    spoilt: list[int] = []

    def note(row: Any) -> str:
        spoilt.append(row.actual_columns)
        return "skip"

    try:
        table = csv.read_csv(
            path,
            # One thread and one block: a row keeps its place, a column one type.
            read_options=csv.ReadOptions(use_threads=False, block_size=size + 1),
            parse_options=csv.ParseOptions(
                delimiter=separator,
                newlines_in_values=True,
                invalid_row_handler=note,
            ),
            convert_options=csv.ConvertOptions(
                null_values=_NULLS,
                strings_can_be_null=True,
                column_types={name: pa.string() for name in as_text if name in names},
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        # The reader's own message may quote a row, so it is not passed on.
        msg = (
            f"{path.name!r} cannot be read as CSV in UTF-8. Save it again, or as "
            "Parquet."
        )
        raise InvalidInputError(msg) from error
    if spoilt:
        msg = (
            f"Every row of {path.name!r} must have the {len(names)} fields of its "
            f"header; {len(spoilt)} of {table.num_rows + len(spoilt)} rows have "
            f"another number of fields. The file may be cut off."
        )
        raise InvalidInputError(msg)
    binary = [f.name for f in table.schema if pa.types.is_binary(f.type)]
    if binary:
        msg = f"{path.name!r} must be UTF-8 text; column {binary[0]!r} is not."
        raise InvalidInputError(msg)
    return table


def _read_header(path: Path) -> tuple[str, list[str]]:
    """Return the separator that splits the header furthest, and the names."""
    import csv

    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = [line for line, _ in zip(stream, range(2), strict=False)]
    except UnicodeDecodeError as error:
        msg = f"{path.name!r} must be UTF-8 text; it is not. Save it as UTF-8 CSV."
        raise InvalidInputError(msg) from error
    choices = [
        (separator, next(csv.reader(lines, delimiter=separator), []))
        for separator in _SEPARATORS
    ]
    return max(choices, key=lambda choice: len(choice[1]))


def _check_quotes(path: Path) -> None:
    """Raise if a quote is left open: it would swallow every row that follows."""
    n_quotes = 0
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            n_quotes += block.count(b'"')
    if n_quotes % 2:
        msg = (
            f"The quotes of {path.name!r} do not match: it holds {n_quotes} of them. "
            "The file may be cut off."
        )
        raise InvalidInputError(msg)


def _read_parquet(path: Path, head: bytes) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    if head != _PARQUET_MAGIC:
        msg = f"{path.name!r} is no Parquet file, whatever its name says."
        raise InvalidInputError(msg)
    try:
        file = parquet.ParquetFile(path)
        _check_names(path, file.schema_arrow.names)
        table = file.read()
    except (pa.ArrowException, OSError) as error:
        msg = f"{path.name!r} is a damaged Parquet file; it may be cut off."
        raise InvalidInputError(msg) from error
    # pandas stores an unnamed index under such a name; it is no column of the table.
    index = [name for name in table.column_names if name.startswith("__index_level_")]
    return table.drop_columns(index)


def _check_names(path: Path, names: list[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        shown = ", ".join(repr(name) for name in twice[:10])
        msg = (
            f"Column names of {path.name!r} must differ; these stand more than once: "
            f"{shown}."
        )
        raise InvalidInputError(msg)
    if not names:
        msg = f"{path.name!r} has no columns."
        raise InvalidInputError(msg)
