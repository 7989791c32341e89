"""Columns of a frame, picked or dropped in the frame's own library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["drop_column", "pick_columns", "to_pandas"]


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


def to_pandas(X: Any) -> Any:
    """Return a frame of another library as a pandas one."""
    import narwhals as nw

    return nw.from_native(X, eager_only=True).to_pandas()
