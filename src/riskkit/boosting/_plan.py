"""What a library is given to grow trees, and what it must be able to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from riskkit.artifact import TreeSpec
    from riskkit.typing import BoolArray, FloatArray, IntArray

    # How a library starts: with rows to learn from, and rows held out if there are any.
    NewTrainer = Callable[["TreePlan", "Sample", "Sample | None"], "Trainer"]

__all__ = ["Forest", "Sample", "Trainer", "TreePlan"]


@dataclass(frozen=True, eq=False)
class Sample:
    """Coded rows with their outcomes."""

    codes: NDArray[np.float32]
    is_event: BoolArray
    weight: FloatArray | None

    def take(self, rows: IntArray) -> Sample:
        """Return some of the rows."""
        weight = None if self.weight is None else self.weight[rows]
        return Sample(self.codes[rows], self.is_event[rows], weight)


@dataclass(frozen=True)
class TreePlan:
    """How trees are grown.

    `parameters` are in the library's own words, `monotone` has 1, -1 or 0 for each
    column, and `n_codes` is one more than the largest code.
    """

    parameters: Mapping[str, Any]
    intercept: float
    monotone: tuple[int, ...]
    n_codes: int
    seed: int
    n_threads: int


class Forest(Protocol):
    """Trees that are grown."""

    booster: Any

    def log_odds(self, codes: NDArray[np.float32]) -> FloatArray:
        """Return the sum of the trees for each row, without the intercept."""

    def contributions(self, codes: NDArray[np.float32]) -> FloatArray:
        """Return what each column adds, and in the last column their base."""

    def trees(self) -> tuple[TreeSpec, ...]:
        """Return the trees as plain data."""


class Trainer(Protocol):
    """Trees that are being grown, one at a time."""

    def update(self) -> None:
        """Grow one more tree."""

    def held_out_loss(self) -> float:
        """Return the mean log-loss of the rows held out."""

    def forest(self, n_rounds: int) -> Forest:
        """Return the first trees, without the rows they were grown from."""
