"""A fitted model taken apart: what a document can speak of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from riskkit.artifact import PDMapSpec, ScorecardSpec
from riskkit.calibration import CalibratedPD
from riskkit.exceptions import InvalidTypeError
from riskkit.scorecard import ExpertScorecard, RejectInference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.binning import BinningTable
    from riskkit.typing import FloatArray

__all__ = ["DocumentedModel", "read_model"]


@dataclass(frozen=True, eq=False)
class DocumentedModel:
    """A fitted model, the estimators inside it, and calibrations on top of it.

    It predicts as all of that does, and has the points of the scorecard inside.
    """

    model: Any
    parts: tuple[Any, ...]  # from the outermost to the innermost
    steps: tuple[Any, ...]  # calibrators on top
    card: Any  # the scorecard inside, or None

    @property
    def classes_(self) -> NDArray[Any]:
        """The non-event and the event label."""
        return np.asarray(self.model.classes_)

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """Names seen in training."""
        return np.asarray(self.model.feature_names_in_)

    @property
    def spec_(self) -> ScorecardSpec:
        """The scorecard as plain data."""
        spec: ScorecardSpec = self.card.spec_
        return spec

    @property
    def tables(self) -> dict[str, BinningTable]:
        """The binning tables of every feature looked at; empty without a scorecard."""
        binner = getattr(self.card, "binner_", None)
        return dict(getattr(binner, "binning_tables_", {}))

    @property
    def is_expert(self) -> bool:
        """Whether people gave the points."""
        return isinstance(self.card, ExpertScorecard)

    @property
    def is_learned(self) -> bool:
        """Whether the points come from weights of evidence and their coefficients."""
        return hasattr(self.card, "coefficient_table_")

    @property
    def has_outcomes(self) -> bool:
        """Whether the counts of the scorecard hold outcomes."""
        return bool(getattr(self.card, "has_outcomes_", True))

    @property
    def calibrated(self) -> CalibratedPD | None:
        """The calibrated classifier, if the model is one."""
        found = (part for part in self.parts if isinstance(part, CalibratedPD))
        return next(found, None)

    @property
    def rejects(self) -> RejectInference | None:
        """The reject inference, if there was one."""
        found = (part for part in self.parts if isinstance(part, RejectInference))
        return next(found, None)

    @property
    def pd_map(self) -> PDMapSpec:
        """All steps from the innermost model's PD to the one that is used."""
        inside = [
            step
            for part in reversed(self.parts)
            if isinstance(part, CalibratedPD)
            for step in part.pd_map_.steps
        ]
        return PDMapSpec((*inside, *(step.to_spec() for step in self.steps)))

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the probabilities as they are used."""
        if self.steps and self.steps[0].scale == "log_odds":
            x = np.asarray(self.model.decision_function(X), dtype=np.float64)
        else:
            x = np.asarray(self.model.predict_proba(X), dtype=np.float64)[:, 1]
        for step in self.steps:
            x = step.predict(x)
        return np.column_stack([1.0 - x, x])

    def predict_points(self, X: Any) -> FloatArray:
        """Return the points of the scorecard inside; 0 without one."""
        if self.card is None:
            return np.zeros(len(self.predict_proba(X)))
        return np.asarray(self.card.predict_points(X), dtype=np.float64)


def read_model(model: Any, calibration: Any = None) -> DocumentedModel:
    """Check that the model is fitted, and find the scorecard inside it."""
    if isinstance(model, type) or not hasattr(model, "predict_proba"):
        what = "the class" if isinstance(model, type) else "an object of type"
        name = model.__name__ if isinstance(model, type) else type(model).__name__
        msg = (
            "model must be a fitted classifier with PDs, such as ScorecardClassifier; "
            f"got {what} {name}."
        )
        raise InvalidTypeError(msg)
    check_is_fitted(model)
    if len(getattr(model, "classes_", ())) != 2:
        msg = (
            "model must tell events from non-events: classes_ of two labels; "
            f"{type(model).__name__} has none such."
        )
        raise InvalidTypeError(msg)
    parts = [model]
    while (inner := _inside(parts[-1])) is not None:
        parts.append(inner)
    has_spec = isinstance(getattr(parts[-1], "spec_", None), ScorecardSpec)
    return DocumentedModel(
        model=model,
        parts=tuple(part for part in parts if not isinstance(part, FrozenEstimator)),
        steps=_read_steps(calibration),
        card=parts[-1] if has_spec else None,
    )


def _inside(model: Any) -> Any:
    """Return the fitted model that `model` wraps, if it is a wrapper."""
    if isinstance(model, FrozenEstimator):
        return model.estimator
    if isinstance(model, CalibratedPD):
        return model.estimator_
    if isinstance(model, RejectInference):
        return model.model_
    return None


def _read_steps(calibration: Any) -> tuple[Any, ...]:
    if calibration is None:
        return ()
    is_list = isinstance(calibration, Sequence)
    steps = tuple(calibration) if is_list else (calibration,)
    for step in steps:
        # A calibrated classifier is a model: it is given features, not PDs.
        if not hasattr(step, "to_spec") or not hasattr(step, "scale"):
            msg = (
                "calibration must be a fitted calibrator of riskkit.calibration, such "
                f"as PriorCorrection, or a sequence of them; got {type(step).__name__}."
            )
            raise InvalidTypeError(msg)
        step.to_spec()  # raises unless it is fitted
    return steps
