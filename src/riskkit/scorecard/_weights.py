"""Which characteristics enter a scorecard, and how much each of them weighs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.logistic_fit import LogisticFit, fit_logistic
from riskkit.artifact import assign_column
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskkit._core.inputs import Training
    from riskkit.binning import BinningTable

__all__ = ["fit_weights", "with_evidence", "with_weight"]


def with_evidence(
    tables: Mapping[str, BinningTable], min_iv: float
) -> tuple[list[BinningTable], dict[str, str]]:
    """Return the tables with enough evidence, and why the others have too little."""
    _check_finite(tables)
    used, left_out = [], {}
    for name, table in tables.items():
        if not np.any(table.woe[table.n > 0]):
            left_out[name] = table.reason or "no evidence in any bin"
        elif table.iv < min_iv:
            left_out[name] = f"IV {table.iv:.4f} is below {min_iv:g}"
        else:
            used.append(table)
    return used, left_out


def fit_weights(
    training: Training,
    tables: Sequence[BinningTable],
    *,
    optimism: float,
    l2: float,
    max_iter: int,
) -> LogisticFit:
    """Fit the log-odds of the event to the WoE; no coefficient is above 0."""
    rows = training.table
    woe = np.empty((rows.n_rows, len(tables)))
    for j, table in enumerate(tables):
        bins = assign_column(table.feature, rows.column(table.name))
        woe[:, j] = table.woe[bins]
    return fit_logistic(
        woe,
        training.is_event,
        training.weight,
        l2=float(l2),
        l1=float(optimism) * np.array([_free_parameters(table) for table in tables]),
        nonpositive=True,
        max_iter=int(max_iter),
    )


def with_weight(
    tables: Sequence[BinningTable], fit: LogisticFit
) -> tuple[list[BinningTable], dict[str, str]]:
    """Return the tables with a coefficient below 0, and why the others have none."""
    kept, left_out = [], {}
    for table, weight, slope in zip(tables, fit.coefficients, fit.slopes, strict=True):
        if weight < 0:
            kept.append(table)
        elif slope < 0:
            left_out[table.name] = (
                "its coefficient would turn its direction round beside the others"
            )
        else:
            left_out[table.name] = (
                "no more evidence beside the others than chance gives"
            )
    return kept, left_out


def _check_finite(tables: Mapping[str, BinningTable]) -> None:
    """Refuse infinite WoE, which only an unsmoothed bin of one class has."""
    pure = [name for name, t in tables.items() if not np.isfinite(t.woe).all()]
    if pure:
        shown = ", ".join(repr(name) for name in pure[:10])
        msg = (
            "Every bin of a scorecard needs a finite WoE; without smoothing, bins with "
            f"events or non-events alone have none: {shown}. Give the binner a "
            "smoothing above 0, or group the special codes."
        )
        raise InvalidParameterError(msg)


def _free_parameters(table: BinningTable) -> int:
    """Return how many numbers of the characteristic were free to follow the outcomes.

    A category is grouped by what its levels did, so each level counts.
    """
    extra = int(np.count_nonzero(table.n[table.feature.n_regular :]))
    if table.feature.kind == "categorical":
        return sum(map(len, table.feature.levels)) + extra - 1
    return table.feature.n_regular + extra - 1
