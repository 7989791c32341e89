"""A fitted fraud model as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.artifact import FraudSpec, SurpriseSpec
from riskkit.fraud._fraud_training import column_labels, member_names, rest_level

if TYPE_CHECKING:
    from riskkit._kernels.tail_surprise import SurpriseMap
    from riskkit.artifact import LogOddsMapSpec
    from riskkit.fraud._blend import ScoreBlend
    from riskkit.fraud._detector import BaseDetector

__all__ = ["fraud_spec"]


def fraud_spec(
    detector: BaseDetector,
    booster: Any,
    blend: ScoreBlend,
    line: LogOddsMapSpec,
    *,
    sees_anomalies: bool,
) -> FraudSpec:
    """Return the plain data of a detector, trees, and how both are blended."""
    fields = detector._coder.fields  # noqa: SLF001
    labels: list[str] = []
    if sees_anomalies:
        names = [field.name for field in fields]
        labels = column_labels(names, member_names(detector))
    return FraudSpec(
        detector=detector.to_spec(),
        booster=booster.to_spec(),
        anomaly_columns=tuple(labels),
        unseen=tuple(
            None if field.levels is None else rest_level(field.levels)
            for field in fields
        ),
        share=float(blend.share),
        learned=_surprise_spec(blend.learned),
        anomaly=_surprise_spec(blend.anomaly),
        line=line,
    )


def _surprise_spec(tail: SurpriseMap) -> SurpriseSpec:
    return SurpriseSpec(
        tail.knot,
        tail.value,
        tail.slope,
        float(tail.excess) if np.isfinite(tail.excess) else None,
        bool(tail.is_log),
    )
