"""What a reject might have done: outcomes and weights for rows without outcomes.

Notation: ``p`` is the PD that a model of the labelled rows gives a reject, ``w`` the
weight of its row, and ``m`` the multiplier of its odds of the event. The assumed PD is

    q = m p / (1 - p + m p),    log-odds(q) = log-odds(p) + log m

Fuzzy: the row enters twice, as an event of weight ``w q`` and as a non-event of weight
``w (1 - q)``, which is the expected log-likelihood under ``q``. At ``m = 1`` the
score equations of a logistic regression are solved by the old coefficients, so ranking
cannot gain but through new bins and a smaller share of the penalty. [1]_

References
----------
.. [1] A. Ehrhardt, C. Biernacki, V. Vandewalle, P. Heinrich and S. Beben, "Reject
   inference methods in credit scoring", J. Applied Statistics 48, 2021.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.bins import assign_bins, count_bins, quantile_edges
from riskkit._kernels.logistic_fit import fit_logistic

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "AddedRows",
    "accept_bands",
    "cut_rows",
    "extrapolate",
    "fuzzy_rows",
    "log_odds_of",
    "parcel_rows",
    "raise_odds",
]

# No account's PD is known better than one in a million; keeps log-odds finite.
_LEAST_PD = 1e-6


@dataclass(frozen=True)
class AddedRows:
    """Rejects as they enter training: which of them, as what, with which weight."""

    place: IntArray
    is_event: BoolArray
    weight: FloatArray


def raise_odds(pd: FloatArray, multiplier: float) -> FloatArray:
    """Return the PD whose odds of the event are `multiplier` times those of `pd`."""
    return np.asarray(multiplier * pd / (1.0 - pd + multiplier * pd))


def log_odds_of(pd: FloatArray) -> FloatArray:
    """Return finite log-odds of the event."""
    p = np.clip(pd, _LEAST_PD, 1.0 - _LEAST_PD)
    return np.asarray(np.log(p) - np.log1p(-p))


def fuzzy_rows(assumed: FloatArray, weight: FloatArray) -> AddedRows:
    """Return each reject twice, weighted by what is assumed of it."""
    place = np.arange(assumed.size)
    return AddedRows(
        np.concatenate([place, place]),
        np.repeat([True, False], assumed.size),
        np.concatenate([weight * assumed, weight * (1.0 - assumed)]),
    )


def cut_rows(
    pd: FloatArray, assumed: FloatArray, weight: FloatArray, cutoff: float | None
) -> AddedRows:
    """Return each reject once, an event from the cut-off on.

    Without one, the cut is where as many rejects are events as `assumed` expects.
    """
    if cutoff is None:
        order = np.argsort(-pd, kind="stable")
        taken = _first(weight[order], float(weight @ assumed))
        cutoff = float(pd[order][taken].min()) if taken.any() else np.inf
    return AddedRows(np.arange(pd.size), pd >= cutoff, weight)


def parcel_rows(
    labelled: tuple[FloatArray, BoolArray, FloatArray],
    rejects: tuple[FloatArray, FloatArray],
    *,
    n_bands: int,
    multiplier: float,
    rng: np.random.RandomState,
) -> AddedRows:
    """Return each reject once; chance picks the events, as many as its band has.

    The rate of a band is that of its labelled rows and of one account with the mean PD
    of its rejects, so a band without labelled rows has a rate too; its odds are
    multiplied.
    """
    pd, is_event, weight = labelled
    reject_pd, reject_weight = rejects
    both = np.concatenate([pd, reject_pd])
    mass = np.concatenate([weight, reject_weight])
    edges = quantile_edges(both, n_bands, mass)
    n_event, n_nonevent = count_bins(
        assign_bins(pd, edges), is_event, edges.size + 1, weight
    )
    bands = assign_bins(reject_pd, edges)
    chosen = np.zeros(reject_pd.size, dtype=np.bool_)
    for band in range(edges.size + 1):
        members = np.flatnonzero(bands == band)
        if not members.size:
            continue
        w = reject_weight[members]
        prior = float(w @ reject_pd[members] / w.sum())
        rate = (n_event[band] + prior) / (n_event[band] + n_nonevent[band] + 1.0)
        wanted = float(raise_odds(np.asarray(rate), multiplier)) * float(w.sum())
        order = rng.permutation(members.size)
        chosen[members[order]] = _first(w[order], wanted)
    return AddedRows(np.arange(reject_pd.size), chosen, reject_weight)


def accept_bands(
    chance: FloatArray, accepted: BoolArray, weight: FloatArray, n_bands: int
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return each row's band of the chance to be accepted, and both counts of each."""
    edges = quantile_edges(chance, n_bands, weight)
    bands = assign_bins(chance, edges)
    taken, refused = count_bins(bands, accepted, edges.size + 1, weight)
    return np.asarray(bands, dtype=np.intp), taken, refused


def extrapolate(
    unseen_pd: FloatArray, is_event: BoolArray, weight: FloatArray, pd: FloatArray
) -> FloatArray:
    """Continue the line of observed on cross-fitted log-odds to the rejects' PDs."""
    x = log_odds_of(unseen_pd)[:, None]
    line = fit_logistic(x, is_event, weight, l2=0.0, nonpositive=False, max_iter=100)
    z = line.intercept + line.coefficients[0] * log_odds_of(pd)
    return np.asarray(np.exp(-np.logaddexp(0.0, -z)))


def _first(weight: FloatArray, wanted: float) -> BoolArray:
    """Return the rows from the first on whose weights come nearest to `wanted`."""
    return np.asarray(np.cumsum(weight) - weight / 2.0 < wanted)
