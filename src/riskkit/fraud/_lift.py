"""Whether what is unusual is fraudulent at all, measured on labels."""

from __future__ import annotations

import html
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from riskkit._core.params import check_real
from riskkit._core.target import encode_event
from riskkit._kernels.alert_counts import average_precision
from riskkit._kernels.ranking import auc, auc_variance, score_counts
from riskkit.exceptions import InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["AnomalyLiftResult", "anomaly_lift"]


@dataclass(frozen=True)
class AnomalyLiftResult:
    """How an anomaly score ranks known frauds.

    Parameters
    ----------
    n_event, n_nonevent : int
        Rows with either label.

    auc, auc_low, auc_high : float
        Chance that a fraud is more unusual than another row, and its interval.

    lift : float
        Average precision over the share of frauds; 1 ranks like chance.

    level : float
        Level of the interval.

    verdict : {"separates", "no separation shown", "wrong way round"}
        Where the interval lies: above one half, across it, or below.

    statement : str
        The verdict in a sentence.

    Examples
    --------
    >>> from riskkit.fraud import anomaly_lift
    >>> result = anomaly_lift([0, 0, 0, 0, 1, 1], [1, 4, 2, 3, 2.5, 0.5])
    >>> result.verdict
    'no separation shown'
    """

    n_event: int
    n_nonevent: int
    auc: float
    auc_low: float
    auc_high: float
    lift: float
    level: float
    verdict: str
    statement: str

    def frame(self) -> pd.DataFrame:
        """Return the numbers as a table of one row."""
        return pd.DataFrame([self.to_dict()])

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; numbers that are not known become None."""
        found = asdict(self)
        return {k: None if v != v else v for k, v in found.items()}

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.statement)}</p>"


def anomaly_lift(
    y_true: ArrayLike, anomaly_score: ArrayLike, *, level: float = 0.95
) -> AnomalyLiftResult:
    """Measure whether an anomaly score finds frauds, and say so plainly.

    An anomaly is not a fraud. Before unusual customers are turned away or looked at,
    the score that calls them unusual should rank known frauds above others.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels of two classes; the larger is the fraud.

    anomaly_score : array-like of shape (n_samples,)
        Finite; up is riskier.

    level : float, default=0.95
        Level of the interval of the AUC.

    Returns
    -------
    result : AnomalyLiftResult
        AUC with its interval, lift, and a verdict.

    Raises
    ------
    InvalidTargetError
        If the labels are not of two classes.
    InvalidInputError
        If a score is not finite, or scores are of other rows.
    InvalidParameterError
        If `level` is not between 0.5 and 1.

    Notes
    -----
    The interval is DeLong's, on the log-odds of the AUC; where the labels are
    separated completely, that of a run of as many successes as there are rows of the
    rarer label. With fewer than two of them it is unknown, which shows nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.fraud import anomaly_lift
    >>> rng = np.random.default_rng(0)
    >>> y = rng.random(5000) < 0.01
    >>> print(anomaly_lift(y, rng.normal(size=5000) + 2 * y).verdict)
    separates
    """
    check_real("level", level, low=0.5, high=1.0 - 1e-9)
    is_event, _ = encode_event(y_true)
    score = np.asarray(anomaly_score, dtype=np.float64)
    if score.shape != is_event.shape or not np.isfinite(score).all():
        msg = (
            f"anomaly_score must hold one finite number for each of the "
            f"{is_event.size} labels; got shape {score.shape}, "
            f"{int(np.count_nonzero(~np.isfinite(score)))} of them not finite."
        )
        raise InvalidInputError(msg)
    _, event, nonevent = score_counts(is_event, score)
    area, variance = auc(event, nonevent), auc_variance(event, nonevent)
    n_event = int(is_event.sum())
    n_rarer = min(n_event, is_event.size - n_event)
    low, high = _interval(area, variance, level, n_rarer)
    lift = average_precision(event, nonevent) / (n_event / is_event.size)
    verdict = "no separation shown"
    if low > 0.5:
        verdict = "separates"
    elif high < 0.5:
        verdict = "wrong way round"
    meaning = {
        "separates": "Unusual rows are more often fraudulent here",
        "no separation shown": "These labels do not show that unusual rows are more "
        "often fraudulent: do not alert on the score alone",
        "wrong way round": "Frauds are more usual than other rows here: do not alert "
        "on the score",
    }[verdict]
    statement = (
        f"{meaning} (AUC {area:.3f}, {level:.0%} interval {low:.3f} to {high:.3f}, "
        f"average precision {lift:.1f} times that of chance, {n_event} frauds)."
    )
    return AnomalyLiftResult(
        n_event,
        is_event.size - n_event,
        area,
        low,
        high,
        lift,
        float(level),
        verdict,
        statement,
    )


def _interval(
    area: float, variance: float, level: float, n_rarer: int
) -> tuple[float, float]:
    if not variance >= 0:  # unknown with a single row of a label
        return float("nan"), float("nan")
    if area in (0.0, 1.0):
        # No pair disagrees. The least chance that a run of as many successes leaves
        # open, as in the exact interval of a share.
        least = float((0.5 - level / 2) ** (1.0 / n_rarer))
        return (least, 1.0) if area == 1.0 else (0.0, 1.0 - least)
    half = float(ndtri(0.5 + level / 2)) * np.sqrt(variance) / (area * (1 - area))
    middle = np.log(area) - np.log1p(-area)
    ends = 1.0 / (1.0 + np.exp(-(middle + np.array([-half, half]))))
    return float(ends[0]), float(ends[1])
