"""Where the borders of grades come from when nobody gives them."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.bins import assign_bins, count_bins, quantile_edges
from riskkit._kernels.grades import geometric_edges
from riskkit._kernels.partition import PartitionRules, solve_partition
from riskkit.exceptions import InvalidInputError, InvalidTargetError, SingleBinWarning

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["ladder_edges", "least_size", "optimal_edges"]

# Cells of equal weight among which the borders are chosen: a border can then miss its
# best place by half a percent of the accounts, and the solver takes a moment.
_N_CELLS = 100
_TAIL = 0.01  # share of the accounts below the lowest and above the highest border


def least_size(min_share: float, n: float) -> float:
    """Return the accounts that a share stands for, forgiving one rounding."""
    return min_share * n * (1.0 - 1e-12)  # 0.07 * 100 is above 7


def ladder_edges(
    pd: FloatArray,
    weight: FloatArray | None,
    n_grades: int,
    pd_range: tuple[float, float] | None,
) -> FloatArray:
    """Return edges in constant ratio, by default over the middle 98 % of the PDs."""
    if n_grades == 1:
        return np.array([0.0, 1.0])
    if pd_range is None:
        pd_range = _quantile(pd, weight, _TAIL), _quantile(pd, weight, 1.0 - _TAIL)
    low, high = pd_range
    if not 0 < low < high < 1 and n_grades > 2:
        msg = (
            "A geometric scale needs PDs that spread within (0, 1); here the middle "
            f"98 % of {pd.size} PDs do not. Give pd_range=(lowest, highest border)."
        )
        raise InvalidInputError(msg)
    if n_grades == 2:
        return np.array([0.0, np.sqrt(low * high), 1.0])
    return geometric_edges(low, high, n_grades)


def _quantile(pd: FloatArray, weight: FloatArray | None, share: float) -> float:
    order = np.argsort(pd, kind="stable")
    mass = np.cumsum(np.ones(pd.size) if weight is None else weight[order])
    place = np.searchsorted(mass, share * mass[-1], side="left")
    return float(pd[order[place]])


def optimal_edges(
    pd: FloatArray,
    is_event: BoolArray | None,
    weight: FloatArray | None,
    n_grades: int,
    min_share: float,
) -> FloatArray:
    """Return the edges that separate best with rising event rates."""
    if is_event is None:
        msg = (
            "method='optimised' requires y to be passed: grades are chosen by "
            "outcomes; the target y is None. method='geometric' needs none."
        )
        raise InvalidTargetError(msg)
    cuts = quantile_edges(pd, _N_CELLS, weight)
    n_event, n_nonevent = count_bins(
        assign_bins(pd, cuts), is_event, cuts.size + 1, weight
    )
    rules = PartitionRules(
        total_event=float(n_event.sum()),
        total_nonevent=float(n_nonevent.sum()),
        max_n_bins=n_grades,
        min_bin_size=least_size(min_share, float(n_event.sum() + n_nonevent.sum())),
    )
    best = solve_partition(n_event[:, None], n_nonevent[:, None], rules, "ascending")[0]
    if not best.cuts.size:
        msg = (
            f"No two grades of at least {min_share:.3g} of the accounts have rising "
            "event rates: the scale has one grade. Check that the PDs rank, or lower "
            "min_share."
        )
        warnings.warn(msg, SingleBinWarning, stacklevel=4)
    return np.concatenate([[0.0], cuts[best.cuts - 1], [1.0]])
