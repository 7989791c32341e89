"""The column that says in which periods the ranking of bins has to hold."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.bins import count_bins
from riskkit._kernels.evidence import information_value
from riskkit._kernels.partition_periods import least_sizes
from riskkit._kernels.search_column import Periods
from riskkit.binning._joins import pool
from riskkit.exceptions import (
    InvalidParameterError,
    InvalidTypeError,
    ThinPeriodWarning,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskkit._core.inputs import Training
    from riskkit.binning._partition import FeaturePartition
    from riskkit.typing import IntArray

__all__ = ["read_stability", "with_costs"]


def read_stability(sample: Training, name: str, n_expected: float) -> Periods:
    """Read the period of each row; periods too thin for any two bins are left out."""
    codes, n_periods = _period_codes(sample.table.column(name), name)
    if n_periods < 2:
        msg = (
            f"stable_over={name!r} must hold at least two periods; that column holds "
            f"{n_periods}. Name a column such as the year of the application."
        )
        raise InvalidParameterError(msg)
    # Rows without a period count in every bin, but in no period.
    codes = np.where(codes < 0, n_periods, codes)
    event, nonevent = count_bins(codes, sample.is_event, n_periods + 1, sample.weight)
    least = least_sizes(event[:-1], nonevent[:-1], n_expected)
    # Two bins have to reach the least size.
    counts = event[:-1] + nonevent[:-1] >= 2 * least
    if not counts.any():
        msg = (
            f"No period of stable_over={name!r} has {2 * n_expected:g} events and "
            f"non-events, the least for two bins; it holds {n_periods} periods. Use "
            "longer periods, or lower min_period_n_event."
        )
        raise InvalidParameterError(msg)
    n_thin = int(np.count_nonzero(~counts))
    if n_thin:
        msg = (
            f"{n_thin} of the {n_periods} periods of {name!r} have too few events or "
            "non-events to count: the ranking of bins is not required to hold there."
        )
        warnings.warn(msg, ThinPeriodWarning, stacklevel=5)
    place = np.full(n_periods + 1, np.count_nonzero(counts), dtype=np.intp)
    place[:-1][counts] = np.arange(np.count_nonzero(counts))
    return Periods(place[codes], least[counts])


def with_costs(
    stable: Mapping[str, FeaturePartition],
    free: Mapping[str, FeaturePartition],
    smoothing: float,
) -> dict[str, FeaturePartition]:
    """Return the stable partitions; their report has the IV given up for stability."""
    return {
        name: replace(
            own,
            report={
                **own.report,
                "stability_cost": _iv(free[name], smoothing) - _iv(own, smoothing),
            },
        )
        for name, own in stable.items()
    }


def _iv(partition: FeaturePartition, smoothing: float) -> float:
    return information_value(
        pool(partition.n_event, partition.joins),
        pool(partition.n_nonevent, partition.joins),
        smoothing,
    )


def _period_codes(column: Any, name: str) -> tuple[IntArray, int]:
    """Return the position of each row's period, -1 where it is missing."""
    import pandas as pd

    native = column.to_native() if hasattr(column, "to_native") else column
    if hasattr(native, "to_pandas"):  # Polars and Arrow
        native = native.to_pandas()
    try:
        codes, values = pd.factorize(pd.Series(native), sort=True)
    except TypeError as error:
        msg = (
            f"stable_over={name!r} must name a column of numbers, text, dates or "
            "periods; its values cannot be told apart or ordered."
        )
        raise InvalidTypeError(msg) from error
    return np.asarray(codes, dtype=np.intp), len(values)
