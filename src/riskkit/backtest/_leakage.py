"""Columns that alone rank outcomes as no characteristic of an applicant does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.frames import Table, level_column, numeric_column
from riskkit._kernels.ranking import auc, score_counts
from riskkit.exceptions import InvalidTypeError

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["suspicious_columns"]

_N_GROUPS = 20
# Accounts of the mean event rate that every group is given, so that a level with few
# rows does not look telling by chance.
_PRIOR = 5.0


def suspicious_columns(
    X: Any, is_event: BoolArray, weight: FloatArray, limit: float
) -> dict[str, float]:
    """Return the AUC of every column that alone has more than the limit.

    A column is cut into some 20 groups, missing values apart, or taken by its levels.
    Groups are ranked by their event rates in the other half of the rows, so that many
    levels do not rank well by chance.
    """
    table = Table.read(X)
    found = {}
    for name in table.names:
        groups = _groups(table, name)
        if groups is not None:
            area = _cross_auc(groups, is_event, weight)
            if area > limit:
                found[name] = area
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _groups(table: Table, name: str) -> IntArray | None:
    try:
        kind = table.kind(name)
    except InvalidTypeError:
        return None  # a column that is the model's own business, such as a date
    if kind == "categorical":
        return level_column(table.column(name), name).codes + 1
    x = numeric_column(table.column(name), name)
    known = np.isfinite(x)
    codes = np.zeros(x.size, dtype=np.intp)
    if known.any():
        steps = np.linspace(0.0, 1.0, _N_GROUPS + 1)[1:-1]
        edges = np.unique(np.quantile(x[known], steps, method="inverted_cdf"))
        codes[known] = np.searchsorted(edges, x[known]) + 1
    return codes


def _cross_auc(groups: IntArray, is_event: BoolArray, weight: FloatArray) -> float:
    halves = np.arange(groups.size) % 2 == 0
    size = int(groups.max(initial=0)) + 1
    score = np.empty(groups.size)
    for half in (halves, ~halves):
        other = ~half
        n = np.bincount(groups[other], weight[other], size)
        event = np.bincount(groups[other], (weight * is_event)[other], size)
        mean = event.sum() / n.sum() if n.sum() else 0.0
        score[half] = ((event + _PRIOR * mean) / (n + _PRIOR))[groups[half]]
    _, event, nonevent = score_counts(is_event, score, weight)
    return auc(event, nonevent)
