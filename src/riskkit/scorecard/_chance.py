"""How much of a characteristic's evidence is chance, and what it is charged for that.

The WoE of a bin contains the outcomes of the rows it then explains. For a
characteristic with ``d`` numbers that were free to follow the outcomes, the covariance
between outcomes and WoE comes out ``d`` too large (Efron 2004, sec. 2), and so does,
without any evidence at all, the statistic ``IV E N / (E + N)`` of Kullback's
divergence, which is then chi-square with about ``d`` degrees of freedom (Kullback
1959, ch. 6).

A level of the event rate is such a number, and so is the edge of a bin that was
searched for. Bootstraps of public loan tables give about two for each bin beyond the
first of a numeric feature with many values, and one for each level of a category,
which is grouped by what its levels did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.binning import BinningTable
    from riskkit.typing import FloatArray

__all__ = ["chance_of", "free_parameters"]


def free_parameters(tables: Sequence[BinningTable], *, searched: bool) -> FloatArray:
    """Return how many numbers of each characteristic followed the outcomes.

    Bins that people gave were not `searched`: only their levels count.
    """
    return np.array([_free(table, searched) for table in tables], dtype=np.float64)


def chance_of(tables: Sequence[BinningTable], free: FloatArray) -> FloatArray:
    """Return the chance of as high an IV where there is no evidence at all."""
    from scipy.special import chdtrc

    chi2 = []
    for table in tables:
        n_event, n_nonevent = table.n_event.sum(), table.n_nonevent.sum()
        chi2.append(table.iv * n_event * n_nonevent / (n_event + n_nonevent))
    return np.asarray(chdtrc(np.maximum(free, 1.0), np.array(chi2, dtype=np.float64)))


def _free(table: BinningTable, searched: bool) -> int:
    n_regular = table.feature.n_regular
    # Special and missing bins that joined another one have no number of their own.
    joins = np.asarray(table.joins)[n_regular:]
    own = joins == np.arange(n_regular, table.feature.n_bins)
    levels = n_regular + int(np.count_nonzero(own & (table.n[n_regular:] > 0))) - 1
    if not searched:
        return levels
    if table.feature.kind == "categorical":
        return levels - n_regular + sum(map(len, table.feature.levels))
    return levels + n_regular - 1
