"""Venn-Abers calibration: a PD and how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from sklearn.utils.validation import check_is_fitted

from riskkit._kernels.ranking import score_counts
from riskkit._kernels.venn_abers import venn_abers_rates
from riskkit.artifact import IntervalMapSpec, apply_pd_map
from riskkit.calibration._base import BaseCalibrator

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import BoolArray, FloatArray

__all__ = ["VennAbersCalibrator"]


class VennAbersCalibrator(BaseCalibrator):
    """Calibrate with an interval for each PD that needs no assumption on its shape.

    The inductive Venn-Abers predictor: two isotonic fits for each score, with the
    account to be scored added as a non-event and as an event. They are computed once,
    for all scores, in :meth:`fit`.

    Parameters
    ----------
    scale : {"pd", "log_odds"}, default="pd"
        What the calibrator is given: PDs, or log-odds (or any other score on which
        up is riskier).

    Attributes
    ----------
    spec_ : IntervalMapSpec
        The two step functions.

    n_features_in_ : int
        1.

    See Also
    --------
    LogitPlattCalibrator : Keeps every step of the ranking; no interval.

    Notes
    -----
    If calibration accounts and new ones are exchangeable and the model was trained on
    neither, then whichever of the two ends ``p0``, ``p1`` belongs to the outcome that
    comes is perfectly calibrated. The interval is no confidence interval of the
    account's own PD; its width tells how much the calibration hinges on one account,
    and shrinks with the events seen nearby. :meth:`predict` gives ``p1 / (1 - p0 +
    p1)``, which never falls with the score but takes few distinct values.

    The account added has weight 1: weights should count accounts.

    References
    ----------
    .. [1] V. Vovk, I. Petej, "Venn-Abers predictors", UAI 2014.

    .. [2] V. Vovk, I. Petej, V. Fedorova, "Large-scale probabilistic predictors with
       and without guarantees of validity", NIPS 2015, sections 3 and 4.

    Examples
    --------
    >>> from riskkit.calibration import VennAbersCalibrator
    >>> va = VennAbersCalibrator().fit([0.1, 0.2, 0.3, 0.4], [0, 1, 0, 1])
    >>> va.predict_interval([0.2]).round(4)
    array([[0.3333, 0.6667]])
    >>> va.predict([0.2])
    array([0.5])
    """

    def __init__(self, *, scale: str = "pd") -> None:
        self.scale = scale

    def predict_interval(self, X: ArrayLike) -> FloatArray:
        """Return the interval of each calibrated PD.

        Parameters
        ----------
        X : array-like of shape (n_samples,) or (n_samples, 1)
            PDs or log-odds, as in :meth:`fit`.

        Returns
        -------
        interval : ndarray of shape (n_samples, 2)
            ``p0`` and ``p1``, lower and upper end.
        """
        _, interval = apply_pd_map([self.to_spec()], self._read(X))
        return cast("FloatArray", interval)

    def to_spec(self) -> IntervalMapSpec:
        """Return the two step functions as plain data.

        Returns
        -------
        spec : IntervalMapSpec
            All that is needed to apply the map.
        """
        check_is_fitted(self)
        return cast("IntervalMapSpec", self.spec_)

    def _fit_map(
        self, x: FloatArray, is_event: BoolArray, weight: FloatArray | None
    ) -> IntervalMapSpec:
        counts = score_counts(is_event, x, weight)  # riskiest first
        levels, n_event, n_nonevent = (column[::-1] for column in counts)
        low, high = venn_abers_rates(n_event, n_nonevent)
        # Only where an end moves is there something to keep.
        rises = np.append(True, low[1:] > low[:-1])
        last = np.append(high[1:] > high[:-1], True)
        return IntervalMapSpec(
            tuple(levels[rises].tolist()),
            (0.0, *low[rises].tolist()),
            tuple(levels[last].tolist()),
            (*high[last].tolist(), 1.0),
            self.scale,  # type: ignore[arg-type]
        )
