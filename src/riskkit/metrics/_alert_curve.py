"""Precision, recall and money along the length of an alert queue."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._kernels.alert_counts import average_precision, events_within
from riskkit._kernels.ranking import auc
from riskkit.exceptions import InvalidParameterError, RiskkitWarning
from riskkit.metrics._alerts import read_amounts
from riskkit.metrics._outcomes import read_sample

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["AlertCurveResult", "alert_curve"]

# Where fewer rows than this are events, an AUC can be as high as 0.94 without a single
# event among the first hundred alerts (card transactions, base rate 0.17 %).
_LOW_BASE_RATE = 0.01


@dataclass(frozen=True, eq=False)
class AlertCurveResult:
    """What queues of growing length find; what an AUC hides.

    Parameters
    ----------
    n_alerts : ndarray of shape (n_points,)
        Lengths of the queue.

    precision, recall : ndarray of shape (n_points,)
        Events among the alerts over the alerts, and over all events.

    amount_share : ndarray of shape (n_points,) or None
        Share of the money of all events that is among the alerts.

    average_precision : float
        Of the whole ranking.

    n_rows, n_events : float
        Rows and events.

    Examples
    --------
    >>> from riskkit.metrics import alert_curve
    >>> result = alert_curve([0, 1, 0, 1], [0.1, 0.4, 0.5, 0.8], k=[1, 3])
    >>> result.frame()
       n_alerts  precision  recall
    0       1.0   1.000000     0.5
    1       3.0   0.666667     1.0
    """

    n_alerts: FloatArray
    precision: FloatArray
    recall: FloatArray
    amount_share: FloatArray | None
    average_precision: float
    n_rows: float
    n_events: float
    _auc: float

    @property
    def event_rate(self) -> float:
        """Share of events: what a ranking by chance has as precision."""
        return self.n_events / self.n_rows

    @property
    def auc(self) -> float:
        """Area under the ROC curve; warns where few rows are events."""
        if self.event_rate < _LOW_BASE_RATE:
            msg = (
                f"At a base rate of {self.event_rate:.2%} an AUC says little about "
                "alerts: nearly all pairs it counts are far below any queue. Quote "
                "precision and recall at the length of the queue, or the average "
                "precision."
            )
            warnings.warn(msg, RiskkitWarning, stacklevel=2)
        return self._auc

    def frame(self) -> pd.DataFrame:
        """Return a table, one row a length of the queue."""
        import pandas as pd

        columns = {
            "n_alerts": self.n_alerts,
            "precision": self.precision,
            "recall": self.recall,
        }
        if self.amount_share is not None:
            columns["amount_share"] = self.amount_share
        return pd.DataFrame(columns)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        share = self.amount_share
        return {
            "n_alerts": self.n_alerts.tolist(),
            "precision": self.precision.tolist(),
            "recall": self.recall.tolist(),
            "amount_share": None if share is None else share.tolist(),
            "average_precision": self.average_precision,
            "n_rows": self.n_rows,
            "n_events": self.n_events,
        }

    def _repr_html_(self) -> str:
        caption = (
            f"Average precision {self.average_precision:.3f}, base rate "
            f"{self.event_rate:.2%}, {self.n_events:g} events."
        )
        return f"<p>{caption}</p>{self.frame().to_html(index=False)}"


def alert_curve(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    k: ArrayLike | None = None,
    amount: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> AlertCurveResult:
    """Compute precision, recall and money found by the length of the queue.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Outcomes of two classes; the larger label is the event.

    y_score : array-like of shape (n_samples,)
        Up is riskier.

    k : array-like of float, default=None
        Lengths of the queue, increasing, above 0 and at most the number of rows. None
        takes some fifty, evenly on a scale of logs.

    amount : array-like of shape (n_samples,), default=None
        What is lost if a row is a fraud that nobody stops.

    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row. A weight of 2 is the row twice.

    Returns
    -------
    result : AlertCurveResult
        The curve; ``result.auc`` warns where the base rate is below one per cent.

    Raises
    ------
    InvalidTargetError, InvalidInputError, InvalidParameterError
        As :func:`riskkit.metrics.average_precision` does, and if `k` or `amount` is
        not usable.

    See Also
    --------
    riskkit.plotting.AlertDisplay : Its picture.

    Examples
    --------
    >>> from riskkit.metrics import alert_curve
    >>> result = alert_curve([0, 1, 0, 1], [0.1, 0.4, 0.5, 0.8], k=[2],
    ...                      amount=[20, 900, 50, 300])
    >>> result.precision, result.amount_share
    (array([0.5]), array([0.25]))
    """
    sample = read_sample(y_true, sample_weight, y_score=y_score)
    event, nonevent = sample.counts()
    n_events = float(event.sum())
    n_rows = n_events + float(nonevent.sum())
    if not 0 < n_events < n_rows:
        msg = (
            f"An alert curve needs events and other rows; got {n_events:g} events in "
            f"{n_rows:g} rows."
        )
        raise InvalidParameterError(msg)
    lengths = _read_lengths(k, n_rows)
    found = events_within(event, nonevent, lengths)
    share = None
    if amount is not None:
        given = np.asarray(y_true).size
        lost = read_amounts(amount, given)
        if sample_weight is not None:
            lost = lost[np.asarray(sample_weight, dtype=np.float64) > 0]
        share = _amount_share(sample, lost, lengths)
    return AlertCurveResult(
        n_alerts=lengths,
        precision=found / lengths,
        recall=found / n_events,
        amount_share=share,
        average_precision=average_precision(event, nonevent),
        n_rows=n_rows,
        n_events=n_events,
        _auc=auc(event, nonevent),
    )


def _read_lengths(k: ArrayLike | None, n_rows: float) -> FloatArray:
    if k is None:
        steps = np.geomspace(1.0, n_rows, 50)
        return np.unique(np.append(np.floor(steps), n_rows))
    lengths = np.atleast_1d(np.asarray(k, dtype=np.float64))
    sound = np.isfinite(lengths).all() and (np.diff(lengths) > 0).all()
    sound = sound and lengths.ndim == 1 and lengths.size > 0
    if not sound or lengths[0] <= 0 or lengths[-1] > n_rows:
        msg = (
            "k must hold lengths of the queue, increasing, above 0 and at most the "
            f"{n_rows:g} rows; got something else."
        )
        raise InvalidParameterError(msg)
    return lengths


def _amount_share(sample: Any, lost: FloatArray, lengths: FloatArray) -> FloatArray:
    """Return the share of the money of events among the first rows."""
    levels, place = np.unique(-sample.scores[0], return_inverse=True)
    money = sample.weight * lost * sample.is_event
    total = float(money.sum())
    if total == 0:
        return np.full(lengths.size, np.nan)
    at = np.bincount(place, money, levels.size)
    rows = np.bincount(place, sample.weight, levels.size)
    found = np.append(0.0, np.cumsum(at))
    return np.asarray(
        np.interp(lengths, np.append(0.0, np.cumsum(rows)), found) / total
    )
