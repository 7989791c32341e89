"""The order of a fit: folds, members, their weights, and the calibration."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from riskkit._kernels.blend_weights import blend_line, blend_weights
from riskkit._kernels.forest import forest_mean
from riskkit.artifact import LogOddsMapSpec, ScorecardSpec
from riskkit.boosting._base import BasePDBooster
from riskkit.boosting._blend_boosters import BlendLGBM, BlendXGB, ExtraLGBM, opened
from riskkit.boosting._blend_forest import columns_without_outcomes, grow_forest
from riskkit.boosting._blend_members import (
    EstimatorMember,
    ForestMember,
    TreesMember,
    forest_log_odds,
)
from riskkit.boosting._blend_rows import BlendRows, take_rows, to_frame
from riskkit.boosting._blend_scorecard import new_scorecard, scorecard_member
from riskkit.boosting._columns import code_rows, make_columns
from riskkit.boosting._directions import find_directions
from riskkit.boosting._features import bin_rows
from riskkit.boosting._folds import inner_folds
from riskkit.boosting._no_trees import NoTrees
from riskkit.boosting._plan import Sample
from riskkit.boosting._training import train_booster
from riskkit.boosting._workbench import OutOfFold
from riskkit.exceptions import InvalidParameterError, RiskkitWarning

if TYPE_CHECKING:
    from riskkit._core.inputs import Training
    from riskkit._core.progress import Progress
    from riskkit.boosting._audit import MonotoneAudit
    from riskkit.boosting._blend_boosters import OpenBooster
    from riskkit.boosting._blend_members import Member
    from riskkit.boosting._blend_recipe import BlendRecipe
    from riskkit.boosting._folds import Fold
    from riskkit.boosting._recipe import Recipe
    from riskkit.typing import FloatArray, IntArray

__all__ = ["BlendTrainer", "TrainedBlend"]


@dataclass(frozen=True, eq=False)
class TrainedBlend:
    """What a fit has found.

    `held_out` are weighted means of the members' log-odds, and `member_log_odds` those
    of each member, for rows that none of them has seen; `line` makes log-odds of the
    blend of the former. Without such rows all are None; one member needs no line.
    """

    members: dict[str, Member]
    weights: FloatArray
    held_out: OutOfFold | None
    member_log_odds: FloatArray | None
    line: LogOddsMapSpec | None
    audits: dict[str, MonotoneAudit]
    n_rounds: dict[str, int]
    left_out: dict[str, str]


class BlendTrainer:
    """Fits members one after the other to the same rows and folds.

    `common` is what the single booster would be asked for; every member takes its
    seed, threads, special codes and policies from there.
    """

    def __init__(
        self,
        training: Training,
        order: IntArray | None,
        common: Recipe,
        blend: BlendRecipe,
        progress: Progress,
    ) -> None:
        self._training, self._order = training, order
        self._common, self._blend, self._progress = common, blend, progress
        self._binned = bin_rows(
            training,
            special_codes=common.special_codes,
            max_bins=common.max_bins,
            unseen=common.unseen,
        )
        self._columns = make_columns(
            self._binned, training.is_event, training.weight, common.unseen
        )
        self._floor = 0.01 / training.is_event.size**0.5
        self._folds = self._make_folds()
        self._judged = np.concatenate(
            [judged for _, judged in self._folds] or [np.empty(0, dtype=np.intp)]
        )
        self._signs = self._directions()
        self._audits: dict[str, MonotoneAudit] = {}
        self._n_rounds: dict[str, int] = {}

    def train(self) -> TrainedBlend:
        """Fit every member, and weigh them."""
        boosters = {"lightgbm": BlendLGBM, "xgboost": BlendXGB, "extra": ExtraLGBM}
        members: dict[str, Member] = {}
        heard: dict[str, FloatArray] = {}
        for name, member in self._blend.members:
            if isinstance(member, str) and member in boosters:
                own = boosters[member](learning_rate=self._blend.learning_rate)
                members[name], heard[name] = self._booster(name, own, is_given=False)
            elif member == "forest":
                if any(self._signs.values()):
                    continue  # randomised trees cannot be held to a direction
                members[name], heard[name] = self._forest()
            elif member == "scorecard":
                card = new_scorecard(
                    self._common.special_codes, self._common.unseen, self._signs
                )
                members[name], heard[name] = self._estimator(name, card, is_given=False)
            elif (given := opened(member)) is not None:
                members[name], heard[name] = self._booster(name, given, is_given=True)
            else:
                members[name], heard[name] = self._estimator(
                    name, member, is_given=True
                )
        if not members:
            msg = (
                "A blend held to directions needs a member that can follow them; "
                "members gives randomised trees alone. Add 'lightgbm', or set "
                "monotone='none'."
            )
            raise InvalidParameterError(msg)
        return self._weigh(members, list(heard.values()))

    def _weigh(
        self, members: dict[str, Member], heard: list[FloatArray]
    ) -> TrainedBlend:
        training, judged = self._training, self._judged
        weights = np.full(len(members), 1.0 / len(members))
        held_out = log_odds = line = None
        if judged.size:
            log_odds = np.column_stack(heard)
            weight = None if training.weight is None else training.weight[judged]
            weights = blend_weights(log_odds, training.is_event[judged], weight)
            held_out = OutOfFold(judged, np.sum(log_odds * weights, axis=1))
            if len(members) > 1:
                slope, shift = blend_line(
                    log_odds, weights, training.is_event[judged], weight
                )
                line = LogOddsMapSpec(slope, slope, shift, "log_odds")
        return TrainedBlend(
            members,
            weights,
            held_out,
            log_odds,
            line,
            self._audits,
            self._n_rounds,
            self._binned.left_out,
        )

    def _make_folds(self) -> list[Fold]:
        common, blend = self._common, self._blend
        if common.is_thin:
            return []
        wanted = common.inner_cv
        if wanted is None and self._order is None:
            wanted = blend.n_folds
        folds = inner_folds(
            wanted,
            self._training.is_event,
            self._order,
            seed=common.seed,
            all_folds=True,
        )
        # The last block of time is the most like the future; random folds are alike.
        return folds[-blend.n_used :] if common.inner_cv is None else folds

    def _directions(self) -> dict[str, int]:
        common, training = self._common, self._training
        if common.monotone == "none":
            return {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RiskkitWarning)  # boosters say it
            directions = find_directions(
                common.monotone,
                training.table.names,
                self._binned,
                training.is_event,
                training.weight,
                self._order,
                seed=common.seed,
            )
        pairs = zip(self._binned.features, directions.signs, strict=True)
        return {feature.name: sign for feature, sign in pairs}

    def _booster(
        self, name: str, booster: OpenBooster, *, is_given: bool
    ) -> tuple[Member, FloatArray]:
        recipe = booster.recipe(self._training)
        common = self._common
        if not self._binned.features:
            return self._no_trees(name)
        if not is_given:
            recipe = replace(
                recipe,
                monotone=common.monotone,
                special_codes=common.special_codes,
                unseen=common.unseen,
                seed=common.seed,
                n_threads=common.n_threads,
            )
        recipe = replace(
            recipe,
            inner_cv=self._folds or None,
            price_constraints=False,
            keeps_held_out=bool(self._folds),
        )
        with warnings.catch_warnings():
            if self._audits:  # the first booster has said it
                warnings.simplefilter("ignore", RiskkitWarning)
            trained = train_booster(self._training, self._order, recipe, self._progress)
        self._audits[name] = trained.audit
        self._n_rounds[name] = trained.search.n_rounds
        features, columns = trained.rows.features, trained.columns
        if (features, columns) == (self._binned.features, self._columns):
            # One object for all, so that rows are coded once.
            features, columns = self._binned.features, self._columns
        held_out = (
            np.full(self._judged.size, trained.intercept)
            if trained.out_of_fold is None
            else trained.out_of_fold.log_odds
        )
        member = TreesMember(
            features, columns, trained.trees, trained.intercept, trained.forest
        )
        return member, held_out

    def _no_trees(self, name: str) -> tuple[Member, FloatArray]:
        training = self._training
        n_event = training.n_events
        rate = float(np.log(n_event / (training.n_rows - n_event)))
        self._n_rounds[name] = 0
        member = TreesMember((), (), (), rate, NoTrees())
        return member, np.full(self._judged.size, rate)

    def _forest(self) -> tuple[Member, FloatArray]:
        training, binned = self._training, self._binned
        columns = columns_without_outcomes(self._columns, binned.bins)
        if columns == self._columns:
            columns = self._columns
        everyone = Sample(
            code_rows(columns, binned.bins, training.is_event.size),
            training.is_event,
            training.weight,
        )
        is_random = self._order is None and (
            self._common.inner_cv is None or isinstance(self._common.inner_cv, Integral)
        )
        self._progress.stage("Growing the forest")
        grown = self._grow(everyone)
        shares = grown.out_of_bag[self._judged]
        if self._folds and not is_random:
            # Rows out of a tree's bag are of the same time and group as those in it.
            shares = np.concatenate(
                [
                    forest_mean(
                        self._grow(everyone.take(train)).arrays, everyone.codes[judged]
                    )
                    for train, judged in self._folds
                ]
            )
        rate = training.n_events / training.n_rows
        shares = np.where(np.isnan(shares), rate, shares)
        member = ForestMember(binned.features, columns, grown.arrays, self._floor)
        return member, forest_log_odds(shares, self._floor)

    def _grow(self, sample: Sample) -> Any:
        return grow_forest(
            sample,
            n_trees=self._blend.n_trees,
            seed=self._common.seed,
            n_threads=self._common.n_threads,
        )

    def _estimator(
        self, name: str, estimator: Any, *, is_given: bool
    ) -> tuple[Member, FloatArray]:
        """Fit any classifier: once on all rows, and once for each fold."""
        frame = to_frame(self._training.table)
        self._progress.stage(f"Fitting {name}", 1 + len(self._folds))
        with warnings.catch_warnings():
            if not is_given:  # what a member leaves out, the others may use
                warnings.simplefilter("ignore", RiskkitWarning)
            whole = self._fit(estimator, frame, slice(None))
            if isinstance(whole, BasePDBooster):
                # Folds need not search again for what all rows have told.
                estimator = clone(estimator).set_params(
                    n_rounds=max(1, whole.n_rounds_)
                )
            parts = []
            for train, judged in self._folds:
                part = self._fit(estimator, frame, train)
                rows = BlendRows(take_rows(self._training.table, judged))
                parts.append(self._member(name, part).log_odds(rows))
        return self._member(name, whole), np.concatenate([*parts, np.empty(0)])

    def _fit(self, estimator: Any, frame: Any, rows: IntArray | slice) -> Any:
        training = self._training
        y = training.is_event[rows].astype(np.intp)
        weight: dict[str, FloatArray] = {}
        if training.weight is not None:
            if not has_fit_parameter(estimator, "sample_weight"):
                msg = (
                    "sample_weight was given, but the fit of a member of type "
                    f"{type(estimator).__name__} takes none. Give members that take "
                    "weights, or no weights."
                )
                raise InvalidParameterError(msg)
            weight = {"sample_weight": training.weight[rows]}
        fitted = clone(estimator).fit(frame.iloc[rows], y, **weight)
        self._progress.step()
        return fitted

    def _member(self, name: str, fitted: Any) -> Member:
        if isinstance(getattr(fitted, "spec_", None), ScorecardSpec):
            return scorecard_member(fitted)
        names = self._training.table.names
        return EstimatorMember(name, fitted, names, self._floor)
