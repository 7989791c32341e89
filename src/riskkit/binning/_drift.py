"""Periods of a sample, and how far a binned feature moves between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.levels import is_missing
from riskkit._kernels.divergence import psi_terms
from riskkit.exceptions import InvalidInputError, InvalidTypeError

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, CodeArray, FloatArray, IntArray

__all__ = ["Periods", "largest_csi", "read_periods"]

_MOST_PERIODS = 120  # ten years of months; more are dates that were not cut
_SMOOTHING = 0.5  # as in riskkit.metrics.csi


@dataclass(frozen=True)
class Periods:
    """The period of each row, as a position in `labels`, the earliest first."""

    codes: IntArray
    labels: tuple[str, ...]


def read_periods(values: Any, n_rows: int, known: BoolArray) -> Periods:
    """Read the periods of the `known` rows, in their natural order."""
    raw = values.to_numpy() if hasattr(values, "to_numpy") else np.asarray(values)
    raw = np.asarray(raw)
    if raw.shape != (n_rows,):
        msg = (
            f"periods must hold one period for each of the {n_rows} rows; got shape "
            f"{raw.shape}."
        )
        raise InvalidInputError(msg)
    raw = raw[known]
    n_missing = _count_missing(raw)
    if n_missing:
        msg = (
            f"periods must be known in every row; {n_missing} of {raw.size} rows have "
            "none. Leave those rows out, or give them a period of their own."
        )
        raise InvalidInputError(msg)
    try:
        labels, codes = np.unique(raw, return_inverse=True)
    except TypeError as error:
        msg = "periods must be of one type that can be ordered; got a mixture of types."
        raise InvalidTypeError(msg) from error
    if not 2 <= labels.size <= _MOST_PERIODS:
        advice = (
            "One period has nothing to be compared with."
            if labels.size < 2
            else "Turn dates into months, quarters or years."
        )
        msg = (
            f"periods must hold 2 to {_MOST_PERIODS} distinct values; got "
            f"{labels.size}. {advice}"
        )
        raise InvalidInputError(msg)
    return Periods(codes, tuple(str(label) for label in labels))


def largest_csi(
    codes: CodeArray, n_bins: int, periods: Periods, weight: FloatArray | None
) -> tuple[float, str]:
    """Return the largest CSI of a later period against the first, and which it is."""
    n_periods = len(periods.labels)
    cell = periods.codes * n_bins + codes
    counts = np.bincount(cell, weight, n_periods * n_bins).reshape(n_periods, n_bins)
    moved = [
        float(psi_terms(counts[0], later, _SMOOTHING).sum())
        for later in counts[1:].astype(np.float64)
    ]
    worst = int(np.argmax(moved))
    return moved[worst], periods.labels[worst + 1]


def _count_missing(raw: Any) -> int:
    if raw.dtype.kind == "f":
        return int(np.isnan(raw).sum())
    if raw.dtype.kind in "mM":
        return int(np.isnat(raw).sum())
    if raw.dtype.kind == "O":
        return sum(is_missing(value) for value in raw.tolist())
    return 0
