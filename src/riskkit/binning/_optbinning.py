"""The one door to optbinning: the only module that imports it, and every solve.

optbinning cuts ``x < split``; riskkit's bins are ``(a, b]``. What leaves this module
are still *splits*: the caller turns them into edges with :func:`edges_of_splits`.
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from numpy.typing import NDArray

    from riskkit.typing import FloatArray, IntArray

__all__ = [
    "PairOptions",
    "PairSolution",
    "Solution",
    "edges_of_splits",
    "load_optbinning",
    "probe_options",
    "solve_column",
    "solve_pair",
    "splits_of_edges",
]

_CLASSES = {
    "binary": "OptimalBinning",
    "multiclass": "MulticlassOptimalBinning",
    "continuous": "ContinuousOptimalBinning",
}
_PREBIN_SIZE = 0.05  # optbinning's own default
# The trees that make optbinning's prebins read float32; beyond its range they refuse.
_FLOAT32_MAX = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Solution:
    """Splits of one column, and how the search for them ended.

    ``status`` is "optimal", "feasible" (stopped by the time limit), "single_bin" or
    "infeasible"; ``reason`` is empty if it is optimal.
    """

    splits: FloatArray
    status: str
    reason: str


@dataclass(frozen=True)
class PairSolution:
    """Rectangles ``low <= value < high`` of two columns, and how the search ended.

    ``bounds`` has the columns first low, first high, second low, second high.
    """

    bounds: FloatArray
    status: str
    reason: str


@dataclass(frozen=True)
class PairOptions:
    """Constraints on the rectangles of two columns; a trend of None is none."""

    trends: tuple[str | None, str | None]
    max_n_bins: int
    max_n_prebins: int
    min_bin_size: float
    time_limit: float


class _SolverNotes(logging.Filter):
    """Drops what cvxpy logs about solvers that are not installed."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "importing solver" not in str(record.msg)


def load_optbinning() -> ModuleType:
    """Import optbinning, without the notes of cvxpy on solvers that are absent.

    An import that fails raises as it would without.
    """
    notes = _SolverNotes()
    logger = logging.getLogger("__cvxpy__")
    logger.addFilter(notes)
    try:
        import optbinning
    finally:
        logger.removeFilter(notes)
    module: ModuleType = optbinning
    return module


def edges_of_splits(splits: FloatArray) -> FloatArray:
    """Return the edges whose bins ``(a, b]`` hold the same values as ``[a, b)``.

    ``x < split`` and ``x <= edge`` agree for every double if the edge is the largest
    double below the split.
    """
    edges = np.nextafter(np.asarray(splits, dtype=np.float64), -np.inf)
    return np.unique(edges[np.isfinite(edges)])


def splits_of_edges(edges: FloatArray) -> FloatArray:
    """Return the splits whose bins ``[a, b)`` hold the same values as ``(a, b]``."""
    return np.nextafter(np.asarray(edges, dtype=np.float64), np.inf)


def probe_options(kind: str, options: Mapping[str, Any]) -> None:
    """Raise if optbinning refuses the options, before any data is involved."""
    x = np.arange(64.0)
    y = np.resize([0, 1, 1, 0, 1], 64)
    try:
        _fitted(kind, x, y, options)
    except (ImportError, TypeError, ValueError) as error:
        msg = f"solver_options must suit optbinning; it answers: {error}"
        raise InvalidParameterError(msg) from error


def solve_column(
    kind: str, x: FloatArray, y: NDArray[Any], options: Mapping[str, Any]
) -> Solution:
    """Find the splits of one column; NaN is missing and dilutes the sizes.

    `kind` is the target's: "binary" (1 is the event), "multiclass" or "continuous".
    """
    observed = x[~np.isnan(x)]
    if not observed.size:
        return Solution(np.zeros(0), "single_bin", "no observed value")
    if observed.min() == observed.max():
        return Solution(np.zeros(0), "single_bin", "constant")
    binning = _fitted(kind, np.clip(x, -_FLOAT32_MAX, _FLOAT32_MAX), y, options)
    splits = np.asarray(binning.splits, dtype=np.float64)
    limit = float(options.get("time_limit", 100))
    status, reason = _outcome(binning.status, len(splits) + 1, limit)
    return Solution(splits, status, reason)


def solve_pair(
    x: FloatArray, y: FloatArray, is_event: IntArray, options: PairOptions
) -> PairSolution:
    """Find the rectangles of two columns; NaN is missing.

    ``OptimalBinning2D`` fails where all rectangles that keep the constraints have one
    size, a single one among them; its prebinning, model and solver are called instead.
    """
    load_optbinning()
    everywhere = np.array([[-np.inf, np.inf, -np.inf, np.inf]])
    known = ~np.isnan(x) & ~np.isnan(y)
    outcome = is_event[known]
    if len(np.unique(outcome)) < 2:
        reason = "the rows with both values known hold one class or none"
        return PairSolution(everywhere, "single_bin", reason)
    values = [np.clip(v[known], -_FLOAT32_MAX, _FLOAT32_MAX) for v in (x, y)]
    splits = [_prebin_splits(v, outcome, options, len(x)) for v in values]
    # Rows of their grids are bins of the second column.
    columns, rows = (
        np.digitize(v, cuts) for v, cuts in zip(values, splits, strict=True)
    )
    shape = len(splits[1]) + 1, len(splits[0]) + 1
    n = np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1])
    event = np.bincount(rows * shape[1] + columns, outcome, minlength=n.size)
    event = event.astype(np.int64)
    least = int(np.ceil(options.min_bin_size * len(x)))
    if least > n.sum():
        reason = "the rows with both values known are fewer than min_bin_size"
        return PairSolution(everywhere, "infeasible", reason)
    status, cells = _solve_grid(
        (n - event).reshape(shape), event.reshape(shape), least, options
    )
    state, reason = _outcome(status, len(cells), options.time_limit)
    if state == "infeasible":
        return PairSolution(everywhere, state, reason)
    ends = [np.concatenate([[-np.inf], cuts, [np.inf]]) for cuts in splits]
    bounds = []
    for cell in cells:
        row, column = np.divmod(np.asarray(cell), shape[1])
        bounds.append(
            [
                ends[0][column.min()],
                ends[0][column.max() + 1],
                ends[1][row.min()],
                ends[1][row.max() + 1],
            ]
        )
    return PairSolution(np.array(bounds), state, reason)


def _prebin_splits(
    x: FloatArray, outcome: IntArray, options: PairOptions, n_rows: int
) -> FloatArray:
    from optbinning.binning.prebinning import PreBinning

    size = min(options.min_bin_size, _PREBIN_SIZE) or _PREBIN_SIZE
    prebinning = PreBinning(
        problem_type="classification",
        method="cart",
        n_bins=options.max_n_prebins,
        min_bin_size=int(np.ceil(size * n_rows)),
    )
    return np.asarray(prebinning.fit(x, outcome).splits, dtype=np.float64)


def _solve_grid(
    nonevent: IntArray, event: IntArray, least: int, options: PairOptions
) -> tuple[str, list[list[int]]]:
    """Return the status, and the cells of each rectangle chosen."""
    from optbinning.binning.multidimensional.cp_2d import Binning2DCP
    from optbinning.binning.multidimensional.model_data_2d import model_data

    data = model_data(
        "iv", nonevent, event, *options.trends, 1_000_000, least, *[None] * 5
    )
    n_grid, n_rectangles, cells, cols, value, next_x, next_y, rate, _, _, size = data
    model = Binning2DCP(
        *options.trends, None, options.max_n_bins, 0, 0, 0, 1, options.time_limit
    )
    model.build_model(n_grid, n_rectangles, cols, value, next_x, next_y, rate, size)
    status, chosen = model.solve()
    return status, [cells[k] for k in np.flatnonzero(chosen)]


def _fitted(
    kind: str, x: FloatArray, y: NDArray[Any], options: Mapping[str, Any]
) -> Any:
    binning = getattr(load_optbinning(), _CLASSES[kind])(**options)
    with warnings.catch_warnings():
        # Divisions by empty prebins inside optbinning, before it merges them.
        warnings.simplefilter("ignore", RuntimeWarning)
        return binning.fit(x, y)


def _outcome(status: str, n_bins: int, time_limit: float) -> tuple[str, str]:
    """Translate optbinning's status, and say why where it is not optimal."""
    limit = f"the time limit of {time_limit:g} s"
    if status == "FEASIBLE":
        return "feasible", f"optbinning stopped at {limit}; better bins may exist"
    if status == "INFEASIBLE":
        return "infeasible", "no bins of optbinning's prebins keep the constraints"
    if status != "OPTIMAL":
        return "infeasible", f"optbinning found no bins within {limit} ({status})"
    if n_bins == 1:
        return "single_bin", "optbinning found no split that keeps the constraints"
    return "optimal", ""
