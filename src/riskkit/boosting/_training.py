"""The order of a fit: bins, directions, rounds, prices, trees, audit, calibration."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskkit.boosting._audit import MonotoneAudit, audit_constraints
from riskkit.boosting._calibration import Calibration, fit_calibration
from riskkit.boosting._directions import find_directions
from riskkit.boosting._features import bin_rows
from riskkit.boosting._folds import inner_folds
from riskkit.boosting._leakage import giveaways
from riskkit.boosting._no_trees import NoTrees
from riskkit.boosting._price import Price, price_constraints, row_losses
from riskkit.boosting._recipe import FEW_ROUNDS
from riskkit.boosting._reference import along_the_scores
from riskkit.boosting._rounds import RoundSearch, find_rounds, grow
from riskkit.boosting._workbench import OutOfFold, Workbench
from riskkit.exceptions import LeakageWarning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from riskkit._core.inputs import Training
    from riskkit._core.progress import Progress
    from riskkit.artifact import TreeColumnSpec, TreeSpec
    from riskkit.boosting._features import BinnedRows
    from riskkit.boosting._folds import Fold
    from riskkit.boosting._plan import Forest, Trainer
    from riskkit.boosting._recipe import Recipe
    from riskkit.typing import FloatArray, IntArray

__all__ = ["TrainedBooster", "train_booster"]


@dataclass(frozen=True, eq=False)
class TrainedBooster:
    """What a fit has found; `out_of_fold` is None where it was not wanted.

    `sample_codes` are training accounts, coded, from the safest to the riskiest.
    """

    rows: BinnedRows
    columns: tuple[TreeColumnSpec, ...]
    forest: Forest
    trees: tuple[TreeSpec, ...]
    intercept: float
    signs: tuple[int, ...]
    search: RoundSearch
    audit: MonotoneAudit
    calibration: Calibration
    out_of_fold: OutOfFold | None
    sample_codes: NDArray[np.float32]

    def log_odds(self, codes: NDArray[np.float32]) -> FloatArray:
        """Return the log-odds of the event of coded rows, before calibration."""
        return self.intercept + self.forest.log_odds(codes)


def train_booster(
    training: Training, dates: IntArray | None, recipe: Recipe, progress: Progress
) -> TrainedBooster:
    """Fit the trees of one library to one table."""
    rows = bin_rows(
        training,
        special_codes=recipe.special_codes,
        max_bins=recipe.max_bins,
        unseen=recipe.unseen,
    )
    if not recipe.is_thin:
        _warn_of_giveaways(giveaways(rows, training.is_event, training.weight))
    directions = find_directions(
        recipe.monotone,
        training.table.names,
        rows,
        training.is_event,
        training.weight,
        dates,
        seed=recipe.seed,
    )
    signs = directions.signs
    bench = Workbench(training, rows, recipe)
    prices_wanted = any(signs) and recipe.price_constraints and not recipe.is_thin
    folds = _folds(bench, dates, prices_wanted=prices_wanted)
    trainers = [bench.trainer(train, judged, signs) for train, judged in folds]
    search = _search(bench, trainers, folds, progress)
    n_rounds = search.n_rounds
    held_out = None
    if folds and (prices_wanted or recipe.keeps_held_out):
        forests = [trainer.forest(n_rounds) for trainer in trainers]
        held_out = bench.out_of_fold(forests, folds)
    del trainers  # and with them the rows of every fold
    prices: dict[int, Price] = {}
    total = None
    if held_out is not None and prices_wanted:
        prices, total = price_constraints(
            bench, folds, held_out, signs, n_rounds, progress
        )

    progress.stage("Growing the trees", n_rounds)
    columns = bench.columns(bench.everyone)
    codes = bench.sample(columns, bench.everyone).codes
    forest: Forest = NoTrees()
    if n_rounds:
        trainer = bench.trainer(bench.everyone, None, signs)
        forest = grow(trainer, n_rounds, progress).forest(n_rounds)
    trees = forest.trees()
    chosen = along_the_scores(
        lambda sample: forest.log_odds(codes[sample]), training.weight, len(codes)
    )
    return TrainedBooster(
        rows=rows,
        columns=columns,
        forest=forest,
        trees=trees,
        intercept=bench.intercept(bench.everyone),
        signs=signs,
        search=search,
        audit=audit_constraints(
            rows.features,
            columns,
            directions,
            forest,
            trees,
            codes[chosen[::4]],
            prices,
            total,
            progress,
        ),
        calibration=fit_calibration(recipe.calibrator, training, held_out),
        out_of_fold=held_out,
        sample_codes=codes[chosen],
    )


def _folds(
    bench: Workbench, dates: IntArray | None, *, prices_wanted: bool
) -> list[Fold]:
    """Return the folds that something is to be learned from, none where nothing is."""
    recipe = bench.recipe
    rounds_wanted = recipe.n_rounds is None and not recipe.is_thin
    if not bench.rows.features or not (
        rounds_wanted or prices_wanted or recipe.keeps_held_out
    ):
        return []
    return inner_folds(
        recipe.inner_cv,
        bench.training.is_event,
        dates,
        seed=recipe.seed,
        all_folds=recipe.keeps_held_out,
    )


def _search(
    bench: Workbench,
    trainers: Sequence[Trainer],
    folds: Sequence[Fold],
    progress: Progress,
) -> RoundSearch:
    recipe = bench.recipe
    n_rounds = recipe.n_rounds
    if n_rounds is None and recipe.is_thin:
        n_rounds = FEW_ROUNDS
    if not bench.rows.features:
        n_rounds = 0
    if n_rounds is None:
        weights = [bench.weights(judged).sum() for _, judged in folds]
        return find_rounds(
            trainers,
            weights,
            _losses_without_trees(bench, folds),
            max_rounds=recipe.max_rounds,
            patience=recipe.patience,
            progress=progress,
        )
    progress.stage("Growing the folds", n_rounds * len(trainers))
    for trainer in trainers:
        grow(trainer, n_rounds, progress)
    return RoundSearch(n_rounds, np.empty(0))


def _losses_without_trees(bench: Workbench, folds: Sequence[Fold]) -> list[float]:
    losses = []
    for train, judged in folds:
        start = np.full(judged.size, bench.intercept(train))
        loss = row_losses(start, bench.training.is_event[judged])
        losses.append(float(np.average(loss, weights=bench.weights(judged))))
    return losses


def _warn_of_giveaways(found: dict[str, float]) -> None:
    if not found:
        return
    shown = ", ".join(f"{name!r} ({area:.4f})" for name, area in found.items())
    msg = (
        f"{len(found)} column(s) alone tell events from non-events almost perfectly "
        f"(AUC): {shown}. Such a column is usually known only after the outcome. "
        "Leave it out unless it is known when the PD is needed."
    )
    warnings.warn(msg, LeakageWarning, stacklevel=4)
