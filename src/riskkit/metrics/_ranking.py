"""Discrimination: how well a risk score ranks events above non-events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.ranking import auc, ks
from riskkit.metrics._outcomes import read_ranking

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["cap_curve", "gini_score", "ks_curve", "ks_score"]


def gini_score(
    y_true: ArrayLike, y_score: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Compute the Gini coefficient of a risk score (accuracy ratio, Somers' D).

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Outcomes of two classes; the larger label is the event.

    y_score : array-like of shape (n_samples,)
        Up is riskier: a PD or its log-odds. Points run the other way: give
        ``-points``.

    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row. A weight of 2 is the row twice.

    Returns
    -------
    gini : float
        ``2 * AUC - 1``: 1 ranks perfectly, 0 like chance, below 0 the wrong way round.

    Raises
    ------
    InvalidTargetError
        If `y_true` does not hold exactly two classes.
    InvalidInputError
        If `y_score` has NaN, is not one-dimensional, or is of other rows.
    InvalidParameterError
        If the weights are not usable.

    See Also
    --------
    cap_curve : The curve whose area this is.
    ks_score : The largest gap instead of the area.

    Notes
    -----
    An event and a non-event with the same score count half a concordant pair, so the
    value does not depend on the order of the rows.

    Examples
    --------
    >>> from riskkit.metrics import gini_score
    >>> gini_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.5
    >>> gini_score([0, 0, 1, 1], [0.1, 0.4, 0.4, 0.8])  # a tie counts half
    0.75
    """
    _, event, nonevent = read_ranking(y_true, y_score, sample_weight)
    return 2.0 * auc(event, nonevent) - 1.0


def ks_curve(
    y_true: ArrayLike, y_score: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Compute the two cumulative distributions behind the KS statistic.

    Parameters
    ----------
    y_true, y_score, sample_weight : array-like of shape (n_samples,)
        As in :func:`gini_score`; up is riskier.

    Returns
    -------
    thresholds : ndarray of shape (n_thresholds,)
        The distinct scores, riskiest first.

    event_share, nonevent_share : ndarray of shape (n_thresholds,)
        Shares of the events and of the non-events scored at or above each threshold.

    Raises
    ------
    InvalidTargetError, InvalidInputError, InvalidParameterError
        As :func:`gini_score` does.

    Examples
    --------
    >>> from riskkit.metrics import ks_curve
    >>> _, event_share, nonevent_share = ks_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> event_share
    array([0.5, 0.5, 1. , 1. ])
    >>> nonevent_share
    array([0. , 0.5, 0.5, 1. ])
    """
    thresholds, event, nonevent = read_ranking(y_true, y_score, sample_weight)
    return (
        thresholds,
        np.cumsum(event) / event.sum(),
        np.cumsum(nonevent) / nonevent.sum(),
    )


def ks_score(
    y_true: ArrayLike, y_score: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Compute the Kolmogorov-Smirnov separation of events and non-events.

    Parameters
    ----------
    y_true, y_score, sample_weight : array-like of shape (n_samples,)
        As in :func:`gini_score`; up is riskier.

    Returns
    -------
    ks : float
        Between 0 and 1: the largest gap between the two cumulative distributions,
        looked for at distinct scores only.

    Raises
    ------
    InvalidTargetError, InvalidInputError, InvalidParameterError
        As :func:`gini_score` does.

    See Also
    --------
    ks_curve : The distributions, and where they are furthest apart.

    Examples
    --------
    >>> from riskkit.metrics import ks_score
    >>> ks_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.5
    """
    _, event, nonevent = read_ranking(y_true, y_score, sample_weight)
    return ks(event, nonevent)


def cap_curve(
    y_true: ArrayLike, y_score: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> tuple[FloatArray, FloatArray]:
    """Compute the cumulative accuracy profile: events captured, riskiest first.

    Parameters
    ----------
    y_true, y_score, sample_weight : array-like of shape (n_samples,)
        As in :func:`gini_score`; up is riskier.

    Returns
    -------
    share, event_share : ndarray of shape (n_thresholds + 1,)
        Share of all accounts taken, riskiest first, and share of the events among
        them; both run from 0 to 1. Accounts with one score are one straight piece.

    Raises
    ------
    InvalidTargetError, InvalidInputError, InvalidParameterError
        As :func:`gini_score` does.

    See Also
    --------
    gini_score : Area above the diagonal over that of a perfect ranking.
    lift_table : The same curve read at equal steps.

    Examples
    --------
    >>> from riskkit.metrics import cap_curve
    >>> share, event_share = cap_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> share
    array([0.  , 0.25, 0.5 , 0.75, 1.  ])
    >>> event_share
    array([0. , 0.5, 0.5, 1. , 1. ])
    """
    _, event, nonevent = read_ranking(y_true, y_score, sample_weight)
    taken = np.cumsum(event + nonevent)
    captured = np.cumsum(event)
    return (
        np.concatenate([[0.0], taken / taken[-1]]),
        np.concatenate([[0.0], captured / captured[-1]]),
    )
