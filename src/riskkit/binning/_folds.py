"""Folds of a cross-fit: which rows teach the encoding of which others."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import Table, is_frame, level_column, numeric_column
from riskkit.exceptions import InvalidParameterError, InvalidTargetError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from riskkit.binning._table import BinningTable
    from riskkit.typing import BoolArray, IntArray

__all__ = ["check_cv", "read_folds", "settle_kinds", "take_rows"]


def check_cv(cv: object) -> None:
    """Raise unless `cv` is a number of folds, a splitter, or an iterable of splits."""
    if isinstance(cv, Integral) and not isinstance(cv, bool) and int(cv) >= 2:
        return
    if hasattr(cv, "split") and not isinstance(cv, str):
        return
    if isinstance(cv, Iterable) and not isinstance(cv, str):
        return
    msg = (
        "cv must be an integer >= 2, a splitter, or an iterable of pairs (rows to "
        f"learn from, rows to encode); got {cv!r}."
    )
    raise InvalidParameterError(msg)


def read_folds(
    cv: Any,
    X: Any,
    is_event: BoolArray,
    known: BoolArray,
    groups: ArrayLike | None,
    *,
    shuffle: bool,
    random_state: Any,
) -> list[tuple[IntArray, IntArray]]:
    """Return for each fold the rows to learn from and the rows to encode.

    Rows that are not `known` have a weight of 0: they are encoded and teach nothing.
    """
    folds = [
        (_positions(train, is_event.size), _positions(test, is_event.size))
        for train, test in _splits(
            cv, X, is_event, known, groups, shuffle=shuffle, random_state=random_state
        )
    ]
    times = np.zeros(is_event.size, dtype=np.intp)
    for number, (train, test) in enumerate(folds):
        np.add.at(times, test, 1)
        n_shared = int(np.isin(test, train).sum())
        if n_shared:
            msg = (
                "cv must encode rows that it does not learn from; in fold "
                f"{number} {n_shared} rows do both."
            )
            raise InvalidParameterError(msg)
        _check_fold(number, is_event[train[known[train]]])
    n_odd = int(np.count_nonzero(times != 1))
    if n_odd:
        msg = (
            f"cv must encode every row in exactly one fold; {n_odd} of "
            f"{is_event.size} rows are encoded in none or in several. Splitters that "
            "repeat, draw at random or go along time do not cover the rows this way."
        )
        raise InvalidParameterError(msg)
    return [(train[known[train]], test) for train, test in folds]


def take_rows(X: Any, rows: IntArray) -> Any:
    """Return the rows of a table as a table of the same kind."""
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    if is_frame(X):
        import narwhals as nw

        return nw.from_native(X, eager_only=True)[rows].to_native()
    return X[rows]


def settle_kinds(X: Any, tables: Mapping[str, BinningTable]) -> Any:
    """Return `X` such that its columns are of one kind whatever rows are taken.

    A column of Python objects is numeric or categorical by what it holds, which may
    differ between folds. Here it is read once, as the fit on all rows read it.
    """
    if hasattr(X, "iloc"):
        objects = [j for j, dtype in enumerate(X.dtypes) if dtype.kind == "O"]
        if not objects:
            return X
        raw, X = Table.read(X), X.copy(deep=False)
        for j in objects:
            if raw.names[j] in tables:
                X.isetitem(j, _settled(raw.columns[j], tables[raw.names[j]]))
        return X
    if is_frame(X):
        return X
    X = np.asarray(X)
    if X.dtype != object:
        return X
    import pandas as pd

    raw = Table.read(X)
    settled = {
        name: _settled(column, tables[name]) if name in tables else column
        for name, column in zip(raw.names, raw.columns, strict=True)
    }
    return pd.DataFrame(settled)


def _settled(column: Any, table: BinningTable) -> Any:
    import pandas as pd

    if table.feature.kind == "numeric":
        return numeric_column(column, table.name)
    coded = level_column(column, table.name)
    return pd.Categorical.from_codes(coded.codes, categories=pd.Index(coded.levels))


def _splits(
    cv: Any,
    X: Any,
    is_event: BoolArray,
    known: BoolArray,
    groups: ArrayLike | None,
    *,
    shuffle: bool,
    random_state: Any,
) -> Iterable[tuple[Any, Any]]:
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    outcome = is_event.astype(np.intp)
    if isinstance(cv, Integral):
        _check_classes(int(cv), is_event[known])
        kind = StratifiedKFold if groups is None else StratifiedGroupKFold
        seed = random_state if shuffle else None
        cv = kind(int(cv), shuffle=shuffle, random_state=seed)
    if not hasattr(cv, "split"):
        return list(cv)
    return list(cv.split(X, outcome, groups))


def _positions(rows: Any, n_rows: int) -> IntArray:
    try:
        return np.asarray(np.arange(n_rows)[rows], dtype=np.intp)
    except IndexError as error:
        msg = f"cv must name rows from 0 to {n_rows - 1}; it names others."
        raise InvalidParameterError(msg) from error


def _check_classes(n_folds: int, is_event: BoolArray) -> None:
    n_event = int(is_event.sum())
    n_nonevent = is_event.size - n_event
    if min(n_event, n_nonevent) < n_folds:
        msg = (
            f"Every fold needs an event and a non-event; got {n_event} events and "
            f"{n_nonevent} non-events for cv={n_folds} folds. Lower cv, or bring more "
            "rows."
        )
        raise InvalidTargetError(msg)


def _check_fold(number: int, is_event: BoolArray) -> None:
    if is_event.all() or not is_event.any():
        found = "events" if is_event.any() else "non-events"
        what = f"only {found}" if is_event.size else "none"
        msg = (
            f"The rows that fold {number} learns from must hold events and "
            f"non-events; got {what} in {is_event.size} rows."
        )
        raise InvalidTargetError(msg)
