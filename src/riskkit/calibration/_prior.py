"""Moving the level of PDs: sampling rates and central tendency."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.special import expit

from riskkit._core.inputs import read_features, read_training, read_weight
from riskkit._core.params import check_option, check_real
from riskkit._core.scores import one_column, read_scores
from riskkit._kernels.calibration import (
    implied_auc,
    log_odds_of,
    shift_to_mean,
    stretch_to_moments,
)
from riskkit.artifact import LogOddsMapSpec
from riskkit.calibration._base import BaseScoreMap
from riskkit.calibration._log_odds import warn_of_extremes
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["PriorCorrection"]

_METHODS = ("sampling", "central_tendency", "quasi_moments")
_LEAST = {"sample_rate": 0.0, "target_rate": 0.0, "target_auc": 0.5}
_ONLY_FOR = {"sample_rate": "sampling", "target_auc": "quasi_moments"}


class PriorCorrection(BaseScoreMap):
    """Bring PDs to another level of risk without touching their order.

    Parameters
    ----------
    sample_rate : float, optional
        Event rate of the rows that the model was trained on, for
        ``method="sampling"``; None takes that of `y` in :meth:`fit`.

    target_rate : float
        Event rate of the population ("sampling"), or the mean PD wanted on the
        portfolio given to :meth:`fit` (the other methods). In (0, 1).

    method : {"sampling", "central_tendency", "quasi_moments"}, default="sampling"
        "sampling" multiplies the odds by the ratio of the odds of the two rates. It is
        exact if events and non-events were sampled at different rates and at random
        otherwise. "central_tendency" adds the shift to the log-odds that gives the
        portfolio its target. "quasi_moments" also stretches them, such that the AUC
        that the PDs imply is `target_auc`.

    target_auc : float, optional
        AUC that the PDs shall imply, for ``method="quasi_moments"``; None keeps what
        the given PDs imply. In (0.5, 1).

    scale : {"pd", "log_odds"}, default="pd"
        What the step is given: PDs or their log-odds.

    Attributes
    ----------
    spec_ : LogOddsMapSpec
        The map, ``a == b`` its slope.

    slope_ : float
        Slope on the log-odds; 1 except for "quasi_moments".

    shift_ : float
        What is added to the log-odds, in nats; up is riskier.

    n_features_in_ : int
        1.

    See Also
    --------
    LogitPlattCalibrator : Learns level and slope from outcomes.

    Notes
    -----
    Sampling: ``shift = ln(t / (1 - t)) - ln(s / (1 - s))`` with target rate ``t`` and
    sample rate ``s`` [1]_. If a share ``beta`` of the non-events was kept, this is
    ``ln(beta)``, the correction of [2]_. After class weights or
    ``scale_pos_weight``, which change the model and not only its level, a fitted
    calibration does better.

    Central tendency and quasi-moments solve for the mean, or for the mean and the
    implied discrimination, on the rows given to :meth:`fit`: the idea of [3]_ with a
    line on the log-odds as the PD curve. They move the mean whatever the reason for
    the gap is; that the new level is right is the user's knowledge.

    References
    ----------
    .. [1] G. King, L. Zeng, "Logistic regression in rare events data", Political
       Analysis 9(2), 2001, section 4.1.

    .. [2] A. Dal Pozzolo, O. Caelen, R. Johnson, G. Bontempi, "Calibrating probability
       with undersampling for unbalanced classification", IEEE SSCI 2015, equation 4.

    .. [3] D. Tasche, "The art of probability-of-default curve calibration", Journal of
       Credit Risk 9(4), 2013.

    Examples
    --------
    A model trained on as many events as non-events, for a book with 4 % events:

    >>> from riskkit.calibration import PriorCorrection
    >>> correction = PriorCorrection(0.5, 0.04).fit([0.2, 0.5, 0.8])
    >>> correction.predict([0.2, 0.5, 0.8]).round(4)
    array([0.0103, 0.04  , 0.1429])

    A portfolio whose mean PD shall be 3 %:

    >>> pds = [0.01, 0.02, 0.05, 0.1]
    >>> step = PriorCorrection(target_rate=0.03, method="central_tendency").fit(pds)
    >>> step.predict(pds).round(4)
    array([0.0065, 0.0131, 0.0331, 0.0673])
    """

    def __init__(
        self,
        sample_rate: float | None = None,
        target_rate: float | None = None,
        *,
        method: str = "sampling",
        target_auc: float | None = None,
        scale: str = "pd",
    ) -> None:
        self.sample_rate = sample_rate
        self.target_rate = target_rate
        self.method = method
        self.target_auc = target_auc
        self.scale = scale

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Solve for the shift.

        Parameters
        ----------
        X : array-like of shape (n_samples,) or (n_samples, 1)
            PDs, or log-odds with ``scale="log_odds"``, of the portfolio.

        y : array-like of shape (n_samples,), optional
            Outcomes of the training sample; only read for ``method="sampling"``
            without a `sample_rate`. The larger label is the event.

        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row; a weight of 2 equals the row twice.

        Returns
        -------
        self : PriorCorrection
            The fitted step.

        Raises
        ------
        InvalidParameterError
            If a rate is missing, has no place, or is outside its domain.
        InvalidTargetError
            If `y` is needed and does not hold exactly two classes.
        InvalidInputError, InvalidTypeError
            If `X` is not one column of finite numbers, or a PD is outside [0, 1].
        """
        self._check_params()
        if self.method == "sampling" and self.sample_rate is None:
            if y is None:
                msg = (
                    "PriorCorrection without a sample_rate requires y to be passed, "
                    "but the target y is None."
                )
                raise InvalidInputError(msg)
            training = read_training(self, one_column(X), y, sample_weight)
            read_scores(training.table, self.scale)
            rate = training.n_events / training.n_rows
            self._set_line(1.0, self._sampling_shift(rate))
            return self
        table = read_features(self, one_column(X), reset=True)
        x = read_scores(table, self.scale)
        weight = read_weight(sample_weight, x.size)
        if self.method == "sampling":
            self._set_line(1.0, self._sampling_shift(self.sample_rate))
            return self
        if self.scale == "pd":
            warn_of_extremes(x)
        if weight is not None:
            x, weight = x[weight > 0], weight[weight > 0]
        z = log_odds_of(x, is_pd=self.scale == "pd")
        if self.method == "central_tendency":
            self._set_line(1.0, shift_to_mean(z, weight, self._target()))
        else:
            self._set_line(*self._quasi_moments(z, weight))
        return self

    def _sampling_shift(self, sample_rate: Any) -> float:
        return _logit(self.target_rate) - _logit(sample_rate)

    def _quasi_moments(
        self, z: FloatArray, weight: FloatArray | None
    ) -> tuple[float, float]:
        auc = self.target_auc
        if auc is None:
            auc = implied_auc(np.asarray(expit(z)), weight)
        try:
            return stretch_to_moments(z, weight, self._target(), auc)
        except ValueError as error:
            msg = (
                f"No slope gives these {z.size} PDs an implied AUC of {auc:.4g}. Give "
                "another target_auc; PDs that hardly differ cannot reach a high one."
            )
            raise InvalidParameterError(msg) from error

    def _target(self) -> float:
        return float(self.target_rate)  # type: ignore[arg-type]  # checked by fit

    def _set_line(self, slope: float, shift: float) -> None:
        self.slope_, self.shift_ = slope, shift
        self.spec_ = LogOddsMapSpec(slope, slope, shift, self.scale)  # type: ignore[arg-type]

    def _check_params(self) -> None:
        super()._check_params()
        check_option("method", self.method, _METHODS)
        for name, low in _LEAST.items():
            value = getattr(self, name)
            check_real(name, value, low=low, high=1.0, none_allowed=True)
            if value in (low, 1.0):
                msg = f"{name} must lie strictly between {low:g} and 1; got {value!r}."
                raise InvalidParameterError(msg)
        if self.target_rate is None:
            msg = (
                "target_rate must be the event rate of the population, or the mean PD "
                "wanted; got None."
            )
            raise InvalidParameterError(msg)
        for name, method in _ONLY_FOR.items():
            if getattr(self, name) is not None and self.method != method:
                msg = (
                    f"{name} belongs to method={method!r}; got method={self.method!r}. "
                    "Leave it out, or choose that method."
                )
                raise InvalidParameterError(msg)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = (
            self.method == "sampling" and self.sample_rate is None
        )
        return tags


def _logit(rate: Any) -> float:
    return math.log(rate) - math.log1p(-rate)
