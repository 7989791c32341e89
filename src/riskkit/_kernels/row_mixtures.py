"""Rows that stand for a crowd without being anybody: mixtures of near rows.

Notation: ``x_1 .. x_g`` are a row and the ``g - 1`` rows nearest to it, ``e`` is a
vector of independent normal numbers, centred and of length 1. The mixture is

    sum_i w_i x_i,   w_i = 1 / g + s sqrt(1 - 1 / g) e_i

so weights add up to 1, and none is larger than ``1 / g + s (1 - 1 / g)``. With
``s = 1`` mixtures would vary about the mean of their group as its rows do, and could be
one of them; with ``s = 0`` they are the mean itself, nearer to the middle than any row
[1]_ [2]_. Half way, none of ``g = 5`` rows weighs more than 0.6.

References
----------
.. [1] C. Aggarwal, P. Yu, "A condensation approach to privacy preserving data mining",
   EDBT 2004.
.. [2] J. Domingo-Ferrer, J. Mateo-Sanz, "Practical data-oriented microaggregation for
   statistical disclosure control", IEEE TKDE 14, 2002.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import FloatArray

__all__ = ["mixed_rows", "mixing_weights"]

_SPREAD = 0.5  # s


def mixed_rows(rows: FloatArray, normals: FloatArray) -> FloatArray:
    """Return mixtures of groups of rows, one for each row of `normals`.

    `normals` has shape (n_mixtures, g), with at most as many mixtures, and at most as
    large groups, as there are rows. Groups form about rows at even steps.
    """
    # Imported here because scorers use what was mixed, and no SciPy.
    from scipy.spatial.distance import cdist

    n_mixtures, size = normals.shape
    first = rows[np.arange(n_mixtures) * len(rows) // n_mixtures]
    squared = cdist(first, rows, "sqeuclidean")
    # Stable, so that ties are settled alike on every machine.
    near = np.argsort(squared, axis=1, kind="stable")[:, :size]
    return np.asarray((rows[near] * mixing_weights(normals)[:, :, None]).sum(axis=1))


def mixing_weights(normals: FloatArray) -> FloatArray:
    """Return the weights of each group, shape (n_mixtures, g)."""
    size = normals.shape[1]
    centred = normals - normals.mean(axis=1, keepdims=True)
    length = np.sqrt(np.square(centred).sum(axis=1, keepdims=True))
    # A single row has nothing to be mixed with.
    unit = np.divide(centred, length, where=length > 0, out=np.zeros_like(centred))
    return np.asarray(1.0 / size + _SPREAD * np.sqrt(1.0 - 1.0 / size) * unit)
