"""Trees grown by XGBoost."""

from __future__ import annotations

import json
import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import xgboost

from riskkit._kernels.tree_shapley import leaf_paths, mean_of_leaves, shapley_values
from riskkit._kernels.trees import sum_leaves
from riskkit.boosting._no_trees import NoTrees
from riskkit.boosting._tree_tables import NodeTable, to_arrays, to_tree_spec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit._kernels.tree_shapley import LeafPaths
    from riskkit.artifact import TreeSpec
    from riskkit.boosting._plan import Forest, Sample, TreePlan
    from riskkit.typing import FloatArray

__all__ = ["XGBForest", "XGBTrainer", "growth_parameters"]

_BLOCK = 1 << 14  # rows whose leaves are held at a time


def growth_parameters(plan: TreePlan) -> dict[str, Any]:
    """Return what the library is told about how to grow trees."""
    parameters: dict[str, Any] = {
        "objective": "binary:logistic",
        "eval_metric": "logloss",
        "tree_method": "hist",
        # The start is given row by row, so that it is no part of the trees.
        "base_score": 0.5,
        "max_bin": max(2, plan.n_codes),
        "seed": plan.seed,
        "nthread": plan.n_threads,
        "verbosity": 0,
        **plan.parameters,
    }
    if any(plan.monotone):
        signs = ",".join(str(sign) for sign in plan.monotone)
        parameters["monotone_constraints"] = f"({signs})"
    return parameters


class XGBTrainer:
    """Grows trees one at a time from the log-odds of the event rate."""

    def __init__(self, plan: TreePlan, sample: Sample, held_out: Sample | None) -> None:
        self._n_threads = plan.n_threads
        parameters = growth_parameters(plan)
        self._sample = self._matrix(sample, plan.intercept)
        self._held_out: Any = None
        if held_out is not None:
            self._held_out = self._matrix(held_out, plan.intercept)
        held = [] if held_out is None else [self._held_out]
        self._booster = xgboost.Booster(parameters, [self._sample, *held])
        self._round = 0

    def update(self) -> None:
        """Grow one more tree."""
        self._booster.update(self._sample, self._round)
        self._round += 1

    def held_out_loss(self) -> float:
        """Return the mean log-loss of the rows held out."""
        text: str = self._booster.eval(self._held_out)
        return float(text.rpartition(":")[2])

    def forest(self, n_rounds: int) -> Forest:
        """Return the first trees, without the rows they were grown from."""
        if not n_rounds:
            return NoTrees()
        return XGBForest(self._booster[:n_rounds].save_raw("ubj"), self._n_threads)

    def _matrix(self, sample: Sample, intercept: float) -> Any:
        return xgboost.DMatrix(
            sample.codes,
            label=sample.is_event.astype(np.float32),
            weight=sample.weight,
            base_margin=np.full(sample.is_event.size, intercept, dtype=np.float32),
            nthread=self._n_threads,
        )


class XGBForest:
    """Trees grown by XGBoost; sums are taken in double precision."""

    def __init__(self, raw: bytearray, n_threads: int) -> None:
        self._n_threads = n_threads
        self.booster: Any = xgboost.Booster({"nthread": n_threads})
        self.booster.load_model(raw)
        # Codes are known by their order; training elsewhere may have named them.
        self.booster.feature_names = self.booster.feature_types = None
        self._tables = _node_tables(self.booster)
        n_nodes = max(len(table.value) for table in self._tables)
        self._values = np.zeros((len(self._tables), n_nodes))
        for row, table in zip(self._values, self._tables, strict=True):
            row[: len(table.value)] = table.value

    def log_odds(self, codes: NDArray[np.float32]) -> FloatArray:
        """Return the sum of the trees for each row, without the intercept.

        XGBoost would add its leaves in single precision; the leaves it finds are added
        here in the order and precision that every scorer of the model uses.
        """
        total = np.zeros(codes.shape[0])
        for start in range(0, codes.shape[0], _BLOCK):
            rows = slice(start, start + _BLOCK)
            block = xgboost.DMatrix(codes[rows], nthread=self._n_threads)
            leaves = self.booster.predict(block, pred_leaf=True)
            leaves = leaves.reshape(block.num_row(), -1).astype(np.intp)
            total[rows] = sum_leaves(self._values, leaves)
        return total

    def contributions(self, codes: NDArray[np.float32]) -> FloatArray:
        """Return what each column adds, and in the last column their base.

        The values are those of the library's TreeSHAP, which would give them in single
        precision.
        """
        values = shapley_values(self._paths, codes)
        base = np.full(codes.shape[0], mean_of_leaves(self._paths))
        return np.column_stack([values, base])

    @cached_property
    def _paths(self) -> list[LeafPaths]:
        trees = self.trees()
        return leaf_paths(to_arrays(trees), [np.array(tree.cover) for tree in trees])

    def trees(self) -> tuple[TreeSpec, ...]:
        """Return the trees as plain data."""
        return tuple(to_tree_spec(table) for table in self._tables)


def _node_tables(booster: Any) -> list[NodeTable]:
    model = json.loads(booster.save_raw("json"))
    trees = model["learner"]["gradient_booster"]["model"]["trees"]
    return [_node_table(tree) for tree in trees]


def _node_table(tree: dict[str, Any]) -> NodeTable:
    left, right = tree["left_children"], tree["right_children"]
    # Numbers are single precision; their shortest text must not be read as double.
    condition = np.array(tree["split_conditions"], np.float32).astype(np.float64)
    is_leaf = [child < 0 for child in left]
    return NodeTable(
        column=np.where(is_leaf, -1, tree["split_indices"]).tolist(),
        # A row goes left below the condition.
        threshold=[math.ceil(c) - 1 for c in condition.tolist()],
        missing_left=[bool(flag) for flag in tree["default_left"]],
        left=left,
        right=right,
        value=np.where(is_leaf, condition, 0.0).tolist(),
        cover=[float(np.float32(c)) for c in tree["sum_hessian"]],
    )
