"""Fitting a log-odds map, and saying what went wrong."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Literal

import numpy as np

from riskkit._kernels.calibration import LIMIT, fit_log_odds_map, separated
from riskkit.artifact import LogOddsMapSpec
from riskkit.exceptions import (
    ConvergenceWarning,
    InvalidTargetError,
    NoEvidenceWarning,
    RiskkitWarning,
)

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["fit_spec", "warn_of_extremes"]

_MAX_ITER = 100  # Newton needs fewer than 20; more means that nothing settles
_STACK = 5  # from here up to the caller of fit


def fit_spec(
    x: FloatArray,
    is_event: BoolArray,
    weight: FloatArray | None,
    *,
    scale: Literal["pd", "log_odds"],
    one_slope: bool,
    smoothing: bool,
) -> LogOddsMapSpec:
    """Return the map of maximum likelihood; warn where it is of little use."""
    is_pd = scale == "pd"
    if separated(x, is_event):
        found = f"here every event lies above every non-event ({x.size} rows)"
        if not smoothing:
            msg = (
                f"The outcomes must overlap along the PD for a finite slope; {found}. "
                "Set smoothing=True or give more rows, and check the model for leakage."
            )
            raise InvalidTargetError(msg)
        msg = (
            f"The outcomes should overlap along the PD; {found}, so that the slope "
            "rests on the smoothing alone. Give more rows, and check the model for "
            "leakage."
        )
        warnings.warn(msg, RiskkitWarning, stacklevel=_STACK)
    if is_pd:
        warn_of_extremes(x)
    fit = fit_log_odds_map(
        x,
        is_event,
        weight,
        is_pd=is_pd,
        one_slope=one_slope,
        smoothing=smoothing,
        max_iter=_MAX_ITER,
    )
    if not fit.converged:
        msg = f"The calibration had not settled after {_MAX_ITER} steps."
        warnings.warn(msg, ConvergenceWarning, stacklevel=_STACK)
    if fit.a == 0 and fit.b == 0:
        msg = (
            "The PDs do not rise with the event rate: calibrated, every account has "
            "the same PD. Check that up is riskier."
        )
        warnings.warn(msg, NoEvidenceWarning, stacklevel=_STACK)
    return LogOddsMapSpec(fit.a, fit.b, fit.c, scale)


def warn_of_extremes(x: FloatArray) -> None:
    """Warn if PDs have no log-odds of their own."""
    n_extreme = int(np.count_nonzero((x < LIMIT) | (x > 1.0 - LIMIT)))
    if n_extreme:
        msg = (
            f"{n_extreme} of {x.size} PDs are 0 or 1 and have no finite log-odds; they "
            f"count as log-odds of {np.log(LIMIT):.1f} or {-np.log(LIMIT):.1f} and "
            "pull at the slope. VennAbersCalibrator needs no log-odds."
        )
        warnings.warn(msg, RiskkitWarning, stacklevel=_STACK)
