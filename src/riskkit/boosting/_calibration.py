"""From the log-odds of the trees to those of the calibrated PD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from riskkit._kernels.calibration import log_odds_of
from riskkit._kernels.logistic import sigmoid
from riskkit.artifact import apply_pd_map
from riskkit.calibration import (
    BetaCalibrator,
    IsotonicCalibrator,
    LogitPlattCalibrator,
    VennAbersCalibrator,
)
from riskkit.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from riskkit._core.inputs import Training
    from riskkit.artifact import CalibrationSpec
    from riskkit.boosting._workbench import OutOfFold
    from riskkit.typing import FloatArray

__all__ = ["Calibration", "fit_calibration", "make_calibrator"]

_CALIBRATORS = {
    "platt": LogitPlattCalibrator,
    "beta": BetaCalibrator,
    "isotonic": IsotonicCalibrator,
    "venn_abers": VennAbersCalibrator,
}


@dataclass(frozen=True)
class Calibration:
    """A map of log-odds; without a `spec` they stay as they are."""

    spec: CalibrationSpec | None

    def pds(self, log_odds: FloatArray) -> FloatArray:
        """Return the PDs for log-odds of the trees."""
        if self.spec is None:
            return sigmoid(log_odds)
        return apply_pd_map([self.spec], log_odds)[0]

    def log_odds(self, log_odds: FloatArray) -> FloatArray:
        """Return the log-odds of the PDs for log-odds of the trees."""
        if self.spec is None:
            return log_odds
        return log_odds_of(self.pds(log_odds), is_pd=True)

    def spread(
        self, base: float, parts: FloatArray, log_odds: FloatArray
    ) -> tuple[float, FloatArray]:
        """Return base and parts that add up to the calibrated log-odds.

        Every part is stretched by the slope of the map between the base and the
        account, ``(g(z) - g(b)) / (z - b)``: a line keeps its own slope, and any map
        keeps the order and the shares of the parts.
        """
        if self.spec is None:
            return base, parts
        moved = float(self.log_odds(np.array([base]))[0])
        gap = log_odds - base
        flat = np.abs(gap) < 1e-12
        slope = (self.log_odds(log_odds) - moved) / np.where(flat, 1.0, gap)
        return moved, parts * np.where(flat, 1.0, slope)[:, None]


def make_calibrator(calibration: Any) -> Any:
    """Return a calibrator of log-odds, not yet fitted, or None."""
    if calibration is None:
        return None
    if isinstance(calibration, str) and calibration in _CALIBRATORS:
        calibration = _CALIBRATORS[calibration]()
    if not isinstance(calibration, tuple(_CALIBRATORS.values())):
        msg = (
            f"calibration must be one of {tuple(_CALIBRATORS)}, a calibrator of "
            f"riskkit.calibration, or None; got {calibration!r}."
        )
        raise InvalidParameterError(msg)
    return clone(calibration).set_params(scale="log_odds")


def fit_calibration(
    calibrator: Any,
    training: Training,
    held_out: OutOfFold | None,
    *,
    otherwise: CalibrationSpec | None = None,
) -> Calibration:
    """Learn the map from rows that the trees behind their log-odds have not seen.

    Without a calibrator, or such rows, the map is the one given as `otherwise`.
    """
    if calibrator is None or held_out is None:
        return Calibration(otherwise)
    rows = held_out.rows
    weight = None if training.weight is None else training.weight[rows]
    calibrator.fit(held_out.log_odds, training.is_event[rows].astype(np.intp), weight)
    return Calibration(calibrator.to_spec())
