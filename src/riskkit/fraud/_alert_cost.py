"""The alert threshold at which looking costs as much as it saves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.params import check_real
from riskkit.exceptions import InvalidInputError, InvalidParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["cost_threshold"]


def cost_threshold(
    amount: float | ArrayLike,
    review_cost: float,
    *,
    recovered: float = 1.0,
    false_alarm_cost: float = 0.0,
) -> float | FloatArray:
    """Compute the fraud probability from which on an alert is worth its cost.

    Parameters
    ----------
    amount : float or array-like of float
        What is lost if the row is a fraud that nobody stops; at least 0. One amount,
        or one for each row.

    review_cost : float
        What looking at an alert costs, above 0.

    recovered : float, default=1.0
        Share of the amount that an alert in time saves, above 0.

    false_alarm_cost : float, default=0.0
        What an honest customer who is stopped costs beyond the review.

    Returns
    -------
    threshold : float or ndarray
        Probability in (0, 1] from which on to alert; infinite where no probability is
        high enough. It is only as good as the probabilities: calibrate them, with the
        rate of the rows to be scored.

    Raises
    ------
    InvalidParameterError
        If a cost or the share is outside its domain.
    InvalidInputError
        If an amount is negative or not known.

    See Also
    --------
    FraudClassifier : Calibrated probabilities.
    riskkit.metrics.saved_amount : What a queue saved in the end.

    Notes
    -----
    An alert with the probability ``p`` is worth ``p r a - (1 - p) f - c``, with the
    share ``r`` that is recovered of the amount ``a``, the cost ``f`` of a false alarm
    and the cost ``c`` of looking. That is 0 at ``p = (c + f) / (r a + f)``.

    Examples
    --------
    >>> from riskkit.fraud import cost_threshold
    >>> cost_threshold([50, 500, 2], 5.0)
    array([0.1 , 0.01,  inf])
    """
    check_real("review_cost", review_cost, low=0.0)
    check_real("recovered", recovered, low=0.0, high=1.0)
    check_real("false_alarm_cost", false_alarm_cost, low=0.0)
    if review_cost == 0 or recovered == 0:
        msg = (
            f"review_cost and recovered must be above 0; got {review_cost:g} and "
            f"{recovered:g}. What costs nothing has no threshold."
        )
        raise InvalidParameterError(msg)
    lost = np.asarray(amount, dtype=np.float64)
    n_bad = int(np.count_nonzero(~(np.isfinite(lost) & (lost >= 0))))
    if n_bad:
        msg = (
            f"amount must be finite and at least 0; {n_bad} of {lost.size} are not. "
            "Refunds are no losses: leave them out or set them to 0."
        )
        raise InvalidInputError(msg)
    at_stake = recovered * lost + false_alarm_cost
    threshold = np.divide(
        review_cost + false_alarm_cost,
        at_stake,
        where=at_stake > 0,
        out=np.full(lost.shape, np.inf),
    )
    threshold = np.where(threshold > 1.0, np.inf, threshold)
    return float(threshold) if threshold.ndim == 0 else threshold
