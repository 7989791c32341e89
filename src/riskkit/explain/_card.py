"""The scorecard behind a model, and the bins its accounts fall into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from riskkit._core.inputs import read_features
from riskkit._core.params import did_you_mean
from riskkit._kernels.points import mean_value, neutral_points
from riskkit.artifact import ScorecardSpec, assign_column
from riskkit.exceptions import InvalidParameterError, InvalidTypeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from riskkit.artifact import BaselineSpec, CharacteristicSpec
    from riskkit.typing import CodeArray, FloatArray

__all__ = [
    "REFERENCES",
    "UNITS",
    "bin_values",
    "find_bins",
    "inner_model",
    "read_card",
    "references",
    "row_labels",
    "unknown_characteristics",
]

REFERENCES = ("best", "neutral", "mean")
UNITS = ("points", "log_odds")


def inner_model(model: Any) -> Any:
    """Return the model inside a calibrated one, which has the points and reasons."""
    from sklearn.frozen import FrozenEstimator

    from riskkit.calibration import CalibratedPD

    while isinstance(model, (CalibratedPD, FrozenEstimator)):
        if isinstance(model, CalibratedPD):
            check_is_fitted(model)
            model = model.estimator_
        else:
            model = model.estimator
    return model


def read_card(model: Any, caller: str) -> ScorecardSpec:
    """Return the scorecard of a fitted model."""
    spec = getattr(model, "spec_", None)
    if spec is None and hasattr(model, "fit"):
        check_is_fitted(model)
    if not isinstance(spec, ScorecardSpec):
        msg = (
            f"{caller} needs a fitted scorecard, such as ScorecardClassifier; got "
            f"{type(model).__name__}."
        )
        raise InvalidTypeError(msg)
    return spec


def find_bins(model: Any, spec: ScorecardSpec, X: Any) -> tuple[int, list[CodeArray]]:
    """Return the number of rows, and each row's bin of every characteristic."""
    table = read_features(model, X, reset=False, names=list(spec.features))
    bins = [
        assign_column(item.feature, table.column(item.feature.name))
        for item in spec.characteristics
    ]
    return table.n_rows, bins


def row_labels(X: Any) -> pd.Index | None:
    """Return the index of a pandas frame, which results keep; None for others."""
    return X.index if isinstance(X, pd.DataFrame) else None


def bin_values(item: CharacteristicSpec, unit: str) -> FloatArray:
    """Return what each bin adds, in points or in log-odds of the event."""
    return np.asarray(item.points if unit == "points" else item.log_odds)


def references(
    model: Any, spec: ScorecardSpec, against: str, unit: str = "points"
) -> list[float]:
    """Return what each characteristic is compared with."""
    values = [bin_values(item, unit) for item in spec.characteristics]
    if against == "best":
        best = np.max if unit == "points" else np.min  # log-odds up is riskier
        return [float(best(v)) for v in values]
    if against == "neutral":
        return [_neutral(item, spec, unit) for item in spec.characteristics]
    baseline: BaselineSpec | None = getattr(model, "baseline_", None)
    counts = baseline.features if baseline is not None else {}
    absent = [c for c in spec.features if c not in counts or not sum(counts[c].n)]
    if absent:
        msg = (
            "against='mean' needs the counts of the training population in "
            f"baseline_; {type(model).__name__} has none for {absent[0]!r}. Use "
            "against='best' or 'neutral'."
        )
        raise InvalidParameterError(msg)
    return [
        mean_value(v, np.asarray(counts[name].n))
        for name, v in zip(spec.features, values, strict=True)
    ]


def unknown_characteristics(
    given: Iterable[object], known: Sequence[str], parameter: str
) -> None:
    """Raise if a name is no characteristic of the scorecard."""
    absent = [name for name in given if name not in known]
    if absent:
        msg = (
            f"{parameter} must name characteristics of the scorecard; {absent[0]!r} "
            f"is none of its {len(known)}.{did_you_mean(absent[0], known)}"
        )
        raise InvalidParameterError(msg)


def _neutral(item: CharacteristicSpec, spec: ScorecardSpec, unit: str) -> float:
    if not any(item.woe) and len(set(item.points)) > 1:
        msg = (
            "against='neutral' needs weights of evidence, which "
            f"{item.feature.name!r} has none of. Use against='best'."
        )
        raise InvalidParameterError(msg)
    if unit == "log_odds":
        return 0.0
    return neutral_points(
        np.asarray(item.points),
        np.asarray(item.log_odds),
        np.asarray(item.woe),
        spec.scaling.pdo,
        spec.scaling.rounding == "integer",
    )
