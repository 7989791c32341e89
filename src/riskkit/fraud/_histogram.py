"""Rarity of values, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.params import check_int
from riskkit._kernels.bins import sum_in_order
from riskkit._kernels.histograms import (
    CellCosts,
    binned_costs,
    cell_costs,
    costs_of_rows,
    equal_width_cells,
    value_costs,
)
from riskkit.artifact import HistogramStateSpec
from riskkit.fraud._detector import BaseDetector

if TYPE_CHECKING:
    from numpy.random import RandomState

    from riskkit.fraud._detector import Rows, TrainingRows
    from riskkit.typing import FloatArray

__all__ = ["HistogramDetector"]


class HistogramDetector(BaseDetector):
    """Adds up how rare each value of a row is in its own field.

    The fastest detector, the easiest to explain and the only one that needs no
    distances: a level, a missing value or a number outside the range that training did
    not know counts as rarer than everything it did know. It cannot see a combination
    of values that are usual one by one.

    Parameters
    ----------
    max_levels : int, default=30
        A numeric field with at most this many distinct values is taken value by value;
        one with more is cut into cells of equal width.

    contamination : float or None, default=None
        Share of training rows that `predict` calls outliers, at most 0.5. None calls
        outliers what is as strange as the strangest training row. Ranking never
        needs it.

    Attributes
    ----------
    offset_ : float
        Threshold of `predict` on `score_samples`.

    n_rows_ : float
        Rows learned from, as a sum of weights.

    n_features_in_ : int
        Fields seen in ``fit``.

    feature_names_in_ : ndarray of str
        Their names, where the table had any.

    See Also
    --------
    CopulaDetector : Sees combinations that are unusual.
    AnomalyEnsemble : Several detectors in one.

    Notes
    -----
    A value costs ``log((M + 1/2) / (m + 1/2))`` nats, with the weights ``m`` of its
    cell and ``M`` of the heaviest cell of its field. Whether a number is known, missing
    or infinite is charged in the same way, before its cell.

    References
    ----------
    .. [1] M. Goldstein, A. Dengel, "Histogram-based outlier score (HBOS)", KI 2012.

    Examples
    --------
    >>> import pandas as pd
    >>> from riskkit.fraud import HistogramDetector
    >>> X = pd.DataFrame({"channel": ["web"] * 60 + ["branch"] * 40})
    >>> detector = HistogramDetector().fit(X)
    >>> new = pd.DataFrame({"channel": ["web", "branch", "fax", None]})
    >>> detector.anomaly_score(new).round(2).tolist()
    [0.0, 0.4, 4.8, 4.8]
    """

    def __init__(
        self, max_levels: int = 30, *, contamination: float | None = None
    ) -> None:
        self.max_levels = max_levels
        self.contamination = contamination

    def _check_params(self) -> None:
        check_int("max_levels", self.max_levels, low=1)

    def _learn(self, training: TrainingRows, rng: RandomState) -> None:
        self._histograms = tuple(
            _learn_field(
                training.codes[:, j],
                training.weight,
                None if field.levels is None else len(field.levels),
                self.max_levels,
            )
            for j, field in enumerate(training.coder.fields)
        )

    def _score(self, rows: Rows) -> FloatArray:
        parts = self._parts(rows)[1]
        return sum_in_order(0.0, list(parts.T), len(parts))

    def _parts(self, rows: Rows) -> tuple[float, FloatArray]:
        return 0.0, costs_of_rows(self._histograms, rows.codes)

    def _state(self) -> HistogramStateSpec:
        fields = self._histograms
        return HistogramStateSpec(
            size=np.array([field.points.size for field in fields], dtype=np.int32),
            points=np.concatenate([field.points for field in fields]),
            cost=np.concatenate([field.cost for field in fields]),
            missing=np.array([field.missing for field in fields], dtype=np.float64),
            infinite=np.array([field.infinite for field in fields], dtype=np.float64),
        )


def _learn_field(
    x: FloatArray, weight: FloatArray | None, n_levels: int | None, max_levels: int
) -> CellCosts:
    weight = np.ones(x.size) if weight is None else weight
    if n_levels is not None:
        # Missing is a level like any other; unseen ones are matched by no cell. Levels
        # too rare to be kept are many cells, none of which is heavy.
        x = np.where(np.isnan(x), n_levels, x)
        seen = x >= 0
        counted = np.bincount(x[seen].astype(np.intp), weight[seen], n_levels + 1)
        cost = cell_costs(counted.astype(np.float64))
        state_cost = np.array([0.0, cost[n_levels], cost[-1]])
        levels = np.arange(float(n_levels))
        return value_costs(levels, np.delete(cost, n_levels), state_cost)
    known = np.isfinite(x)
    infinite = np.isinf(x)
    state = [weight[known].sum(), weight[np.isnan(x)].sum(), weight[infinite].sum()]
    state_cost = cell_costs(np.array(state))[:-1]
    values, place = np.unique(x[known], return_inverse=True)
    counted = np.bincount(place, weight[known], minlength=values.size)
    mass: FloatArray = counted.astype(np.float64)
    if values.size > max_levels:
        edges, mass = equal_width_cells(values, mass)
        return binned_costs(edges, cell_costs(mass), state_cost)
    return value_costs(values, cell_costs(mass), state_cost)
