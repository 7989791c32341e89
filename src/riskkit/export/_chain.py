"""A fitted model taken apart: the model, and the steps from its PD to grades."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from riskkit.artifact import (
    IntervalMapSpec,
    LogOddsMapSpec,
    MasterScaleSpec,
    PDMapSpec,
    ScorecardSpec,
    StepMapSpec,
)
from riskkit.boosting import LGBMPDClassifier, PDBlendClassifier, XGBPDClassifier
from riskkit.exceptions import InvalidParameterError, InvalidTypeError

if TYPE_CHECKING:
    from riskkit.artifact import BlendSpec, CalibrationSpec, SegmentedMapSpec

__all__ = ["model_spec", "read_model"]

_MAPS = (LogOddsMapSpec, StepMapSpec, IntervalMapSpec)


def read_model(
    model: Any, calibration: Any, grades: Any
) -> tuple[Any, PDMapSpec | None]:
    """Return the fitted model, and the steps and grades on top, if any."""
    card, inner = _unwrap(model)
    _check_model(card, model)
    outer = tuple([_read_step(step) for step in _listed(calibration)])
    for step in outer if inner else outer[1:]:
        if step.scale != "pd":
            msg = (
                "A calibrator that follows another one is given its PD; got one fitted "
                "with scale='log_odds'. Fit it to the calibrated PDs."
            )
            raise InvalidParameterError(msg)
    scale = None if grades is None else _read_grades(grades)
    if not inner and not outer and scale is None:
        return card, None
    return card, PDMapSpec((*inner, *outer), scale)


def _unwrap(
    model: Any,
) -> tuple[Any, tuple[CalibrationSpec | SegmentedMapSpec, ...]]:
    from sklearn.frozen import FrozenEstimator
    from sklearn.utils.validation import check_is_fitted

    from riskkit.calibration import CalibratedPD

    steps: tuple[CalibrationSpec | SegmentedMapSpec, ...] = ()
    while isinstance(model, (CalibratedPD, FrozenEstimator)):
        if isinstance(model, CalibratedPD):
            check_is_fitted(model)
            steps = (*model.pd_map_.steps, *steps)
            model = model.estimator_
        else:
            model = model.estimator
    return model, steps


def model_spec(model: Any) -> ScorecardSpec | BlendSpec:
    """Return the plain data of a fitted model that :func:`read_model` gave."""
    spec = getattr(model, "spec_", None)
    if isinstance(spec, ScorecardSpec):
        return spec
    blend: BlendSpec = model.to_spec()
    return blend


def _check_model(card: Any, model: Any) -> None:
    if isinstance(getattr(card, "spec_", None), ScorecardSpec):
        return
    if isinstance(card, (LGBMPDClassifier, XGBPDClassifier, PDBlendClassifier)) and (
        hasattr(card, "classes_")
    ):
        return
    if hasattr(card, "predict_points") and not isinstance(card, type):
        from sklearn.exceptions import NotFittedError

        msg = (
            f"This {type(card).__name__} must be fitted before it is saved; it is "
            "not. Call fit first."
        )
        raise NotFittedError(msg)
    came = "the class" if isinstance(card, type) else "an object of type"
    name = card.__name__ if isinstance(card, type) else type(card).__name__
    inside = "" if card is model else f" inside {type(model).__name__}"
    msg = (
        "Only fitted scorecards (riskkit.scorecard.ScorecardClassifier) and models of "
        "riskkit.boosting can be saved, also inside riskkit.calibration.CalibratedPD; "
        f"got {came} {name}{inside}."
    )
    raise InvalidTypeError(msg)


def _listed(calibration: Any) -> Sequence[Any]:
    if calibration is None:
        return ()
    return calibration if isinstance(calibration, Sequence) else (calibration,)


def _read_step(step: Any) -> CalibrationSpec:
    # A classifier has a calibration too, but is given features, not PDs.
    spec = None if hasattr(step, "predict_proba") else _spec_of(step)
    if isinstance(spec, _MAPS):
        return spec
    msg = (
        "calibration must be a fitted calibrator of riskkit.calibration, such as "
        f"PriorCorrection, or a sequence of them; got {type(step).__name__}."
    )
    raise InvalidTypeError(msg)


def _read_grades(grades: Any) -> MasterScaleSpec:
    spec = _spec_of(grades)
    if not isinstance(spec, MasterScaleSpec):
        msg = (
            "grades must be a fitted riskkit.scaling.MasterScale; got "
            f"{type(grades).__name__}."
        )
        raise InvalidTypeError(msg)
    if (spec.edges[0], spec.edges[-1]) != (0.0, 1.0):
        closed = "[" if spec.edges[0] == 0 else "("
        msg = (
            "A master scale that is saved must cover every PD, because no applicant "
            f"may be left without a grade; this one covers {closed}{spec.edges[0]:g}, "
            f"{spec.edges[-1]:g}]. Make its first edge 0 and its last edge 1."
        )
        raise InvalidParameterError(msg)
    return spec


def _spec_of(step: Any) -> Any:
    """Return the plain data of a fitted object; None of a class or anything else."""
    if isinstance(step, type) or not hasattr(step, "to_spec"):
        return None
    return step.to_spec()
