"""The beta map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit._core.params import check_bool
from riskkit.calibration._base import BaseCalibrator
from riskkit.calibration._log_odds import fit_spec

if TYPE_CHECKING:
    from riskkit.artifact import LogOddsMapSpec
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["BetaCalibrator"]


class BetaCalibrator(BaseCalibrator):
    """Calibrate by the beta map: three numbers, order kept.

    Like Platt's line on the log-odds, but low and high PDs may be stretched
    differently. Where PDs are all small the third number has little to hold on to.

    Parameters
    ----------
    scale : {"pd", "log_odds"}, default="pd"
        What the calibrator is given: PDs or their log-odds.

    smoothing : bool, default=True
        Whether outcomes are replaced by Platt's targets, as in
        `LogitPlattCalibrator`; False is the published method.

    Attributes
    ----------
    spec_ : LogOddsMapSpec
        The map.

    a_, b_ : float
        Slopes on ``ln(p)`` and on ``-ln(1 - p)``; not below 0.

    c_ : float
        Shift of the log-odds, in nats; up is riskier.

    n_features_in_ : int
        1.

    See Also
    --------
    LogitPlattCalibrator : The same with one slope.

    Notes
    -----
    ``ln(pd / (1 - pd)) = a ln(p) - b ln(1 - p) + c`` by maximum likelihood under
    ``a >= 0`` and ``b >= 0``, which keeps the order. The identity is ``(1, 1, 0)``.

    References
    ----------
    M. Kull, T. Silva Filho, P. Flach, "Beta calibration: a well-founded and easily
    implemented improvement on logistic calibration for binary classifiers", AISTATS
    2017, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.calibration import BetaCalibrator
    >>> rng = np.random.default_rng(0)
    >>> pd = rng.beta(1, 2, 100_000)
    >>> y = rng.random(100_000) < pd
    >>> beta = BetaCalibrator().fit(pd, y)  # calibrated already
    >>> print(f"{beta.a_:.1f} {beta.b_:.1f}")
    1.0 1.0
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
            one_slope=False,
            smoothing=self.smoothing,
        )
        self.a_, self.b_, self.c_ = spec.a, spec.b, spec.c
        return spec

    def _check_params(self) -> None:
        super()._check_params()
        check_bool("smoothing", self.smoothing)
