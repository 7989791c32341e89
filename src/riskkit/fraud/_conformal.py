"""Alarms with a bound on how many of them are false."""

from __future__ import annotations

import html
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.exceptions import NotFittedError

from riskkit._core.params import check_real
from riskkit._kernels.conformal import (
    conformal_p_values,
    false_discovery_adjusted,
    least_alarms,
)
from riskkit.exceptions import (
    InvalidInputError,
    InvalidParameterError,
    NoEvidenceWarning,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import BoolArray, FloatArray

__all__ = ["AlarmResult", "ConformalAlarm"]


@dataclass(frozen=True, eq=False)
class AlarmResult:
    """Which rows of a batch raise an alarm, and how sure that is.

    Parameters
    ----------
    score : ndarray of shape (n_samples,)
        Anomaly scores; up is riskier.

    p_value : ndarray of shape (n_samples,)
        Share of confirmed good rows that are as strange; small is riskier.

    adjusted : ndarray of shape (n_samples,)
        Smallest false discovery rate at which the row would raise an alarm in this
        batch.

    is_alarm : ndarray of bool of shape (n_samples,)
        Whether `adjusted` is at most `level`.

    level : float
        False discovery rate that is held.

    n_calibration : int
        Confirmed good rows behind the p-values.

    least_alarms : int
        Rows that must be beyond all confirmed good rows before there is any alarm.

    note : str
        What limits the power of the batch; empty if nothing does.

    Examples
    --------
    >>> from riskkit.fraud import ConformalAlarm
    >>> result = ConformalAlarm(level=0.2).calibrate_scores(range(99)).alarms_of(
    ...     [500, 50, 501])
    >>> result.is_alarm
    array([ True, False,  True])
    >>> result.frame().round(2)
       score  p_value  adjusted  is_alarm
    0  500.0     0.01      0.02      True
    1   50.0     0.50      0.50     False
    2  501.0     0.01      0.02      True
    """

    score: FloatArray
    p_value: FloatArray
    adjusted: FloatArray
    is_alarm: BoolArray
    level: float
    n_calibration: int
    least_alarms: int
    note: str

    @property
    def has_power(self) -> bool:
        """Whether the batch is large enough, and calibrated well enough, to alarm."""
        return not self.note

    def frame(self) -> pd.DataFrame:
        """Return a table, one row a row of the batch."""
        return pd.DataFrame(
            {
                "score": self.score,
                "p_value": self.p_value,
                "adjusted": self.adjusted,
                "is_alarm": self.is_alarm,
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON, without the rows."""
        return {
            "n_rows": int(self.score.size),
            "n_alarms": int(self.is_alarm.sum()),
            "level": self.level,
            "n_calibration": self.n_calibration,
            "least_alarms": self.least_alarms,
            "note": self.note,
        }

    def _repr_html_(self) -> str:
        text = (
            f"{int(self.is_alarm.sum())} alarms in {self.score.size} rows at a false "
            f"discovery rate of {self.level:.0%}. {self.note}"
        )
        return f"<p>{html.escape(text)}</p>"


class ConformalAlarm:
    """Raise alarms such that on average no more than a share of them is false.

    A detector ranks; this says where to stop. Rows confirmed to be good, which the
    detector was not fitted on, tell how strange honest rows can be. Each new row gets
    the share of them that is as strange (its p-value), and the procedure of Benjamini
    and Hochberg holds the share of false alarms, whatever the detector.

    Parameters
    ----------
    detector : detector, default=None
        Fitted, with ``anomaly_score``. None takes scores in place of rows, with
        :meth:`calibrate_scores` and :meth:`alarms_of`.

    level : float, default=0.1
        Share of alarms that may be false, on average over batches; between 0 and 1.

    Attributes
    ----------
    calibration_scores_ : ndarray
        Scores of the confirmed good rows, rising.

    least_p_value_ : float
        ``1 / (n + 1)`` for ``n`` good rows: no p-value can be smaller.

    See Also
    --------
    AlertBudget : As many alarms as there is time for, every day.

    Notes
    -----
    With ``n`` good rows of which ``m`` are as strange as a row, its p-value is
    ``(m + 1) / (n + 1)``. If honest new rows are exchangeable with the good ones, the
    share of false alarms is at most `level` in expectation [1]_; the p-values of a
    batch share their calibration, which keeps the bound.

    Two things take the power away, and are told: too few good rows (in a batch of
    ``b`` rows at least ``b / (level (n + 1))`` of them must be beyond all good ones
    before there is an alarm at all), and frauds among the good rows, which make the
    procedure conservative [2]_. With known frauds in the calibration rows, give
    ``y`` to :meth:`calibrate`: they are refused.

    References
    ----------
    .. [1] S. Bates, E. Candes, L. Lei, Y. Romano, M. Sesia, "Testing for outliers with
       conformal p-values", Annals of Statistics 51, 2023, theorem 2.
    .. [2] A. Bashari, M. Sesia, Y. Romano, "Robust conformal outlier detection under
       contaminated reference data", ICML 2025.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.fraud import ConformalAlarm, TrimmedMahalanobisDetector
    >>> rng = np.random.default_rng(0)
    >>> X, good = rng.normal(size=(2000, 3)), rng.normal(size=(2000, 3))
    >>> detector = TrimmedMahalanobisDetector().fit(X)
    >>> alarm = ConformalAlarm(detector).calibrate(good)
    >>> new = rng.normal(size=(200, 3))
    >>> new[:10] += 6
    >>> result = alarm.alarms(new)
    >>> result.is_alarm[:10].all(), int(result.is_alarm[10:].sum()) <= 2
    (np.True_, True)
    """

    def __init__(self, detector: Any = None, *, level: float = 0.1) -> None:
        self.detector = detector
        self.level = level
        self._check_params()

    def calibrate(self, X: Any, y: ArrayLike | None = None) -> Self:
        """Learn how strange good rows can be.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows confirmed to be good, on which the detector was not fitted.

        y : array-like of shape (n_samples,), optional
            Labels, where known: 0 for good. A row with another one is refused.

        Returns
        -------
        self : ConformalAlarm
            Ready to raise alarms.

        Raises
        ------
        InvalidParameterError
            If there is no detector.
        InvalidInputError
            If rows are known to be frauds, or a score is not finite.
        """
        scores = self._scores(X)
        if y is not None:
            labels = np.asarray(y)
            if labels.shape != scores.shape:
                msg = (
                    f"y must hold {scores.size} labels, one a row; got shape "
                    f"{labels.shape}."
                )
                raise InvalidInputError(msg)
            n_bad = int(np.count_nonzero(labels != 0))
            if n_bad:
                msg = (
                    "Calibration rows must be confirmed good, labelled 0; "
                    f"{n_bad} of {labels.size} are not. Leave them out: they would "
                    "make honest rows look as strange as frauds."
                )
                raise InvalidInputError(msg)
        return self.calibrate_scores(scores)

    def calibrate_scores(self, scores: ArrayLike) -> Self:
        """Learn how strange good rows can be, from their scores.

        Parameters
        ----------
        scores : array-like of shape (n_samples,)
            Scores of rows confirmed to be good; up is riskier.

        Returns
        -------
        self : ConformalAlarm
            Ready to raise alarms.

        Raises
        ------
        InvalidInputError
            If there is no score, or one is not finite.
        """
        self.calibration_scores_ = np.sort(_read_scores(scores))
        self.least_p_value_ = 1.0 / (self.calibration_scores_.size + 1.0)
        return self

    def p_values(self, X: Any) -> FloatArray:
        """Return the share of good rows that are as strange as each row.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        p_value : ndarray of shape (n_samples,)
            Above 0, at most 1; small is riskier. Each depends on its row alone.

        Raises
        ------
        InvalidParameterError
            If there is no detector.
        """
        self._check_calibrated()
        return conformal_p_values(self.calibration_scores_, self._scores(X))

    def alarms(self, X: Any) -> AlarmResult:
        """Decide which rows of a batch raise an alarm.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            Rows decided on together, for example those of a day.

        Returns
        -------
        result : AlarmResult
            Alarms, p-values, and what limits them.

        Raises
        ------
        InvalidParameterError
            If there is no detector.

        Warns
        -----
        NoEvidenceWarning
            If no row of such a batch can raise an alarm unless a good part of them
            does.
        """
        self._check_calibrated()
        return self._decide(self._scores(X))

    def alarms_of(self, scores: ArrayLike) -> AlarmResult:
        """Decide which scores of a batch raise an alarm.

        Parameters
        ----------
        scores : array-like of shape (n_samples,)
            Up is riskier.

        Returns
        -------
        result : AlarmResult
            Alarms, p-values, and what limits them.

        Raises
        ------
        InvalidInputError
            If a score is not finite.

        Warns
        -----
        NoEvidenceWarning
            As :meth:`alarms` does.
        """
        self._check_calibrated()
        return self._decide(_read_scores(scores))

    def _decide(self, scores: FloatArray) -> AlarmResult:
        p = conformal_p_values(self.calibration_scores_, scores)
        adjusted = false_discovery_adjusted(p)
        n = self.calibration_scores_.size
        least = least_alarms(scores.size, n, self.level)
        note = ""
        if least > max(1.0, _MOST_NEEDED * scores.size):
            note = (
                f"No power: with {n} good rows, {least} of these {scores.size} rows "
                "would have to be stranger than all good ones before there is an "
                f"alarm. {int(np.ceil(1 / (_MOST_NEEDED * self.level)))} good rows "
                "would do, or an AlertBudget."
            )
            warnings.warn(note, NoEvidenceWarning, stacklevel=3)
        return AlarmResult(
            score=scores,
            p_value=p,
            adjusted=adjusted,
            is_alarm=adjusted <= self.level,
            level=float(self.level),
            n_calibration=n,
            least_alarms=least,
            note=note,
        )

    def __repr__(self) -> str:
        return f"ConformalAlarm({self.detector!r}, level={self.level:g})"

    def _check_calibrated(self) -> None:
        if not hasattr(self, "calibration_scores_"):
            msg = (
                "A ConformalAlarm must know good rows before it raises alarms; call "
                "calibrate or calibrate_scores first."
            )
            raise NotFittedError(msg)

    def _scores(self, X: Any) -> FloatArray:
        if self.detector is None:
            msg = (
                "detector must be a fitted detector to score rows; got None. Give one, "
                "or use calibrate_scores and alarms_of."
            )
            raise InvalidParameterError(msg)
        return _read_scores(self.detector.anomaly_score(X))

    def _check_params(self) -> None:
        check_real("level", self.level, low=1e-9, high=1 - 1e-9)


# Where more than this share of a batch had to be strange, an alarm is out of reach.
_MOST_NEEDED = 0.05


def _read_scores(scores: ArrayLike) -> FloatArray:
    values = np.asarray(scores, dtype=np.float64)
    n_bad = int(np.count_nonzero(~np.isfinite(values)))
    if values.ndim != 1 or values.size == 0 or n_bad:
        msg = (
            "Scores must be one finite number a row, at least one; got shape "
            f"{values.shape}, {n_bad} not finite."
        )
        raise InvalidInputError(msg)
    return values
