"""Stability: how far the population of today is from the one trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._core.params import check_real
from riskkit._kernels.divergence import mean_shift, psi_terms
from riskkit.exceptions import InvalidInputError
from riskkit.metrics._counts import read_counts, read_numbers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["csi", "points_effect", "psi"]


def psi(
    expected_counts: ArrayLike, actual_counts: ArrayLike, *, smoothing: float = 0.5
) -> float:
    """Compute the population stability index of two samples over the same bins.

    Parameters
    ----------
    expected_counts : array-like of shape (n_bins,)
        Accounts of the reference sample in each bin, or sums of weights. Bins of
        missing, special and unseen values count like any other.

    actual_counts : array-like of shape (n_bins,)
        Accounts of the current sample in the same bins.

    smoothing : float, default=0.5
        Accounts added to every bin of both samples that is not empty in both. With 0,
        the textbook formula: infinite where one sample alone has an empty bin.

    Returns
    -------
    psi : float
        In nats, at least 0; 0 means equal shares.

    Raises
    ------
    InvalidInputError
        If the counts differ in length, are negative, or a sample is empty.
    InvalidParameterError
        If `smoothing` is negative.

    See Also
    --------
    csi : The same index for a characteristic of a scorecard.
    points_effect : What the shift of a characteristic does to the mean points.

    Notes
    -----
    With ``B`` bins that hold something in either sample, ``p_i = (expected_i +
    smoothing) / (sum(expected) + smoothing * B)`` and ``q_i`` likewise,
    ``psi = sum((q_i - p_i) * log(q_i / p_i))``. The samples may change places. Counts
    of chunks, months or engines are added first and compared then.

    Below 0.10 is commonly read as stable and from 0.25 on as shifted; this is a
    convention, not a law. The index of two samples of ``n`` and ``m`` accounts from
    one population is about ``(B - 1) * (1/n + 1/m)``, not 0 [1]_.

    References
    ----------
    .. [1] B. Yurdakul and J. Naranjo, "Statistical properties of the population
       stability index", Journal of Risk Model Validation 14(4), 2020.

    Examples
    --------
    >>> from riskkit.metrics import psi
    >>> expected = [253, 302, 204, 134, 72, 26, 8]
    >>> actual = [177, 262, 285, 158, 88, 25, 6]
    >>> round(psi(expected, actual, smoothing=0), 6)
    0.067693
    >>> round(psi([50, 50, 0], [40, 40, 20]), 3)  # an empty bin stays finite
    0.775
    """
    check_real("smoothing", smoothing, low=0)
    expected, actual = read_counts(
        expected_counts=expected_counts, actual_counts=actual_counts
    )
    return float(psi_terms(expected, actual, smoothing).sum())


def csi(
    expected_counts: ArrayLike, actual_counts: ArrayLike, *, smoothing: float = 0.5
) -> float:
    """Compute the characteristic stability index of one characteristic.

    Two things go by this name. Here it is the divergence of :func:`psi` over the bins
    of one characteristic, which says *how far* its distribution moved. The other one,
    the sum of the changes in share times the points of each bin, says *what that does
    to the points*; it is :func:`points_effect`. A large index with an effect near 0
    needs a look at the data feed, an effect of many points a look at the cutoff.

    Parameters
    ----------
    expected_counts, actual_counts : array-like of shape (n_bins,)
        Accounts of the reference and of the current sample in each bin of the
        characteristic, those of missing, special and unseen values included.

    smoothing : float, default=0.5
        As in :func:`psi`.

    Returns
    -------
    csi : float
        In nats, at least 0.

    Raises
    ------
    InvalidInputError
        If the counts differ in length, are negative, or a sample is empty.
    InvalidParameterError
        If `smoothing` is negative.

    See Also
    --------
    psi : The formula, and how empty bins are treated.
    points_effect : The other index of this name.

    Examples
    --------
    >>> from riskkit.metrics import csi
    >>> round(csi([100, 300, 600], [150, 350, 500], smoothing=0), 4)
    0.0462
    """
    return psi(expected_counts, actual_counts, smoothing=smoothing)


def points_effect(
    expected_counts: ArrayLike, actual_counts: ArrayLike, points: ArrayLike
) -> float:
    """Compute what the shift of one characteristic does to the mean points.

    Parameters
    ----------
    expected_counts, actual_counts : array-like of shape (n_bins,)
        Accounts of the reference and of the current sample in each bin.

    points : array-like of shape (n_bins,)
        Points of each bin; up is safer.

    Returns
    -------
    points_effect : float
        In points. Negative: the current sample is riskier on this characteristic.
        Over all characteristics the effects add up to the change of the mean points.

    Raises
    ------
    InvalidInputError
        If the lengths differ, a count is negative, or a sample is empty.

    See Also
    --------
    csi : How far the distribution moved, whatever it does to the points.

    Notes
    -----
    ``sum((actual_i / sum(actual) - expected_i / sum(expected)) * points_i)`` [1]_. No
    smoothing: it is a difference of two means.

    References
    ----------
    .. [1] N. Siddiqi, "Intelligent Credit Scoring", 2nd ed., Wiley, 2017, ch. 14.

    Examples
    --------
    >>> from riskkit.metrics import points_effect
    >>> round(points_effect([100, 300, 600], [150, 350, 500], [20, 30, 40]), 2)
    -1.5
    """
    expected, actual = read_counts(
        expected_counts=expected_counts, actual_counts=actual_counts
    )
    value = read_numbers("points", points)
    if value.size != expected.size or not np.isfinite(value).all():
        msg = (
            f"points must hold one finite number for each of the {expected.size} bins; "
            f"got {value.size} of which {np.count_nonzero(np.isfinite(value))} are "
            "finite."
        )
        raise InvalidInputError(msg)
    return float(mean_shift(expected, actual, value).sum())
