"""The rows that a scorecard is fitted to: what a fit asks of them, and rows in memory.

Patterns of bins with their number as weight are rows in memory like any others; rows
that are not held are in :mod:`riskkit.scorecard._streamed_rows`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from riskkit._core.inputs import read_weight
from riskkit._kernels.bins import sum_in_order, take_values
from riskkit._kernels.logistic_rows import LogisticRows
from riskkit._kernels.row_sources import CountedRows
from riskkit._kernels.whole_points import round_together
from riskkit.artifact import assign_column
from riskkit.scaling import rounding_report
from riskkit.scorecard._build import build_baseline
from riskkit.scorecard._offset import read_offset
from riskkit.scorecard._points_layout import PointsRounder
from riskkit.scorecard._scoring import find_bins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from riskkit._core.inputs import Training
    from riskkit._kernels.logistic_rows import LogisticSource
    from riskkit.artifact import BaselineSpec
    from riskkit.binning import BinningTable
    from riskkit.scaling import RoundingResult
    from riskkit.scorecard._points_layout import PointsLayout
    from riskkit.typing import CodeArray, FloatArray

__all__ = ["CardRows", "HeldRows", "known_offset"]


class CardRows(CountedRows, PointsRounder, Protocol):
    """What a scorecard's fit asks of its rows."""

    @property
    def n_held(self) -> int:
        """Rows in memory."""
        ...

    @property
    def mean_offset(self) -> float:
        """Mean of the log-odds that rows bring with them."""
        ...

    def woe(self, tables: Sequence[BinningTable]) -> LogisticSource[Any]:
        """Return the WoE of these features, one column for each."""
        ...

    def summarise(
        self, tables: Sequence[BinningTable], layout: PointsLayout
    ) -> tuple[RoundingResult, BaselineSpec]:
        """State how far points are off, and count the rows in bins and in bands."""
        ...


class HeldRows:
    """Rows in memory."""

    n_passes = 0

    def __init__(self, training: Training, offset: FloatArray | None) -> None:
        self._training, self._offset = training, offset
        self.names = training.table.names
        self.classes = training.classes
        self.n_rows, self.n_events = training.n_rows, training.n_events
        self.n_held = training.table.n_rows
        self._found: tuple[tuple[str, ...], list[CodeArray]] = ((), [])

    @property
    def mean_offset(self) -> float:
        """Mean of the log-odds that rows bring with them."""
        if self._offset is None:
            return 0.0
        return float(np.average(self._offset, weights=self._training.weight))

    def woe(self, tables: Sequence[BinningTable]) -> LogisticRows:
        """Return the WoE of these features, one column for each."""
        columns = self._training.table
        woe = np.empty((self.n_held, len(tables)), order="F")
        for j, table in enumerate(tables):
            bins = assign_column(table.feature, columns.column(table.name))
            take_values(table.woe, bins, out=woe[:, j])
        rows = self._training
        return LogisticRows(woe, rows.is_event, rows.weight, self._offset)

    def round_points(
        self,
        tables: Sequence[BinningTable],
        offset: float,
        exact: Sequence[FloatArray],
        ends: tuple[float, float] | None,
    ) -> list[FloatArray]:
        """Return whole points that suit the rows: of everyone, then of each feature."""
        everyone = np.zeros(self.n_held, dtype=np.uint8)
        bins = [everyone, *self._bins(tables)]
        points = [np.array([offset]), *exact]
        return round_together(points, bins, self._training.weight, ends)

    def summarise(
        self, tables: Sequence[BinningTable], layout: PointsLayout
    ) -> tuple[RoundingResult, BaselineSpec]:
        """State how far points are off, and count the rows in bins and in bands."""
        bins = self._bins(tables)

        def total(offset: float, points: Sequence[FloatArray]) -> FloatArray:
            terms = [take_values(p, b) for p, b in zip(points, bins, strict=True)]
            return sum_in_order(offset, terms, self.n_held)

        is_event, weight = self._training.is_event, self._training.weight
        points = total(layout.offset, layout.points)
        report = rounding_report(
            total(layout.exact_offset, layout.exact),
            points,
            nearest=None if layout.nearest is None else total(*layout.nearest),
            sample_weight=weight,
        )
        return report, build_baseline(tables, points, is_event, weight)

    def _bins(self, tables: Sequence[BinningTable]) -> list[CodeArray]:
        names = tuple(table.name for table in tables)
        if self._found[0] != names:
            found = find_bins((table.feature for table in tables), self._training.table)
            self._found = names, found
        return self._found[1]


def known_offset(
    offset: ArrayLike | None, y: ArrayLike, sample_weight: ArrayLike | None
) -> FloatArray | None:
    """Return the offsets of the rows trained on: those of a weight above 0."""
    if offset is None:
        return None
    n_rows = np.asarray(y).shape[0]
    known, weight = read_offset(offset, n_rows), read_weight(sample_weight, n_rows)
    return known if known is None or weight is None else known[weight > 0]
