"""What each kind of detector says of rows, from its saved state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from riskkit._kernels.histograms import CellCosts, costs_of_rows
from riskkit._kernels.isolation import (
    IsolationTable,
    isolation_mean,
    isolation_steps,
    mean_root,
)
from riskkit._kernels.members import row_totals
from riskkit._kernels.neighbour_table import NeighbourTable
from riskkit._kernels.normal_scores import look_up_scores
from riskkit._kernels.shrunk_covariance import shared_squares
from riskkit.artifact import (
    CopulaStateSpec,
    HistogramStateSpec,
    IsolationStateSpec,
    NeighbourStateSpec,
)

if TYPE_CHECKING:
    from riskkit.artifact import MahalanobisStateSpec
    from riskkit.artifact._detector_state import StateSpec
    from riskkit.typing import FloatArray

__all__ = ["DetectorState", "plan_state"]


class DetectorState(Protocol):
    """A detector laid out for rows; `sees_codes` says whether as codes or in units."""

    sees_codes: bool

    def score(self, rows: FloatArray) -> FloatArray:
        """Return how strange each row is."""

    def explain(self, rows: FloatArray) -> tuple[FloatArray, float, FloatArray]:
        """Return the same, an offset, and what each column adds to it."""


def plan_state(spec: StateSpec | None) -> DetectorState:
    """Return the detector of a saved state."""
    if spec is None:
        return _Constant()
    if isinstance(spec, IsolationStateSpec):
        return _Isolation(spec)
    if isinstance(spec, HistogramStateSpec):
        return _Histogram(spec)
    if isinstance(spec, NeighbourStateSpec):
        return _Neighbours(spec)
    return _Distance(spec)


class _Constant:
    """Nothing varied in training, so nothing can be far away."""

    sees_codes = False

    def score(self, rows: FloatArray) -> FloatArray:
        return np.zeros(len(rows))

    def explain(self, rows: FloatArray) -> tuple[FloatArray, float, FloatArray]:
        return self.score(rows), 0.0, np.zeros(rows.shape)


class _Isolation:
    sees_codes = False

    def __init__(self, spec: IsolationStateSpec) -> None:
        self._table = IsolationTable(
            spec.column.astype(np.intp),
            spec.threshold,
            spec.value,
            spec.n_trees,
            spec.depth,
        )
        self._usual = spec.usual
        self._offset = 1.0 - mean_root(self._table) / self._usual

    def score(self, rows: FloatArray) -> FloatArray:
        single = rows.astype(np.float32)
        return 1.0 - isolation_mean(self._table, single) / self._usual

    def explain(self, rows: FloatArray) -> tuple[FloatArray, float, FloatArray]:
        mean, steps = isolation_steps(self._table, rows.astype(np.float32))
        return 1.0 - mean / self._usual, self._offset, -steps / self._usual


class _Histogram:
    sees_codes = True

    def __init__(self, spec: HistogramStateSpec) -> None:
        ends = np.cumsum(spec.size)
        points = np.split(spec.points, ends[:-1])
        # One cost more than points in each field.
        costs = np.split(spec.cost, (ends + np.arange(1, ends.size + 1))[:-1])
        around = zip(spec.missing.tolist(), spec.infinite.tolist(), strict=True)
        self._fields = tuple(
            [
                CellCosts(at, cost, missing, infinite)
                for at, cost, (missing, infinite) in zip(
                    points, costs, around, strict=True
                )
            ]
        )

    def score(self, rows: FloatArray) -> FloatArray:
        return row_totals(costs_of_rows(self._fields, rows))

    def explain(self, rows: FloatArray) -> tuple[FloatArray, float, FloatArray]:
        costs = costs_of_rows(self._fields, rows)
        return row_totals(costs), 0.0, costs


class _Neighbours:
    sees_codes = False

    def __init__(self, spec: NeighbourStateSpec) -> None:
        self._table = NeighbourTable(spec.references, spec.k)

    def score(self, rows: FloatArray) -> FloatArray:
        return self._table.distances(rows)

    def explain(self, rows: FloatArray) -> tuple[FloatArray, float, FloatArray]:
        distances, shares = self._table.shares(rows)
        return distances, 0.0, shares


class _Distance:
    """A squared distance that columns share, of values or of normal scores."""

    sees_codes = False

    def __init__(self, spec: MahalanobisStateSpec | CopulaStateSpec) -> None:
        self._centre, self._whiten = spec.centre, spec.whiten
        self._copula = spec if isinstance(spec, CopulaStateSpec) else None
        self._grids = [] if self._copula is None else list(self._copula.grids)

    def score(self, rows: FloatArray) -> FloatArray:
        return row_totals(self._squares(rows))

    def explain(self, rows: FloatArray) -> tuple[FloatArray, float, FloatArray]:
        squares = self._squares(rows)
        return row_totals(squares), 0.0, squares

    def _squares(self, rows: FloatArray) -> FloatArray:
        if self._copula is not None:
            rows = look_up_scores(rows, self._grids, self._copula.scores)
        return shared_squares(rows - self._centre, self._whiten)
