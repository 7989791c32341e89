"""The schema of a table at hand: what each column is, and what cannot be a feature."""

from __future__ import annotations

import re
from datetime import date as Date  # noqa: N812 - `date` is a parameter here
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import Table, level_column, numeric_column
from riskkit._core.levels import is_missing
from riskkit._core.params import did_you_mean
from riskkit.exceptions import InvalidTypeError, SchemaError
from riskkit.schema._column import Column
from riskkit.schema._schema import TableSchema, read_codes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit._core.frames import LevelColumn
    from riskkit.typing import FloatArray

__all__ = ["holds_dates", "infer_schema", "numbers_among"]

# Below these numbers of rows, values that all differ are no sign of an identifier.
_MIN_ROWS_TEXT = 20
_MIN_ROWS_INTEGER = 50
# Amounts repeat: from this many rows on, whole numbers that all differ are a key.
_MANY_ROWS = 1000
# Whole numbers drawn over the range seen would give about this many pairs of equals.
_MIN_EXPECTED_PAIRS = 10.0
_NAMED_SHARE = 0.9
_NEAR_UNIQUE_SHARE = 0.5
# A text column of this share of numbers was meant to hold numbers.
_MOSTLY_NUMBERS = 0.8
_MANY_LEVELS = 20

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_KEY_WORDS = frozenset(
    {"id", "ids", "uuid", "guid", "key", "no", "nr", "number", "ref"}
)
_ISO_DATE = re.compile(
    r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?"
)


def infer_schema(
    X: Any,
    *,
    target: str | None = None,
    date: str | None = None,
    special_codes: Any = None,
) -> TableSchema:
    """Return what each column of a table is, and what cannot be a feature.

    Parameters
    ----------
    X : frame of shape (n_rows, n_columns)
        A pandas, Polars or Arrow table, or a mapping of columns.

    target : str, default=None
        Name of the outcome column.

    date : str, default=None
        Name of the column that dates each row.

    special_codes : sequence, dict or None, default=None
        Codes that stand for a reason instead of a value, in every column or by column,
        as :class:`riskkit.binning.OptimalBinner` takes them. The schema carries them.

    Returns
    -------
    schema : TableSchema
        The columns, in the order of the table. No value of the table is in it.

    Raises
    ------
    SchemaError
        If the table has no rows, lacks a named column, or `date` holds no dates.
    InvalidInputError
        If two columns share a name.

    See Also
    --------
    validate_table : Whether another table follows the schema.

    Notes
    -----
    A column is left out, in this order, when every value is missing; when it holds
    dates, also as ISO text; when it has one value in every row; when it identifies
    the row; or when nearly every row has a text of its own.

    Whole numbers identify the row when they all differ and that cannot be chance:
    over the range seen, ``n ** 2 / (2 * range)`` pairs of equal values are expected
    of unrelated numbers, and amounts, which are rounded and crowd together, repeat
    more often still. A column that is called a key (``loan_id``, ``AccountNo``) needs
    only 90 % distinct values. Numbers with a fraction are never taken for a key.

    Examples
    --------
    >>> from riskkit.schema import infer_schema
    >>> schema = infer_schema(
    ...     {
    ...         "income": [1200.0, 900.0, None],
    ...         "region": ["north", "south", "north"],
    ...         "opened": ["2024-01-31", "2024-02-29", "2024-02-29"],
    ...         "bad": [0, 1, 0],
    ...     },
    ...     target="bad",
    ... )
    >>> schema.features
    ('income', 'region')
    >>> schema.left_out
    {'opened': 'holds dates written as text'}
    """
    table = Table.read(X)
    for role, name in (("target", target), ("date", date)):
        if name is not None and name not in table.names:
            hint = did_you_mean(name, table.names)
            msg = (
                f"The {role} column {name!r} is not in the table of "
                f"{len(table.names)} columns.{hint}"
            )
            raise SchemaError(msg)
    if table.n_rows == 0 or not table.names:
        msg = (
            "A schema is inferred from a table with rows and columns; got "
            f"{table.n_rows} rows and {len(table.names)} columns."
        )
        raise SchemaError(msg)
    columns = tuple(_profile(table, name) for name in table.names)
    schema = TableSchema(columns, target, date, read_codes(special_codes))
    if date is not None and schema.column(date).kind != "date":
        msg = (
            f"The date column {date!r} must hold dates, or text such as 2024-01-31, in "
            f"every row that has a value; it is {_described(schema.column(date))}."
        )
        raise SchemaError(msg)
    return schema


def holds_dates(column: Any) -> bool:
    """Return whether a raw column holds dates or times of a date type."""
    if hasattr(column, "to_native"):
        import narwhals as nw

        if column.dtype in (nw.Date, nw.Datetime):
            return True
        if column.dtype != nw.Object:
            return False
        column = column.to_numpy()
    values = np.asarray(column)
    if values.dtype.kind != "O":
        return values.dtype.kind == "M"
    kinds = {type(value) for value in values.tolist() if not is_missing(value)}
    return bool(kinds) and all(issubclass(kind, Date) for kind in kinds)


def numbers_among(levels: Sequence[str]) -> list[bool]:
    """Return which levels read as numbers."""
    return [_is_number(level) for level in levels]


def _profile(table: Table, name: str) -> Column:
    column = table.column(name)
    if holds_dates(column):
        n_missing = _count_missing(column)
        if n_missing == table.n_rows:
            return _empty(name)
        return Column(name, "date", bool(n_missing), reason="holds dates")
    try:
        if table.kind(name) == "numeric":
            return _profile_numbers(name, column)
        return _profile_levels(name, level_column(column, name))
    except InvalidTypeError:
        reason = "holds neither numbers nor text"
        return Column(name, "unusable", reason=reason)


def _profile_numbers(name: str, column: Any) -> Column:
    x = numeric_column(column, name)
    known = x[~np.isnan(x)]
    if known.size == 0:
        return _empty(name)
    nullable = known.size < x.size
    distinct = np.unique(known)
    if distinct.size == 1 and not nullable:
        return _constant(name)
    if _has_integer_type(column) and _is_unrepeated_key(distinct, known.size):
        reason = "an identifier: a different whole number in every row"
        return Column(name, "identifier", nullable, reason=reason)
    whole = bool(np.all(np.isfinite(distinct) & (np.floor(distinct) == distinct)))
    if whole and _is_named_key(name, distinct.size, known.size):
        return _named_key(name, nullable)
    return Column(name, "numeric", nullable)


def _profile_levels(name: str, column: LevelColumn) -> Column:
    n_known = int(np.count_nonzero(column.codes >= 0))
    n_levels = len(column.levels)
    if n_levels == 0:
        return _empty(name)
    nullable = n_known < column.codes.size
    if n_levels == 1 and not nullable:
        return _constant(name)
    if all(map(_is_iso_date, column.levels)):
        return Column(name, "date", nullable, reason="holds dates written as text")
    n_text = _count_spoilt_numbers(column, n_known)
    if n_text:
        reason = (
            f"numbers, but text in {n_text} of {column.codes.size} rows; correct them "
            "or leave them empty"
        )
        return Column(name, "unusable", nullable, n_levels, reason)
    if n_levels == n_known and n_known >= _MIN_ROWS_TEXT:
        reason = "an identifier: a different text in every row"
        return Column(name, "identifier", nullable, reason=reason)
    if _is_named_key(name, n_levels, n_known):
        return _named_key(name, nullable)
    if n_known >= _MIN_ROWS_INTEGER and n_levels > _NEAR_UNIQUE_SHARE * n_known:
        reason = f"nearly a text of its own in every row: {n_levels} in {n_known} rows"
        return Column(name, "unusable", nullable, n_levels, reason)
    return Column(name, "categorical", nullable, n_levels)


def _is_unrepeated_key(distinct: FloatArray, n_known: int) -> bool:
    """Return whether whole numbers all differ in a way that cannot be chance."""
    if distinct.size < n_known or n_known < _MIN_ROWS_INTEGER:
        return False
    span = float(distinct[-1] - distinct[0]) + 1.0
    return n_known >= _MANY_ROWS or n_known**2 / (2 * span) >= _MIN_EXPECTED_PAIRS


def _is_named_key(name: str, n_distinct: int, n_known: int) -> bool:
    words = [word.lower() for word in _WORDS.findall(name)]
    return (
        bool(words)
        and (words[-1] in _KEY_WORDS or words[0] == "id")
        and n_known >= _MIN_ROWS_INTEGER
        and n_distinct >= _NAMED_SHARE * n_known
    )


def _count_spoilt_numbers(column: LevelColumn, n_known: int) -> int:
    """Return the rows of text in a column that was meant to hold numbers, or 0."""
    if len(column.levels) <= _MANY_LEVELS:
        return 0
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
    n_numbers = int(counts[np.array(numbers_among(column.levels))].sum())
    return n_known - n_numbers if n_numbers >= _MOSTLY_NUMBERS * n_known else 0


def _is_number(level: str) -> bool:
    try:
        float(level)
    except ValueError:
        return False
    return True


def _is_iso_date(level: str) -> bool:
    if not _ISO_DATE.fullmatch(level):
        return False
    try:
        datetime.fromisoformat(level)
    except ValueError:
        return False
    return True


def _has_integer_type(column: Any) -> bool:
    if hasattr(column, "to_native"):
        return bool(column.dtype.is_integer())
    return np.asarray(column).dtype.kind in "iu"


def _count_missing(column: Any) -> int:
    if hasattr(column, "null_count"):
        return int(column.null_count())
    return sum(is_missing(value) or value is None for value in column.tolist())


def _empty(name: str) -> Column:
    return Column(name, "empty", nullable=True, reason="every value is missing")


def _constant(name: str) -> Column:
    return Column(name, "constant", reason="one value in every row")


def _named_key(name: str, nullable: bool) -> Column:
    reason = "an identifier by its name, with hardly a value that repeats"
    return Column(name, "identifier", nullable, reason=reason)


def _described(column: Column) -> str:
    words = {"numeric": "a column of numbers", "categorical": "a column of text"}
    return words.get(column.kind, f"left out ({column.reason})")
