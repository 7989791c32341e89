"""How far the difference of two models may be chance.

The Bayesian bootstrap [1]_ gives every row a random weight, a Gamma variable of shape
``w`` for a row of weight ``w``; both models are weighed by the same draws, so what they
have in common cancels. Every group of rows is averaged in the same draws.

References
----------
.. [1] D. B. Rubin, "The Bayesian bootstrap", Annals of Statistics 9(1), 1981.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator

    from riskkit.typing import FloatArray, IntArray

__all__ = ["draw_means", "grouped_means"]


def grouped_means(
    values: FloatArray, weight: FloatArray, cells: IntArray, unions: FloatArray
) -> FloatArray:
    """Return the mean of each column of `values` in each union of cells.

    `unions` has one row for each group, 1 where a cell belongs to it and 0 elsewhere.
    """
    n_cells = unions.shape[1]
    mass = np.bincount(cells, weight, minlength=n_cells)
    sums = [
        np.bincount(cells, weight * column, minlength=n_cells) for column in values.T
    ]
    with np.errstate(invalid="ignore"):
        return np.asarray((unions @ np.array(sums).T) / (unions @ mass)[:, None])


def draw_means(
    values: FloatArray,
    weight: FloatArray,
    cells: IntArray,
    unions: FloatArray,
    n_draws: int,
    rng: Generator,
) -> FloatArray:
    """Return the means of random weightings: draws by groups by columns."""
    equal = bool((weight == 1.0).all())
    means: Sequence[FloatArray] = [
        grouped_means(
            values,
            # The same distribution, drawn faster.
            rng.standard_exponential(weight.size)
            if equal
            else rng.standard_gamma(weight),
            cells,
            unions,
        )
        for _ in range(n_draws)
    ]
    return np.array(means)
