"""Tables of identifiers, and which rows are known frauds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from riskkit._core.frames import Table, is_frame, level_column
from riskkit.exceptions import InvalidInputError, InvalidTargetError, InvalidTypeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from riskkit.typing import BoolArray, IntArray

__all__ = ["DigestColumn", "digest_column", "read_identifiers", "read_known"]


@dataclass(frozen=True)
class DigestColumn:
    """A column of identifiers: each row's number, -1 missing, and a digest of each.

    Equal levels have equal digests, as numbers or as text.
    """

    codes: IntArray
    digests: NDArray[np.uint64]


def digest_column(column: Any, name: str) -> DigestColumn:
    """Read a raw column of identifiers; most rows hold a value of their own."""
    native = column.to_native() if hasattr(column, "to_native") else column
    kind = getattr(getattr(native, "dtype", None), "kind", "")
    if kind in "iu":
        # Much faster than coding by level when there are as many levels as rows.
        codes, values = pd.factorize(np.asarray(native))
        texts = list(map(str, values.tolist()))
    elif isinstance(getattr(native, "dtype", None), pd.StringDtype):
        codes, values = pd.factorize(native)
        texts = values.tolist()
    else:
        levels = level_column(column, name)
        codes, texts = levels.codes, list(levels.levels)
    digests = pd.util.hash_array(np.array(texts, dtype=object), categorize=False)
    return DigestColumn(codes.astype(np.intp), np.asarray(digests, dtype=np.uint64))


def read_identifiers(X: Any) -> Table:
    """Return a table that has rows and names."""
    if not is_frame(X) and not isinstance(X, dict):
        msg = (
            "Applications must come as a table in memory with named columns; got a "
            f"value of type {type(X).__name__}."
        )
        raise InvalidTypeError(msg)
    table = Table.read(X)
    if not table.n_rows:
        msg = "Applications must be at least one; got an empty table."
        raise InvalidInputError(msg)
    return table


def read_known(y: ArrayLike | None, n_rows: int) -> BoolArray:
    """Return which rows are known frauds."""
    if y is None:
        return np.zeros(n_rows, dtype=np.bool_)
    values = pd.to_numeric(pd.Series(np.asarray(y).ravel()), errors="coerce")
    given = pd.Series(np.asarray(y).ravel())
    odd = ~(values.isna() & given.isna()) & ~values.isin([0, 1])
    if len(values) != n_rows or odd.any():
        msg = (
            f"y must hold 1 for known frauds, 0 or missing for others, in {n_rows} "
            f"rows; got {len(values)} rows, {int(odd.sum())} of them with something "
            "else."
        )
        raise InvalidTargetError(msg)
    return np.asarray(values == 1, dtype=np.bool_)
