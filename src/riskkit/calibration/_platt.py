"""Platt's map on the log-odds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit._core.params import check_bool
from riskkit.calibration._base import BaseCalibrator
from riskkit.calibration._log_odds import fit_spec

if TYPE_CHECKING:
    from riskkit.artifact import LogOddsMapSpec
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["LogitPlattCalibrator"]


class LogitPlattCalibrator(BaseCalibrator):
    """Calibrate by a line on the log-odds: two numbers, order kept.

    The first choice where a calibration is needed at all: it mends PDs that are too
    bold or too timid, or off in level, and has next to nothing to overfit with.

    Parameters
    ----------
    scale : {"pd", "log_odds"}, default="pd"
        What the calibrator is given: PDs, or log-odds (or any other score on which
        up is riskier).

    smoothing : bool, default=True
        Whether outcomes are replaced by Platt's targets, ``(E + 1) / (E + 2)`` for
        ``E`` events and ``1 / (N + 2)`` for ``N`` non-events. The slope is then finite
        even if no event lies below a non-event. Without it the mean of the calibrated
        PDs is the event rate of the sample exactly; with it, they differ by less than
        one account in the sample.

    Attributes
    ----------
    spec_ : LogOddsMapSpec
        The map, ``a == b`` its slope.

    slope_ : float
        Slope on the log-odds; below 1 where the PDs were too bold.

    intercept_ : float
        Shift of the log-odds, in nats; up is riskier.

    n_features_in_ : int
        1.

    See Also
    --------
    BetaCalibrator : Three numbers; bends the ends differently.
    CalibratedPD : Calibrates a classifier by cross-fitting.

    Notes
    -----
    ``ln(pd / (1 - pd)) = slope z + intercept`` with ``z`` the given log-odds, by
    maximum likelihood under ``slope >= 0``. Platt's method is often applied to PDs
    instead of their log-odds, which cannot express the identity and does worse.
    PDs of 0 and 1 count as log-odds of -36.7 and 36.7, with a warning.

    References
    ----------
    J. Platt, "Probabilistic outputs for support vector machines and comparisons to
    regularized likelihood methods", Advances in Large Margin Classifiers, 1999.

    Examples
    --------
    PDs that are twice as bold as they should be:

    >>> import numpy as np
    >>> from riskkit.calibration import LogitPlattCalibrator
    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(-3, 1, 20_000)
    >>> y = rng.random(20_000) < 1 / (1 + np.exp(-z))
    >>> bold = 1 / (1 + np.exp(-2 * z))
    >>> platt = LogitPlattCalibrator().fit(bold, y)
    >>> print(f"{platt.slope_:.1f} {y.mean():.4f} {platt.predict(bold).mean():.4f}")
    0.5 0.0706 0.0706
    """

    def __init__(self, *, scale: str = "pd", smoothing: bool = True) -> None:
        self.scale = scale
        self.smoothing = smoothing

    def _fit_map(
        self, x: FloatArray, is_event: BoolArray, weight: FloatArray | None
    ) -> LogOddsMapSpec:
        spec = fit_spec(
            x,
            is_event,
            weight,
            scale=self.scale,  # type: ignore[arg-type]
            one_slope=True,
            smoothing=self.smoothing,
        )
        self.slope_, self.intercept_ = spec.a, spec.c
        return spec

    def _check_params(self) -> None:
        super()._check_params()
        check_bool("smoothing", self.smoothing)
