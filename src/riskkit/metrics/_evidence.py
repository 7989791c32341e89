"""Evidence that the bins of a feature carry about the event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskkit._core.params import check_real
from riskkit._kernels.evidence import information_value, weight_of_evidence
from riskkit.metrics._counts import read_counts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from riskkit.typing import FloatArray

__all__ = ["iv", "woe"]


def woe(
    n_event: ArrayLike, n_nonevent: ArrayLike, *, smoothing: float = 0.5
) -> FloatArray:
    """Compute the weight of evidence of each bin.

    Parameters
    ----------
    n_event : array-like of shape (n_bins,)
        Events (``y == 1``: defaults, frauds) of each bin, in accounts or in sums of
        weights.

    n_nonevent : array-like of shape (n_bins,)
        Non-events of each bin.

    smoothing : float, default=0.5
        Accounts of the rarer class put into every bin, together with their portfolio
        share of the other class. With 0, a bin without events has WoE ``inf`` and one
        without non-events ``-inf``.

    Returns
    -------
    woe : ndarray of shape (n_bins,)
        In nats. Positive is safer than the portfolio; 0 in an empty bin.

    Raises
    ------
    InvalidInputError
        If the counts differ in length, are negative, or one class is absent.
    InvalidParameterError
        If `smoothing` is negative.

    See Also
    --------
    iv : The same evidence summed to one number per feature.

    Notes
    -----
    With totals ``E`` and ``N`` and ``s = smoothing / min(E, N)``,
    ``woe_i = log((n_nonevent_i / N + s) / (n_event_i / E + s))``. This shrinks a bin of
    a few accounts towards the portfolio, and each bin stands alone: its WoE does not
    depend on how many other bins there are.

    References
    ----------
    N. Siddiqi, "Intelligent Credit Scoring", 2nd ed., Wiley, 2017, ch. 10.

    Examples
    --------
    >>> from riskkit.metrics import woe
    >>> woe([10, 30], [90, 70], smoothing=0).round(3)
    array([ 0.811, -0.539])
    """
    check_real("smoothing", smoothing, low=0)
    event, nonevent = read_counts(n_event=n_event, n_nonevent=n_nonevent)
    return weight_of_evidence(event, nonevent, smoothing)


def iv(n_event: ArrayLike, n_nonevent: ArrayLike, *, smoothing: float = 0.5) -> float:
    """Compute the information value of a binned feature.

    Parameters
    ----------
    n_event, n_nonevent : array-like of shape (n_bins,)
        Events and non-events of each bin, in accounts or in sums of weights.

    smoothing : float, default=0.5
        As in :func:`woe`. With 0, a bin that lacks one class makes the value infinite.

    Returns
    -------
    iv : float
        In nats, at least 0; 0 means that the bins say nothing about the event.

    Raises
    ------
    InvalidInputError
        If the counts differ in length, are negative, or one class is absent.
    InvalidParameterError
        If `smoothing` is negative.

    See Also
    --------
    woe : The evidence of each bin.
    psi : The same divergence between two samples.

    Notes
    -----
    ``iv = sum((n_nonevent_i / N - n_event_i / E) * woe_i)``.

    Examples
    --------
    >>> from riskkit.metrics import iv
    >>> round(iv([10, 30], [90, 70], smoothing=0), 4)
    0.4219
    """
    check_real("smoothing", smoothing, low=0)
    event, nonevent = read_counts(n_event=n_event, n_nonevent=n_nonevent)
    return information_value(event, nonevent, smoothing)
