"""Rows that a scorecard is fitted to without holding them: a pass a question."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.bins import sum_in_order, take_values
from riskkit._kernels.logistic_stream import LogisticStream
from riskkit._kernels.value_bands import ValueBands, add_bands, count_values
from riskkit._kernels.whole_points import round_counted
from riskkit.scaling import rounding_report
from riskkit.scorecard._build import build_baseline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from riskkit._kernels.row_sources import BinnedRows, RowSource
    from riskkit.artifact import BaselineSpec
    from riskkit.binning import BinningTable
    from riskkit.scaling import RoundingResult
    from riskkit.scorecard._points_layout import PointsLayout
    from riskkit.typing import CodeArray, FloatArray

__all__ = ["StreamedRows"]

_MOST_TOTALS = 20_000  # different points counted one by one: whole ones have far fewer
# The report compares exact points to this share of their range, a hundredth of a point
# where it is some hundreds: what is held does not grow with the rows.
_RESOLUTION = 2.0**-16


class StreamedRows:
    """Rows of a source, which are gone through for every question."""

    n_held = 0
    mean_offset = 0.0

    def __init__(self, source: RowSource) -> None:
        self._source = source
        self.names = source.names
        self.classes: NDArray[Any] = source.classes
        self.n_rows, self.n_events = source.n_rows, source.n_events

    @property
    def n_passes(self) -> int:
        """How often the rows have been gone through."""
        return self._source.n_passes

    def woe(self, tables: Sequence[BinningTable]) -> LogisticStream:
        """Return the WoE of these features, one column for each."""
        names = [table.name for table in tables]
        woe = [table.woe for table in tables]
        self._stream = LogisticStream(self._source, names, woe)
        return self._stream

    def round_points(
        self,
        tables: Sequence[BinningTable],
        offset: float,
        exact: Sequence[FloatArray],
        ends: tuple[float, float] | None,
    ) -> list[FloatArray]:
        """Return whole points that suit the rows: of everyone, then of each feature."""
        pairs = self._stream.pair_counts(
            [self._stream.names.index(table.name) for table in tables]
        )
        n = np.diag(pairs)
        with_everyone = np.block(
            [[np.array([[self.n_rows]]), n[None, :]], [n[:, None], pairs]]
        )
        return round_counted([np.array([offset]), *exact], with_everyone, ends)

    def summarise(
        self, tables: Sequence[BinningTable], layout: PointsLayout
    ) -> tuple[RoundingResult, BaselineSpec]:
        """State how far points are off, and count the rows in bins and in bands."""
        job = _Totals.of(layout)
        found = self._source.fold([table.name for table in tables], job)
        compared = [
            rounding_report(cells[0], cells[1], sample_weight=cells[2])
            for cells in found.cells
        ]
        report = compared[0]
        if len(compared) > 1:
            report = replace(report, nearest=compared[1])
        bands = found.bands
        is_event = np.repeat([True, False], bands.upper.size)
        counts = np.concatenate([bands.n_event, bands.n_nonevent])
        points = np.tile(bands.values, 2)
        return report, build_baseline(tables, points, is_event, counts)


@dataclass(frozen=True)
class _Counted:
    """Rows by their points, and by exact and rounded points for each rounding.

    Cells are three rows of numbers: exact points, points, and how many.
    """

    bands: ValueBands
    cells: tuple[FloatArray, ...]


@dataclass(frozen=True)
class _Totals:
    """Counts the rows by their totals of points, under each layout: exact ones first.

    A layout is what everyone gets, and what each bin gets.
    """

    layouts: tuple[tuple[float, tuple[FloatArray, ...]], ...]
    unit: float

    @classmethod
    def of(cls, layout: PointsLayout) -> _Totals:
        """Return the job of a layout."""
        given = [(layout.exact_offset, layout.exact), (layout.offset, layout.points)]
        if layout.nearest is not None:
            given.append(layout.nearest)
        reach = sum(float(points.max() - points.min()) for points in layout.exact)
        unit = 2.0 ** float(np.ceil(np.log2(_RESOLUTION * max(reach, _RESOLUTION))))
        return cls(tuple((offset, tuple(points)) for offset, points in given), unit)

    def start(self) -> _Counted:
        none = np.zeros(0)
        bands = count_values(none, none > 0, None, max_bands=_MOST_TOTALS)
        return _Counted(bands, (np.zeros((3, 0)),) * (len(self.layouts) - 1))

    def update(self, state: _Counted, rows: BinnedRows) -> _Counted:
        for block in rows.blocks():
            exact, points, *nearest = (
                _total(offset, terms, block.bins, block.is_event.size)
                for offset, terms in self.layouts
            )
            bands = count_values(
                points, block.is_event, block.weight, max_bands=_MOST_TOTALS
            )
            n = np.ones(exact.size) if block.weight is None else block.weight
            exact = np.rint(exact / self.unit) * self.unit
            if len(self.layouts) == 2:  # nothing was rounded
                points = exact
            cells = [
                _pooled(np.array([exact, other, n])) for other in (points, *nearest)
            ]
            state = self.merge(state, _Counted(bands, tuple(cells)))
        return state

    def merge(self, one: _Counted, other: _Counted) -> _Counted:
        cells = [
            _pooled(np.concatenate([own, further], axis=1))
            for own, further in zip(one.cells, other.cells, strict=True)
        ]
        bands = add_bands(one.bands, other.bands, max_bands=_MOST_TOTALS)
        return _Counted(bands, tuple(cells))


def _total(
    offset: float, terms: Sequence[FloatArray], bins: Sequence[CodeArray], n: int
) -> FloatArray:
    values = [take_values(x, codes) for x, codes in zip(terms, bins, strict=True)]
    return sum_in_order(offset, values, n)


def _pooled(cells: FloatArray) -> FloatArray:
    """Add up the rows of equal cells, and put them in order."""
    if not cells.shape[1]:
        return cells
    cells = cells[:, np.lexsort(cells[1::-1])]
    is_new = np.append(True, (cells[:2, 1:] != cells[:2, :-1]).any(axis=0))
    starts = np.flatnonzero(is_new)
    return np.array([*cells[:2, starts], np.add.reduceat(cells[2], starts)])
