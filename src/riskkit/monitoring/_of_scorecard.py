"""The population that a scorecard carries with it since its training."""

from __future__ import annotations

from typing import Any

import numpy as np

from riskkit.artifact import BaselineSpec, BinnedSpec, FeatureSpec, ScorecardSpec
from riskkit.exceptions import InvalidTypeError
from riskkit.monitoring._counts import Counts
from riskkit.monitoring._partition import SCORE, Partition

__all__ = ["population_of_scorecard"]


def population_of_scorecard(model: Any) -> tuple[Partition, Counts]:
    """Return bins, points and training counts of a scorecard or of its artifact."""
    spec = getattr(model, "spec_", getattr(model, "model", None))
    stored = getattr(model, "baseline_", getattr(model, "baseline", None))
    if not isinstance(spec, ScorecardSpec) or not isinstance(stored, BaselineSpec):
        msg = (
            "model must be a fitted scorecard or an artifact of one, with its training "
            f"counts; got {type(model).__name__} without. Use Baseline.fit on its "
            "training rows."
        )
        raise InvalidTypeError(msg)
    features = tuple(
        BinnedSpec(c.feature, tuple(c.points)) for c in spec.characteristics
    )
    bands = BinnedSpec(FeatureSpec(SCORE, "numeric", edges=stored.points_edges))
    of_features = [stored.features[item.feature.name] for item in features]
    # Every account of a training population had points: two bands stay empty.
    n, event = (
        np.array([*[v for counts in of_features for v in getattr(counts, what)],
                  *getattr(stored.points, what), 0.0, 0.0])
        for what in ("n", "n_event")
    )  # fmt: skip
    return Partition(features, bands, "safer"), Counts(n, n, event, {})
