"""Binned rows turned into trees: what every step of a fit works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit.boosting._columns import code_rows, make_columns
from riskkit.boosting._plan import Sample, TreePlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskkit._core.inputs import Training
    from riskkit.artifact import TreeColumnSpec
    from riskkit.boosting._features import BinnedRows
    from riskkit.boosting._folds import Fold
    from riskkit.boosting._plan import Forest, Trainer
    from riskkit.boosting._recipe import Recipe
    from riskkit.typing import FloatArray, IntArray

__all__ = ["OutOfFold", "Workbench"]


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Log-odds of training rows by trees that have not seen them."""

    rows: IntArray
    log_odds: FloatArray


@dataclass(frozen=True, eq=False)
class Workbench:
    """The training rows in fine bins, and the recipe for trees."""

    training: Training
    rows: BinnedRows
    recipe: Recipe

    @property
    def everyone(self) -> IntArray:
        """All training rows."""
        return np.arange(self.training.is_event.size)

    def weights(self, rows: IntArray) -> FloatArray:
        """Return the weight of some rows."""
        weight = self.training.weight
        return np.ones(rows.size) if weight is None else weight[rows]

    def intercept(self, train: IntArray) -> float:
        """Return the log-odds of the event rate, as a number of single precision.

        XGBoost keeps the start of each row in single precision; both libraries start
        at the same number.
        """
        weight, is_event = self.weights(train), self.training.is_event[train]
        event, nonevent = weight[is_event].sum(), weight[~is_event].sum()
        return float(np.float32(np.log(event / nonevent)))

    def columns(self, train: IntArray) -> tuple[TreeColumnSpec, ...]:
        """Return the columns as the rows `train` make them."""
        training = self.training
        return make_columns(
            self.rows, training.is_event, training.weight, self.recipe.unseen, train
        )

    def sample(self, columns: Sequence[TreeColumnSpec], rows: IntArray) -> Sample:
        """Return some rows, coded."""
        weight = self.training.weight
        return Sample(
            code_rows(columns, [bins[rows] for bins in self.rows.bins], rows.size),
            self.training.is_event[rows],
            None if weight is None else weight[rows],
        )

    def trainer(
        self, train: IntArray, judged: IntArray | None, signs: Sequence[int]
    ) -> Trainer:
        """Return a trainer that learns from some rows, held to `signs`."""
        columns = self.columns(train)
        plan = TreePlan(
            parameters=self.recipe.parameters,
            intercept=self.intercept(train),
            monotone=tuple(
                signs[c.feature] if c.role == "value" else 0 for c in columns
            ),
            n_codes=1 + max(code or 0 for c in columns for code in c.codes),
            seed=self.recipe.seed,
            n_threads=self.recipe.n_threads,
        )
        held_out = None if judged is None else self.sample(columns, judged)
        return self.recipe.new_trainer(plan, self.sample(columns, train), held_out)

    def out_of_fold(
        self, forests: Sequence[Forest], folds: Sequence[Fold]
    ) -> OutOfFold:
        """Return the log-odds of the judged rows of all folds, fold after fold."""
        parts = [
            self.intercept(train)
            + forest.log_odds(self.sample(self.columns(train), judged).codes)
            for forest, (train, judged) in zip(forests, folds, strict=True)
        ]
        rows = np.concatenate([judged for _, judged in folds])
        return OutOfFold(rows, np.concatenate(parts))
