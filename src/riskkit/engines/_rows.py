"""Rows of one part of a table: labels, weights and periods, checked and counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import Table, level_column, numeric_column
from riskkit._core.levels import is_missing, level_key
from riskkit.engines._columns import NumberCounts
from riskkit.engines._levels import LevelCounts
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    InvalidTargetError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskkit.engines._columns import ColumnCounts
    from riskkit.engines._rules import CountRules
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["Part", "read_events", "read_part", "read_weights"]

_WEIGHT_UNIT = 2.0**-20


@dataclass(frozen=True)
class Part:
    """Columns, outcomes, weights and periods of some rows."""

    table: Table
    is_event: BoolArray
    weight: FloatArray | None
    labels: tuple[str | None, ...]
    of_row: IntArray | None

    def by_period(self) -> Iterator[tuple[str | None, Part]]:
        """Yield the rows of each period."""
        if self.of_row is None:
            yield None, self
            return
        for k, label in enumerate(self.labels):
            here = self.of_row == k
            if here.any():
                weight = None if self.weight is None else self.weight[here]
                table = self.table.take(here)
                yield label, Part(table, self.is_event[here], weight, (), None)

    def count(self, name: str, rules: CountRules, n_bits: int) -> ColumnCounts:
        """Count a column, in bands of at least ``n_bits`` if it holds numbers."""
        column = self.table.column(name)
        if self.table.kind(name) == "numeric":
            return NumberCounts.of_rows(
                numeric_column(column, name),
                self.is_event,
                self.weight,
                rules.codes_of(name),
                max_values=rules.max_values,
                n_bits=n_bits,
            )
        levels = level_column(column, name)
        return LevelCounts.of_rows(
            levels, self.is_event, self.weight, max_levels=rules.max_levels
        )


def read_part(
    X: Any, y: Any, rules: CountRules, sample_weight: Any, period: Any
) -> Part:
    """Check the rows; those of weight 0 are dropped."""
    table = Table.read(X)
    if isinstance(X, np.ndarray):  # which has no names
        if len(table.names) != len(rules.features):
            msg = (
                f"An array must hold one column for each of the {len(rules.features)} "
                f"features; got {len(table.names)} columns."
            )
            raise InvalidInputError(msg)
        table = Table(rules.features, table.columns, table.n_rows)
    table = _select(table, rules.features)
    is_event = read_events(y, rules.classes, table.n_rows)
    weight = read_weights(sample_weight, table.n_rows)
    labels: tuple[str | None, ...] = ()
    of_row = None
    if period is not None:
        labels, of_row = _periods(period, table.n_rows)
    if weight is not None and not weight.all():
        kept = weight > 0
        table, is_event, weight = table.take(kept), is_event[kept], weight[kept]
        of_row = None if of_row is None else of_row[kept]
    return Part(table, is_event, weight, labels, of_row)


def read_events(y: Any, classes: tuple[Any, Any], n_rows: int) -> BoolArray:
    """Return which rows hold an event."""
    values = y.to_numpy() if hasattr(y, "to_numpy") else np.asarray(y)
    if values.shape != (n_rows,):
        msg = f"y must hold {n_rows} labels, one for each row; got {values.shape}."
        raise InvalidTargetError(msg)
    is_event = np.asarray(values == classes[1], dtype=np.bool_)
    is_nonevent = np.asarray(values == classes[0], dtype=np.bool_)
    n_wrong = int(np.count_nonzero(~is_event & ~is_nonevent))
    if n_wrong:
        msg = (
            f"y must hold the labels {classes[0]!r} (non-event) and {classes[1]!r} "
            f"(event) in every row; {n_wrong} of {n_rows} rows hold another or none. "
            "Say classes=(non-event, event), and leave out rows without an outcome."
        )
        raise InvalidTargetError(msg)
    return is_event


def read_weights(sample_weight: Any, n_rows: int) -> FloatArray | None:
    """Return weights whose sums have no rounding error."""
    if sample_weight is None:
        return None
    given = sample_weight
    values = given.to_numpy() if hasattr(given, "to_numpy") else np.asarray(given)
    weight = np.asarray(values, dtype=np.float64)
    if weight.shape != (n_rows,):
        msg = f"sample_weight must hold one number for each of the {n_rows} rows."
        raise InvalidParameterError(msg)
    units = weight / _WEIGHT_UNIT
    n_wrong = int(np.count_nonzero(~(weight >= 0) | (units != np.rint(units))))
    if n_wrong:
        msg = (
            "sample_weight must be finite, not negative, and a multiple of 2**-20, so "
            f"that sums do not depend on the order of the rows; {n_wrong} of {n_rows} "
            "weights are not. Round them: numpy.rint(w * 2**20) / 2**20."
        )
        raise InvalidParameterError(msg)
    return weight


def _select(table: Table, names: tuple[str, ...]) -> Table:
    missing = [name for name in names if name not in table.names]
    if missing:
        shown = ", ".join(map(repr, missing[:10]))
        msg = (
            f"Every part must hold the {len(names)} columns that are counted; "
            f"{len(missing)} are missing from one: {shown}. Write all parts with the "
            "same columns, or name those they share as features."
        )
        raise InvalidInputError(msg)
    return table.select(names)


def _periods(period: Any, n_rows: int) -> tuple[tuple[str | None, ...], IntArray]:
    import pandas as pd

    native = period.to_native() if hasattr(period, "to_native") else period
    if hasattr(native, "to_pandas"):  # Polars and Arrow
        native = native.to_pandas()
    codes, values = pd.factorize(pd.Series(native), use_na_sentinel=True)
    if len(codes) != n_rows:
        msg = f"period must hold one period for each of the {n_rows} rows."
        raise InvalidInputError(msg)
    labels = (*map(_label, values), None)
    return labels, np.where(codes < 0, len(labels) - 1, codes)


def _label(value: Any) -> str | None:
    """Return the text of a period; a date is the same as a day's first moment."""
    if is_missing(value):
        return None
    if hasattr(value, "isoformat"):
        return str(value.isoformat()).removesuffix("T00:00:00")
    if isinstance(value, (str, int, float, np.number, np.bool_)):
        return level_key(value)
    return str(value)
