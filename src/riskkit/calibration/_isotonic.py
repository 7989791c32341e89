"""Isotonic calibration."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.params import check_int, check_option, check_real
from riskkit._kernels.isotonic import isotonic_blocks
from riskkit._kernels.ranking import score_counts
from riskkit.artifact import StepMapSpec
from riskkit.calibration._base import BaseCalibrator
from riskkit.exceptions import InvalidParameterError, RiskkitWarning

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray

__all__ = ["IsotonicCalibrator"]

_INTERPOLATIONS = ("linear", "step")


class IsotonicCalibrator(BaseCalibrator):
    """Calibrate by the rising step function that fits best.

    It can take any rising shape, and pays for it: the PDs collapse to a few dozen
    distinct values, ranking suffers, and the ends become 0 or 1. With fewer than a
    thousand events a parametric map is the safer choice.

    Parameters
    ----------
    scale : {"pd", "log_odds"}, default="pd"
        What the calibrator is given: PDs, or log-odds (or any other score on which
        up is riskier).

    interpolation : {"linear", "step"}, default="linear"
        How the gap between two blocks is read: as a line, which keeps more of the
        ranking, or as part of the riskier block.

    min_pd, max_pd : float, default=0.0 and 1.0
        Bounds of the calibrated PDs; the fit under bounds is the bounded fit.

    min_n_event : int, default=1000
        Fewer events (sum of weights) are warned of; 0 warns of nothing.

    Attributes
    ----------
    spec_ : StepMapSpec
        The map.

    n_blocks_ : int
        Blocks of equal PD.

    n_features_in_ : int
        1.

    See Also
    --------
    VennAbersCalibrator : Isotonic fits with an interval, never 0 or 1 by chance.

    Notes
    -----
    Pool adjacent violators on the counts at each distinct score: tied scores are one
    point, weights are exact, and each block has the event rate of its own counts.

    References
    ----------
    R. E. Barlow, D. J. Bartholomew, J. M. Bremner, H. D. Brunk, "Statistical inference
    under order restrictions", Wiley, 1972, section 1.2.

    Examples
    --------
    >>> from riskkit.calibration import IsotonicCalibrator
    >>> isotonic = IsotonicCalibrator(min_n_event=0)
    >>> isotonic.fit([0.1, 0.2, 0.3, 0.4], [0, 1, 0, 1]).predict([0.1, 0.25, 0.35, 0.9])
    array([0.  , 0.5 , 0.75, 1.  ])
    """

    def __init__(
        self,
        *,
        scale: str = "pd",
        interpolation: str = "linear",
        min_pd: float = 0.0,
        max_pd: float = 1.0,
        min_n_event: int = 1000,
    ) -> None:
        self.scale = scale
        self.interpolation = interpolation
        self.min_pd = min_pd
        self.max_pd = max_pd
        self.min_n_event = min_n_event

    def _fit_map(
        self, x: FloatArray, is_event: BoolArray, weight: FloatArray | None
    ) -> StepMapSpec:
        counts = score_counts(is_event, x, weight)  # riskiest first
        levels, n_event, n_nonevent = (column[::-1] for column in counts)
        if n_event.sum() < self.min_n_event:
            msg = (
                f"Isotonic calibration wants at least {self.min_n_event} events; got "
                f"{n_event.sum():g}. LogitPlattCalibrator needs far fewer; "
                "min_n_event=0 silences this warning."
            )
            warnings.warn(msg, RiskkitWarning, stacklevel=3)
        blocks = isotonic_blocks(levels, n_event, n_event + n_nonevent)
        rate = np.clip(blocks.rate, self.min_pd, self.max_pd)
        self.n_blocks_ = rate.size
        if self.interpolation == "step":
            knots, values = blocks.last[:-1], rate
        else:
            # One point for a block of a single score, two for a wider one.
            ends = np.column_stack([blocks.first, blocks.last]).ravel()
            knots, kept = np.unique(ends, return_index=True)
            values = np.repeat(rate, 2)[kept]
        return StepMapSpec(
            tuple(knots.tolist()),
            tuple(values.tolist()),
            self.interpolation,  # type: ignore[arg-type]
            self.scale,  # type: ignore[arg-type]
        )

    def _check_params(self) -> None:
        super()._check_params()
        check_option("interpolation", self.interpolation, _INTERPOLATIONS)
        check_real("min_pd", self.min_pd, low=0.0, high=1.0)
        check_real("max_pd", self.max_pd, low=0.0, high=1.0)
        check_int("min_n_event", self.min_n_event, low=0)
        if self.min_pd >= self.max_pd:
            msg = (
                f"min_pd must be below max_pd; got {self.min_pd!r} and {self.max_pd!r}."
            )
            raise InvalidParameterError(msg)
