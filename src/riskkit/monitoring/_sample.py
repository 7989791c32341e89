"""Rows to be counted: features, score, PD and outcomes, checked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import Table, numeric_column
from riskkit._core.levels import is_missing
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
    InvalidTypeError,
)

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["Rows", "read_rows"]


@dataclass(frozen=True)
class Rows:
    """What is counted; everything but the table has one entry a row, or is None."""

    table: Table
    score: FloatArray | None
    pd: FloatArray | None
    is_known: BoolArray | None
    is_event: BoolArray | None
    weight: FloatArray | None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.table.n_rows

    @cached_property
    def all_known(self) -> bool:
        """Whether the outcome of every row is known."""
        return self.is_known is not None and bool(self.is_known.all())

    @cached_property
    def known_rows(self) -> IntArray:
        """The rows whose outcome is known."""
        known = np.zeros(0) if self.is_known is None else self.is_known
        return np.flatnonzero(known)

    @cached_property
    def event_rows(self) -> IntArray:
        """The rows that hold an event."""
        event = np.zeros(0) if self.is_event is None else self.is_event
        return np.flatnonzero(event)


def read_rows(
    X: Any, score: Any, pd: Any, y: Any, sample_weight: Any, ids: Any = None
) -> Rows:
    """Check everything that a sample may consist of."""
    table = _read_table(X, score if score is not None else pd)
    n = table.n_rows
    values = None if score is None else _column("score", score, n)
    if values is not None and np.isinf(values).any():
        msg = (
            "score must be finite, or missing where an account has none; "
            f"{np.count_nonzero(np.isinf(values))} of {n} scores are infinite."
        )
        raise InvalidInputError(msg)
    chances = None if pd is None else _column("pd", pd, n)
    if chances is not None:
        n_outside = int(np.count_nonzero((chances < 0) | (chances > 1)))
        if n_outside:
            msg = f"pd must lie in [0, 1]; {n_outside} of {n} PDs do not."
            raise InvalidInputError(msg)
        if values is not None:
            n_lost = int(np.count_nonzero(np.isnan(chances) & ~np.isnan(values)))
            if n_lost:
                msg = (
                    "pd must be known of every account that has a score; "
                    f"{n_lost} of {n} have none."
                )
                raise InvalidInputError(msg)
    is_known, is_event = (None, None) if y is None else _read_outcomes(y, n)
    if ids is not None:
        _check_ids(ids, n)
    return Rows(table, values, chances, is_known, is_event, _weight(sample_weight, n))


def _read_table(X: Any, other: Any) -> Table:
    if X is None:
        if other is None:
            msg = "There must be something to count: X, score or pd; got none of them."
            raise InvalidInputError(msg)
        return Table((), (), len(other))
    if hasattr(X, "collect_schema") and not hasattr(X, "shape"):
        msg = (
            "X must be a table in memory; got a lazy one of type "
            f"{type(X).__name__}. Collect it first, or count it chunk by chunk."
        )
        raise InvalidTypeError(msg)
    if not hasattr(X, "keys") and np.ndim(X) != 2:
        msg = f"X must be a table of rows and columns; got {np.ndim(X)} dimensions."
        raise InvalidInputError(msg)
    return Table.read(X)


def _column(name: str, values: Any, n_rows: int) -> FloatArray:
    column = values if hasattr(values, "dtype") else np.asarray(values)
    numbers = numeric_column(column, name)
    if numbers.shape != (n_rows,):
        msg = (
            f"{name} must hold one number for each of the {n_rows} rows; got shape "
            f"{numbers.shape}."
        )
        raise InvalidInputError(msg)
    return numbers


def _read_outcomes(y: Any, n_rows: int) -> tuple[BoolArray, BoolArray]:
    """Return which outcomes are known, and which are events."""
    values = y.to_numpy() if hasattr(y, "to_numpy") else np.asarray(y)
    if values.shape != (n_rows,):
        msg = (
            f"y must hold one outcome for each of the {n_rows} rows; got shape "
            f"{values.shape}."
        )
        raise InvalidTargetError(msg)
    if values.dtype.kind == "O":
        known = ~np.fromiter(map(is_missing, values), np.bool_, n_rows)
    elif values.dtype.kind == "f":
        known = ~np.isnan(values)
    else:
        known = np.ones(n_rows, dtype=np.bool_)
    is_event = np.zeros(n_rows, dtype=np.bool_)
    is_other = np.zeros(n_rows, dtype=np.bool_)
    if values.dtype.kind in "biufO":
        is_event[known] = values[known] == 1
        is_other[known] = values[known] == 0
    n_wrong = int(np.count_nonzero(known & ~is_event & ~is_other))
    if n_wrong:
        msg = (
            "y must be 1 for an event, 0 for none, and missing where the outcome is "
            f"not known yet; {n_wrong} of {n_rows} labels are something else. Turn "
            "the labels into these first."
        )
        raise InvalidTargetError(msg)
    return known, is_event


def _weight(sample_weight: Any, n_rows: int) -> FloatArray | None:
    if sample_weight is None:
        return None
    weight = _column("sample_weight", sample_weight, n_rows)
    n_wrong = int(np.count_nonzero(~np.isfinite(weight) | (weight < 0)))
    if n_wrong:
        msg = (
            "sample_weight must be finite and not negative; "
            f"{n_wrong} of {n_rows} weights are not."
        )
        raise InvalidParameterError(msg)
    return weight


def _check_ids(ids: Any, n_rows: int) -> None:
    values = ids.to_numpy() if hasattr(ids, "to_numpy") else np.asarray(ids)
    if values.shape != (n_rows,):
        msg = f"ids must hold one for each of the {n_rows} rows; got {values.shape}."
        raise InvalidInputError(msg)
    n_twice = n_rows - len(set(values.tolist()))
    if n_twice:
        msg = (
            f"ids must differ; {n_twice} of {n_rows} rows repeat one. Remove the "
            "duplicates: every account is counted once."
        )
        raise InvalidInputError(msg)
