"""What an alert queue of a given length finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.params import check_int, check_real
from riskkit._kernels.alert_counts import average_precision as average
from riskkit._kernels.alert_counts import events_within
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.metrics._counts import read_numbers
from riskkit.metrics._outcomes import read_ranking, read_sample

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray, IntArray

__all__ = [
    "average_precision",
    "card_precision_at_k",
    "precision_at_k",
    "recall_at_k",
    "saved_amount",
]


def average_precision(
    y_true: ArrayLike, y_score: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Compute the average precision of a risk score.

    The mean, over the events, of the share of events among the rows ranked at or above
    each of them. At base rates far below one per cent it tells good rankings from
    useless ones, which the AUC does not.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Outcomes of two classes; the larger label is the event.

    y_score : array-like of shape (n_samples,)
        Up is riskier.

    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row. A weight of 2 is the row twice.

    Returns
    -------
    ap : float
        Between the share of events (a ranking by chance, for many rows) and 1.

    Raises
    ------
    InvalidTargetError, InvalidInputError, InvalidParameterError
        As :func:`riskkit.metrics.gini_score` does.

    See Also
    --------
    alert_curve : Precision and recall at every length of the queue.

    Examples
    --------
    >>> from riskkit.metrics import average_precision
    >>> average_precision([0, 1, 0, 1], [0.1, 0.4, 0.5, 0.8])
    0.8333333333333333
    """
    _, event, nonevent = read_ranking(y_true, y_score, sample_weight)
    return average(event, nonevent)


def precision_at_k(
    y_true: ArrayLike,
    y_score: ArrayLike,
    k: float | ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> float | FloatArray:
    """Compute the share of events among the `k` riskiest rows.

    Parameters
    ----------
    y_true, y_score, sample_weight : array-like of shape (n_samples,)
        As in :func:`average_precision`; up is riskier.

    k : float or array-like of float
        Length of the queue, in rows (or weight); above 0. A queue longer than the
        sample counts as the sample.

    Returns
    -------
    precision : float or ndarray
        One number for each `k`. Where a tie is cut, the mean over its orders.

    Raises
    ------
    InvalidTargetError, InvalidInputError, InvalidParameterError
        As :func:`average_precision` does, and if a `k` is not above 0.

    See Also
    --------
    card_precision_at_k : For cards with several transactions, day by day.

    Examples
    --------
    >>> from riskkit.metrics import precision_at_k
    >>> precision_at_k([0, 1, 0, 1], [0.1, 0.4, 0.5, 0.8], [1, 2, 4])
    array([1. , 0.5, 0.5])
    """
    _, event, nonevent = read_ranking(y_true, y_score, sample_weight)
    effort = np.minimum(_read_k(k), (event + nonevent).sum())
    return _plain(events_within(event, nonevent, effort) / effort)


def recall_at_k(
    y_true: ArrayLike,
    y_score: ArrayLike,
    k: float | ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> float | FloatArray:
    """Compute the share of all events that are among the `k` riskiest rows.

    Parameters
    ----------
    y_true, y_score, sample_weight : array-like of shape (n_samples,)
        As in :func:`average_precision`; up is riskier.

    k : float or array-like of float
        Length of the queue, in rows (or weight); above 0.

    Returns
    -------
    recall : float or ndarray
        One number for each `k`. Where a tie is cut, the mean over its orders.

    Raises
    ------
    InvalidTargetError, InvalidInputError, InvalidParameterError
        As :func:`precision_at_k` does.

    Examples
    --------
    >>> from riskkit.metrics import recall_at_k
    >>> recall_at_k([0, 1, 0, 1], [0.1, 0.4, 0.5, 0.8], 1)
    0.5
    """
    _, event, nonevent = read_ranking(y_true, y_score, sample_weight)
    return _plain(events_within(event, nonevent, _read_k(k)) / event.sum())


def saved_amount(
    y_true: ArrayLike,
    y_score: ArrayLike,
    amount: ArrayLike,
    k: int,
    *,
    recovered: float = 1.0,
    review_cost: float = 0.0,
) -> float:
    """Compute the money that looking at the `k` riskiest rows saves.

    Parameters
    ----------
    y_true, y_score : array-like of shape (n_samples,)
        As in :func:`average_precision`; up is riskier.

    amount : array-like of shape (n_samples,)
        What is lost if a row is a fraud that nobody stops; at least 0.

    k : int
        Length of the queue, at least 0; ties are cut in the order of the rows.

    recovered : float, default=1.0
        Share of the amount that is saved where a fraud is stopped.

    review_cost : float, default=0.0
        What looking at one row costs.

    Returns
    -------
    saved : float
        In the currency of `amount`, after the cost of looking; below 0 if the queue
        costs more than it saves.

    Raises
    ------
    InvalidTargetError, InvalidInputError, InvalidParameterError
        As :func:`average_precision` does, and if an amount is negative or not finite.

    Examples
    --------
    >>> from riskkit.metrics import saved_amount
    >>> saved_amount([0, 1, 0, 1], [0.1, 0.4, 0.5, 0.8], [20, 900, 50, 300], 2,
    ...              review_cost=10)
    280.0
    """
    check_int("k", k, low=0)
    check_real("recovered", recovered, low=0.0, high=1.0)
    check_real("review_cost", review_cost, low=0.0)
    sample = read_sample(y_true, None, y_score=y_score)
    lost = read_amounts(amount, sample.is_event.size)
    top = np.argsort(-sample.scores[0], kind="stable")[:k]
    return float(recovered * lost[top][sample.is_event[top]].sum()) - float(
        review_cost * top.size
    )


def card_precision_at_k(
    y_true: ArrayLike, y_score: ArrayLike, card: ArrayLike, day: ArrayLike, k: int
) -> float:
    """Compute the share of compromised cards among `k` cards looked at each day.

    A card is as risky as its riskiest transaction of the day, and compromised on a day
    on which one of its transactions is a fraud. A compromised card that was looked at
    is blocked: its later transactions count no more.

    Parameters
    ----------
    y_true, y_score : array-like of shape (n_samples,)
        Outcomes (1 is a fraud) and scores of transactions; up is riskier.

    card : array-like of shape (n_samples,)
        Card, customer or account of each transaction.

    day : array-like of shape (n_samples,)
        Day of each transaction; whatever sorts.

    k : int
        Cards looked at each day, at least 1.

    Returns
    -------
    card_precision : float
        Mean over the days of compromised cards found over `k`; a day with fewer cards
        than `k` counts by its cards.

    Raises
    ------
    InvalidTargetError, InvalidInputError, InvalidParameterError
        If the outcomes, the scores, the cards or the days are not of the same rows.

    Notes
    -----
    The measure of the Fraud Detection Handbook [1]_. Cards with one score on a day are
    taken in the order in which they sort.

    References
    ----------
    .. [1] Y.-A. Le Borgne, W. Siblini, B. Lebichot, G. Bontempi, "Reproducible machine
       learning for credit card fraud detection", 2022, chapter 4.5.

    Examples
    --------
    >>> from riskkit.metrics import card_precision_at_k
    >>> card_precision_at_k([1, 0, 0, 1, 0], [0.9, 0.2, 0.3, 0.8, 0.1],
    ...                     ["a", "b", "c", "a", "b"], [1, 1, 1, 2, 2], 1)
    0.5
    """
    check_int("k", k, low=1)
    sample = read_sample(y_true, None, y_score=y_score)
    cards = _codes_of("card", card, sample.is_event.size)
    days = _codes_of("day", day, sample.is_event.size)
    if days.size == 0:
        msg = "y_true must hold at least one transaction; got none."
        raise InvalidInputError(msg)
    blocked = np.zeros(int(cards.max()) + 1, dtype=bool)
    found = []
    for one in range(int(days.max()) + 1):
        rows = np.flatnonzero((days == one) & ~blocked[cards])
        if rows.size == 0:
            continue
        present, place = np.unique(cards[rows], return_inverse=True)
        worst = np.full(present.size, -np.inf)
        np.maximum.at(worst, place, sample.scores[0][rows])
        hit = np.bincount(place, sample.is_event[rows], present.size) > 0
        looked_at = np.argsort(-worst, kind="stable")[:k]
        found.append(hit[looked_at].sum() / looked_at.size)
        blocked[present[looked_at][hit[looked_at]]] = True
    return float(np.mean(found))


def read_amounts(amount: ArrayLike, n_rows: int) -> FloatArray:
    """Check amounts: one finite number of at least 0 for each row."""
    lost = read_numbers("amount", amount)
    bad = int(np.count_nonzero(~(np.isfinite(lost) & (lost >= 0))))
    if lost.size != n_rows or bad:
        msg = (
            f"amount must hold one finite number >= 0 for each of the {n_rows} rows; "
            f"got {lost.size}, {bad} of them negative or not finite. Refunds are no "
            "losses: leave them out or set them to 0."
        )
        raise InvalidInputError(msg)
    return lost


def _read_k(k: float | ArrayLike) -> FloatArray:
    effort = np.asarray(k, dtype=np.float64)
    if not (np.isfinite(effort) & (effort > 0)).all():
        msg = "k must be the length of a queue, finite and above 0; got another number."
        raise InvalidParameterError(msg)
    return effort


def _plain(values: FloatArray) -> float | FloatArray:
    return float(values) if values.ndim == 0 else values


def _codes_of(name: str, values: ArrayLike, n_rows: int) -> IntArray:
    given = np.asarray(values)
    if given.shape != (n_rows,):
        msg = f"{name} must hold {n_rows} entries, one a row; got shape {given.shape}."
        raise InvalidInputError(msg)
    if given.dtype.kind == "O":
        n_missing = sum(value is None or value != value for value in given.tolist())
    else:
        n_missing = int(np.count_nonzero(given != given))  # NaN and NaT
    if n_missing:
        msg = (
            f"{name} must be known in every row; {n_missing} of {n_rows} are missing. "
            "Leave those rows out."
        )
        raise InvalidInputError(msg)
    try:
        return np.asarray(np.unique(given, return_inverse=True)[1], dtype=np.intp)
    except TypeError as error:
        msg = f"{name} must hold values of one type; got a mixture."
        raise InvalidInputError(msg) from error
