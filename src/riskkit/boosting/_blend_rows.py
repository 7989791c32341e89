"""Accounts as the members of a blend read them; what several need is made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import Table
from riskkit.artifact import assign_column
from riskkit.boosting._columns import code_rows

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from riskkit.artifact import FeatureSpec, TreeColumnSpec
    from riskkit.typing import CodeArray, IntArray

__all__ = ["BlendRows", "take_rows", "to_frame"]


class BlendRows:
    """Raw rows, and their bins and codes as soon as somebody has asked for them."""

    def __init__(self, table: Table) -> None:
        self.table = table
        # Keyed by identity: members that share their columns share the very object,
        # and it outlives these rows.
        self._codes: dict[int, NDArray[np.float32]] = {}
        self._bins: dict[int, CodeArray] = {}

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.table.n_rows

    def bins(self, feature: FeatureSpec) -> CodeArray:
        """Return the bin of every row."""
        if id(feature) not in self._bins:
            column = self.table.column(feature.name)
            self._bins[id(feature)] = assign_column(feature, column)
        return self._bins[id(feature)]

    def codes(
        self, features: tuple[FeatureSpec, ...], columns: tuple[TreeColumnSpec, ...]
    ) -> NDArray[np.float32]:
        """Return the codes that trees split on."""
        if id(columns) not in self._codes:
            bins = [self.bins(feature) for feature in features]
            self._codes[id(columns)] = code_rows(columns, bins, self.n_rows)
        return self._codes[id(columns)]

    def frame(self) -> pd.DataFrame:
        """Return the rows as a pandas frame, for members that read one."""
        return to_frame(self.table)


def take_rows(table: Table, rows: IntArray) -> Table:
    """Return rows by their places, in the order given."""
    columns = tuple(
        c[rows.tolist()] if hasattr(c, "to_native") else np.asarray(c)[rows]
        for c in table.columns
    )
    return Table(table.names, columns, rows.size)


def to_frame(table: Table, rows: IntArray | None = None) -> pd.DataFrame:
    """Return the rows, or some of them, as a pandas frame with a plain index."""
    import pandas as pd

    columns: dict[str, Any] = {}
    for name, column in zip(table.names, table.columns, strict=True):
        native = column.to_pandas() if hasattr(column, "to_native") else column
        columns[name] = pd.Series(native).reset_index(drop=True)
    frame = pd.DataFrame(columns)
    return frame if rows is None else frame.iloc[rows].reset_index(drop=True)
