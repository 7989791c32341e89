"""How far binned features say the same: correlation, clusters and inflation.

A binned feature is a code in each row and a value for each code (its WoE, or the rank
of its WoE). With row weights ``w``, value ``x_j`` of feature ``j``, its weighted mean
``m_j`` and standard deviation ``s_j``::

    r_jk  = sum(w (x_j - m_j) (x_k - m_k)) / (sum(w) s_j s_k)
    vif_j = 1 / (1 - R2_j) = (R^-1)_jj

where ``R2_j`` is the share of the variance of ``x_j`` that a linear combination of the
other features explains [1]_. A feature without variance correlates with none: its
``r`` is 0 and its ``vif`` 1. A feature that the others determine has an infinite one.

References
----------
.. [1] D. Belsley, E. Kuh and R. Welsch, "Regression Diagnostics", Wiley, 1980,
   sec. 3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskkit._kernels.bins import take_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit.typing import CodeArray, Counts, FloatArray, IntArray

__all__ = [
    "code_correlation",
    "correlation_clusters",
    "inflation_beside",
    "mid_ranks",
    "variance_inflation",
]

_BLOCK_NUMBERS = 1 << 20  # numbers held as float64 at a time: 8 MB
# Sums in another order differ in the last digits; a limit must not see that.
_DECIMALS = 12
_SINGULAR = 1e-9  # share of a variance below which rounding could have made it


def mid_ranks(values: FloatArray, counts: Counts) -> FloatArray:
    """Return the rank of each value where value ``b`` occurs ``counts[b]`` times.

    Equal values share the mean of their ranks; ranks start at 1/2 of a count.
    """
    distinct, place = np.unique(values, return_inverse=True)
    n = np.bincount(place, counts, distinct.size)
    return np.asarray((np.cumsum(n) - n / 2)[place])


def code_correlation(
    codes: Sequence[CodeArray],
    values: Sequence[FloatArray],
    weight: FloatArray | None = None,
) -> FloatArray:
    """Return the correlation matrix of features given as codes and values of codes."""
    n_features = len(codes)
    gram = np.zeros((n_features, n_features))
    if not n_features:
        return gram
    n_rows = codes[0].size
    total = float(n_rows if weight is None else weight.sum())
    root = None if weight is None else np.sqrt(weight / total)[:, None]
    scaled = [
        _standardised(value, np.bincount(code, weight, value.size))
        for code, value in zip(codes, values, strict=True)
    ]
    step = max(1, _BLOCK_NUMBERS // n_features)
    for start in range(0, n_rows, step):
        block = np.empty((min(step, n_rows - start), n_features), order="F")
        for j, (code, value) in enumerate(zip(codes, scaled, strict=True)):
            take_values(value, code[start : start + step], out=block[:, j])
        if root is not None:
            block *= root[start : start + step]
        gram += block.T @ block
    if root is None:
        gram /= total
    np.fill_diagonal(gram, 1.0)
    return np.asarray(np.clip(np.round(gram, _DECIMALS), -1.0, 1.0))


def variance_inflation(correlation: FloatArray) -> FloatArray:
    """Return the variance inflation of each feature beside all others."""
    spread, axes = np.linalg.eigh(correlation)
    lost = spread <= _SINGULAR
    share = axes**2
    with np.errstate(divide="ignore"):
        vif = share[:, ~lost] @ (1.0 / spread[~lost])
    # A feature with a part in a combination that is 0 is determined by the others.
    determined = share[:, lost].sum(axis=1) > _SINGULAR
    return np.where(determined, np.inf, np.maximum(vif, 1.0))


def inflation_beside(correlation: FloatArray, kept: IntArray) -> FloatArray:
    """Return the inflation of every feature, each beside the `kept` ones but itself."""
    inside = correlation[np.ix_(kept, kept)]
    beside = correlation[:, kept]
    explained = np.einsum(
        "jk,kl,jl->j", beside, np.linalg.pinv(inside, hermitian=True), beside
    )
    rest = 1.0 - explained
    with np.errstate(divide="ignore"):
        vif = np.where(rest > _SINGULAR, 1.0 / np.clip(rest, _SINGULAR, 1.0), np.inf)
    vif[kept] = variance_inflation(inside)
    return np.asarray(vif)


def correlation_clusters(
    correlation: FloatArray, limit: float, linkage: str
) -> IntArray:
    """Return the cluster of each feature, numbered from 0 as they come.

    Hierarchical clustering with distance ``1 - |r|``. Clusters are joined as long as
    their distance, which is that of their farthest (``"complete"``), mean
    (``"average"``) or nearest (``"single"``) members, is that of an ``|r|`` above
    `limit`.
    """
    n_features = len(correlation)
    if n_features < 2:
        return np.zeros(n_features, dtype=np.intp)
    from scipy.cluster.hierarchy import fcluster
    from scipy.cluster.hierarchy import linkage as join

    distance = 1.0 - np.abs(correlation[np.triu_indices(n_features, 1)])
    # Correlations have 12 decimals: half of the last one keeps "above" strict.
    cut = 1.0 - limit - 0.5 * 10.0**-_DECIMALS
    labels = fcluster(join(distance, linkage), cut, criterion="distance")
    first = dict.fromkeys(labels.tolist())
    place = {label: number for number, label in enumerate(first)}
    return np.array([place[label] for label in labels.tolist()], dtype=np.intp)


def _standardised(values: FloatArray, counts: Counts) -> FloatArray:
    """Return values of mean 0 and variance 1 over the counts; 0 without variance."""
    share = counts / counts.sum()
    used = share > 0
    # Unused codes may have infinite values, which no row takes.
    centred = np.where(used, values, 0.0)
    centred = centred - share @ centred
    deviation = float(np.sqrt(share @ centred**2))
    scale = float(np.abs(values[used]).max())
    if deviation <= 1e-12 * scale or deviation == 0.0:
        return np.zeros_like(centred)
    return np.asarray(centred / deviation)
