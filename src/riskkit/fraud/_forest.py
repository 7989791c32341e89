"""Isolation forest for raw tables, with reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from sklearn.tree import ExtraTreeRegressor

from riskkit._core.params import check_int
from riskkit._kernels.isolation import (
    TreeNodes,
    isolation_mean,
    isolation_steps,
    isolation_table,
    mean_root,
    search_depth,
)
from riskkit.artifact import IsolationStateSpec
from riskkit.fraud._detector import EmbeddedDetector

if TYPE_CHECKING:
    from numpy.random import RandomState

    from riskkit.fraud._detector import TrainingRows
    from riskkit.typing import FloatArray

__all__ = ["IsolationForestDetector"]


class IsolationForestDetector(EmbeddedDetector):
    """Scores a row by how few random cuts set it apart from a sample.

    The trees are scikit-learn's; samples, missing values, levels, scores of single
    rows and reasons are those of the other detectors.

    Parameters
    ----------
    n_estimators : int, default=300
        Trees.

    sample_size : int, default=256
        Rows that each tree is grown from, fewer if training has fewer.

    contamination : float or None, default=None
        Share of training rows that `predict` calls outliers, at most 0.5. None calls
        outliers what is as strange as the strangest training row.

    random_state : int, RandomState instance or None, default=0
        Draws samples and cuts. They do not depend on the order of the rows.

    Attributes
    ----------
    offset_ : float
        Threshold of `predict` on `score_samples`.

    n_rows_ : float
        Rows learned from, as a sum of weights.

    n_features_in_ : int
        Fields seen in ``fit``.

    feature_names_in_ : ndarray of str
        Their names, where the table had any.

    Notes
    -----
    The anomaly score is ``1 - h / c``, with the mean path length ``h`` of a row and
    the path length ``c`` of a search that fails in a random tree of that size. It is
    0 for a row like any other and 1 for one that needs no cut, and ranks as
    ``2 ** (-h / c)``, the score of the paper and of scikit-learn, does; unlike it, the
    score is a sum over the cuts, so ``explain`` shares it among the fields exactly.

    References
    ----------
    .. [1] F. T. Liu, K. M. Ting, Z.-H. Zhou, "Isolation forest", ICDM 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from riskkit.fraud import IsolationForestDetector
    >>> X = np.random.default_rng(0).normal(size=(500, 2))
    >>> detector = IsolationForestDetector(100).fit(X)
    >>> near, far = detector.anomaly_score([[0, 0], [6, 6]])
    >>> bool(near < far)
    True
    """

    _is_robust: ClassVar[bool] = True

    def __init__(
        self,
        n_estimators: int = 300,
        *,
        sample_size: int = 256,
        contamination: float | None = None,
        random_state: int | RandomState | None = 0,
    ) -> None:
        self.n_estimators = n_estimators
        self.sample_size = sample_size
        self.contamination = contamination
        self.random_state = random_state

    def _check_params(self) -> None:
        check_int("n_estimators", self.n_estimators, low=1)
        check_int("sample_size", self.sample_size, low=2)

    def _learn_columns(self, training: TrainingRows, rng: RandomState) -> None:
        trees = []
        for _ in range(self.n_estimators):
            sample = training.embedded(training.sample(self.sample_size, rng))
            trees.append(_grow(sample, int(rng.randint(2**31 - 1))))
        self._forest = isolation_table(trees)
        n = min(self.sample_size, max(2, int(training.n_rows)))
        self._usual = float(search_depth(np.array([float(n)]))[0])

    def _score_columns(self, z: FloatArray) -> FloatArray:
        return 1.0 - isolation_mean(self._forest, z.astype(np.float32)) / self._usual

    def _column_parts(self, z: FloatArray) -> tuple[float, FloatArray]:
        _, steps = isolation_steps(self._forest, z.astype(np.float32))
        offset = 1.0 - mean_root(self._forest) / self._usual
        return offset, -steps / self._usual

    def _column_state(self) -> IsolationStateSpec:
        forest = self._forest
        return IsolationStateSpec(
            forest.n_trees,
            forest.depth,
            self._usual,
            forest.column.astype(np.int32),
            forest.threshold,
            forest.value,
        )


def _grow(sample: FloatArray, seed: int) -> TreeNodes:
    # One random column and one random cut a node; the target only has to differ
    # between rows, so that cutting goes on until rows are alone.
    tree = ExtraTreeRegressor(
        max_features=1,
        splitter="random",
        max_depth=int(np.ceil(np.log2(max(len(sample), 2)))),
        random_state=seed,
    )
    nodes = tree.fit(sample.astype(np.float32), np.arange(float(len(sample)))).tree_
    return TreeNodes(
        nodes.children_left,
        nodes.children_right,
        nodes.feature,
        nodes.threshold,
        nodes.n_node_samples,
    )
