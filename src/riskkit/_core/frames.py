"""Tables of any kind as named columns of float64 numbers or coded levels.

NumPy alone is imported; narwhals joins when a frame arrives, and whatever library
that frame belongs to is loaded by its owner already. Nothing here writes to what it
is given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from riskkit._core.levels import is_missing, level_key
from riskkit._core.params import did_you_mean
from riskkit.exceptions import InvalidInputError, InvalidTypeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["LevelColumn", "Table", "is_frame", "level_column", "numeric_column"]

Kind = Literal["numeric", "categorical"]

_NUMBER_TYPES = (int, float, np.number, np.bool_)
# A copy of so small a frame is cheaper than asking pandas for column after column.
_FEW_CELLS = 1 << 20
_DATE_ADVICE = (
    "Turn it into a number known at application (for example days before the "
    "application) or leave it out."
)


@dataclass(frozen=True)
class LevelColumn:
    """A categorical column: each row's position in `levels`, -1 where missing."""

    codes: IntArray
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Named raw columns of one length, before they are read as numbers or levels."""

    names: tuple[str, ...]
    columns: tuple[Any, ...]
    n_rows: int

    @classmethod
    def read(cls, X: Any) -> Table:
        """Take a frame, a mapping of columns, or a 2-d array apart."""
        if isinstance(X, Mapping):
            return cls._read_mapping(X)
        if is_frame(X):
            return cls._read_frame(X)
        X = np.asarray(X)
        names = tuple(f"x{j}" for j in range(X.shape[1]))
        return cls(names, tuple(X[:, j] for j in range(X.shape[1])), X.shape[0])

    @classmethod
    def _read_mapping(cls, X: Mapping[str, Any]) -> Table:
        columns = tuple(
            c if is_series(c) else np.asarray(c, dtype=_list_dtype(c))
            for c in X.values()
        )
        lengths = {len(column) for column in columns}
        if len(lengths) > 1:
            msg = f"Columns must have one length; got lengths {sorted(lengths)}."
            raise InvalidInputError(msg)
        return cls(tuple(X), columns, lengths.pop() if lengths else 0)

    @classmethod
    def _read_frame(cls, X: Any) -> Table:
        import narwhals as nw

        labels = list(getattr(X, "column_names", None) or X.columns)
        _check_unique(labels)
        if not all(isinstance(label, str) for label in labels):
            # Only pandas has labels other than text; they name nothing to match by.
            columns = tuple(
                nw.from_native(X.iloc[:, j], series_only=True)
                for j in range(len(labels))
            )
            names = tuple(f"x{j}" for j in range(len(labels)))
            return cls(names, columns, len(X))
        if nw.dependencies.is_pandas_dataframe(X):
            if X.size <= _FEW_CELLS and _is_one_number_type(X):
                values = X.to_numpy()
                columns = tuple(values[:, j] for j in range(len(labels)))
                return cls(tuple(labels), columns, len(X))
            # Most columns of pandas are arrays, which need no wrapper of their own.
            columns = tuple(
                series.to_numpy()
                if _is_plain_number(series.dtype)
                else nw.from_native(series, series_only=True)
                for _, series in X.items()
            )
            return cls(tuple(labels), columns, len(X))
        frame = nw.from_native(X, eager_only=True)
        return cls(tuple(labels), tuple(frame.iter_columns()), len(frame))

    def column(self, name: str) -> Any:
        """Return the raw column called `name`."""
        return self.columns[self.names.index(name)]

    def select(self, names: Sequence[str]) -> Table:
        """Return the columns called `names`, in that order; extra ones are dropped."""
        place = {name: j for j, name in enumerate(self.names)}
        absent = [name for name in names if name not in place]
        if absent:
            shown = ", ".join(repr(name) for name in absent[:10])
            more = f" and {len(absent) - 10} more" if len(absent) > 10 else ""
            hint = did_you_mean(absent[0], set(place) - set(names))
            msg = (
                f"The model needs {len(names)} columns by name; {len(absent)} of them "
                f"are missing: {shown}{more}.{hint} Give all of them, with missing "
                "values where nothing is known."
            )
            raise InvalidInputError(msg)
        chosen = tuple(self.columns[place[name]] for name in names)
        return Table(tuple(names), chosen, self.n_rows)

    def take(self, mask: BoolArray) -> Table:
        """Return the rows where `mask` is true."""
        columns = tuple(
            c.filter(mask.tolist()) if hasattr(c, "to_native") else np.asarray(c)[mask]
            for c in self.columns
        )
        return Table(self.names, columns, int(np.count_nonzero(mask)))

    def kind(self, name: str) -> Kind:
        """Return whether the column holds numbers or levels."""
        return _infer_kind(self.column(name), name)


def is_frame(X: Any) -> bool:
    """Return whether `X` is an eager pandas, Polars or Arrow table."""
    # A lazy frame has no shape, and asking for its columns could run a query.
    return hasattr(X, "shape") and (hasattr(X, "columns") or hasattr(X, "column_names"))


def is_series(column: Any) -> bool:
    """Return whether `column` is a column of a frame rather than an array or list."""
    return hasattr(column, "to_numpy") or hasattr(column, "dictionary_encode")


def numeric_column(column: Any, name: str) -> FloatArray:
    """Read a raw column as float64 numbers with NaN where nothing is known."""
    values = _to_numpy(column, name)
    if values.dtype.kind in "biuf":
        return np.ascontiguousarray(values, dtype=np.float64)
    if values.dtype.kind == "O":
        return _numbers_of_objects(values, name)
    found = {"U": "text", "S": "bytes", "M": "dates", "m": "durations"}
    msg = (
        f"Column {name!r} must hold numbers; got "
        f"{found.get(values.dtype.kind, str(values.dtype))}."
    )
    raise InvalidTypeError(msg)


def level_column(column: Any, name: str) -> LevelColumn:
    """Read a raw column as coded levels, sorted by their text."""
    native = column.to_native() if hasattr(column, "to_native") else column
    try:
        # Hashing takes True for 1, so only columns of one type are factorised.
        if hasattr(native, "factorize") and native.dtype != object:  # pandas
            codes, values = native.factorize()
            keys = [level_key(value) for value in values]
        elif hasattr(native, "dictionary_encode") or hasattr(native, "to_arrow"):
            arrow = native.to_arrow() if hasattr(native, "to_arrow") else native
            codes, keys = _levels_of_arrow(arrow)
        else:
            values = _to_numpy(column, name)
            plain = _is_plain_number(values.dtype)
            codes, keys = (_levels_of_numbers if plain else _levels_of_objects)(values)
    except InvalidTypeError as error:
        msg = f"Column {name!r}: {error}"
        raise InvalidTypeError(msg) from error
    return _merge_levels(np.asarray(codes, dtype=np.intp), keys)


def _levels_of_arrow(arrow: Any) -> tuple[IntArray, list[str | None]]:
    if hasattr(arrow, "combine_chunks"):
        arrow = arrow.combine_chunks()
    # A column without chunks, or of type null, cannot be dictionary-encoded as it is.
    values = arrow if hasattr(arrow, "indices") else arrow.dictionary_encode()
    indices = values.indices.to_numpy(zero_copy_only=False)
    if indices.dtype.kind == "f":  # where there are nulls
        indices = np.where(np.isnan(indices), -1, indices)
    keys = [level_key(value) for value in values.dictionary.to_pylist()]
    return indices.astype(np.intp), keys


def _levels_of_numbers(values: NDArray[Any]) -> tuple[IntArray, list[str | None]]:
    distinct, codes = np.unique(values, return_inverse=True)
    return codes, [level_key(value) for value in distinct.tolist()]


def _levels_of_objects(values: NDArray[Any]) -> tuple[IntArray, list[str | None]]:
    place: dict[Any, int] = {}
    codes = np.empty(values.size, dtype=np.intp)
    for row, value in enumerate(values.tolist()):
        key = level_key(value)
        codes[row] = -1 if key is None else place.setdefault(key, len(place))
    return codes, list(place)


def _merge_levels(codes: IntArray, keys: list[str | None]) -> LevelColumn:
    """Give equal keys one code, a missing key -1, and sort the levels by text.

    Categories that no row holds are no levels: a dictionary may list any number.
    """
    occurs = np.bincount(codes[codes >= 0], minlength=len(keys)) > 0
    keys = [key if kept else None for key, kept in zip(keys, occurs, strict=True)]
    levels = tuple(sorted({key for key in keys if key is not None}))
    place = {level: code for code, level in enumerate(levels)}
    # The last entry serves the code -1 of a missing value.
    table = np.array([-1 if k is None else place[k] for k in keys] + [-1], np.intp)
    return LevelColumn(table[codes], levels)


def _is_plain_number(dtype: Any) -> bool:
    """Return whether a column's type is a number or truth value of NumPy."""
    return isinstance(dtype, np.dtype) and dtype.kind in "biuf"


def _is_one_number_type(frame: Any) -> bool:
    """Return whether the columns of a pandas frame are numbers of a single type."""
    dtypes = set(frame.dtypes)
    return len(dtypes) == 1 and _is_plain_number(dtypes.pop())


def _infer_kind(column: Any, name: str) -> Kind:
    if hasattr(column, "dtype") and hasattr(column, "to_native"):
        if _is_plain_number(getattr(column.to_native(), "dtype", None)):
            return "numeric"
        import narwhals as nw

        dtype = column.dtype
        if dtype.is_numeric() or dtype == nw.Boolean:
            return "numeric"
        if dtype in (nw.String, nw.Categorical, nw.Enum):
            return "categorical"
        if dtype.is_temporal():
            msg = f"Column {name!r} holds dates or times. {_DATE_ADVICE}"
            raise InvalidTypeError(msg)
        if dtype not in (nw.Object, nw.Unknown):
            msg = f"Column {name!r} has type {dtype}; it must hold numbers or text."
            raise InvalidTypeError(msg)
    values = _to_numpy(column, name)
    if values.dtype.kind in "biuf":
        return "numeric"
    if values.dtype.kind == "U":
        return "categorical"
    if values.dtype.kind in "Mm":
        msg = f"Column {name!r} holds dates or times. {_DATE_ADVICE}"
        raise InvalidTypeError(msg)
    return _kind_of_objects(values, name)


def _kind_of_objects(values: NDArray[Any], name: str) -> Kind:
    kinds = {type(value) for value in values.tolist() if not is_missing(value)}
    if any(issubclass(kind, str) for kind in kinds):
        return "categorical"
    odd = [kind.__name__ for kind in kinds if not _is_number_type(kind)]
    if odd:
        msg = (
            f"Column {name!r} holds values of type {sorted(odd)[0]}; every argument "
            "must be a string or a number, or be missing."
        )
        raise InvalidTypeError(msg)
    return "numeric"


def _is_number_type(kind: type) -> bool:
    return issubclass(kind, _NUMBER_TYPES) or kind.__name__ == "Decimal"


def _numbers_of_objects(values: NDArray[Any], name: str) -> FloatArray:
    out = np.full(values.size, np.nan)
    n_other = n_huge = 0
    for row, value in enumerate(values.tolist()):
        if is_missing(value):
            continue
        if not _is_number_type(type(value)):
            n_other += 1
            continue
        try:
            out[row] = float(value)
        except OverflowError:
            n_huge += 1
    if n_other:
        msg = (
            f"Column {name!r} must hold numbers; {n_other} of {values.size} rows hold "
            "something else. Read the column as numbers, or declare what stands for "
            "a missing value."
        )
        raise InvalidTypeError(msg)
    if n_huge:
        msg = (
            f"Column {name!r} must hold numbers within the range of a double; {n_huge} "
            f"of {values.size} rows are beyond it."
        )
        raise InvalidInputError(msg)
    return out


def _to_numpy(column: Any, name: str) -> NDArray[Any]:
    if isinstance(column, np.ndarray):
        values = column
    elif hasattr(column, "to_native"):
        native = column.to_native()
        # Most columns of pandas are arrays already, and asking them is much faster.
        plain = isinstance(getattr(native, "dtype", None), np.dtype)
        values = np.asarray(native) if plain else column.to_numpy()
    else:
        values = np.asarray(column)
    if values.dtype.kind == "T":  # NumPy's variable-width text
        values = values.astype(object)
    if values.dtype.kind == "c":
        msg = f"Complex data not supported: column {name!r} must hold real numbers."
        raise InvalidInputError(msg)
    return np.asarray(values)


def _list_dtype(column: Any) -> Any:
    """Keep a list of mixed types as it is; NumPy would turn its numbers into text."""
    if isinstance(column, np.ndarray):
        return None
    return None if len({type(value) for value in column}) <= 1 else object


def _check_unique(labels: list[Any]) -> None:
    twice = [label for label, count in Counter(labels).items() if count > 1]
    if twice:
        shown = ", ".join(repr(label) for label in twice[:10])
        msg = f"Column names must differ; these stand more than once: {shown}."
        raise InvalidInputError(msg)
