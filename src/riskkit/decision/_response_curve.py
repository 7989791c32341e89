"""Responses from the best score down: what is gained by contacting so many.

Customers are counted in cells: by step of the score from the best down, by whether they
were treated (contacted), and by whether they responded. Cumulated over the steps, with
``r`` responses among ``n`` treated, ``r_0`` among ``n_0`` that were held out, and ``N``
treated in all, the Qini curve [1]_ is ::

    Q = (r - r_0 n / n_0) / N

at the share of customers contacted: responses that the contact brought about, for each
customer treated. A score that says nothing gives a straight line to the end of ``Q``,
and the Qini coefficient is the area above it.

Where everyone was contacted there is no ``r_0``, and a response counts as it is.

Draws are those of the Bayesian bootstrap [2]_: each customer has an exponential weight,
so each cell a gamma one, and all weights together keep their sum.

References
----------
.. [1] N. Radcliffe, "Using control groups to target on predicted lift: building and
   assessing uplift models", Direct Marketing Analytics Journal, 2007.

.. [2] D. Rubin, "The Bayesian bootstrap", Annals of Statistics 9, 1981.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["ResponseCells", "count_cells", "draw_cells"]

HELD_OUT, TREATED = 0, 1


@dataclass(frozen=True, eq=False)
class ResponseCells:
    """Customers by step (best first), treatment and response: the last three axes."""

    n: FloatArray
    has_control: bool

    def cumulated(self) -> ResponseCells:
        """Return the counts of each step and all before it, after one of nobody."""
        total = np.cumsum(self.n, axis=-3)
        nobody = np.zeros_like(total[..., :1, :, :])
        return ResponseCells(np.concatenate([nobody, total], axis=-3), self.has_control)

    @property
    def size(self) -> FloatArray:
        """Customers of each step."""
        return np.asarray(self.n.sum(axis=(-2, -1)))

    @property
    def treated(self) -> FloatArray:
        """Treated customers of each step."""
        return np.asarray(self.n[..., TREATED, :].sum(axis=-1))

    @property
    def held_out(self) -> FloatArray:
        """Customers of each step that were held out."""
        return np.asarray(self.n[..., HELD_OUT, :].sum(axis=-1))

    @property
    def responses(self) -> FloatArray:
        """Responses of treated customers of each step."""
        return np.asarray(self.n[..., TREATED, 1])

    @property
    def responses_held_out(self) -> FloatArray:
        """Responses of those held out, which came without a contact."""
        return np.asarray(self.n[..., HELD_OUT, 1])

    @property
    def brought(self) -> FloatArray:
        """Responses that contacting all customers of a step would bring about."""
        if not self.has_control:
            return self.responses
        uplift = _ratio(self.responses, self.treated) - _ratio(
            self.responses_held_out, self.held_out
        )
        return np.where(self.held_out * self.treated > 0, uplift * self.size, 0.0)

    def qini_curve(self) -> FloatArray:
        """Return ``Q``; these counts must be cumulated."""
        usual = _ratio(self.responses_held_out * self.treated, self.held_out)
        brought = self.responses - np.where(self.held_out > 0, usual, 0.0)
        return np.asarray(brought / self.treated[..., -1:])

    def qini(self) -> FloatArray:
        """Return the Qini coefficient; these counts must be cumulated."""
        curve, depth = self.qini_curve(), self.size / self.size[..., -1:]
        above = curve - depth * curve[..., -1:]
        return np.asarray(np.trapezoid(above, depth, axis=-1))


def count_cells(
    step: IntArray,
    n_steps: int,
    responded: BoolArray,
    treated: BoolArray | None,
    weight: FloatArray,
) -> ResponseCells:
    """Count customers by step, treatment and response."""
    arm = np.ones(step.size, dtype=np.intp) if treated is None else treated
    place = (step * 2 + arm) * 2 + responded
    n = np.bincount(place, weight, minlength=4 * n_steps).astype(np.float64)
    return ResponseCells(n.reshape(n_steps, 2, 2), treated is not None)


def draw_cells(
    cells: ResponseCells, n_draws: int, rng: np.random.Generator
) -> ResponseCells:
    """Return as many sets of cells, each of the same number of customers."""
    n = rng.standard_gamma(cells.n, size=(n_draws, *cells.n.shape))
    n *= cells.n.sum() / n.sum(axis=(1, 2, 3), keepdims=True)
    return ResponseCells(n, cells.has_control)


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)
