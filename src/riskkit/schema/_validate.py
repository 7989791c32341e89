"""Whether a table follows a schema: every problem at once, never a value."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import Table, is_frame, level_column, numeric_column
from riskkit._core.params import did_you_mean
from riskkit.exceptions import InvalidTypeError, SchemaError
from riskkit.schema._infer import holds_dates, numbers_among

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskkit.schema._column import Column
    from riskkit.schema._schema import TableSchema

__all__ = ["validate_table"]

_MAX_SHOWN = 20
# One application may lack a value; that nobody of a batch has it is a broken feed.
_MIN_ROWS_EMPTY = 20


def validate_table(X: Any, schema: TableSchema, *, strict: bool = False) -> None:
    """Raise unless a table follows a schema, naming every problem at once.

    Only the features are looked at: the outcome, dates and identifiers may be absent.

    Parameters
    ----------
    X : frame of shape (n_rows, n_columns)
        A pandas, Polars or Arrow table, or a mapping of columns.

    schema : TableSchema
        What the table must look like.

    strict : bool, default=False
        Whether also to refuse columns the schema does not know, missing values where
        there were none, and numbers in a category.

    Raises
    ------
    SchemaError
        If a feature is absent, stands twice, holds text instead of numbers, holds
        dates, or was always known and is now missing in every row. At most 20
        problems are listed; no value of the table is.

    See Also
    --------
    infer_schema : The schema of a table at hand.

    Examples
    --------
    >>> from riskkit.schema import infer_schema, validate_table
    >>> schema = infer_schema({"income": [1200.0, 900.0], "age": [30.0, 41.0]})
    >>> validate_table({"age": [52.0], "income": [700.0]}, schema)
    >>> validate_table({"incomes": [1000.0], "age": ["forty"]}, schema)
    Traceback (most recent call last):
    ...
    riskkit.exceptions.SchemaError: The table breaks its schema in 2 places:
      - Column 'income' is missing. Did you mean 'incomes'?
      - Column 'age' must hold numbers; 1 of 1 rows holds text.
    """
    table, twice = _read_once(X)
    problems = list(_problems(table, twice, schema, strict=strict))
    if not problems:
        return
    if len(problems) == 1:
        msg = f"The table breaks its schema: {problems[0]}"
        raise SchemaError(msg)
    lines = [f"  - {problem}" for problem in problems[:_MAX_SHOWN]]
    if len(problems) > _MAX_SHOWN:
        lines.append(f"  - and {len(problems) - _MAX_SHOWN} more.")
    listed = "\n".join(lines)
    msg = f"The table breaks its schema in {len(problems)} places:\n{listed}"
    raise SchemaError(msg)


def _problems(
    table: Table, twice: dict[str, int], schema: TableSchema, *, strict: bool
) -> Iterator[str]:
    for name, count in twice.items():
        yield f"Column {name!r} stands {count} times; column names must differ."
    if table.n_rows == 0:
        yield "The table has no rows."
    expected = schema.features
    for name in expected:
        if name in twice:
            continue
        if name not in table.names:
            spare = [other for other in table.names if other not in expected]
            yield f"Column {name!r} is missing.{did_you_mean(name, spare)}"
        elif table.n_rows:
            yield from _column_problems(table, schema.column(name), strict=strict)
    if strict:
        extra = [name for name in table.names if name not in schema.names]
        yield from (f"Column {name!r} is not in the schema." for name in extra)


def _column_problems(table: Table, expected: Column, *, strict: bool) -> Iterator[str]:
    name = expected.name
    column = table.column(name)
    wanted = "numbers" if expected.kind == "numeric" else "text"
    if holds_dates(column):
        yield f"Column {name!r} must hold {wanted}; got dates."
        return
    try:
        found = table.kind(name)
        if found == "categorical":
            codes, levels = _levels(column, name)
            n_missing = int(np.count_nonzero(codes < 0))
        else:
            n_missing = int(np.count_nonzero(np.isnan(numeric_column(column, name))))
    except InvalidTypeError:
        yield f"Column {name!r} must hold {wanted}; got neither numbers nor text."
        return
    n_rows = table.n_rows
    if n_missing == n_rows:
        # A column of nothing has no type: only that nothing is there can be told.
        if not expected.nullable and (strict or n_rows >= _MIN_ROWS_EMPTY):
            yield (
                f"Column {name!r} is missing in all {n_rows} rows; it was known in "
                "every row the schema was made from."
            )
        return
    if expected.kind == "numeric" and found == "categorical":
        yield _text_for_numbers(name, codes, levels)
    if strict and n_missing and not expected.nullable:
        yield (
            f"Column {name!r} is missing in {n_missing} of {n_rows} rows; it was known "
            "in every row the schema was made from."
        )
    if strict and expected.kind == "categorical" and found == "numeric":
        yield f"Column {name!r} must hold text; got numbers."


def _levels(column: Any, name: str) -> tuple[Any, tuple[str, ...]]:
    coded = level_column(column, name)
    return coded.codes, coded.levels


def _text_for_numbers(name: str, codes: Any, levels: tuple[str, ...]) -> str:
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    is_text = ~np.array(numbers_among(levels))
    n_text = int(counts[is_text].sum())
    if n_text == 0:
        return f"Column {name!r} must hold numbers; got numbers written as text."
    verb = "holds" if n_text == 1 else "hold"
    return (
        f"Column {name!r} must hold numbers; {n_text} of {codes.size} rows {verb} text."
    )


def _read_once(X: Any) -> tuple[Table, dict[str, int]]:
    """Read the columns whose name stands once; return how often the others stand."""
    if not is_frame(X):
        return Table.read(X), {}
    labels = list(getattr(X, "column_names", None) or X.columns)
    twice = {str(lb): count for lb, count in Counter(labels).items() if count > 1}
    if not twice:
        return Table.read(X), {}
    keep = [j for j, label in enumerate(labels) if str(label) not in twice]
    # Only pandas and Arrow can hold a name twice.
    return Table.read(X.iloc[:, keep] if hasattr(X, "iloc") else X.select(keep)), twice
