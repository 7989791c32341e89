"""Boosters that still learn where one row in a thousand is an event."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit.exceptions import FewEventsWarning, NoEvidenceWarning

if TYPE_CHECKING:
    import pandas as pd

    from riskkit.boosting import LGBMPDClassifier, XGBPDClassifier
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["BOOSTERS", "event_multiple", "fit_booster"]

# Libraries refuse leaves with little curvature, by default as much as four events
# have at even odds. At a base rate of 0.2 % no leaf gets there: LightGBM's defaults
# then learn nothing. So a leaf may be as small as it likes, and what keeps trees from
# learning rows by heart is that they are shallow, slow, shrunk, and see half of the
# columns. Rows are not drawn, so that a weight of 2 equals the row twice.
_COMMON = {
    "learning_rate": 0.05,
    "subsample": 1.0,
    "colsample": 0.5,
    "min_child_weight": 0.0,
    "reg_lambda": 5.0,
    "verbose": False,
}
BOOSTERS: dict[str, dict[str, Any]] = {
    "xgboost": {"max_depth": 3},
    "lightgbm": {"num_leaves": 8, "min_child_samples": 1},
}


def fit_booster(
    name: str,
    X: pd.DataFrame,
    is_event: BoolArray,
    weight: FloatArray | None,
    multiple: float,
    *,
    n_rounds: int,
    seed: int,
    n_jobs: int | None,
) -> XGBPDClassifier | LGBMPDClassifier:
    """Grow the trees, every event counting as `multiple` rows."""
    # Imported here because detectors do without the libraries of trees.
    from riskkit.boosting import LGBMPDClassifier, XGBPDClassifier

    make = {"xgboost": XGBPDClassifier, "lightgbm": LGBMPDClassifier}[name]
    model: XGBPDClassifier | LGBMPDClassifier = make(
        **_COMMON,
        **BOOSTERS[name],
        n_rounds=n_rounds,
        random_state=seed,
        n_jobs=n_jobs,
    )
    mass = np.ones(is_event.size) if weight is None else weight
    with warnings.catch_warnings():
        # They tell of a search for rounds that is not done here, and that a model
        # without evidence falls back on the anomaly score is told by the classifier.
        warnings.simplefilter("ignore", FewEventsWarning)
        warnings.simplefilter("ignore", NoEvidenceWarning)
        return model.fit(
            X,
            is_event.astype(np.intp),
            sample_weight=np.where(is_event, mass * multiple, mass),
        )


def event_multiple(
    event_weight: float | str, is_event: BoolArray, weight: FloatArray | None
) -> float:
    """Return how many rows an event counts as."""
    if not isinstance(event_weight, str):
        return float(event_weight)
    mass = np.ones(is_event.size) if weight is None else weight
    odds = float(mass[~is_event].sum() / mass[is_event].sum())
    ratio = odds if event_weight == "balanced" else float(np.sqrt(odds))
    return max(1.0, ratio)
