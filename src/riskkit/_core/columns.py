"""Tables of results: columns of one length, plain enough for JSON."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.levels import is_missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

__all__ = ["Columns", "columns_of", "plain", "plain_rows", "table_frame"]

Columns = dict[str, tuple[Any, ...]]


def columns_of(rows: Iterable[Mapping[str, Any]], names: Iterable[str]) -> Columns:
    """Turn rows into columns; `names` tells which, so that no rows have them too."""
    rows = list(rows)
    return {name: tuple([row[name] for row in rows]) for name in names}


def table_frame(columns: Columns) -> pd.DataFrame:
    """Return the columns as a frame."""
    import pandas as pd

    return pd.DataFrame({name: list(values) for name, values in columns.items()})


def plain_rows(columns: Columns) -> list[dict[str, Any]]:
    """Return a list of rows for JSON."""
    names = list(columns)
    return [
        dict(zip(names, map(plain, row), strict=True))
        for row in zip(*columns.values(), strict=True)
    ]


def plain(value: Any) -> Any:
    """Return text, a number, True, False or None; dates as text."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else str(value)
    if value is None or is_missing(value):
        return None
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value) if math.isfinite(value) else None
    return str(value)
