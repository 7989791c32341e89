"""Trials on folds: every one against the preset, on the same rows.

Random trials race: all of them run on the first fold, and after each fold the better
half goes on to the next (successive halving [1]_). The preset stays in the race.

References
----------
.. [1] K. Jamieson and A. Talwalkar, "Non-stochastic best arm identification and
   hyperparameter optimization", AISTATS, 2016.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from riskkit.boosting._blend_rows import to_frame
from riskkit.exceptions import RiskkitWarning

if TYPE_CHECKING:
    from riskkit._core.frames import Table
    from riskkit._core.progress import Progress
    from riskkit.boosting._folds import Fold
    from riskkit.boosting._search_space import Sampler
    from riskkit.typing import BoolArray, FloatArray, IntArray

__all__ = ["Task", "Trial", "n_fits", "run_trials"]

# As scikit-learn's log_loss: a certain PD that was wrong costs some 36 nats.
_EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Task:
    """The rows, and the model whose parameters are looked for."""

    estimator: Any
    table: Table
    is_event: BoolArray
    weight: FloatArray | None
    dates: Any

    def weights(self, rows: IntArray) -> FloatArray:
        """Return the weight of some rows."""
        return np.ones(rows.size) if self.weight is None else self.weight[rows]

    def losses(self, params: dict[str, Any], fold: Fold) -> FloatArray:
        """Fit on the rows of a fold, and return the log-loss of each judged row."""
        train, judged = fold
        model = clone(self.estimator).set_params(**params)
        if "verbose" in model.get_params(deep=False) and model.verbose == "auto":
            # One bar for the search, not one for each fit.
            model.set_params(verbose=False)
        fit_params: dict[str, Any] = {}
        if self.weight is not None:
            fit_params["sample_weight"] = self.weight[train]
        if self.dates is not None and has_fit_parameter(model, "dates"):
            fit_params["dates"] = self.dates[train]
        with warnings.catch_warnings():
            # The fit on all rows says them once.
            warnings.simplefilter("ignore", RiskkitWarning)
            model.fit(to_frame(self.table, train), self.is_event[train], **fit_params)
            pd = model.predict_proba(to_frame(self.table, judged))[:, 1]
        pd = np.clip(np.asarray(pd, dtype=np.float64), _EPSILON, 1.0 - _EPSILON)
        hit = np.where(self.is_event[judged], pd, 1.0 - pd)
        return np.asarray(-np.log(hit))


@dataclass(eq=False)
class Trial:
    """Parameters, and the log-loss of the judged rows of each fold they ran on."""

    params: dict[str, Any]
    losses: list[FloatArray] = field(default_factory=list)
    weights: list[FloatArray] = field(default_factory=list)

    @property
    def loss(self) -> float:
        """Mean log-loss over the folds."""
        return float(
            np.average(
                np.concatenate(self.losses), weights=np.concatenate(self.weights)
            )
        )

    def gain_over(self, preset: Trial) -> float:
        """Return by how much it is better on the folds that it ran on."""
        n_folds = len(self.losses)
        other = np.concatenate(preset.losses[:n_folds])
        weight = np.concatenate(self.weights)
        return float(np.average(other - np.concatenate(self.losses), weights=weight))


def n_fits(n_trials: int, n_folds: int, *, halving: bool) -> int:
    """Return how many fits a search takes, the preset included."""
    if not halving:
        return (n_trials + 1) * n_folds
    total, left = 0, n_trials
    for _ in range(n_folds):
        total, left = total + left + 1, (left + 1) // 2
    return total


def run_trials(
    task: Task,
    folds: list[Fold],
    sampler: Sampler,
    n_trials: int,
    progress: Progress,
    *,
    halving: bool,
) -> list[Trial]:
    """Return the preset and all trials."""
    preset = Trial({})
    trials = []

    def run(trial: Trial, fold: Fold) -> None:
        trial.losses.append(task.losses(trial.params, fold))
        trial.weights.append(task.weights(fold[1]))
        progress.step(f"log-loss {trial.loss:.4f}")

    if halving:
        trials = [Trial(sampler.ask()) for _ in range(n_trials)]
        racing = list(trials)
        for fold in folds:
            run(preset, fold)
            for trial in racing:
                run(trial, fold)
            racing.sort(key=lambda trial: trial.loss)
            racing = racing[: (len(racing) + 1) // 2]
    else:
        for fold in folds:
            run(preset, fold)
        for _ in range(n_trials):
            trial = Trial(sampler.ask())
            for fold in folds:
                run(trial, fold)
            sampler.tell(trial.loss)
            trials.append(trial)
    return [preset, *trials]
