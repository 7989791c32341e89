"""Columns of a frame, picked or dropped in the frame's own library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.typing import FloatArray

__all__ = ["drop_column", "pick_columns", "same_numbers", "to_pandas"]

# Up to here a copy of a frame costs less than looking at its columns one by one.
_FEW_CELLS = 1 << 20


def pick_columns(X: Any, places: Sequence[int], names: Sequence[str]) -> Any:
    """Return the columns at `places`, called `names`."""
    if hasattr(X, "iloc"):
        return X.iloc[:, list(places)].set_axis(list(names), axis=1)
    labels = list(getattr(X, "column_names", None) or X.columns)
    picked = [labels[j] for j in places]
    # Arrow keeps its number of rows without any column; narwhals would lose it.
    chosen = X.select(picked)
    if hasattr(chosen, "rename_columns"):
        return chosen.rename_columns(list(names))
    return chosen.rename(dict(zip(picked, names, strict=True)))


def drop_column(X: Any, name: str) -> Any:
    """Return the frame without the column that holds the periods."""
    import narwhals as nw

    frame = nw.from_native(X, eager_only=True).drop(name)
    if not frame.columns:
        msg = f"X holds the periods ({name!r}) and no feature beside them."
        raise InvalidInputError(msg)
    return frame.to_native()


# From this version on PyArrow takes the unsigned codes of Polars' categories.
_UNSIGNED_CODES = 24


def to_pandas(X: Any) -> Any:
    """Return a frame of another library as a pandas one."""
    import narwhals as nw
    import narwhals.selectors as ncs
    import pyarrow as pa

    frame = nw.from_native(X, eager_only=True)
    if int(pa.__version__.split(".")[0]) < _UNSIGNED_CODES:
        frame = frame.with_columns(ncs.categorical().cast(nw.String))
    return frame.to_pandas()


def same_numbers(X: Any, names: Sequence[str]) -> FloatArray | None:
    """Return the columns of a small pandas frame that is what a fit has seen.

    They are the rows of the array.

    That is: the same columns in the same order, floating-point numbers when they are
    taken together. None for any other frame, which has to be read with more care.
    Asking pandas as little as that matters where a few thousand rows are encoded: the
    care takes as long as the work.
    """
    import narwhals as nw

    if not nw.dependencies.is_pandas_dataframe(X):
        return None
    if not 0 < len(X) * len(names) <= _FEW_CELLS or X.columns.tolist() != names:
        return None
    values = X.to_numpy()
    return values.T if values.dtype.kind == "f" else None
