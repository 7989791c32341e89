"""Bins that are given rather than found: checked, and counted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.levels import level_key
from riskkit._kernels.bins import count_bins
from riskkit._kernels.search import ColumnPartition
from riskkit.artifact import FeatureSpec, assign_column
from riskkit.binning._partition import FeaturePartition
from riskkit.binning._shape import shape_of
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from riskkit._core.inputs import Training

__all__ = ["checked_edges", "checked_groups", "count_feature"]


def count_feature(
    training: Training, feature: FeatureSpec, *, one_bin: str
) -> FeaturePartition:
    """Count the rows in given bins; `one_bin` is the reason if there is only one."""
    bins = assign_column(feature, training.table.column(feature.name))
    n_event, n_nonevent = count_bins(
        bins, training.is_event, feature.n_bins, training.weight
    )
    k = feature.n_regular
    with np.errstate(invalid="ignore"):
        rate = n_event[:k] / (n_event[:k] + n_nonevent[:k])
    partition = ColumnPartition(
        edges=np.asarray(feature.edges),
        trend=shape_of(rate) if feature.kind == "numeric" else "none",
        status="manual" if k > 1 else "single_bin",
        reason="" if k > 1 else one_bin,
        value=math.nan,
        bound=math.nan,
        n_event=n_event[:k],
        n_nonevent=n_nonevent[:k],
        missing_event=float(n_event[feature.missing_bin]),
        missing_nonevent=float(n_nonevent[feature.missing_bin]),
    )
    unused = tuple(
        code
        for g, group in enumerate(feature.special)
        if n_event[k + g] + n_nonevent[k + g] == 0
        for code in group.codes
    )
    return FeaturePartition(feature, partition, n_event, n_nonevent, unused)


def checked_edges(name: str, edges: Any) -> tuple[float, ...]:
    """Return given edges as floats; they must be finite and increasing."""
    try:
        values = np.asarray(edges, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"The edges of the numeric feature {name!r} must be numbers."
        raise InvalidParameterError(msg) from error
    increasing = values.ndim == 1 and bool((np.diff(values) > 0).all())
    if not increasing or not np.isfinite(values).all():
        msg = f"The edges of {name!r} must be finite and increasing; got {edges!r}."
        raise InvalidParameterError(msg)
    return tuple(values.tolist())


def checked_groups(name: str, groups: Any) -> tuple[tuple[str, ...], ...]:
    """Return given groups of levels as text; no level may stand in two groups."""
    valid = isinstance(groups, Sequence) and not isinstance(groups, str)
    if not valid or any(
        isinstance(g, str) or not isinstance(g, Sequence | set | frozenset)
        for g in groups
    ):
        msg = (
            f"The bins of the categorical feature {name!r} must be a sequence of "
            f"groups of levels, such as [['a', 'b'], ['c']]; got {groups!r}."
        )
        raise InvalidParameterError(msg)
    keys = tuple(tuple(sorted(str(level_key(level)) for level in g)) for g in groups)
    seen: set[str] = set()
    for level in (level for group in keys for level in group):
        if level in seen:
            msg = f"The groups of {name!r} overlap: level {level!r} stands twice."
            raise InvalidParameterError(msg)
        seen.add(level)
    if not all(keys):
        msg = f"The groups of {name!r} must each hold a level; one is empty."
        raise InvalidParameterError(msg)
    return keys
