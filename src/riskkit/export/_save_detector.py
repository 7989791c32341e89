"""From a fitted detector or fraud model to an artifact."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import riskkit
from riskkit._core.levels import level_key
from riskkit.artifact import (
    FraudSpec,
    GoldenRowSpec,
    Manifest,
    golden_records,
    write_detector,
)
from riskkit.exceptions import InvalidParameterError
from riskkit.fraud import FraudClassifier

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from riskkit.artifact import DetectorSpec

__all__ = ["is_detector", "save_detector"]

_LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy")
_BOOSTERS = ("lightgbm", "xgboost")


def is_detector(model: Any) -> bool:
    """Return whether a model is a detector or a fraud model, fitted or not."""
    if isinstance(model, type):
        return False
    return isinstance(model, FraudClassifier) or hasattr(model, "anomaly_score")


def save_detector(
    model: Any,
    path: str | os.PathLike[str],
    *,
    on_top: Mapping[str, object],
    target: str | None,
    window: tuple[str, str] | None,
    left_out: Mapping[str, str],
    notes: Mapping[str, Any],
    schema: Mapping[str, Any] | None,
    overwrite: bool,
) -> Manifest:
    """Save it; `on_top` is what only models of PDs may be given."""
    given = [name for name, value in on_top.items() if value is not None]
    if given:
        msg = (
            f"{given[0]} belongs on top of a PD; got it with a "
            f"{type(model).__name__}. Leave it out: a FraudClassifier is calibrated "
            "already, and an anomaly score is no probability."
        )
        raise InvalidParameterError(msg)
    is_fraud = isinstance(model, FraudClassifier)
    spec = model.to_spec()
    labels = model.classes_ if is_fraud else (0, 1)
    non_event, event = (str(level_key(label)) for label in labels)
    manifest = Manifest(
        model="fraud" if is_fraud else "detector",
        riskkit_version=riskkit.__version__,
        libraries={
            name: version(name)
            for name in ((*_LIBRARIES, *_BOOSTERS) if is_fraud else _LIBRARIES)
        },
        n_rows=float(model.n_rows_),
        n_events=float(model.n_events_) if is_fraud else 0.0,
        target=target,
        classes=(non_event, event),
        window=window,
        left_out={str(name): str(reason) for name, reason in left_out.items()},
        notes=dict(notes),
    )
    return write_detector(
        path,
        manifest=manifest,
        model=spec,
        schema=None if schema is None else dict(schema),
        golden=_golden(model, spec),
        overwrite=overwrite,
    )


def _golden(model: Any, spec: DetectorSpec | FraudSpec) -> list[GoldenRowSpec]:
    """Return made-up records with the answers of the fitted model itself."""
    import pandas as pd

    records = golden_records(spec)
    rows = pd.DataFrame(
        {
            name: pd.Series(
                [record[name] for record in records],
                dtype=float if kind == "numeric" else object,
            )
            for name, kind in spec.kinds.items()
        }
    )
    X = rows if hasattr(model, "feature_names_in_") else rows.to_numpy()
    is_fraud = isinstance(spec, FraudSpec)
    anomaly = (model.detector_ if is_fraud else model).anomaly_score(X)
    answers = {"anomaly_score": anomaly}
    if is_fraud:
        answers["log_odds"] = model.decision_function(X)
    return [
        GoldenRowSpec(record, {name: float(x[k]) for name, x in answers.items()})
        for k, record in enumerate(records)
    ]
