"""A learned and an unlearned score as one log-odds, and as parts by field.

Notation: ``g`` and ``h`` are the surprise of the learned score ``s`` and of the anomaly
score ``t``, ``w`` the share of the learned one. Then

    log_odds = c + a (w g(s) + (1 - w) h(t))

The learned score is ``base`` plus what trees give to fields, the anomaly score
``start`` plus what the detector gives to them. What trees make of the detector's
columns goes to the fields that raise the anomaly score, in proportion. Each map is
taken for a line between where its sum starts and where it ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from riskkit._kernels.tail_surprise import surprise

if TYPE_CHECKING:
    from riskkit._kernels.tail_surprise import SurpriseMap
    from riskkit.typing import FloatArray

__all__ = ["FraudBlend", "Told", "blend_parts", "fraud_log_odds", "fraud_parts"]

_FLAT = 1e-12  # sums closer to their start are not stretched


class FraudBlend(NamedTuple):
    """Both maps, the share, and the line of the calibration."""

    learned: SurpriseMap
    anomaly: SurpriseMap
    share: float
    slope: float
    intercept: float


class Told(NamedTuple):
    """What trees and a detector say of rows, and how fields share it."""

    learned: FloatArray
    base: float
    own: FloatArray  # by field, shape (n_rows, n_fields)
    through: FloatArray  # by way of the detector's columns
    anomaly: FloatArray
    start: FloatArray | float
    raised: FloatArray  # by field


def blend_parts(
    blend: FraudBlend, learned: FloatArray, anomaly: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return what each of the two scores adds, in nats."""
    return (
        blend.share * surprise(blend.learned, learned),
        (1.0 - blend.share) * surprise(blend.anomaly, anomaly),
    )


def fraud_log_odds(
    blend: FraudBlend, learned: FloatArray, anomaly: FloatArray
) -> FloatArray:
    """Return the calibrated log-odds of an event."""
    first, second = blend_parts(blend, learned, anomaly)
    return np.asarray(blend.intercept + blend.slope * (first + second))


def fraud_parts(blend: FraudBlend, told: Told) -> tuple[FloatArray, FloatArray]:
    """Return what is left, and what each field adds to the log-odds of each row."""
    positive = np.maximum(told.raised, 0.0)
    total = positive.sum(axis=1)
    is_raised = total > _FLAT
    shares = told.through / np.where(is_raised, total, 1.0) * is_raised
    own = told.own + positive * shares[:, None]
    n_rows = len(own)
    first, second = blend_parts(blend, told.learned, told.anomaly)
    base, unmoved = blend_parts(
        blend, np.full(n_rows, told.base), np.broadcast_to(told.start, (n_rows,))
    )
    slope_1 = _ratio(first - base, own.sum(axis=1))
    slope_2 = _ratio(second - unmoved, told.raised.sum(axis=1))
    parts = blend.slope * (own * slope_1[:, None] + told.raised * slope_2[:, None])
    rest = blend.intercept + blend.slope * (first + second) - parts.sum(axis=1)
    return rest, parts


def _ratio(change: FloatArray, total: FloatArray) -> FloatArray:
    flat = np.abs(total) < _FLAT
    return np.where(flat, 0.0, change / np.where(flat, 1.0, total))
