"""A sample of accounts on its way into grades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from riskkit._core.inputs import read_weight
from riskkit._core.target import encode_event
from riskkit._kernels.grades import grade_of
from riskkit.exceptions import InvalidInputError, InvalidParameterError
from riskkit.scaling._grade_table import GradeTable, grade_table

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from riskkit.artifact import MasterScaleSpec
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["GradeSample", "check_rising", "grades_within", "join_grades"]


@dataclass(frozen=True)
class GradeSample:
    """PDs with outcomes, if known, and weights above 0, if any."""

    pd: FloatArray
    is_event: BoolArray | None
    weight: FloatArray | None

    @classmethod
    def read(
        cls, pd: FloatArray, y: ArrayLike | None, sample_weight: ArrayLike | None
    ) -> GradeSample:
        """Check outcomes and weights against the PDs; a weight of 0 drops its row."""
        weight = read_weight(sample_weight, pd.size)
        values = None if y is None else np.asarray(y)
        if values is not None and values.shape != pd.shape:
            msg = (
                f"y must hold one outcome for each of the {pd.size} PDs; got shape "
                f"{values.shape}."
            )
            raise InvalidInputError(msg)
        if weight is not None:
            kept = weight > 0
            pd, weight = pd[kept], weight[kept]
            values = None if values is None else values[kept]
        return cls(pd, None if values is None else _events(values), weight)

    def sums(
        self,
        codes: IntArray,
        n_grades: int,
        values: FloatArray | BoolArray | None = None,
    ) -> FloatArray:
        """Return the weighted sums of `values`, or of ones, by grade."""
        terms = self.weight if self.weight is not None else np.ones(codes.size)
        if values is not None:
            terms = terms * values
        sums = np.bincount(codes, terms, minlength=n_grades)
        return sums.astype(np.float64)

    def table(self, spec: MasterScaleSpec) -> GradeTable:
        """Return what the sample looks like in the grades."""
        codes = grades_within(self.pd, np.asarray(spec.edges))
        size = len(spec.labels)
        return grade_table(
            spec,
            self.sums(codes, size),
            self.sums(codes, size, self.pd),
            None if self.is_event is None else self.sums(codes, size, self.is_event),
        )


def _events(values: NDArray[Any]) -> BoolArray:
    # A sample of few accounts may hold no event at all; 0 and 1 say so by themselves.
    if values.dtype.kind in "biuf" and np.isin(values, (0, 1)).all():
        return np.asarray(values == 1)
    return encode_event(values)[0]


def grades_within(pd: FloatArray, edges: FloatArray) -> IntArray:
    """Return each PD's grade; raise unless the scale covers all."""
    codes = grade_of(pd, edges)
    n_below = int(np.count_nonzero(codes < 0))
    n_above = int(np.count_nonzero(codes == edges.size - 1))
    if n_below or n_above:
        closed = "[" if edges[0] == 0 else "("
        msg = (
            f"The master scale covers PDs in {closed}{edges[0]:g}, {edges[-1]:g}]; "
            f"{n_below} of {pd.size} PDs lie below it and {n_above} above. Extend its "
            "edges to 0 and 1, or bound the PDs first."
        )
        raise InvalidInputError(msg)
    return codes


def join_grades(
    runs: list[list[int]],
    edges: FloatArray,
    pds: FloatArray,
    labels: NDArray[Any],
    n: FloatArray,
) -> tuple[FloatArray, FloatArray, NDArray[Any]]:
    """Return edges, PDs and labels after runs of grades have become one each.

    The PD of a joined grade is the mean of its parts, weighted by their accounts.
    """
    kept = [run[0] for run in runs]
    joined = np.array([_mean_pd(pds[run], n[run]) for run in runs])
    names = np.array(["+".join(labels[run]) for run in runs])
    return np.append(edges[kept], edges[-1]), joined, names


def _mean_pd(pds: FloatArray, n: FloatArray) -> float:
    if pds.size == 1:  # to the last bit
        return float(pds[0])
    return float(np.average(pds, weights=n if n.any() else None))


def check_rising(name: str, values: Any, low: float, high: float) -> None:
    """Raise unless `values` are two or more rising numbers within the bounds."""
    plain = list(values) if isinstance(values, (Sequence, np.ndarray)) else []
    numbers = [v for v in plain if isinstance(v, Real) and low <= float(v) <= high]
    if (
        len(numbers) < 2
        or len(numbers) < len(plain)
        or any(a >= b for a, b in pairwise(numbers))
    ):
        msg = (
            f"{name} must be at least two increasing numbers between {low:g} and "
            f"{high:g}; got {values!r}."
        )
        raise InvalidParameterError(msg)
