"""Trees grown by LightGBM."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import lightgbm
import numpy as np

from riskkit.boosting._no_trees import NoTrees
from riskkit.boosting._tree_tables import NodeTable, to_tree_spec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from riskkit.artifact import TreeSpec
    from riskkit.boosting._plan import Forest, Sample, TreePlan
    from riskkit.typing import FloatArray

__all__ = ["LGBMForest", "LGBMTrainer", "growth_parameters"]

_TIE = 1e-6  # far above the rounding of gains, far below what matters
_FEW_ROWS = 1000  # up to here a second thread costs more than it gains


def growth_parameters(plan: TreePlan, n_rows: int) -> dict[str, Any]:
    """Return what the library is told about how to grow trees."""
    parameters: dict[str, Any] = {
        "objective": "binary",
        "metric": "binary_logloss",
        "verbosity": -1,
        "seed": plan.seed,
        "num_threads": plan.n_threads,
        # The same trees for any number of threads.
        "deterministic": True,
        "force_col_wise": True,
        # Codes are bins already: one bin each, whatever the sample of rows holds.
        "max_bin": plan.n_codes + 2,
        "min_data_in_bin": 1,
        "bin_construct_sample_cnt": max(1, n_rows),
        "feature_pre_filter": False,
        # Where two columns do equally well the first one is taken, not the one that
        # rounding favours.
        "feature_contri": _in_order(len(plan.monotone)),
        **plan.parameters,
    }
    if any(plan.monotone):
        parameters["monotone_constraints"] = list(plan.monotone)
        # The other methods break their promise where values are missing.
        parameters["monotone_constraints_method"] = "basic"
    return parameters


class LGBMTrainer:
    """Grows trees one at a time from the log-odds of the event rate."""

    def __init__(self, plan: TreePlan, sample: Sample, held_out: Sample | None) -> None:
        self._n_threads = plan.n_threads
        parameters = growth_parameters(plan, sample.is_event.size)
        rows = self._dataset(sample, plan.intercept, parameters)
        self._booster = lightgbm.Booster(parameters, rows)
        if held_out is not None:
            self._booster.add_valid(
                self._dataset(held_out, plan.intercept, parameters, rows), "held out"
            )

    def update(self) -> None:
        """Grow one more tree."""
        self._booster.update()

    def held_out_loss(self) -> float:
        """Return the mean log-loss of the rows held out."""
        return float(self._booster.eval_valid()[0][2])

    def forest(self, n_rounds: int) -> Forest:
        """Return the first trees, without the rows they were grown from."""
        if not n_rounds:
            return NoTrees()
        text = self._booster.model_to_string(num_iteration=n_rounds)
        return LGBMForest(text, self._n_threads)

    def _dataset(
        self,
        sample: Sample,
        intercept: float,
        parameters: dict[str, Any],
        reference: Any = None,
    ) -> Any:
        return lightgbm.Dataset(
            sample.codes,
            sample.is_event.astype(np.float32),
            weight=sample.weight,
            # The start is given row by row, so that it is no part of the trees.
            init_score=np.full(sample.is_event.size, intercept),
            reference=reference,
            params=parameters,
        )


class LGBMForest:
    """Trees grown by LightGBM."""

    def __init__(self, text: str, n_threads: int) -> None:
        self.booster: Any = lightgbm.Booster(model_str=text)
        self._n_threads = n_threads

    def log_odds(self, codes: NDArray[np.float32]) -> FloatArray:
        """Return the sum of the trees for each row, without the intercept."""
        return self._predict(codes, raw_score=True)

    def contributions(self, codes: NDArray[np.float32]) -> FloatArray:
        """Return what each column adds, and in the last column their base."""
        return self._predict(codes, pred_contrib=True)

    def trees(self) -> tuple[TreeSpec, ...]:
        """Return the trees as plain data."""
        model = self.booster.dump_model()
        return tuple(
            to_tree_spec(_node_table(tree["tree_structure"]))
            for tree in model["tree_info"]
        )

    def _predict(self, codes: NDArray[np.float32], **what: bool) -> FloatArray:
        n_threads = 1 if codes.shape[0] <= _FEW_ROWS else self._n_threads
        found = self.booster.predict(codes, num_threads=n_threads, **what)
        return np.asarray(found, dtype=np.float64)


def _in_order(n_columns: int) -> list[float]:
    """Return a factor on the gain of each column that settles ties by their order."""
    step = min(_TIE, 1e-3 / max(1, n_columns))
    return [1.0 - step * k for k in range(n_columns)]


def _node_table(root: dict[str, Any]) -> NodeTable:
    """Return the nodes of a nested tree."""
    nodes: list[dict[str, Any]] = []
    left: list[int] = []
    right: list[int] = []
    waiting = [(root, -1, False)]
    while waiting:
        node, parent, is_left = waiting.pop()
        if parent >= 0:
            (left if is_left else right)[parent] = len(nodes)
        if "split_feature" in node:
            waiting.append((node["right_child"], len(nodes), False))
            waiting.append((node["left_child"], len(nodes), True))
        nodes.append(node)
        left.append(0)
        right.append(0)
    return NodeTable(
        column=[node.get("split_feature", -1) for node in nodes],
        threshold=[math.floor(node.get("threshold", 0)) for node in nodes],
        missing_left=[bool(node.get("default_left", False)) for node in nodes],
        left=left,
        right=right,
        value=[float(node.get("leaf_value", 0.0)) for node in nodes],
        cover=[
            float(node.get("internal_count", node.get("leaf_count", 0)))
            for node in nodes
        ],
    )
